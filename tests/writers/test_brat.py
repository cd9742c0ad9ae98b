import re
import tarfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import Report, fit, read_brat
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
    NoteRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.brat import format_a1_a2, format_ann, write_a2, write_brat

TEXT = "Liver and kidney cells\nshrank after β-kelvanol.\n"


@pytest.fixture(scope="module")
def vocab() -> Vocab:
    return Vocab()


def _through_doc(record: DocumentRecord, vocab: Vocab) -> DocumentRecord:
    doc = make_doc(vocab, fit(record, Report()))
    return make_record(Doc(vocab).from_bytes(doc.to_bytes()))


def _lines(*contents: str) -> list[str]:
    """Lines without the numbers of normalisations, which are new in every file."""
    return sorted(re.sub(r"^N\d+", "N", line) for content in contents for line in content.split("\n"))


def _read_one(folder: Path, annotations: str, text: str) -> DocumentRecord:
    folder.mkdir()
    (folder / "a.txt").write_bytes(text.encode())
    (folder / "a.ann").write_bytes(annotations.encode())
    (record,) = read_brat(folder)
    return record


def test_format_ann_renumbers_identifiers_of_other_formats() -> None:
    record = DocumentRecord(
        "1",
        "IL-4 binds STAT6",
        mentions=(
            MentionRecord("G_1", "gene or protein", ((0, 4),)),
            MentionRecord("T1", "", ((11, 16),)),
            MentionRecord("12", "Binding", ((5, 10),), is_trigger=True),
        ),
        relations=(RelationRecord("0.r", "binds", (ArgumentRecord("", "G_1"), ArgumentRecord("a:b c", "T1"))),),
        events=(EventRecord("ev", "Binding", "12", (ArgumentRecord("", "G_1"), ArgumentRecord("Theme", "T1"))),),
        attributes=(AttributeRecord("x", "Negation", "ev"), AttributeRecord("x", "Level", "0.r", "a\nb")),
        equivalences=(EquivalenceRecord(("T1", "G_1")),),
        notes=(NoteRecord("", "", "x", "line\nbreak"),),
    )
    losses: Counter[str] = Counter()
    assert format_ann(record, losses).split("\n") == [
        "T2\tgene_or_protein 0 4\tIL-4",
        "T1\tEntity 11 16\tSTAT6",
        "T3\tBinding 5 10\tbinds",
        "E1\tBinding:T3 Argument:T2 Theme:T1",
        "R1\tbinds Arg1:T2 a_b_c:T1",
        "*\tEquiv T1 T2",
        "A1\tNegation E1",
        "A2\tLevel R1 a b",
        "#1\tAnnotatorNotes A1\tline break",
        "",
    ]
    assert losses == {"names with spaces or colons": 2, "empty names": 2}
    assert "M1\tNegation E1\n" in format_a1_a2(record, losses)[1]


