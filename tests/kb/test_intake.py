from collections.abc import Callable

import pytest

from spacy_biomedplm.corpora.problems import ErrorMode
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.intake import MAX_NAME_CHARACTERS, Table, Wanted, clean_text
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading

COLD = Name("cold", "MSH")


@pytest.mark.parametrize(
    "id", ["", "two words", "tab\there", "x" * 129, "half \ud800", "nul\0", "new\nline", "A|B", "X:7 8"]
)
def test_intake_refuses_what_is_no_id(
    id: str, make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    reading = make_reading("skip")
    base = make_base([Concept(id, (COLD,)), Concept("C0000001", (COLD,))], reading=reading)
    assert list(base) == ["C0000001"]
    assert "B577" in reading.report.problems[0].detail
    reading.report.problems[0].detail.encode()
    with pytest.raises(BiomedplmError, match="B577"):
        make_base([Concept(id, (COLD,))], reading=make_reading("raise"))


BROKEN = ("a\0b", " two \t\n words ", "", " \u2003", "x" * 10_000, "half \ud800 pair", "x" * MAX_NAME_CHARACTERS)


@pytest.mark.parametrize(
    ("errors", "names", "dropped", "repaired"),
    [("repair", ["a b", "two words", "half pair"], 3, 2), ("skip", ["two words"], 5, 0)],
)
def test_intake_repairs_or_leaves_out_broken_names(
    errors: ErrorMode,
    names: list[str],
    dropped: int,
    repaired: int,
    make_base: Callable[..., KnowledgeBase],
    make_reading: Callable[..., Reading],
) -> None:
    reading = make_reading(errors)
    base = make_base([Concept("C0000001", tuple(Name(text, "MSH") for text in BROKEN))], reading=reading)
    assert [name.text for name in base["C0000001"].names] == [*names, "x" * MAX_NAME_CHARACTERS]
    codes = sorted(problem.detail[1:5] for problem in reading.report.problems)
    assert codes == ["B578"] * 3 + ["B579"] * 2
    assert (reading.report.counts["dropped"], reading.report.counts["repaired"]) == (dropped, repaired)


@pytest.mark.parametrize(("text", "code"), [("a\0b", "B579"), ("", "B578"), (" ", "B578"), ("x" * 10_000, "B578")])
def test_intake_stops_at_the_first_broken_name(
    text: str, code: str, make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    reading = make_reading("raise")
    reading.path, reading.line = "names.tsv", 7
    with pytest.raises(BiomedplmError, match=rf"{code}\] names\.tsv, line 7: .*C0000001"):
        make_base([Concept("C0000001", (COLD, Name(text, "MSH")))], reading=reading)


def test_intake_decides_about_definitions_as_about_names(
    make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    concept = Concept("C0000001", (COLD,), definition="of\0old")
    assert make_base([concept], reading=make_reading("repair"))["C0000001"].definition == "of old"
    assert make_base([concept], reading=make_reading("skip"))["C0000001"].definition == ""
    with pytest.raises(BiomedplmError, match="B579"):
        make_base([concept], reading=make_reading("raise"))


def test_intake_counts_what_filters_leave_out(
    make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    names = (COLD, Name("Schnupfen", "GER", language="de"), Name("chill", "MSH", suppressed=True))
    reading = make_reading()
    base = make_base([Concept("C1", names)], reading=reading, wanted=Wanted(Filters(languages=("en",))))
    assert [name.text for name in base["C1"].names] == ["cold"]
    assert reading.report.counts["names that the filters leave out"] == 2
    assert base.filters == {"languages": ["en"]}


def test_intake_takes_languages_as_the_umls_has_them(make_base: Callable[..., KnowledgeBase]) -> None:
    names = (COLD, Name("Schnupfen", "GER", language="de"))
    base = make_base([Concept("C1", names)], wanted=Wanted(Filters(languages=("GER",))))
    assert [name.text for name in base["C1"].names] == ["Schnupfen"]
    assert base.select(Filters(languages=("GER",))).all()
    with pytest.raises(BiomedplmError, match=r"B572.*'SPA'.*de"):
        make_base([Concept("C1", names)], wanted=Wanted(Filters(languages=("SPA",))))


@pytest.mark.parametrize(
    "filters",
    [
        Filters(sources=("MSH", "MHS")),
        Filters(languages=("eng",)),
        Filters(types=("T47",)),
        Filters(term_types=("EXCAT",)),
        Filters(groups=("DISORDER",)),
    ],
)
def test_intake_filters_that_nothing_fits_are_errors(filters: Filters, make_base: Callable[..., KnowledgeBase]) -> None:
    concept = Concept("C0000001", (Name("cold", "MSH", "EXACT:lay"), COLD), types=("T047",))
    with pytest.raises(BiomedplmError, match="B572"):
        make_base([concept], wanted=Wanted(filters))


def test_intake_keeps_wanted_cross_references_and_former_ids(make_base: Callable[..., KnowledgeBase]) -> None:
    concept = Concept("MESH:D1", (COLD,), xrefs=("OMIM:1", "MESH:D2", "DOID:1", "no id", "MESH:D1"), definition="x")
    base = make_base([concept], wanted=Wanted(definitions=False, xref_prefixes=("OMIM",)))
    assert base["MESH:D1"].xrefs == ("OMIM:1", "MESH:D2")
    assert base["MESH:D1"].definition == ""


def test_intake_mapping_replaces_ids_and_keeps_them_as_cross_references(
    make_base: Callable[..., KnowledgeBase],
) -> None:
    concepts = [
        Concept("MONDO:1", (COLD,), parents=("MONDO:2",)),
        Concept("MONDO:2", (Name("disease", "MONDO"),)),
        Concept("C0000001", (Name("Common Cold", "MTH"),)),
    ]
    base = make_base(concepts, mapping={"MONDO:1": "C0000001", "MONDO:2": "C0000002"})
    assert list(base) == ["C0000001", "C0000002"]
    assert [name.text for name in base["C0000001"].names] == ["cold", "Common Cold"]
    assert base.parents("C0000001") == ["C0000002"]
    assert base.find("MONDO:1") == ["C0000001"]


def test_intake_parents_that_are_none_are_counted(
    make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    reading = make_reading()
    base = make_base([Concept("C1", (COLD,), parents=("C1", "", "C9"))], reading=reading)
    assert base.parents("C1") == []
    for what in ("that are the concept itself", "that are no ids", "that are not in the base"):
        assert reading.report.counts[f"parents {what}"] == 1


def test_table_numbers_texts_until_it_is_full() -> None:
    table = Table("languages", 2)
    assert [table.number(text) for text in ("en", "de", "en", "\0en")] == [0, 1, 0, 0]
    assert table.texts == ["en", "de"]
    with pytest.raises(BiomedplmError, match=r"B573.*2 languages"):
        table.number("fr")


def test_clean_text_leaves_no_broken_characters() -> None:
    assert clean_text(" a\0\ud800 \n b\u00a0c ") == "a b c"


def test_intake_counts_unknown_semantic_types(
    make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    reading = make_reading("raise")
    concepts = [Concept("C1", (COLD,), types=("T047", "T999")), Concept("C2", (COLD,), types=("T999", "banana"))]
    base = make_base(concepts, reading=reading)
    assert base["C2"].types == ("T999", "banana")
    assert reading.report.counts["unknown semantic types (T999, banana)"] == 3
