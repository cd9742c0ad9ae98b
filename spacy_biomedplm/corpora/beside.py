"""Texts with files of annotations beside them: which belong together, and what is none of the corpus."""

from collections.abc import Iterable, Mapping
from pathlib import PurePosixPath

from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.problems import Report


def decoded(content: bytes, *, path: str, doc_id: str, report: Report) -> str | None:
    """Return the text of a file, or None if it is left out because it is not UTF-8.

    content (bytes): The whole file.
    path, doc_id (str): For messages.
    report (Report): What to do with such a file.
    RAISES (BiomedplmError): B402, if the report's mode is "raise".
    """
    with report.leaving_out(path, doc_id=doc_id):
        return decode(content, path=path, line=1)
    return None


def is_hidden(name: str) -> bool:
    """Return whether a file is none of the corpus, such as the "._NAME" that macOS puts into archives.

    name (str): Below the folder, or in the archive.
    """
    return PurePosixPath(name).name.startswith(".")


def find_text(stem: str, near: str, texts: Mapping[str, Iterable[str]]) -> str | None:
    """Return the name of the text that belongs to a file of annotations.

    stem (str): Name of the document.
    near (str): Folder of the annotations.
    texts (Mapping[str, Iterable[str]]): Names of texts by the name of the document.
    RETURNS (str | None): The text in the same folder or else in a sibling of it; the only one of that name, wherever
        it lies; None if there is none, or several far away.
    """
    names = sorted(texts.get(stem, ()))
    folders = [str(PurePosixPath(name).parent) for name in names]
    if near in folders:
        return names[folders.index(near)]
    parents = [str(PurePosixPath(folder).parent) for folder in folders]
    parent = str(PurePosixPath(near).parent)
    for group in (parents, folders):
        if near != "." and group.count(parent) == 1:
            return names[group.index(parent)]
    return names[0] if len(names) == 1 else None
