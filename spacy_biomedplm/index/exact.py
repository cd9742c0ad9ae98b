"""Names that are the text, after rules of normalisation: found by one number each, told apart by how near they are."""

import hashlib
import zlib
from collections.abc import Sequence
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.arrays import best_of_groups, fill_hits, spread
from spacy_biomedplm.index.normalisation import normalise
from spacy_biomedplm.index.protocol import Hits, Ints, Mask, NameBase
from spacy_biomedplm.index.storage import MappedIndex, check_new, check_query, write_index

LEVELS = MappingProxyType[str, tuple[tuple[str, ...], float]](
    {
        "capitals": (("fold_unicode", "fold_capitals"), 1.0),
        "case": (("fold_case",), 0.99),
        "punctuation": (("spell_greek", "drop_possessive", "drop_punctuation"), 0.97),
        "form": (
            ("split_digits", "read_roman", "fold_spelling", "fold_plural", "drop_function_words", "sort_words"),
            0.95,
        ),
    }
)
"""Levels from the nearest on: rules that come in addition to those before, and the score of a name that fits there."""

NOT_PREFERRED = 0.002
"""What the score of a name that is not the preferred one of its concept is less."""

Numbers = NDArray[np.uint32]


class ExactIndex(MappedIndex):
    """Finds the names that are a text but for case, Unicode, punctuation, plural, order of words …, see ``LEVELS``.

    A name is found by 64 bits of a hash of its loosest form: the chance that a text finds a name of another form is
    that of 1 in 2**64 for each name.
    """

    KIND = "exact"

    def query(self, texts: Sequence[str], k: int, allowed: Mask | None = None) -> Hits:
        """Return the names that fit each text, one for each concept: the nearest, then the first.

        texts, k, allowed: As for ``Index``.
        RAISES (BiomedplmError): B595 for a k or a mask that cannot be.
        """
        check_query(k, allowed, self.base)
        keys, nearer = _keys(texts)
        starts = np.searchsorted(self.arrays["keys"], keys, side="left")
        counts = np.searchsorted(self.arrays["keys"], keys, side="right") - starts
        # Nothing is left of a text of signs only; names of that kind are not in the index.
        counts[keys == 0] = 0
        of, places = np.repeat(np.arange(len(texts)), counts), spread(starts, counts)
        names = self.arrays["names"][places].astype(np.int64)
        if allowed is not None:
            kept = allowed[names]
            of, places, names = of[kept], places[kept], names[kept]
        scores = self._scores(of, places, names, nearer)
        concepts = self.base.name_concepts[names].astype(np.int64)
        best = best_of_groups(of * self.base.n_concepts + concepts, scores, names, 1)
        of, names, scores = of[best], names[best], scores[best]
        best = best_of_groups(of, scores, names, k)
        return fill_hits(of[best], names[best], scores[best], (len(texts), k))

    def _scores(self, of: Ints, places: Ints, names: Ints, nearer: dict[str, Numbers]) -> NDArray[np.float64]:
        scores = np.full(len(names), LEVELS["form"][1])
        for level in reversed(nearer):
            scores[self.arrays[level][places] == nearer[level][of]] = LEVELS[level][1]
        concepts = self.base.name_concepts
        preferred = (names == 0) | (concepts[names] != concepts[np.maximum(names, 1) - 1])
        return scores - np.where(preferred, 0.0, NOT_PREFERRED)


def build_exact(base: NameBase, folder: Path) -> None:
    """Write an index of names after normalisation.

    base (NameBase): The names.
    folder (Path): New folder.
    RAISES (BiomedplmError): B596 if the folder exists, B599 if it cannot be written.
    """
    check_new(folder)
    keys = np.empty(base.n_names, dtype=np.uint64)
    nearer = {level: np.empty(base.n_names, dtype=np.uint32) for level in list(LEVELS)[:-1]}
    for first, names in base.iter_names():
        rows = slice(first, first + len(names))
        keys[rows], of_block = _keys(names)
        for level, numbers in of_block.items():
            nearer[level][rows] = numbers
    order = np.argsort(keys, kind="stable")
    order = order[np.count_nonzero(keys == 0) :]
    write_index(
        folder,
        ExactIndex,
        base,
        settings={},
        facts={"names": base.n_names, "without_words": base.n_names - len(order)},
        arrays={
            "keys": keys[order],
            "names": order.astype(np.uint32),
            **{level: numbers[order] for level, numbers in nearer.items()},
        },
    )


def _keys(texts: Sequence[str]) -> tuple[NDArray[np.uint64], dict[str, Numbers]]:
    """Return the hash of the loosest form of each text, 0 where nothing is left of it, and numbers of nearer forms."""
    forms: Sequence[str] = texts
    nearer = {}
    for level, (rules, _) in LEVELS.items():
        forms = normalise(forms, rules)
        if level != "form":
            # Within the names of one loosest form 32 bits tell forms apart.
            numbers = (zlib.crc32(form.encode("utf8", "surrogatepass")) for form in forms)
            nearer[level] = np.fromiter(numbers, dtype=np.uint32, count=len(forms))
    return np.fromiter((_hash(form) for form in forms), dtype=np.uint64, count=len(forms)), nearer


def _hash(form: str) -> int:
    if not form:
        return 0
    digest = hashlib.blake2b(form.encode("utf8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
