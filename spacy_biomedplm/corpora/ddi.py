"""The DDI corpus: drugs and their interactions, one XML file for each document."""

from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.sentence_xml import read_sentence_xml
from spacy_biomedplm.pairs import DDI
from spacy_biomedplm.types import DocumentRecord


def read_ddi(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the documents of the DDI corpus.

    path (Path | str): A file, a folder, or an archive (.tar, .tar.gz, .zip), read in place.
    report (Report | None): What to do with broken items; None stops at the first.
    YIELDS (DocumentRecord): The text is the sentences with a line break between them; passages "sentence" say where
        they are. Identifiers are those of the file. A pair with ddi="true" is a relation, its type the label (empty
        if it has none); pairs with ddi="false" are kept beside their sentence, see ``pairs.negative_pairs``.
        Attributes that the corpus does not have become infons.
    RAISES (BiomedplmError): B401, B403 for a missing or damaged folder or archive, B408 without any document, B419 for
        a file that is not such XML (also one with a document type declaration); if the report's mode is "raise", B483
        for a broken element, B434 for a pair of what is not there.
    """
    return read_sentence_xml(path, DDI, report)
