"""Names with the same character trigrams as a text: cosine of TF-IDF, without looking at most of the names.

Trigrams do not cross words, so the vector of a name is the sum of the vectors of its words, and there are far fewer
words than names. A query goes from its words to the words of the base that are alike, from those to the texts that
hold them, and computes the cosine of the best of these. What is passed over is said at ``SearchOptions``.
"""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.arrays import best_of_groups, fill_hits, group_cuts, spread
from spacy_biomedplm.index.ngram_leads import Leads, SearchOptions
from spacy_biomedplm.index.ngram_scan import Scan
from spacy_biomedplm.index.ngram_words import Floats, LikeWords, Queries, WordFinder
from spacy_biomedplm.index.normalisation import normalise
from spacy_biomedplm.index.protocol import NO_NAME, Hits, Ints, Mask, NameBase
from spacy_biomedplm.index.storage import MappedIndex, check_query

RULES = ("fold_unicode", "fold_case", "spell_greek", "drop_possessive", "drop_punctuation")
"""What is done to names and texts before trigrams are cut."""

_OPTIONS = SearchOptions()
# Texts that are looked for together: enough to make calls of numpy cheap, few enough for the cache of the processor.
_BLOCK = 64
# Places of names that are looked at together.
_MOST_PLACES = 1 << 19
# Texts that are all looked at.
_FEW_TEXTS = 1 << 14
# Names that are kept of texts that were asked for, about 16 MB, for each of so many masks.
_KEPT = 1 << 21
_SCOPES = 4


class _Scope:
    """Names that are looked among, and what was found there.

    names (Mask | None): Which names. texts (Mask | None): Which texts have such a name. k (int): Names for a text.
    scan (Scan | None): Those texts, if they are few.
    """

    def __init__(self, names: Mask | None, texts: Mask | None, k: int, scan: Scan | None) -> None:
        self.names = names
        self.texts = texts
        self.k = k
        self.scan = scan
        self.found: dict[str, tuple[NDArray[np.int32], NDArray[np.float32]]] = {}

    def keep(self, forms: Sequence[str], hits: Hits) -> None:
        """Keep what was found for texts; what was kept before goes once it is much."""
        if len(self.found) > _KEPT // self.k:
            self.found = {}
        self.found.update(zip(forms, zip(hits.names.astype(np.int32), hits.scores, strict=True), strict=True))


