"""PubMed and MEDLINE XML, read as a stream: one article is in memory at a time."""

from collections.abc import Iterator

from spacy_biomedplm.inputs.documents import InputDoc, make_input_doc
from spacy_biomedplm.inputs.files import InputStream
from spacy_biomedplm.medline import UNLABELLED, Citation, read_citations

_CHUNK_BYTES = 65536


def read_pubmed(stream: InputStream) -> Iterator[InputDoc]:
    """Yield the articles of a PubMed or MEDLINE file.

    stream (InputStream): <PubmedArticleSet> or <MedlineCitationSet>. Read are PMID, title and abstract (in English as
        PubMed gives it, without <OtherAbstract>), markup inside flattened, runs of white space made one space.
    YIELDS (InputDoc): Title, line break, abstract; its parts are joined by a space, each after its label and a colon.
        Without a PMID the identifier is the name of the file, a colon and the line. An article without any
        text is a document too.
    RAISES (BiomedplmError): B613 for XML that is not well-formed or breaks off, B614 for entity declarations and
        external references, B615 for other XML.
    """
    for citation in read_citations(_chunks(stream), stream.file.name):
        yield _make(citation, stream)


def _chunks(stream: InputStream) -> Iterator[bytes]:
    while data := stream.read(_CHUNK_BYTES):
        yield data


def _make(citation: Citation, stream: InputStream) -> InputDoc:
    labelled = (
        f"{section.label}: {section.text}" if section.label and section.label != UNLABELLED else section.text
        for section in citation.sections
    )
    return make_input_doc(
        citation.pmid or f"{stream.file.stem}:{citation.line}",
        " ".join(labelled),
        title=citation.titles.get("ArticleTitle") or citation.titles.get("BookTitle"),
        source=stream.file.name,
        line=citation.line,
        position=stream.position,
    )
