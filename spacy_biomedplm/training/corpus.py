"""The reader "spacy-biomedplm.Corpus.v1": one split of a corpus of the catalogue, without texts of test splits."""

import warnings
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from spacy.language import Language
from spacy.training import Example

from spacy_biomedplm.corpora.catalogue import find_root, get_corpus, make_reference, read_corpus
from spacy_biomedplm.corpora.corpus import Corpus
from spacy_biomedplm.corpora.exclusion import TEST, leave_out_tests
from spacy_biomedplm.corpora.problems import ErrorMode, Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.training.starting import Given, start_from
from spacy_biomedplm.types import DocumentRecord

_SHOWN = 3


def create_corpus_reader(
    name: str,
    split: str,
    root: Path | None = None,
    exclude_tests: bool | list[str] = True,
    max_docs: int | None = None,
    errors: ErrorMode = "raise",
    allow_noncommercial: bool = False,
    given: Given = "nothing",
) -> Callable[[Language], Iterator[Example]]:
    """Return a reader of one split of a corpus.

    name (str): Name of the corpus in the catalogue.
    split (str): Such as "train", "dev" or "test".
    root (Path | None): Folder of the corpora; None takes the environment variable BIOMEDPLM_CORPORA.
    exclude_tests (bool | list[str]): Leave out documents that share text with a test document: of every corpus of the
        same language whose test files are there (true), or of these corpora. A test split is never thinned.
    max_docs (int | None): Read at most this many documents, from 1.
    errors (ErrorMode): What to do with broken items of the files: "raise", "skip" or "repair". Where the record counts
        broken items of the published files (``Corpus.broken``), "raise" repairs as many, and stops if there are more.
    allow_noncommercial (bool): Read a corpus whose terms forbid commercial use.
    given ("nothing" | "entities" | "concepts"): What the predicted documents have from the start, see ``start_from``.
    RETURNS (Callable[[Language], Iterator[Example]]): Every call is one pass. Files are read in the first one, which
        warns of documents that are left out (W490) and items that were repaired or left out (W491). Examples carry
        what the corpus annotates in ``doc._.annotated``.
    RAISES (BiomedplmError): B429 for a max_docs below 1. On the first pass: B487 if more is broken than the record
        counts, and as ``load_corpus``.
    """
    if max_docs is not None and max_docs < 1:
        wanted = "a whole number from 1, or null for all documents"
        raise BiomedplmError(coded("B429", option="max_docs", value=max_docs, wanted=wanted))
    records: list[DocumentRecord] = []

    def read(nlp: Language) -> Iterator[Example]:
        corpus = get_corpus(name)
        if not records:
            known = corpus.broken.get(split, 0) if errors == "raise" else 0
            report = Report(errors="repair" if known else errors, whole=errors == "raise")
            found = read_corpus(name, split, root, report, allow_noncommercial=allow_noncommercial)
            # The shared positions that make a passage are counted among all documents of the corpus.
            chosen = list(found) if exclude_tests else list(islice(found, max_docs))
            _check_problems(corpus, split, report, known)
            if exclude_tests and not split.startswith(TEST):
                chosen = leave_out_tests(corpus, split, chosen, find_root(root), exclude_tests)
            records.extend(chosen[:max_docs])
        for record in records:
            doc = make_reference(corpus, split, record, nlp.vocab)
            if len(doc):
                yield Example(start_from(doc, nlp, given), doc)

    return read


def _check_problems(corpus: Corpus, split: str, report: Report, known: int) -> None:
    repaired, dropped = report.counts["repaired"], report.counts["dropped"]
    if known and repaired + dropped > known:
        values = {"name": corpus.name, "split": split, "found": repaired + dropped, "known": known}
        raise BiomedplmError(coded("B487", **values, problems=" ".join(p.detail for p in report.problems[:_SHOWN])))
    if repaired or dropped:
        message = coded("W491", name=corpus.name, split=split, repaired=repaired, dropped=dropped)
        warnings.warn(message, stacklevel=3)
