from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.kb.ordering import rank_texts
from spacy_biomedplm.kb.spool import Spool, Spooled

ids = st.lists(st.text("Aab:é1", min_size=1, max_size=20), max_size=25)


def spooled(path: Path, texts: list[str]) -> Spooled:
    path.unlink(missing_ok=True)
    with Spool(path) as spool:
        for number, text in enumerate(texts):
            spool.add(number, text.encode())
        return spool.load()


@given(ids, ids)
def test_rank_texts_orders_by_bytes(tmp_path_factory: pytest.TempPathFactory, one: list[str], other: list[str]) -> None:
    folder = tmp_path_factory.getbasetemp()
    ranks, firsts = rank_texts([spooled(folder / "one", one), spooled(folder / "other", other)])
    wanted = sorted({*one, *other}, key=str.encode)
    assert [wanted[rank] for rank in ranks[0]] == one
    assert [wanted[rank] for rank in ranks[1]] == other
    assert firsts.tolist() == [[*one, *other].index(text) for text in wanted]


def test_rank_texts_tells_long_ids_apart(tmp_path: Path) -> None:
    texts = [f"{'X' * 120}{number}" for number in (3, 1, 2, 1)] + ["X" * 120]
    ranks, firsts = rank_texts([spooled(tmp_path / "ids", texts)])
    assert ranks[0].tolist() == [3, 1, 2, 1, 0]
    assert firsts.tolist() == [4, 1, 2, 0]
