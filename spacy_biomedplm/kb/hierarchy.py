"""Walks along parents and children."""

from collections.abc import Iterator

from spacy_biomedplm.kb.layout import Csr


def iter_reached(graph: Csr, row: int) -> Iterator[int]:
    """Yield all rows that can be reached from one, the nearest first, each once; circles do no harm.

    graph (Csr): Rows that each row leads to. row (int): Where to start; not yielded itself.
    """
    seen = {row}
    level = [row]
    while level:
        found: dict[int, None] = {}
        for one in level:
            found.update(dict.fromkeys(graph.row(one).tolist()))
        level = [one for one in found if one not in seen]
        seen.update(level)
        yield from level
