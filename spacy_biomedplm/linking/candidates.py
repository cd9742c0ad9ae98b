"""Candidates of mentions: what the indexes find, as arrays over all mentions of a batch."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacy_biomedplm.index.arrays import spread
from spacy_biomedplm.index.hybrid import Found, HybridIndex
from spacy_biomedplm.index.protocol import NO_NAME, Ints, Mask
from spacy_biomedplm.linking.mentions import Mention

FORMS = ("name", "text")
"""What a mention is looked for by: with abbreviations written out, and as it stands."""


@dataclass(frozen=True)
class Candidates:
    """Concepts that mentions may stand for, by mention and then by row of the concept.

    mentions (Ints): Place of the mention of each candidate, ascending.
    concepts (Ints): Row of its concept.
    columns (tuple[tuple[str, str, str], ...]): Form, group of names and index of each column of the next two.
    scores (NDArray[np.float32]): Score that the index gave, 0 for none, shape (candidates, columns).
    names (Ints): Row of the name that it found, NO_NAME for none, same shape.
    """

    mentions: Ints
    concepts: Ints
    columns: tuple[tuple[str, str, str], ...]
    scores: NDArray[np.float32]
    names: Ints

    def __len__(self) -> int:
        return len(self.mentions)

    def starts(self, n_mentions: int) -> Ints:
        """Return where the candidates of each mention start, and the end. n_mentions (int): Of the batch."""
        return np.searchsorted(self.mentions, np.arange(n_mentions + 1))


def find_candidates(
    mentions: Sequence[Mention],
    index: HybridIndex,
    groups: dict[str, Mask | None],
    k: int,
    *,
    without: Sequence[Sequence[int]] | None = None,
) -> Candidates:
    """Return the candidates of mentions.

    mentions (Sequence[Mention]): Of all documents of a batch: they are looked for together.
    index (HybridIndex): Of the knowledge base.
    groups (dict[str, Mask | None]): Names that are looked among, each group apart.
    k (int): Most concepts of a mention for each form and group.
    without (Sequence[Sequence[int]] | None): Names that each mention may not find.
    """
    blocks = []
    for form in FORMS:
        places = np.array(
            [place for place, mention in enumerate(mentions) if form == "name" or mention.text != mention.name],
            dtype=np.int64,
        )
        texts = [getattr(mentions[place], form) for place in places]
        blocks += [_search(places, texts, index, mask, k, without) for mask in groups.values()]
    labels = [part.name for part in index.indexes]
    columns = tuple((form, group, label) for form in FORMS for group in groups for label in labels)
    pairs = [of * index.base.n_concepts + found.concepts for of, found in blocks]
    distinct, rows = np.unique(np.concatenate(pairs), return_inverse=True)
    scores = np.zeros((len(distinct), len(columns)), dtype=np.float32)
    names = np.full((len(distinct), len(columns)), NO_NAME, dtype=np.int64)
    done = 0
    for block, (of, found) in enumerate(blocks):
        own = rows[done : done + len(of)]
        done += len(of)
        place = slice(block * len(labels), (block + 1) * len(labels))
        scores[own, place] = found.name_scores
        names[own, place] = found.names
    of_mention, concepts = np.divmod(distinct, index.base.n_concepts)
    return Candidates(of_mention, concepts, columns, scores, names)


def _search(
    places: Ints,
    texts: list[str],
    index: HybridIndex,
    allowed: Mask | None,
    k: int,
    without: Sequence[Sequence[int]] | None,
) -> tuple[Ints, Found]:
    """Return the mention of each candidate, and the candidates; texts that come twice are looked for once."""
    keys = [(text, tuple(without[place]) if without else ()) for text, place in zip(texts, places, strict=True)]
    number = {key: place for place, key in enumerate(dict.fromkeys(keys))}
    barred = [of * index.base.n_names + name for (_, names), of in number.items() for name in names]
    found = index.search(
        [text for text, _ in number], k, allowed, without=np.array(barred, dtype=np.int64) if barred else None
    )
    starts = np.searchsorted(found.texts, np.arange(len(number) + 1))
    of = np.array([number[key] for key in keys], dtype=np.int64)
    counts = np.diff(starts)[of]
    rows = spread(starts[:-1][of], counts)
    chosen = Found(*(getattr(found, name)[rows] for name in ("texts", "concepts", "scores", "names", "name_scores")))
    return np.repeat(places, counts), chosen
