import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.concepts import column_of, concepts_of, format_concepts, is_relation, parse_concepts
from spacy_biomedplm.types import ConceptRecord, MentionRecord


@pytest.mark.parametrize(
    ("column", "wanted"),
    [
        ("D014786", [("", "D014786")]),
        ("D014786|D006311", [("", "D014786"), ("", "D006311")]),
        ("672;675,676", [("", "672"), ("", "675"), ("", "676")]),
        ("D009794+D007592", [("", "D009794"), ("", "D007592")]),
        (" OMIM:106210 ", [("OMIM", "106210")]),
        ("MESH:D003520,-", [("MESH", "D003520")]),
        ("NCBI Gene:1|NCBI Gene:2", [("NCBI Gene", "1"), ("NCBI Gene", "2")]),
        ("50509,12831(Tax:10090)", [("", "50509"), ("", "12831")]),
        ("c|DEL|1314_1328|", [("", "c|DEL|1314_1328|")]),
        ("p|SUB|L|307|R;Gene:23417;Disease:D1,D2;RS#:104;VariantGroup:0", [("", "p|SUB|L|307|R"), ("RS#", "104")]),
        ("tmVar:c|INS||9;HGVS:c.9insA", [("tmVar", "c|INS||9"), ("HGVS", "c.9insA")]),
        ("rs2297882;Disease:D002289;VariantGroup:0", [("", "rs2297882")]),
        ("neck pain, chronic", [("", "neck pain, chronic")]),
        ("http://example.org/1", [("", "http://example.org/1")]),
        ("MESH:", [("", "MESH:")]),
        ("-", []),
        ("-1", []),
        ("", []),
        ("D002544|-1", [("", "D002544")]),
    ],
)
def test_parse_concepts(column: str, wanted: list[tuple[str, str]]) -> None:
    assert [(concept.resource, concept.id) for concept in parse_concepts(column)] == wanted


@given(st.lists(st.tuples(st.sampled_from(["", "MESH", "NCBI Gene"]), st.from_regex(r"[A-Z]?\d{1,5}", fullmatch=True))))
def test_format_concepts_is_read_back(rows: list[tuple[str, str]]) -> None:
    concepts = tuple(ConceptRecord(resource, name) for resource, name in rows)
    assert parse_concepts(format_concepts(concepts)) == concepts


@given(st.text(max_size=30))
def test_parse_concepts_takes_any_text(column: str) -> None:
    assert all(concept.id for concept in parse_concepts(column))


def test_concepts_of_reads_infons_that_are_named_after_a_vocabulary() -> None:
    assert concepts_of({"type": "Disease", "MESH": "D1|D2", "OMIM": "-1"}) == (
        ConceptRecord("MESH", "D1"),
        ConceptRecord("MESH", "D2"),
    )
    assert concepts_of({"identifier": "D1", "MESH": "D2"}) == (ConceptRecord("", "D1"),)


def test_column_of_keeps_the_string_of_the_file_while_it_holds() -> None:
    mention = MentionRecord("T1", "Gene", ((0, 1),), None, parse_concepts("1;2"), {"identifier": "1;2"})
    assert column_of(mention) == "1;2"
    changed = MentionRecord("T1", "Gene", ((0, 1),), None, parse_concepts("3"), {"identifier": "1;2"})
    assert column_of(changed) == "3"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("1|CID|D1|D2", True),
        ("1||D1|D2", True),
        ("1|Bind|5|6|Novel", True),
        ("1|Bind|6|D1", True),
        ("1|Bind|5|6|Gene", False),
        ("1|O|6|Abenol|Drug", False),
        ("1|O|6|Abenol", False),
        ("1|O|60|Abenol|Drug", True),
        ("1|0x|6|D1|Drug", False),
        ("1|-7|D1|D2", False),
        ("1|CID|D1", False),
        ("1|CID|" + "9" * 5000 + "|x", True),
    ],
)
def test_is_relation_tells_broken_mentions(line: str, wanted: bool) -> None:
    assert is_relation(line.split("|"), {"Gene"}, "Abenol heals") is wanted
