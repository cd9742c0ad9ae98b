"""All documents of a list of files, one after the other."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from spacy_biomedplm.inputs.documents import InputDoc
from spacy_biomedplm.inputs.files import InputFile, InputStream, open_input
from spacy_biomedplm.inputs.jsonl import read_jsonl
from spacy_biomedplm.inputs.plain import read_text
from spacy_biomedplm.inputs.pubmed import read_pubmed
from spacy_biomedplm.inputs.pubtator import read_pubtator

READERS: dict[str, Callable[[InputStream], Iterator[InputDoc]]] = {
    "text": read_text,
    "jsonl": read_jsonl,
    "pubtator": read_pubtator,
    "pubmed": read_pubmed,
}


def read_documents(files: Iterable[InputFile]) -> Iterator[InputDoc]:
    """Yield every document of files; no more than one document, or 64 KB, is in memory.

    files (Iterable[InputFile]): From find_inputs.
    YIELDS (InputDoc): Each with the number of bytes read from all files so far.
    RAISES (BiomedplmError): B602, B605-B615 with file and line, at the first fault; the documents before it have
        been yielded.
    """
    before = 0
    for file in files:
        with open_input(file) as stream:
            for doc in READERS[file.format](stream):
                yield replace(doc, position=before + doc.position)
        before += file.size
