"""Pairs of one tokenisation of a text in another one."""

from collections.abc import Sequence

import numpy as np
from spacy.attrs import IDX, LENGTH
from spacy.tokens import Doc

from spacy_biomedplm.relations.candidates import Pair


def transfer(pairs: Sequence[Pair], source: Doc, target: Doc) -> list[Pair]:
    """Return pairs with the tokens of another document of the same text.

    pairs (Sequence[Pair]): Of the source. source, target (Doc): Documents of one text.
    RETURNS (list[Pair]): A mention that ends inside a token of the target has the whole token. The spans of heads and
        tails stay those of the source.
    """
    starts, ends = (_offsets(doc) for doc in (source, target))
    first = np.searchsorted(ends[:, 1], starts[:, 0], side="right")
    behind = np.maximum(np.searchsorted(ends[:, 0], starts[:, 1], side="left"), first + 1)

    def move(place: tuple[int, int]) -> tuple[int, int]:
        return int(first[place[0]]), int(behind[place[1] - 1])

    return [
        pair._replace(
            head=pair.head._replace(mentions=tuple(map(move, pair.head.mentions))),
            tail=pair.tail._replace(mentions=tuple(map(move, pair.tail.mentions))),
            context=move(pair.context),
        )
        for pair in pairs
    ]


def _offsets(doc: Doc) -> np.ndarray:
    found = doc.to_array([IDX, LENGTH]).astype(np.int64).reshape(-1, 2)
    found[:, 1] += found[:, 0]
    return np.minimum(found, np.iinfo(np.int64).max)
