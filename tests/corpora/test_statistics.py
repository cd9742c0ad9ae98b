from collections.abc import Callable
from pathlib import Path

from spacy_biomedplm.corpora import get_corpus
from spacy_biomedplm.corpora.statistics import Statistics, count_corpus
from spacy_biomedplm.types import (
    ArgumentRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
    PassageRecord,
    RelationRecord,
)

RECORD = DocumentRecord(
    "1",
    "Kelvanol stops fever.",
    (
        MentionRecord("T1", "Drug", ((0, 8),)),
        MentionRecord("T2", "Stop", ((9, 14),), is_trigger=True),
        MentionRecord("T3", "Sign", ((15, 20),)),
    ),
    (RelationRecord("R1", "Treats", (ArgumentRecord("a", "T1"), ArgumentRecord("b", "T3"))),),
    (EventRecord("E1", "Stop", "T2", (ArgumentRecord("Cause", "T1"),)),),
    passages=(PassageRecord(0, 21, "sentence"), PassageRecord(0, 8, "title")),
    labels={"trial": 1.0, "review": 0.0},
)


def test_statistics_count_each_layer() -> None:
    found = Statistics("toy", "train", {"documents": 2, "mentions": 5})
    found.add(RECORD)
    found.add(RECORD)
    wanted = {"documents": 2, "sentences": 2, "mentions": 4, "labels": 2, "relations": 2, "events": 2}
    assert found.counts == wanted
    assert found.differences == {"mentions": (5, 4)}
    data = found.to_dict()
    assert data["counts"] == wanted
    assert data["labels"]["mentions"] == {"Drug": 2, "Sign": 2}
    assert data["labels"]["labels"] == {"trial": 2}
    assert data["matches"] is False
    assert Statistics("toy", "train", {}).to_dict()["matches"] is None


def test_count_corpus_counts_the_splits_that_are_there(write: Callable[..., Path]) -> None:
    lines = "5|t|Kelvanol\n5|a|\n5\t0\t8\tKelvanol\tChemical\n5\t2\t10\tKelvanol\tChemical\n5\t0\t8\tnothing\tDisease\n"
    root = write("bc5cdr/CDR_TestSet.PubTator.txt", lines).parent.parent
    seen: list[tuple[str, int]] = []
    (found,) = count_corpus(
        get_corpus("bc5cdr"), root, progress=lambda split, documents: seen.append((split, documents))
    )
    assert (found.corpus, found.split) == ("bc5cdr", "test")
    assert found.counts["documents"] == 1
    assert found.differences["documents"] == (500, 1)
    assert found.report.counts == {"repaired": 1, "dropped": 1}
    assert seen == [("test", 1)]
