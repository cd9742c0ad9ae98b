import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.abbreviations import read_ab3p, read_acronyms
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError

ENTRIES = (
    "11\nGrowth of fern spores (FS). \n"
    "RFS and fern spores were measured; red fern spores (RFS) grew.\r More FS.\n"
    "  FS|fern spores \n  RFS|red fern spores\n//!ord\n  XQ|exquisite fern\n//*  FS|ferns\n//!syn\n\n"
    "22\nNothing here.\nNo short forms.\n\n"
    "22\n\nA second part.\n"
)


def read(path, read=read_ab3p, **options):
    report = Report()
    return [fit(record, report) for record in read(path, report=report, **options)], report


def test_read_ab3p(write):
    (first, second), report = read(write("a.txt", ENTRIES))
    assert first.text == (
        "Growth of fern spores (FS).\nRFS and fern spores were measured; red fern spores (RFS) grew.\r More FS."
    )
    assert [passage.kind for passage in first.passages] == ["title", "abstract"]
    found = {mention.id: (mention.label, mention.fragments[0]) for mention in first.mentions}
    assert [(relation.label, [found[a.target] for a in relation.arguments]) for relation in first.relations] == [
        ("Abbreviation", [("Long form", (10, 21)), ("Short form", (23, 25))]),
        ("Abbreviation", [("Long form", (63, 78)), ("Short form", (80, 83))]),
    ]
    assert [relation.infons for relation in first.relations] == [{}, {"comment": "//!ord"}]
    assert json.loads(first.infons["unplaced"]) == [["XQ", "exquisite fern", ""]]
    assert first.infons["comments"] == "//*  FS|ferns\n//!syn"
    assert (second.doc_id, second.text) == ("22", "Nothing here.\nNo short forms.\nA second part.")
    assert [(problem.kind, problem.line, problem.doc_id) for problem in report.problems] == [("excluded", 7, "11")]


@pytest.mark.parametrize(
    ("text", "pairs", "places"),
    [
        ("MPCE, PCE of a cell", "  PCE|cell\n", [((15, 19), (6, 9))]),
        ("MPCE of a cell", "  PCE|cell\n", [((10, 14), (1, 4))]),
        ("cell (C) and cell (C)", "  C|cell\n" * 3, [((0, 4), (6, 7)), ((13, 17), (19, 20)), ((0, 4), (6, 7))]),
        ("a cell", "  cell|a cell\n", []),
    ],
)
def test_read_ab3p_takes_the_closest_whole_words(text, pairs, places, write):
    ((record,), _) = read(write("a.txt", f"1\nTitle\n{text}\n{pairs}"))
    start = record.passages[1].start
    mentions = {mention.id: mention.fragments[0] for mention in record.mentions}
    found = [tuple(mentions[argument.target] for argument in relation.arguments) for relation in record.relations]
    assert found == [tuple((first + start, last + start) for first, last in pair) for pair in places]


def test_read_ab3p_in_windows_1252(write):
    path = write("a.txt", ENTRIES.encode() + b"//\x94+\x94\n")
    with pytest.raises(BiomedplmError, match=rf"B402.*line {ENTRIES.count(chr(10)) + 1}:"):
        read(path)
    (_, second), _ = read(path, encoding="windows-1252")
    assert second.infons == {"comments": "//”+”"}
    with pytest.raises(BiomedplmError, match=r"B429.*latin-1"):
        read(path, encoding="latin-1")


@pytest.mark.parametrize(
    ("content", "code", "left"),
    [
        ("", "B408", None),
        ("no identifier\n", "B428", None),
        ("before\n\n" + ENTRIES, "B428", 2),
        ("1\nOnly a title.\n\n" + ENTRIES, "B428", 2),
        (ENTRIES.replace("|red", "red"), "B427", 2),
        (ENTRIES.replace("RFS|red", "|red"), "B427", 2),
    ],
)
def test_read_ab3p_refuses(content, code, left, write):
    path = write("a.txt", content)
    with pytest.raises(BiomedplmError, match=code):
        read(path)
    report = Report(errors="skip")
    if left is None:
        with pytest.raises(BiomedplmError, match=r"B408|B438"):
            list(read_ab3p(path, report=report))
    else:
        assert len(list(read_ab3p(path, report=report))) == left
        assert report.counts["dropped"] == 1


SENTENCES = [
    {"ID": "7", "text": "Green tea (GT) is tea.", "acronyms": [[11, 13]], "long-forms": [[0, 9]], "source": "x"},
    {"ID": 8, "text": "Tea."},
]


def test_read_acronyms(write):
    (first, second), _ = read(write("a.json", json.dumps(SENTENCES)), read_acronyms)
    assert [(m.label, first.text_of(m)) for m in first.mentions] == [("Short form", "GT"), ("Long form", "Green tea")]
    assert (first.doc_id, first.infons) == ("7", {"source": "x"})
    assert (second.doc_id, second.text, second.mentions) == ("8", "Tea.", ())


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("[]", "B408"),
        ("{", "B460"),
        ("{}", "B461"),
        ('["a"]', "B461"),
        ('[{"ID": "1"}]', "B461"),
        ('[{"ID": "1", "text": "a", "acronyms": [[0]]}]', "B461"),
        ('[{"ID": "1", "text": "a", "acronyms": [[0, 9]]}]', "B430"),
    ],
)
def test_read_acronyms_refuses(content, code, write):
    with pytest.raises(BiomedplmError, match=code):
        read(write("a.json", content), read_acronyms)


LINES = st.lists(st.sampled_from(["1", "22", "", "  A|a b", "  A", "// A", "//*  A|a", "A (a b)", "a b (A)", "\r "]))


@given(LINES)
@settings(max_examples=200)
def test_read_ab3p_stays_as_it_is_on_a_doc(tmp_path_factory, vocab, lines):
    path = tmp_path_factory.mktemp("ab3p") / "a.txt"
    path.write_bytes("\n".join(lines).encode())
    report = Report(errors="skip")
    try:
        records = [fit(record, report) for record in read_ab3p(path, report=report)]
    except BiomedplmError:
        return
    for record in records:
        assert make_record(make_doc(vocab, record)) == record


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_readers_of_abbreviations_raise_their_own_error_only(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("bytes")
    for name, content, reader in (("a.txt", b"1\nTitle\n" + data, read_ab3p), ("a.json", data, read_acronyms)):
        (folder / name).write_bytes(content)
        for report in (Report(), Report(errors="skip")):
            try:
                list(reader(folder / name, report=report))
            except BiomedplmError:
                continue
