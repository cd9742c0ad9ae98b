"""Plain text: a document for each file."""

from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord

SUFFIXES = (".txt",)


def read_txt(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream text files.

    path (Path | str): A file in UTF-8, gzip'd if its name ends in ".gz"; or a folder or an archive (.tar, .tar.gz) of
        .txt.
    report (Report | None): What to do with a file that is not UTF-8; None stops at the first.
    YIELDS (DocumentRecord): The text as it is, line ends too, but without a byte order mark in front. The identifier is
        the name without the ending, with the folders that are below the given one.
    RAISES (BiomedplmError): B401 or B403 for an unreadable file, B408 if there is no text file; as the report decides,
        B402 for one that is not UTF-8.
    """
    report = report or Report()
    found = False
    for name, stem, chunks in read_streams(Path(path), SUFFIXES):
        data = b"".join(chunks)
        try:
            text = decode(data, path=name, line=1)
        except BiomedplmError as error:
            report.drop(str(error), path=name, doc_id=stem)
            continue
        found = True
        yield DocumentRecord(stem, text, path=name)
    if not found:
        raise BiomedplmError(coded("B408", path=path, wanted="files of text in UTF-8 whose names end in .txt"))
