"""BioC XML and BioC JSON: collections of documents with passages, annotations and relations."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from spacy_biomedplm.bioc_model import Document
from spacy_biomedplm.corpora.bioc_json import stream_bioc_json
from spacy_biomedplm.corpora.bioc_records import make_bioc_record
from spacy_biomedplm.corpora.bioc_xml import stream_bioc_xml
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.types import DocumentRecord

_Stream = Callable[[Iterable[bytes], str, Report], Iterator[Document]]


def read_bioc_xml(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the documents of BioC XML.

    path (Path | str): A file, gzip'd if its name ends in ".gz"; or a folder or an archive of such files (".xml"),
        which is read in place.
    report (Report | None): What to do with what is broken; None stops at the first.
    YIELDS (DocumentRecord): Passages stand at their offsets in one text, with spaces between them. Sentences are
        passages of the kind "sentence" after the one that they are in. Concepts come from the infons "identifier" or
        "MESH" and the like; relations hold between annotations (nodes), or between concepts that infons name. A
        relation with a node of the role "Trigger" is an event. What is said of the collection is in
        ``record.infons`` under names that begin with "collection.". docs/formats.md has it all.
    RAISES (BiomedplmError): B401, B403 for an unreadable file, B408 for one without documents, B450 for XML that is not
        well-formed, B451 for entities and external references, B452 for other XML; if the report's mode is "raise",
        B453 for what BioC does not allow, B454 for passages that overlap, B455 for offsets that count bytes, B456 for
        an infon of this package that it cannot have written.
    """
    return _read(Path(path), report or Report(), stream_bioc_xml, ".xml")


def read_bioc_json(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the documents of BioC JSON.

    path (Path | str): A file, gzip'd if its name ends in ".gz"; or a folder or an archive of such files (".json" or
        ".jsonl"), which is read in place. It holds a collection, a list of collections, one document after the
        other, or what PubTator 3 gives: {"PubTator3": [documents]}.
    report (Report | None): What to do with what is broken; None stops at the first.
    YIELDS (DocumentRecord): As ``read_bioc_xml``. A value that is no string, and a member that BioC does not know, are
        infons whose names end with ":json".
    RAISES (BiomedplmError): As ``read_bioc_xml``; B402 for bytes that are not UTF-8.
    """
    return _read(Path(path), report or Report(), stream_bioc_json, ".json", ".jsonl")


def _read(path: Path, report: Report, stream: _Stream, *suffixes: str) -> Iterator[DocumentRecord]:
    empty = True
    for shown, _, chunks in read_streams(path, suffixes, report):
        with report.leaving_out(shown):
            for document in stream(chunks, shown, report):
                empty = False
                yield make_bioc_record(document, shown, report)
    if empty:
        raise report.nothing_read(path, f"BioC documents (*{', *'.join(suffixes)})")
