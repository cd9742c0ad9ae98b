import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, fit
from spacy_biomedplm.corpora.bioc import read_bioc_json, read_bioc_xml
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
    NoteRecord,
    PassageRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.bioc import write_bioc_json, write_bioc_xml

Reader = Callable[..., Iterator[DocumentRecord]]
Writer = Callable[[Iterable[DocumentRecord], Path, "Counter[str]"], None]
XML = (write_bioc_xml, read_bioc_xml)
JSON = (write_bioc_json, read_bioc_json)
both = pytest.mark.parametrize(("write", "read"), [XML, JSON], ids=["xml", "json"])

TEXT = "IL-4 up-regulates STAT6\nIt may not phosphorylate <STAT5> & co."
RICH = DocumentRecord(
    "PMC 1",
    TEXT,
    mentions=(
        MentionRecord("T1", "Protein", ((0, 4),), concepts=(ConceptRecord("NCBI Gene", "3565", "IL4"),)),
        MentionRecord("T2", "Protein", ((18, 23),), concepts=(ConceptRecord("", "6778"),), score=0.5),
        MentionRecord("T3", "Positive_regulation", ((5, 17),), is_trigger=True, infons={"file": "a2"}),
        MentionRecord("T4", "Phosphorylation", ((35, 49),), is_trigger=True),
        MentionRecord("T5", "Family", ((18, 22), (51, 56)), infons={"identifier": "1;2", "type": "x", "score": "1.5"}),
        MentionRecord("T6", "Cue", ((27, 34),), text="may-not", is_trigger=True),
        MentionRecord("T7", "", ((18, 18),), infons={"biomedplm.kind": "odd"}),
    ),
    relations=(
        RelationRecord("R1", "Binds", (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Trigger", "T2")), {"n": "1"}, 0.1),
        RelationRecord(
            "R2",
            "Association",
            (ArgumentRecord("entity1", "3565", "concept"), ArgumentRecord("entity2", "T1", "concept")),
            {"novelty": "No", "relation": "x"},
        ),
        RelationRecord("R3", "Mixed", (ArgumentRecord("", "D1", "concept"), ArgumentRecord("", "E2", "event"))),
        RelationRecord(
            "R4", "", (), {"relation": "CID", "Chemical": "D1", "Disease": "D2", "role1": "a", "role2": "b"}
        ),
    ),
    events=(
        EventRecord("E1", "Positive_regulation", "T3", (ArgumentRecord("Theme", "E2", "event"),), {"role1": "c"}, 0.25),
        EventRecord("E2", "Phosphorylation", "T4", (ArgumentRecord("Theme", "T2"), ArgumentRecord("Trigger", "T4"))),
        EventRecord("E3", "Odd", "T1"),
    ),
    attributes=(AttributeRecord("M1", "Negation", "E2"), AttributeRecord("A1", "Certainty", "T1", "high")),
    equivalences=(EquivalenceRecord(("T1", "T2")), EquivalenceRecord(("T1", "T2", "T5"), "Alias")),
    notes=(NoteRecord("#1", "AnnotatorNotes", "T1", "sure\tor\nnot?"), NoteRecord("#2", "Free", "", "")),
    passages=(PassageRecord(0, 23, "title", {"type": "front", "part": "1"}), PassageRecord(24, 62, "abstract")),
    labels={"relevant": 1.0, "similarity": 0.5},
    answers=(("STAT6", "Stat 6"), ("IL-4",)),
    infons={"journal": "J", "biomedplm.order": "no", "collection.source": "test", "collection.infons.by": "us"},
)


def copy(records: Iterable[DocumentRecord], write: Writer, read: Reader, folder: Path) -> list[DocumentRecord]:
    path, losses = folder / "copy", Counter[str]()
    write(records, path, losses)
    assert not losses
    return [fit(record, Report()) for record in read(path)]


@both
def test_bioc_keeps_everything_of_a_record(write: Writer, read: Reader, tmp_path: Path) -> None:
    (found,) = copy([RICH], write, read, tmp_path)
    assert found == RICH


@both
@pytest.mark.parametrize(
    "passages",
    [
        (),
        (PassageRecord(0, 0, "title"), PassageRecord(0, 62, "abstract")),
        (PassageRecord(0, 62, "section"), PassageRecord(0, 23, "paragraph"), PassageRecord(24, 62, "paragraph")),
        (PassageRecord(0, 40, "a"), PassageRecord(20, 62, "b"), PassageRecord(3, 9, "unmarked")),
        (PassageRecord(24, 62, "late"), PassageRecord(0, 23, "early")),
        (PassageRecord(5, 9, ""), PassageRecord(9, 9, "sentence"), PassageRecord(62, 62, "end")),
        (
            PassageRecord(0, 23, "title"),
            PassageRecord(0, 23, "sentence", {"n": "1"}),
            PassageRecord(24, 62, "abstract"),
            PassageRecord(24, 40, "sentence"),
            PassageRecord(41, 62, "sentence"),
        ),
        (PassageRecord(0, 62, "sentence"), PassageRecord(2, 7, "sentence")),
    ],
)
def test_bioc_keeps_passages_of_any_shape(
    passages: tuple[PassageRecord, ...], write: Writer, read: Reader, tmp_path: Path
) -> None:
    record = replace(RICH, passages=passages)
    (found,) = copy([record], write, read, tmp_path)
    assert found == record


def test_bioc_xml_is_what_other_tools_expect(tmp_path: Path) -> None:
    copy([RICH], *XML, tmp_path)
    root = ElementTree.parse(tmp_path / "copy").getroot()
    assert [child.tag for child in root] == ["source", "date", "key", "infon", "document"]
    document = root[-1]
    assert [(p.findtext("offset"), p.findtext("infon[@key='type']")) for p in document.iter("passage")] == [
        ("0", "title"),
        ("24", "abstract"),
    ]
    assert [a.get("id") for a in document.find("passage").iter("annotation")] == ["T1", "T2", "T3", "T7"]
    assert [a.get("id") for a in document.findall("annotation")] == ["T5"]
    event = next(relation for relation in document.iter("relation") if relation.get("id") == "E1")
    assert [(node.get("refid"), node.get("role")) for node in event.iter("node")] == [
        ("T3", "Trigger"),
        ("E2", "Theme"),
    ]
    assert event.findtext("infon[@key='type']") == "Positive_regulation"
    relation = next(relation for relation in document.iter("relation") if relation.get("id") == "R2")
    infons = {infon.get("key"): infon.text for infon in relation.iter("infon")}
    assert infons == {
        "type": "Association",
        "entity1": "3565",
        "entity2": "T1",
        "novel": "No",
        "relation": "x",
    }


def test_bioc_json_has_one_document_a_line(tmp_path: Path) -> None:
    copy([RICH, replace(RICH, doc_id="2")], *JSON, tmp_path)
    content = (tmp_path / "copy").read_text(encoding="utf8")
    assert len(content.splitlines()) == 4
    collection = json.loads(content)
    assert (collection["source"], collection["infons"]) == ("test", {"by": "us"})
    assert [document["id"] for document in collection["documents"]] == ["PMC 1", "2"]


@both
def test_bioc_can_hold_no_document(write: Writer, read: Reader, tmp_path: Path) -> None:
    write([], tmp_path / "none", Counter())
    assert (tmp_path / "none").read_text(encoding="utf8").endswith(("</collection>\n", "]}\n"))


def test_bioc_counts_what_it_cannot_express(tmp_path: Path) -> None:
    losses = Counter[str]()
    other = replace(RICH, text="\x00\x0b" + TEXT[2:], infons={"collection.source": "other"}, mentions=())
    bare = replace(other, relations=(), events=(), attributes=(), equivalences=(), notes=(), passages=())
    write_bioc_xml([RICH, bare], tmp_path / "a.xml", losses)
    assert losses == {"characters that XML cannot hold": 2, "facts of collections": 1}
    assert [record.text[:3] for record in read_bioc_xml(tmp_path / "a.xml")] == [TEXT[:3], "��-"]


CHARACTER = st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
NAME = st.text(CHARACTER, max_size=6)
KEY = st.sampled_from(
    "type identifier MESH score relation novel novelty entity1 entity2 role1 role2 n biomedplm.kind biomedplm.infon.x "
    "biomedplm.kinds role1:json member.x:json Chemical Disease".split()
)
VALUE = st.sampled_from(["", "-", "D1|D2", "MESH:D1", "0.5", "Chemical|D1", '{"identifier": "D1"}', "null", "[1]", "A"])
INFONS = st.dictionaries(KEY, VALUE, max_size=4)
CONCEPTS = st.lists(
    st.builds(
        ConceptRecord, st.sampled_from(["", "MESH", "a b"]), st.sampled_from(["D1", "", "-", "a|b", "1;2", "x:y"])
    )
    | st.builds(ConceptRecord, NAME, NAME, NAME),
    max_size=3,
).map(tuple)
SCORE = st.none() | st.floats(allow_nan=False, allow_infinity=False)
LABEL = st.sampled_from(["", "CID", "A"]) | NAME
ROLE = st.sampled_from(["", "Trigger", "trigger", "entity1", "entity2", "Chemical", "Disease", "role1", "role2"])


@st.composite
def records(draw: st.DrawFn) -> DocumentRecord:
    text = draw(st.text(CHARACTER | st.sampled_from("\t\n\r ab"), min_size=1, max_size=40))
    offsets = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    places = draw(st.lists(st.lists(offsets, min_size=1, max_size=3), max_size=5))
    mentions = tuple(
        MentionRecord(
            f"T{n}",
            draw(LABEL),
            tuple(place),
            None,
            draw(CONCEPTS),
            draw(INFONS),
            draw(SCORE),
            draw(st.booleans()),
        )
        for n, place in enumerate(places, start=1)
    )
    names = [mention.id for mention in mentions]
    sizes = draw(st.tuples(st.integers(0, 3), st.integers(0, 3) if names else st.just(0)))
    relations = [f"R{n}" for n in range(sizes[0])]
    events = [f"E{n}" for n in range(sizes[1])]

    def arguments() -> tuple[ArgumentRecord, ...]:
        ends = st.builds(ArgumentRecord, ROLE, NAME, st.just("concept"))
        for pool, kind in ((names, "mention"), ([*relations, *events], "event")):
            if pool:
                ends |= st.builds(ArgumentRecord, ROLE, st.sampled_from(pool), st.sampled_from([kind, "concept"]))
        return tuple(draw(st.lists(ends, max_size=3)))

    passages = draw(st.lists(st.tuples(offsets, st.sampled_from(["title", "sentence", "", "unmarked"])), max_size=4))
    said = [*names, *relations, *events]
    targets = st.sampled_from(said or ["-"])
    return DocumentRecord(
        draw(NAME),
        text,
        mentions,
        tuple(RelationRecord(name, draw(LABEL), arguments(), draw(INFONS), draw(SCORE)) for name in relations),
        tuple(
            EventRecord(name, draw(LABEL), draw(st.sampled_from(names)), arguments(), draw(INFONS), draw(SCORE))
            for name in events
        ),
        tuple(AttributeRecord(f"A{n}", draw(LABEL), draw(targets), draw(NAME)) for n in range(len(said) and 2)),
        (EquivalenceRecord(tuple(names), draw(NAME)),) if len(names) > 1 else (),
        (NoteRecord("#1", draw(NAME), draw(targets), draw(NAME)), NoteRecord("#2", "", "", "")) if said else (),
        tuple(PassageRecord(start, end, kind, draw(INFONS)) for (start, end), kind in passages),
        draw(st.dictionaries(NAME, st.floats(allow_nan=False, allow_infinity=False), max_size=2)),
        tuple(map(tuple, draw(st.lists(st.lists(NAME, max_size=2), max_size=2)))),
        draw(INFONS),
    )


@both
@settings(max_examples=200)
@given(batch=st.lists(records(), min_size=1, max_size=2))
def test_bioc_gives_back_any_record(
    batch: list[DocumentRecord], write: Writer, read: Reader, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("bioc") / "copy"
    write(batch, path, Counter())
    found = [replace(record, mentions=tuple(_unsaid(record, m) for m in record.mentions)) for record in read(path)]
    assert found == batch


def _unsaid(record: DocumentRecord, mention: MentionRecord) -> MentionRecord:
    assert mention.text == record.text_of(mention)
    return replace(mention, text=None)


@both
@pytest.mark.parametrize(
    "document",
    [
        {"_id": "7|x", "pmid": 7, "passages": [{"offset": 0, "infons": {"year": 1, "a:json": '"b"'}, "text": "x"}]},
        {
            "passages": [
                {"offset": 0, "text": "x", "annotations": [{"id": "M", "infons": {"biomedplm.x": "1"}, "n": "m"}]}
            ]
        },
        {
            "passages": [
                {"offset": start, "text": "ab", "annotations": [{"id": "1", "text": "a", "locations": [place]}] * 2}
                for start, place in ((0, {"offset": 0, "length": 1}), (3, {"offset": 3, "length": 1}))
            ],
            "relations": [{"infons": {"type": "r"}, "nodes": [{"refid": "1", "role": "x"}]}],
        },
    ],
)
def test_bioc_keeps_what_is_odd_in_a_file(
    document: dict[str, object], write: Writer, read: Reader, tmp_path: Path
) -> None:
    source = tmp_path / "source.json"
    source.write_text(
        json.dumps({"documents": [{"id": "1", "infons": {}, **document}], "owner": "me"}), encoding="utf8"
    )
    records = [fit(record, Report()) for record in read_bioc_json(source)]
    assert copy(records, write, read, tmp_path) == records
