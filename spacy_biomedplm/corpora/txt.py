"""Plain text: a document for each file."""

from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.types import DocumentRecord

SUFFIXES = (".txt",)


def read_txt(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream text files.

    path (Path | str): A file in UTF-8, gzip'd if its name ends in ".gz"; or a folder or an archive (.tar, .tar.gz,
        .zip) of .txt.
    report (Report | None): What to do with a file that is not UTF-8; None stops at the first.
    YIELDS (DocumentRecord): The text as it is, line ends too, but without a byte order mark in front. The identifier is
        the name without the ending, with the folders that are below the given one.
    RAISES (BiomedplmError): B401 or B403 for an unreadable file, B408 if there is no text file; as the report decides,
        B402 for one that is not UTF-8.
    """
    report = report or Report()
    found = False
    for name, stem, chunks in read_streams(Path(path), SUFFIXES, report):
        with report.leaving_out(name, doc_id=stem):
            text = decode(b"".join(chunks), path=name, line=1)
            found = True
            yield DocumentRecord(stem, text, path=name)
    if not found:
        raise report.nothing_read(path, "files of text in UTF-8 whose names end in .txt")