def test_losses_are_counted() -> None:
    record = DocumentRecord(
        "1",
        "IL-4 binds STAT6",
        mentions=(
            MentionRecord("T1", "Gene", ((0, 4),), infons={"who": "A", "file": "a2"}, score=0.5),
            MentionRecord("T2", "Gene", ((0, 4),), concepts=(ConceptRecord("G", "1", "name"),)),
        ),
        relations=(
            RelationRecord("R1", "CID", (ArgumentRecord("a", "D1", "concept"), ArgumentRecord("b", "D2", "concept"))),
            RelationRecord("R2", "Three", tuple(ArgumentRecord("x", name) for name in ("T1", "T2", "T1"))),
            RelationRecord("R3", "Gone", (ArgumentRecord("a", "T1"), ArgumentRecord("b", "E1", "event"))),
        ),
        events=(
            EventRecord("E1", "X", "T9"),
            EventRecord("E2", "X", "T1", (ArgumentRecord("Theme", "E3", "event"),)),
            EventRecord("E3", "X", "T1", (ArgumentRecord("Theme", "E1", "event"),)),
            EventRecord("E4", "X", "T1", (ArgumentRecord("Theme", "D1", "concept"),)),
        ),
        attributes=(AttributeRecord("A1", "Negation", "E1"), AttributeRecord("A2", "Level", "E4", "2")),
        equivalences=(EquivalenceRecord(("T1", "T9")),),
        notes=(NoteRecord("#1", "N", "", "x"), NoteRecord("#2", "N", "E1", "x")),
        labels={"a": 1.0, "b": 0.0},
        answers=(("yes",),),
        infons={"journal": "J"},
    )
    common = {
        "relations between concepts": 1,
        "relations of one, or of more than two": 1,
        "relations that refer to nothing": 1,
        "events that refer to nothing": 3,
        "arguments that are concepts": 1,
        "equivalences that refer to nothing": 1,
        "attributes of what is left out": 1,
        "notes on the document": 1,
        "notes on what is left out": 1,
        "document labels": 2,
        "answers": 1,
        "infons": 2,
        "scores": 1,
    }
    ann, a2 = Counter[str](), Counter[str]()
    assert "A2\tLevel E4 2\n" in format_ann(record, ann)
    assert ann == common
    given, asked = format_a1_a2(record, a2)
    assert given == "T2\tGene 0 4\tIL-4\n"
    assert asked == "T1\tGene 0 4\tIL-4\nE4\tX:T1 \nN1\tG Annotation:T2 Referent:1\n"
    assert a2 == {**common, "attributes with a value": 1, "names of concepts": 1}


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        ([""], "B444.*empty"),
        (["a", "a"], "B444.*'a'.*another document has that name"),
        (["x" * 251], "B444.*at most 250"),
        (["a\ud800"], "B444.*half of a surrogate"),
    ],
)
def test_write_brat_refuses_identifiers(ids: list[str], message: str, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=message):
        write_brat([DocumentRecord(doc_id, TEXT) for doc_id in ids], tmp_path / "out", Counter())