class NgramIndex(MappedIndex):
    """Finds the names that are nearest by the cosine of the TF-IDF of their trigrams (scikit-learn's "char_wb").

    folder, base, verify: As for ``MappedIndex``.
    options (SearchOptions): What is passed over. Texts for which fewer than k names are found with it are looked for
        again with each lower floor, however many places that takes, and at last in all texts with a word that is alike.
    """

    KIND = "ngrams"

    def __init__(
        self, folder: Path, base: NameBase, *, verify: bool = False, options: SearchOptions = _OPTIONS
    ) -> None:
        super().__init__(folder, base, verify=verify)
        self.options = options
        self._tiers = [
            options,
            *(replace(options, floors=(floor,)) for floor in reversed(options.floors[:-1])),
            replace(options, seed=options.alike, floors=(0.0,)),
        ]
        self._words = WordFinder(self.arrays, options.alike)
        self._scopes: list[_Scope] = []

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), options=self.options), (self.folder, self.base)

    def query(self, texts: Sequence[str], k: int, allowed: Mask | None = None) -> Hits:
        """Return the nearest names for each text.

        texts, k, allowed: As for ``Index``; a mask that cannot be written to is prepared once.
        RAISES (BiomedplmError): B595 for a k or a mask that cannot be.
        """
        check_query(k, allowed, self.base)
        forms = normalise(texts, RULES)
        scope = self._scope(allowed, k)
        new = sorted(set(forms) - {""} - scope.found.keys())
        rows = np.arange(len(new))
        hits = Hits(np.full((len(new), k), NO_NAME, dtype=np.int64), np.zeros((len(new), k), np.float32))
        for options in self._tiers if scope.scan is None else self._tiers[:1]:
            for first in range(0, len(rows), _BLOCK):
                block = rows[first : first + _BLOCK]
                found = self._search([new[row] for row in block], k, scope, options)
                hits.names[block], hits.scores[block] = found
            rows = rows[hits.names[rows, -1] == NO_NAME]
        answers = dict(zip(new, zip(*hits, strict=True), strict=True))
        result = Hits(np.full((len(forms), k), NO_NAME, dtype=np.int64), np.zeros((len(forms), k), np.float32))
        for row, form in enumerate(forms):
            if form:
                result.names[row], result.scores[row] = answers.get(form) or scope.found[form]
        scope.keep(new, hits)
        return result

    def _search(self, forms: list[str], k: int, scope: _Scope, options: SearchOptions) -> Hits:
        queries = self._words.read(forms)
        if scope.scan is not None:
            of, texts = scope.scan.choose(queries, k + options.extra)
            return self._name(of, texts, self._words.cosines(queries, of, texts), scope.names, (len(forms), k))
        words = self._words.find(queries)
        leads = Leads(self.arrays, queries, words, options)
        chosen = [
            self._choose(queries, words, leads, part, k + options.extra, scope) for part in leads.parts(_MOST_PLACES)
        ]
        of, texts = (np.concatenate(part) for part in zip(*chosen, strict=True))
        scores = self._words.cosines(queries, of, texts)
        # Below the floor only some names are looked at, so others may be better.
        kept = scores >= leads.floors[of] * options.nearly
        of, texts, scores = of[kept], texts[kept], scores[kept]
        return self._name(of, texts, scores, scope.names, (len(forms), k))

    def _choose(
        self, queries: Queries, words: LikeWords, leads: Leads, part: slice, count: int, scope: _Scope
    ) -> tuple[Ints, Ints]:
        """Return the queries of a part and, for each, the texts that are best by words that are alike."""
        of, texts, sums = leads.follow(part)
        if scope.texts is not None:
            kept = scope.texts[texts]
            of, texts, sums = of[kept], texts[kept], sums[kept]
        scores = sums * queries.norms[of] / self.arrays["text_norms"][texts]
        # Of texts that other words may lift, more are kept and looked at again.
        kept = scores >= group_cuts(of, scores, np.where(leads.rest > 0, leads.options.again, count))
        of, texts, scores = of[kept], texts[kept], scores[kept]
        short = np.flatnonzero(leads.rest[of])
        if len(short):
            scores[short] = self._words.like_scores(queries, words, of[short], texts[short])
            kept = scores >= group_cuts(of, scores, count)
            of, texts, scores = of[kept], texts[kept], scores[kept]
        best = best_of_groups(of, scores, texts, count)
        return of[best], texts[best]

    def _name(self, of: Ints, texts: Ints, scores: Floats, allowed: Mask | None, shape: tuple[int, int]) -> Hits:
        """Return the names of texts: of each concept the first one."""
        starts = self.arrays["text_name_starts"]
        counts = starts[texts + 1] - starts[texts]
        names = self.arrays["text_names"][spread(starts[texts], counts)].astype(np.int64)
        member = np.repeat(np.arange(len(texts)), counts)
        if allowed is not None:
            kept = allowed[names]
            names, member = names[kept], member[kept]
        concepts = self.base.name_concepts[names]
        new = np.ones(len(names), dtype=bool)
        # Names of a text ascend, so those of one concept are neighbours.
        new[1:] = (member[1:] != member[:-1]) | (concepts[1:] != concepts[:-1])
        names, member = names[new], member[new]
        best = best_of_groups(of[member], scores[member], names, shape[1])
        return fill_hits(of[member][best], names[best], scores[member][best], shape)

    def _scope(self, allowed: Mask | None, k: int) -> _Scope:
        """Return what is known of earlier queries among the same names, if they can be told to be the same."""
        for scope in self._scopes:
            if scope.names is allowed and scope.k == k:
                return scope
        texts, scan = None, None
        lasts = allowed is None or not allowed.flags.writeable
        if allowed is not None:
            starts = self.arrays["text_name_starts"]
            texts = np.logical_or.reduceat(allowed[self.arrays["text_names"]], starts[:-1])
            if lasts and 0 < np.count_nonzero(texts) <= _FEW_TEXTS:
                scan = Scan(self.arrays, np.flatnonzero(texts))
        scope = _Scope(allowed, texts, k, scan)
        if lasts:
            self._scopes = [scope, *self._scopes[: _SCOPES - 1]]
        return scope
