"""Which documents share text with test documents, of whatever corpus, and so must not be learned from."""

import warnings
from collections.abc import Collection, Sequence
from functools import lru_cache
from pathlib import Path

from spacy_biomedplm.corpora.catalogue import get_corpus, is_here, read_catalogue, read_corpus
from spacy_biomedplm.corpora.corpus import Corpus
from spacy_biomedplm.corpora.deduplication import fingerprint_text
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import coded
from spacy_biomedplm.held_out import HeldOut
from spacy_biomedplm.types import DocumentRecord

TEST = "test"


def leave_out_tests(
    corpus: Corpus,
    split: str,
    records: Sequence[DocumentRecord],
    root: Path,
    exclude: bool | list[str] = True,
    except_for: Collection[str] = (),
) -> list[DocumentRecord]:
    """Return the documents of a split that share no text with a test document; warns of the others (W490).

    corpus (Corpus): The corpus.
    split (str): Its split.
    records (Sequence[DocumentRecord]): All documents of it: which passages are boilerplate is counted among them.
    root (Path): Folder of the corpora.
    exclude (bool | list[str]): Compare with the tests of every corpus of the same language whose test files are there
        (true), or with those of these corpora.
    except_for (Collection[str]): Corpora that are not compared with: nothing that learns from the documents may be
        scored on them.
    """
    if exclude is True:
        held_out = hold_out_tests(corpus.languages, root, except_for)
    else:
        others = [get_corpus(other) for other in exclude or () if other not in except_for]
        tests = tuple((other.name, test) for other in others for test in other.splits if test.startswith(TEST))
        held_out = _hold_out(tests, root)
    kept, matches = held_out.split([fingerprint_text(corpus, split, record.doc_id, record.text) for record in records])
    if matches:
        names = sorted({match.held_out for match in matches})
        values = {"name": corpus.name, "split": split, "count": len(matches), "total": len(records)}
        warnings.warn(coded("W490", **values, tests=", ".join(names)), stacklevel=2)
    return [records[index] for index in kept]


def hold_out_tests(languages: Collection[str], root: Path, except_for: Collection[str] = ()) -> HeldOut:
    """Return an index of the test documents of every corpus of some languages whose test files are there.

    languages (Collection[str]): Such as "en". root (Path): Folder of the corpora.
    except_for (Collection[str]): Corpora whose tests are left out.
    """
    same = (corpus for corpus in read_catalogue().values() if set(corpus.languages) & set(languages))
    tests = ((corpus.name, test) for corpus in same for test in corpus.splits if _is_test(corpus, test, root))
    return _hold_out(tuple((name, test) for name, test in tests if name not in except_for), root)


def _is_test(corpus: Corpus, split: str, root: Path) -> bool:
    return split.startswith(TEST) and corpus.reader is not None and is_here(corpus, split, root)


@lru_cache(maxsize=2)
def _hold_out(tests: tuple[tuple[str, str], ...], root: Path) -> HeldOut:
    """Return an index of test documents; kept, because the readers of train and dev want the same."""
    fingerprints = []
    for name, split in tests:
        corpus = get_corpus(name)
        # Documents of a test split that cannot be read would be taken for training.
        report = Report(errors="repair", whole=True)
        for record in read_corpus(name, split, root, report, allow_noncommercial=True):
            fingerprints.append(fingerprint_text(corpus, split, record.doc_id, record.text))
    return HeldOut(fingerprints)
