from collections.abc import Callable

from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.intake import Wanted
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading

EVERYTHING = Wanted(Filters(suppressed=True, obsolete=True))


def test_merging_puts_records_of_an_id_together(
    make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    reading = make_reading()
    base = make_base(
        [
            Concept("B:1", (Name("one", "first"), Name("One", "first")), types=("T1",), xrefs=("X:1",)),
            Concept("A:1", (Name("other", "first"),)),
            Concept("B:1", (Name("two", "second"), Name("one", "second")), ("T2", "T1"), "as said", ("X:2", "X:1")),
            Concept("B:1", definition="said later", parents=("A:1",)),
            Concept("Z:1", xrefs=("X:3",)),
        ],
        reading=reading,
    )
    assert list(base) == ["A:1", "B:1"]
    found = base["B:1"]
    assert [(name.text, name.source) for name in found.names] == [("one", "first"), ("One", "first"), ("two", "second")]
    assert found.types == ("T1", "T2")
    assert found.definition == "as said"
    assert found.xrefs == ("X:1", "X:2")
    assert found.parents == ("A:1",)
    assert reading.report.counts == {
        "names that repeat another of their concept": 1,
        "definitions of concepts that have one from an earlier source": 1,
        "records that only add to concepts which are not in the base": 1,
        "unknown semantic types (T1, T2)": 3,
    }


def test_merging_prefers_live_names(make_base: Callable[..., KnowledgeBase]) -> None:
    names = (Name("old", "a", obsolete=True), Name("worse", "a", suppressed=True), Name("good", "a"))
    records = [Concept("C1", names), Concept("C1", (Name("worse", "b"), Name("old", "b", obsolete=True)))]
    found = make_base(records, wanted=EVERYTHING)["C1"].names
    assert [(name.text, name.source, name.suppressed, name.obsolete) for name in found] == [
        ("good", "a", False, False),
        ("worse", "b", False, False),
        ("old", "a", False, True),
    ]


def test_merging_a_concept_is_obsolete_if_all_say_so(make_base: Callable[..., KnowledgeBase]) -> None:
    old = Concept("A:1", (Name("x", "a"),), obsolete=True)
    base = make_base([old, Concept("A:2", (Name("y", "a"),)), Concept("A:1", xrefs=("B:1",))], wanted=EVERYTHING)
    assert base["A:1"].obsolete
    assert base["A:1"].names[0].obsolete
    base = make_base([old, Concept("A:1", (Name("x", "b"),))], wanted=EVERYTHING)
    assert not base["A:1"].obsolete
    assert [name.source for name in base["A:1"].names] == ["b"]


def test_merging_leaves_concepts_of_other_semantic_types_out(
    concepts: tuple[Concept, ...], make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]
) -> None:
    reading = make_reading()
    base = make_base(concepts, reading=reading, wanted=Wanted(Filters(types=("T047",))))
    assert list(base) == ["MESH:D11", "MESH:D12"]
    assert base.types == ["T191", "T047"]
    assert base.languages == ["en"]
    assert reading.report.counts["concepts that the filters leave out for their semantic types"] == 3
    assert base.parents("MESH:D11") == []


def test_merging_counts_circles(make_base: Callable[..., KnowledgeBase], make_reading: Callable[..., Reading]) -> None:
    reading = make_reading()
    ring = [Concept(f"A:{n}", (Name("x", "a"),), parents=(f"A:{(n + 1) % 3}",)) for n in range(3)]
    base = make_base([*ring, Concept("A:9", (Name("y", "a"),), parents=("A:0",))], reading=reading)
    assert reading.report.counts["concepts on a circle of parents"] == 3
    assert base.ancestors("A:0") == ["A:1", "A:2"]
    assert base.descendants("A:0") == ["A:2", "A:9", "A:1"]
    assert base.is_a("A:9", "A:2")


def test_merging_tells_texts_of_equal_checksum_apart(make_base: Callable[..., KnowledgeBase]) -> None:
    # Two words with the same CRC-32.
    names = tuple(Name(text, "a") for text in ("plumless", "buckeroo", "plumless"))
    base = make_base([Concept("A:1", names[:1]), Concept("A:1", names)])
    assert [name.text for name in base["A:1"].names] == ["plumless", "buckeroo"]
