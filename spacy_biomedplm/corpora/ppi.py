"""Corpora of protein-protein interactions in the unified format: AIMed, BioInfer, HPRD50, IEPA, LLL."""

from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.sentence_xml import read_sentence_xml
from spacy_biomedplm.pairs import PPI
from spacy_biomedplm.types import DocumentRecord


def read_ppi(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the documents of a PPI corpus.

    path (Path | str): A file with <corpus>, a folder or an archive (.tar, .tar.gz, .zip) of such files.
    report (Report | None): What to do with broken items; None stops at the first.
    YIELDS (DocumentRecord): The text is the sentences with a line break between them; passages "sentence" say where
        they are. Identifiers are those of the file. An <interaction> is a relation, its type the label; so is a <pair>
        with interaction="True", with the label "PPI". Pairs with interaction="False" are kept beside their
        sentence, see ``pairs.negative_pairs``; where a corpus gives interactions only, all other pairs of a sentence
        are negative. Entities of IEPA have no type: their label is empty. Syntactic analyses are not read.
        Attributes such as origId become infons, those of <corpus> under "corpus.NAME".
    RAISES (BiomedplmError): B401, B403 for a missing or damaged file, B408 without any document, B419 for a file that
        is not such XML (also one with a document type declaration); if the report's mode is "raise", B483 for a broken
        element, B434 for a pair of what is not there.

    The format after Pyysalo et al. (2008), Comparative analysis of five protein-protein interaction corpora.
    """
    return read_sentence_xml(path, PPI, report)
