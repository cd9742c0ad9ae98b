from collections import Counter
from collections.abc import Collection
from pathlib import Path

import pytest

from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.corpora.catalogue import get_corpus
from spacy_biomedplm.evaluation.metrics import get_metric
from spacy_biomedplm.given import given_mentions
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.answers import format_answer

RECORD = DocumentRecord(
    "1",
    "STAT6 may bind JAK1 at Y641",
    (
        MentionRecord("T9", "Protein", ((0, 5),), concepts=(ConceptRecord("NCBIGene", "6778"),)),
        MentionRecord("T2", "Protein", ((15, 19),)),
        MentionRecord("T1", "Entity", ((23, 27),)),
        MentionRecord("T3", "Binding", ((10, 14),), is_trigger=True, score=0.5),
    ),
    (RelationRecord("R1", "Part-of", (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Arg2", "T2"))),),
    (
        EventRecord(
            "E1",
            "Binding",
            "T3",
            (ArgumentRecord("Theme", "T9"), ArgumentRecord("Theme", "T2"), ArgumentRecord("Site2", "T1")),
        ),
    ),
    (AttributeRecord("M1", "Speculation", "E1"),),
)
ANSWER = (
    "T10\tBinding 10 14\tbind\n"
    "T11\tEntity 23 27\tY641\n"
    "E1\tBinding:T10 Theme:T9 Theme2:T2 Site2:T11\n"
    "R1\tPart-of Arg1:T11 Arg2:T2\n"
    "M1\tSpeculation E1\n"
)


def test_answer_goes_on_after_what_is_given() -> None:
    losses: Counter[str] = Counter()
    files = format_answer(RECORD, losses, given={"T9", "T2"})
    assert files == {".txt": RECORD.text, ".a1": "T9\tProtein 0 5\tSTAT6\nT2\tProtein 15 19\tJAK1\n", ".a2": ANSWER}
    assert losses == {"concepts": 1, "scores": 1}


@pytest.mark.parametrize("given", [None, {"T1", "T2", "T9"}])
def test_answer_has_all_entities_that_are_given(given: Collection[str] | None) -> None:
    files = format_answer(RECORD, Counter(), given=given)
    assert [line.split("\t")[0] for line in files[".a1"].splitlines()] == ["T9", "T2", "T1"]
    assert files[".a2"].startswith("T10\tBinding 10 14\tbind\nE1\tBinding:T10 Theme:T9 Theme2:T2 Site2:T1\n")


def test_answer_replaces_identifiers_of_other_formats() -> None:
    mentions = (MentionRecord("E1", "Protein", ((0, 5),)), MentionRecord("T7", "Protein", ((15, 19),)))
    events = (EventRecord("E2", "Binding", "T3", (ArgumentRecord("Theme", "E1"),)),)
    record = DocumentRecord("1", RECORD.text, (*mentions, RECORD.mentions[3]), events=events)
    files = format_answer(record, Counter(), given={"E1", "T7"})
    assert files[".a1"] == "T8\tProtein 0 5\tSTAT6\nT7\tProtein 15 19\tJAK1\n"
    assert files[".a2"] == "T9\tBinding 10 14\tbind\nE2\tBinding:T9 Theme:T8\n"


def test_answer_without_events_is_empty() -> None:
    record = DocumentRecord("1", RECORD.text, RECORD.mentions[:1])
    assert format_answer(record, Counter())[".a2"] == ""
    assert format_answer(DocumentRecord("1", ""), Counter()) == {".txt": "", ".a1": "", ".a2": ""}


@pytest.mark.parametrize(
    ("roles", "wanted"),
    [
        (["Theme", "Theme", "Theme"], ["Theme", "Theme2", "Theme3"]),
        (["Theme", "Theme2", "Theme"], ["Theme", "Theme2", "Theme3"]),
        (["Theme2", "Theme2", "Cause"], ["Theme2", "Theme3", "Cause"]),
    ],
)
def test_answer_numbers_roles(roles: list[str], wanted: list[str]) -> None:
    arguments = tuple(ArgumentRecord(role, "T9") for role in roles)
    record = DocumentRecord("1", RECORD.text, RECORD.mentions, events=(EventRecord("E1", "Binding", "T3", arguments),))
    line = format_answer(record, Counter())[".a2"].splitlines()[-1]
    assert [word.partition(":")[0] for word in line.split()[2:]] == wanted


@pytest.mark.corpora
@pytest.mark.parametrize("name", ["bionlp-st-2013-cg", "bionlp-st-2011-epi"])
def test_answer_of_gold_documents_has_the_full_score(corpora_folder: Path, tmp_path: Path, name: str) -> None:
    corpus = get_corpus(name)
    gold = list(read_brat(corpora_folder / name / corpus.files["dev"]["path"]))
    for record in gold:
        given = {mention.id for mention in given_mentions(record)}
        for ending, content in format_answer(record, Counter(), given=given).items():
            (tmp_path / f"{record.doc_id}{ending}").write_bytes(content.encode())
    for metric in corpus.metrics:
        assert get_metric(metric).score(gold, list(read_brat(tmp_path))).main == 1.0
