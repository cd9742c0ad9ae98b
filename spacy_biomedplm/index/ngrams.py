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

from spacy_biomedplm.index.arrays import best_of_groups, fill_hits, group_cuts, spread
from spacy_biomedplm.index.ngram_leads import Leads, SearchOptions
from spacy_biomedplm.index.ngram_words import Floats, LikeWords, Queries, WordFinder
from spacy_biomedplm.index.normalisation import normalise
from spacy_biomedplm.index.protocol import NO_NAME, Hits, Ints, Mask, NameBase
from spacy_biomedplm.index.storage import MappedIndex, check_query

RULES = ("fold_unicode", "fold_case", "spell_greek", "drop_possessive", "drop_punctuation")
"""What is done to names and texts before trigrams are cut."""

_OPTIONS = SearchOptions()
# Texts that are looked for together: enough to make calls of numpy cheap, few enough for the cache of the processor.
_BLOCK = 64
# How much words that are not alike may add to a score.
_SLACK = 0.05
# Places of names that are looked at together.
_MOST_PLACES = 1 << 21


class NgramIndex(MappedIndex):
    """Finds the names that are nearest by the cosine of the TF-IDF of their trigrams (scikit-learn's "char_wb").

    folder, base, verify: As for ``MappedIndex``.
    options (SearchOptions): What is passed over. Texts for which fewer than k names are found with it are looked for
        again in all texts with a word that is alike.
    """

    KIND = "ngrams"

    def __init__(
        self, folder: Path, base: NameBase, *, verify: bool = False, options: SearchOptions = _OPTIONS
    ) -> None:
        super().__init__(folder, base, verify=verify)
        self.options = options
        self._all = replace(options, seed=options.alike, floors=(0.0,))
        self._words = WordFinder(self.arrays, options.alike)
        self._last_mask: tuple[Mask, Mask] | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), options=self.options), (self.folder, self.base)

    def query(self, texts: Sequence[str], k: int, allowed: Mask | None = None) -> Hits:
        """Return the nearest names for each text.

        texts, k, allowed: As for ``Index``; a mask that cannot be written to is prepared once.
        RAISES (BiomedplmError): B595 for a k or a mask that cannot be.
        """
        check_query(k, allowed, self.base)
        forms = normalise(texts, RULES)
        distinct = sorted(set(forms) - {""})
        hits = Hits(
            np.full((len(distinct) + 1, k), NO_NAME, dtype=np.int64), np.zeros((len(distinct) + 1, k), np.float32)
        )
        rows = np.arange(len(distinct))
        for options in (self.options, self._all):
            for first in range(0, len(rows), _BLOCK):
                block = rows[first : first + _BLOCK]
                hits.names[block], hits.scores[block] = self._search(
                    [distinct[row] for row in block], k, allowed, options
                )
            rows = rows[hits.names[rows, -1] == NO_NAME]
        # The last row is that of texts without a word.
        number = {form: place for place, form in enumerate(distinct)} | {"": len(distinct)}
        of_text = [number[form] for form in forms]
        return Hits(hits.names[of_text], hits.scores[of_text])

    def _search(self, forms: list[str], k: int, allowed: Mask | None, options: SearchOptions) -> Hits:
        queries = self._words.read(forms)
        words = self._words.find(queries)
        leads = Leads(self.arrays, queries, words, options)
        chosen = [
            self._choose(queries, words, leads, part, k + options.extra, allowed) for part in leads.parts(_MOST_PLACES)
        ]
        of, texts = (np.concatenate(part) for part in zip(*chosen, strict=True))
        scores = self._words.cosines(queries, of, texts)
        return self._name(of, texts, scores, allowed, (len(forms), k))

    def _choose(
        self, queries: Queries, words: LikeWords, leads: Leads, part: slice, count: int, allowed: Mask | None
    ) -> tuple[Ints, Ints]:
        """Return the queries of a part and, for each, the texts that are best by words that are alike."""
        of, texts, sums = leads.follow(part)
        if allowed is not None:
            kept = self._allowed_texts(allowed)[texts]
            of, texts, sums = of[kept], texts[kept], sums[kept]
        scores = sums * queries.norms[of] / self.arrays["text_norms"][texts]
        # Words that did not lead to names add at most so much.
        rest = leads.rest[of]
        kept = scores >= leads.floors[of] - rest - _SLACK
        of, texts, scores, rest = of[kept], texts[kept], scores[kept], rest[kept]
        kept = scores >= group_cuts(of, scores, count) - rest
        of, texts, scores = of[kept], texts[kept], scores[kept]
        short = np.flatnonzero(rest[kept])
        if len(short):
            scores[short] = self._words.like_scores(queries, words, of[short], texts[short])
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

    def _allowed_texts(self, allowed: Mask) -> Mask:
        if self._last_mask is not None and self._last_mask[0] is allowed:
            return self._last_mask[1]
        starts = self.arrays["text_name_starts"]
        texts = np.logical_or.reduceat(allowed[self.arrays["text_names"]], starts[:-1])
        if not allowed.flags.writeable:
            self._last_mask = (allowed, texts)
        return texts