def test_write_brat_refuses_half_characters(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B432.*U\+D800"):
        write_brat([DocumentRecord("a", "x\ud800")], tmp_path / "out", Counter())


def test_writers_leave_a_folder_with_files_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "set" / "a.txt"
    file.parent.mkdir()
    file.write_text("mine", encoding="utf8")
    for path in (file, file.parent):
        for write in (write_brat, write_a2):
            with pytest.raises(BiomedplmError, match=r"B443.*left as it is"):
                write([DocumentRecord("a", TEXT)], path, Counter())
    assert file.read_text(encoding="utf8") == "mine"
    write_brat([], tmp_path / "new" / "out", Counter())
    assert list((tmp_path / "new" / "out").iterdir()) == []


def test_write_brat_keeps_the_bytes_of_a_text(vocab: Vocab, tmp_path: Path) -> None:
    text = "\ufeffSane\r\nliver\r\n\u2028"
    record = _read_one(tmp_path / "in", "T1\tOrgan 7 12\tliver\n", text)
    write_brat([_through_doc(record, vocab)], tmp_path / "out", Counter())
    assert (tmp_path / "out" / "a.txt").read_bytes() == text.encode()


@pytest.mark.parametrize(
    "line", ["T1\tX 3 8\t(   )\n", "T1\tX 3 4;7 8\t( )\n", "T1\tX 2 2\t\n", "T1\tX 7 8;3 4\t) (\n", "T1\tX 9 12\ta b\n"]
)
def test_mentions_across_lines_keep_their_fragments(tmp_path: Path, vocab: Vocab, line: str) -> None:
    record = _read_one(tmp_path / "in", line, "no (\r\n\n) a\u2028b")
    assert format_ann(_through_doc(record, vocab), Counter()) == line


@pytest.mark.parametrize(
    ("doc_id", "name"),
    [
        ("10.1000/x", "10.1000%2Fx"),
        ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
        (".", "%2E"),
        ("C:\\a?", "C%3A%5Ca%3F"),
        ("a%2Fb", "a%252Fb"),
        ("100%A6", "100%A6"),
        ("a\nb\x00", "a%0Ab%00"),
        ("naïve name", "naïve name"),
    ],
)
def test_write_brat_makes_safe_names_that_are_read_back(doc_id: str, name: str, tmp_path: Path) -> None:
    for write, number in ((write_brat, 2), (write_a2, 3)):
        folder = tmp_path / write.__name__
        write([DocumentRecord(doc_id, TEXT)], folder, Counter())
        assert len(list(tmp_path.rglob("*.txt"))) == len(list(tmp_path.glob("*/*.txt")))
        assert {file.name.rpartition(".")[0] for file in folder.iterdir()} == {name}
        assert len(list(folder.iterdir())) == number
        assert [record.doc_id for record in read_brat(folder)] == [doc_id]


@given(doc_id=st.text(st.sampled_from("%25AF./\\:\n aé"), min_size=1, max_size=12))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_names_lead_back_to_identifiers(doc_id: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("names") / "out"
    write_brat([DocumentRecord(doc_id, "")], folder, Counter())
    assert [record.doc_id for record in read_brat(folder)] == [doc_id]


PLAIN = st.text("ab1- \n\té😀()\r\u2028", min_size=1, max_size=30)


@st.composite
def records(draw: st.DrawFn) -> DocumentRecord:
    """Documents with everything that standoff can express."""
    text = draw(PLAIN)
    offsets = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda pair: (min(pair), max(pair)))
    places = draw(st.lists(st.lists(offsets, min_size=1, max_size=3), min_size=1, max_size=6))
    words = st.sampled_from(["A", "B-c", "Über_1"])
    notes = st.text("xy \té\u00a0", max_size=4)
    concepts = st.builds(ConceptRecord, words, st.just("1:2"), st.sampled_from(["", "n m"]))
    mentions = [
        MentionRecord(
            f"T{number}",
            draw(words),
            tuple(place),
            concepts=tuple(draw(st.lists(concepts, max_size=2))),
            is_trigger=number == 1,
        )
        for number, place in enumerate(places, start=1)
    ]
    targets = st.sampled_from([mention.id for mention in mentions])
    arguments = st.builds(ArgumentRecord, st.sampled_from(["Theme", "Theme2", "Site"]), targets)
    events = [EventRecord("E1", draw(words), "T1", tuple(draw(st.lists(arguments, max_size=3))))]
    if draw(st.booleans()):
        events.append(EventRecord("E2", draw(words), "T1", (ArgumentRecord("Cause", "E1", "event"),)))
    said = st.sampled_from(["T1", "E1", "R1"])
    return DocumentRecord(
        draw(st.text("a/%.é", min_size=1, max_size=5)),
        text,
        tuple(mentions),
        (RelationRecord("R1", draw(words), (draw(arguments), draw(arguments))),),
        tuple(events),
        (AttributeRecord("A1", draw(words), draw(said), draw(st.sampled_from(["", "low", "not  so"]))),),
        (EquivalenceRecord((draw(targets), draw(targets))),),
        (NoteRecord("#7", draw(words), draw(said), draw(notes)),),
    )


@given(record=records())
@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_record_comes_back(record: DocumentRecord, vocab: Vocab, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any") / "out"
    losses: Counter[str] = Counter()
    write_brat([record], folder, losses)
    (found,) = read_brat(folder)
    assert fit(found, Report()) == record
    assert not losses
    again = _through_doc(found, vocab)
    assert _lines(format_ann(again, losses)) == _lines(format_ann(record, losses))


@pytest.mark.corpora
@pytest.mark.parametrize(
    "name", ["bionlp-st-2013-gro/devel.tar.gz", "bionlp-st-2011-id/devel.tar.gz", "bionlp-st-2011-rel/devel.tar.gz"]
)
def test_real_files_come_back(name: str, corpora_folder: Path, vocab: Vocab) -> None:
    with tarfile.open(corpora_folder / name) as archive:
        contents = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        source = {
            file: stream.read().decode() for file, stream in contents.items() if file.endswith((".a1", ".a2", ".rel"))
        }
    found = {".a1": "", ".a2": ""}
    for record in read_brat(corpora_folder / name):
        given, asked = format_a1_a2(_through_doc(record, vocab), losses := Counter())
        found[".a1"] += given
        found[".a2"] += asked
        assert not losses
    for suffix, written in found.items():
        wanted = (text for file, text in source.items() if file.replace(".rel", ".a2").endswith(suffix))
        assert Counter(written.split("\n")) == Counter("".join(wanted).split("\n"))
