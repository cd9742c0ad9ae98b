import io
import re
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

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

Write = Callable[..., Path]

TEXT = "Liver and kidney cells\nshrank after β-kelvanol.\n"
ANNOTATIONS = (
    "T1\tOrgan 0 5\tLiver\n"
    "T2\tCell 0 5;17 22\tLiver cells\n"
    "T3\tCell 10 22\tkidney cells\n"
    "T4\tDrug 36 46\tβ-kelvanol\n"
    "T5\tShrinking 23 29\tshrank\n"
    "T6\tEffect 30 35\tafter\n"
    "T7\tPhrase 17 29\tcells shrank\n"
    "E1\tShrinking:T5 Theme:T3 Theme2:T2\n"
    "E2\tEffect:T6 Cause:T4 Theme:E1\n"
    "E3\tEffect:T6 \n"
    "R1\tPartOf Arg1:T3 Arg2:T1\n"
    "R2\tDoes Arg1:T4 Arg2:E1\t\n"
    "M1\tSpeculation E1\n"
    "A1\tNegation E2\n"
    "A2\tCertainty T4 very high\n"
    "A3\tChecked R1\n"
    "*\tEquiv T1 T2\n"
    "N1\tReference T4 Kelva:12:7\tkelvanol, beta\n"
    "N2\tReference T4 K99\n"
    "N3\tReference T1 Anat:7\tliver\n"
    "#1\tAnnotatorNotes T4\tspelt with\ta tab\n"
    "#2\tAnnotatorNotes A2\t\n"
    "#3\tCode R2\t8000/3\n"
)
RECORD = DocumentRecord(
    "a",
    TEXT,
    mentions=(
        MentionRecord("T1", "Organ", ((0, 5),), "Liver", (ConceptRecord("Anat", "7", "liver"),)),
        MentionRecord("T2", "Cell", ((0, 5), (17, 22)), "Liver cells"),
        MentionRecord("T3", "Cell", ((10, 22),), "kidney cells"),
        MentionRecord(
            "T4",
            "Drug",
            ((36, 46),),
            "β-kelvanol",
            (ConceptRecord("Kelva", "12:7", "kelvanol, beta"), ConceptRecord("", "K99")),
        ),
        MentionRecord("T5", "Shrinking", ((23, 29),), "shrank", is_trigger=True),
        MentionRecord("T6", "Effect", ((30, 35),), "after", is_trigger=True),
        MentionRecord("T7", "Phrase", ((17, 29),)),
    ),
    events=(
        EventRecord("E1", "Shrinking", "T5", (ArgumentRecord("Theme", "T3"), ArgumentRecord("Theme2", "T2"))),
        EventRecord("E2", "Effect", "T6", (ArgumentRecord("Cause", "T4"), ArgumentRecord("Theme", "E1", "event"))),
        EventRecord("E3", "Effect", "T6"),
    ),
    relations=(
        RelationRecord("R1", "PartOf", (ArgumentRecord("Arg1", "T3"), ArgumentRecord("Arg2", "T1"))),
        RelationRecord(
            "R2",
            "Does",
            (ArgumentRecord("Arg1", "T4"), ArgumentRecord("Arg2", "E1", "event")),
            {"spacing": " | |\t"},
        ),
    ),
    attributes=(
        AttributeRecord("M1", "Speculation", "E1"),
        AttributeRecord("A1", "Negation", "E2"),
        AttributeRecord("A2", "Certainty", "T4", "very high"),
        AttributeRecord("A3", "Checked", "R1"),
    ),
    equivalences=(EquivalenceRecord(("T1", "T2")),),
    notes=(
        NoteRecord("#1", "AnnotatorNotes", "T4", "spelt with\ta tab"),
        NoteRecord("#2", "AnnotatorNotes", "A2", ""),
        NoteRecord("#3", "Code", "R2", "8000/3"),
    ),
)
GIVEN = "T1\tProtein 0 5\tLiver\nT2\tProtein 10 16\tkidney\n"
ASKED = (
    "T3\tShrinking 23 29\tshrank\nT4\tEntity 17 22\tcells\n*\tEquiv T1 T4\nE1\tShrinking:T3 Theme:T2  Site:T4\n"
    "E2\tShrinking:T3 \nR1\tCoref Subject:T4 Object:T3\nM1\tNegation E1\n"
)


def _pack(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            archive.addfile(member, io.BytesIO(content.encode()))
    return path


def _read_one(write: Write, annotations: str | bytes, text: str | bytes = TEXT, **options: Any) -> DocumentRecord:
    write("one/a.txt", text)
    (record,) = read_brat(write("one/a.ann", annotations).parent, **options)
    return record


def _through_doc(record: DocumentRecord, vocab: Vocab, report: Report | None = None) -> DocumentRecord:
    doc = make_doc(vocab, fit(record, report or Report()))
    return make_record(Doc(vocab).from_bytes(doc.to_bytes()))


def _lines(*contents: str) -> list[str]:
    """Lines without the numbers of normalisations, which are new in every file."""
    return sorted(re.sub(r"^N\d+", "N", line) for content in contents for line in content.split("\n"))


# reading


def test_read_brat_keeps_every_line(write: Write) -> None:
    assert _read_one(write, ANNOTATIONS) == RECORD


def test_read_brat_gives_lines_and_paths(write: Write) -> None:
    record = _read_one(write, ANNOTATIONS)
    assert record.path.endswith("one/a.ann")
    assert [mention.line for mention in record.mentions] == [1, 2, 3, 4, 5, 6, 7]
    assert (record.events[0].line, record.relations[0].line, record.attributes[0].line) == (8, 11, 13)
    assert (record.equivalences[0].line, record.notes[0].line) == (17, 21)


def test_read_brat_reads_a_folder(write: Write, tmp_path: Path) -> None:
    write("set/b.txt", "Nothing.\n")
    write("set/b.a1", "")
    write("set/a.txt", TEXT)
    write("set/a.ann", ANNOTATIONS)
    write("set/README", "not a document")
    write("set/.hidden.ann", "not one either")
    assert [(record.doc_id, len(record.mentions)) for record in read_brat(tmp_path / "set")] == [("a", 7), ("b", 0)]


def test_read_brat_joins_the_files_of_a_shared_task(write: Write) -> None:
    for suffix in ("a2", "rel"):
        write(f"{suffix}/x.txt", TEXT)
        write(f"{suffix}/x.a1", GIVEN)
        folder = write(f"{suffix}/x.{suffix}", ASKED).parent
        (record,) = read_brat(folder)
        found = [(mention.id, mention.is_trigger, dict(mention.infons)) for mention in record.mentions]
        assert found == [("T1", False, {}), ("T2", False, {}), ("T3", True, {}), ("T4", False, {"file": "a2"})]
        assert record.events[0].infons == {"spacing": " |  |"}
        assert record.path.endswith(f"x.{{a1,{suffix}}}")


def test_read_brat_remembers_triggers_that_were_given(write: Write) -> None:
    write("set/x.txt", TEXT)
    write("set/x.a1", GIVEN)
    (record,) = read_brat(write("set/x.a2", "E1\tBinding:T1 Theme:T2\n").parent)
    assert [(m.is_trigger, dict(m.infons)) for m in record.mentions] == [(True, {"file": "a1"}), (False, {})]
    assert format_a1_a2(record, Counter()) == (GIVEN, "E1\tBinding:T1 Theme:T2\n")


def test_read_brat_takes_a_test_set_without_gold(write: Write) -> None:
    write("set/x.txt", TEXT)
    (record,) = read_brat(write("set/x.a1", GIVEN).parent)
    assert len(record.mentions) == 2
    assert record.path.endswith("x.a1")


def test_read_brat_reads_normalisations_of_the_shared_tasks(write: Write) -> None:
    write("set/x.txt", TEXT)
    write("set/x.a1", GIVEN)
    asked = "N1\tAnatomy Annotation:T1 Referent:AN:0007\n"
    (record,) = read_brat(write("set/x.a2", asked).parent)
    assert record.mentions[0].concepts == (ConceptRecord("Anatomy", "AN:0007"),)
    assert format_a1_a2(record, Counter()) == (GIVEN, asked)


def test_read_brat_reads_an_archive_without_extracting_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    path = _pack(
        tmp_path / "set.tar.gz", {"../evil.txt": TEXT, "../evil.ann": ANNOTATIONS, "/abs.txt": "", "/abs.ann": ""}
    )
    monkeypatch.chdir(folder)
    assert [(record.doc_id, len(record.mentions)) for record in read_brat(path)] == [("evil", 7), ("abs", 0)]
    assert sorted(tmp_path.iterdir()) == [folder, path]
    assert not list(folder.iterdir())


def test_read_brat_ignores_links_in_an_archive(tmp_path: Path) -> None:
    path = _pack(tmp_path / "set.tar.gz", {"a.txt": TEXT, "a.ann": ANNOTATIONS})
    with tarfile.open(tmp_path / "linked.tar", "w") as archive:
        link = tarfile.TarInfo("b.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
        with tarfile.open(path) as other:
            for member in other:
                archive.addfile(member, other.extractfile(member))
    assert [record.doc_id for record in read_brat(tmp_path / "linked.tar")] == ["a"]


def test_read_brat_follows_no_link_out_of_a_folder(write: Write, tmp_path: Path) -> None:
    write("set/a.txt", TEXT)
    write("set/a.ann", "")
    (tmp_path / "set" / "b.txt").symlink_to(write("secret.txt", "mine"))
    (tmp_path / "set" / "b.ann").symlink_to("a.ann")
    report = Report(errors="skip")
    assert [record.doc_id for record in read_brat(tmp_path / "set", report=report)] == ["a"]
    assert re.search(r"B411.*'b\.ann'", report.problems[0].detail)


def test_read_brat_tells_documents_of_one_name_apart(write: Write, tmp_path: Path) -> None:
    for name in ("one/a", "two/a", "two/b"):
        write(f"set/{name}.txt", TEXT)
        write(f"set/{name}.ann", "")
    assert [record.doc_id for record in read_brat(tmp_path / "set")] == ["one/a", "two/a", "b"]


def test_read_brat_counts_carriage_returns(write: Write) -> None:
    record = _read_one(write, "T1\tOrgan 12 17\tliver\r\n#1\tNote T1\tyes\r\n", b"Cells\r\nof a liver\r\n")
    assert fit(record, Report()).mentions == (MentionRecord("T1", "Organ", ((12, 17),)),)
    assert record.notes[0].text == "yes"
    assert record.text == "Cells\r\nof a liver\r\n"


@pytest.mark.parametrize(("start", "text"), [(9, "\ufeffSane kidney"), (8, "Sane kidney")])
def test_read_brat_tells_by_the_mentions_whether_a_byte_order_mark_counts(write: Write, start: int, text: str) -> None:
    places = f"{start - 3} {start + 3}"
    record = _read_one(write, f"T1\tOrgan {places}\tkidney\n", b"\xef\xbb\xbfSane kidney")
    assert record.text == text
    assert fit(record, Report()).mentions[0].text is None


def test_read_brat_keeps_a_byte_order_mark_that_nothing_tells_of(write: Write) -> None:
    assert _read_one(write, b"\xef\xbb\xbf\n", b"\xef\xbb\xbfSane").text == "\ufeffSane"


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ("T1\tOrgan 0 5\n", r"B412.*a\.ann', line 1"),
        ("T1\tOrgan 0\tLiver\n", r"B412.*line 1"),
        ("T1\tOrgan 0 5\tLiver\nT2\tOr", r"B412.*line 2"),
        ("T1\tOrgan -1 5\tLiver\n", r"B412"),
        ("T1\tOrgan ٣ ٥\tLiver\n", r"B412"),
        (f"T1\tOrgan 0 {'9' * 5000}\tLiver\n", r"B412"),
        ("T1\tOrgan 0 5;\tLiver\n", r"B412"),
        ("\n\nX1\tOrgan 0 5\tLiver\n", r"B440.*line 3.*line of standoff"),
        ("E1\t\n", r"B440.*line 1.*an event"),
        ("E1\tShrink\n", r"B440.*an event.*E1\tShrink"),
        ("E1\tShrink:T1 Theme\n", r"B440.*an event"),
        ("E1\tShrink:E2\n", r"B442.*line 1, document a: E1 refers to E2.*mention"),
        ("E1\tShrink:T1 Theme:R1\n", r"B442.*E1 refers to R1.*mention \(T1\) or an event"),
        ("R1\tPartOf Arg1:T1\n", r"B440.*a relation"),
        ("R1\tPartOf Arg1:T1 Arg2:T2 Arg3:T3\n", r"B440.*a relation"),
        ("R1\tPartOf Arg1:T1 Arg2:R1\n", r"B442.*R1 refers to R1"),
        ("M1\tNegation\n", r"B440.*a modification"),
        ("A1\t\n", r"B440.*an attribute"),
        ("N1\tReference T1\tname\n", r"B440.*a normalisation"),
        ("N1\tOther T1 A:1\tname\n", r"B440.*a normalisation"),
        ("N1\tReference E1 A:1\tname\n", r"B442.*N1 refers to E1"),
        ("N1\tReference T1 A:1\tname\n", r"B434.*line 1.*N1 refers to T1"),
        ("*\tEquiv T1\n", r"B440.*an equivalence"),
        ("*1\tEquiv T1 T2\n", r"B440.*an equivalence"),
        ("# a remark\n", r"B440.*a note"),
        ("#1\tAnnotatorNotes\ttext\n", r"B440.*a note"),
    ],
)
def test_read_brat_names_file_and_line_of_a_mistake(write: Write, annotations: str, message: str) -> None:
    with pytest.raises(BiomedplmError, match=message):
        _read_one(write, annotations)
    for mode in ("skip", "repair"):
        report = Report(errors=mode)
        sound = "T7\tCell 10 16\tkidney\n"
        record = _read_one(write, annotations.rstrip("\n") + "\n" + sound, report=report)
        assert [mention.id for mention in record.mentions][-1] == "T7"
        assert report.counts == {"dropped": 1}
        assert re.search(message, report.problems[0].detail)
        assert report.problems[0].line == int(re.search(r"line (\d+)", report.problems[0].detail)[1])


def test_read_brat_takes_a_note_on_a_normalisation_for_one_on_its_mention(write: Write) -> None:
    report = Report()
    lines = "T1\tOrgan 0 5\tLiver\nN1\tReference T1 A:1\tliver\n#1\tAnnotatorNotes N1\tsure?\n"
    assert _read_one(write, lines, report=report).notes == (NoteRecord("#1", "AnnotatorNotes", "T1", "sure?"),)
    assert report.counts == {"repaired": 1}


def test_read_brat_wants_pairs(write: Write, tmp_path: Path) -> None:
    write("one/a.txt", TEXT)
    write("two/a.ann", ANNOTATIONS)
    write("four/a.txt", TEXT)
    write("four/a.a2", ASKED)
    for suffix in ("txt", "a1", "a2", "rel"):
        write(f"five/a.{suffix}", "")
    (tmp_path / "three").mkdir()
    cases = (
        ("one", r"B411.*'a.txt'.*a\.ann or a\.a1"),
        ("two", r"B411.*'a.ann'.*a\.txt"),
        ("three", r"B408"),
        ("four", r"B411.*'a.txt'.*'a\.a1'"),
        ("five", r"B441.*'a' has a \.a2 and a \.rel"),
        ("no", r"B401"),
    )
    for folder, message in cases:
        with pytest.raises(BiomedplmError, match=message):
            list(read_brat(tmp_path / folder))
        report = Report(errors="skip")
        with pytest.raises(BiomedplmError, match=r"B408|B401"):
            list(read_brat(tmp_path / folder, report=report))
        assert all(re.search(message, problem.detail) for problem in report.problems)


def test_read_brat_refuses_a_damaged_archive(write: Write, tmp_path: Path) -> None:
    whole = _pack(tmp_path / "set.tar.gz", {f"{n}.txt": TEXT * 40 + str(n) for n in range(40)}).read_bytes()
    for content in (whole[: len(whole) // 2], b"no archive", b""):
        with pytest.raises(BiomedplmError, match=r"B403"):
            list(read_brat(write("bad.tar.gz", content)))


def test_read_brat_names_the_line_that_is_not_utf8(write: Write, tmp_path: Path) -> None:
    write("set/a.txt", b"fine\nn\xe9\n")
    write("set/a.ann", "")
    write("set/b.txt", b"fine\n")
    write("set/b.ann", "")
    message = r"B402.*a\.txt', line 2.*0xe9"
    with pytest.raises(BiomedplmError, match=message):
        list(read_brat(tmp_path / "set"))
    report = Report(errors="skip")
    assert [record.doc_id for record in read_brat(tmp_path / "set", report=report)] == ["b"]
    assert re.search(message, report.problems[0].detail)


# writing


def test_written_lines_are_those_that_were_read(write: Write, vocab: Vocab, tmp_path: Path) -> None:
    losses: Counter[str] = Counter()
    write_brat([_through_doc(_read_one(write, ANNOTATIONS), vocab)], tmp_path / "out", losses)
    assert _lines((tmp_path / "out" / "a.ann").read_text(encoding="utf8")) == _lines(ANNOTATIONS)
    assert (tmp_path / "out" / "a.txt").read_text(encoding="utf8") == TEXT
    assert not losses


def test_written_lines_of_a_shared_task_are_those_that_were_read(write: Write, vocab: Vocab, tmp_path: Path) -> None:
    write("set/x.txt", TEXT)
    write("set/x.a1", GIVEN)
    (record,) = read_brat(write("set/x.a2", ASKED).parent)
    losses: Counter[str] = Counter()
    write_a2([_through_doc(record, vocab)], tmp_path / "out", losses)
    contents = {file.name: file.read_text(encoding="utf8") for file in (tmp_path / "out").iterdir()}
    assert contents["x.txt"] == TEXT
    assert _lines(contents["x.a1"]) == _lines(GIVEN)
    assert _lines(contents["x.a2"]) == _lines(ASKED)
    assert _lines(format_ann(record, losses)) == _lines(GIVEN, ASKED.rstrip("\n"))
    assert not losses


def test_write_brat_keeps_the_bytes_of_a_text(write: Write, vocab: Vocab, tmp_path: Path) -> None:
    text = "\ufeffSane\r\nliver\r\n\u2028"
    record = _read_one(write, "T1\tOrgan 7 12\tliver\n", text)
    write_brat([_through_doc(record, vocab)], tmp_path / "out", Counter())
    assert (tmp_path / "out" / "a.txt").read_bytes() == text.encode()


@pytest.mark.parametrize(
    "line", ["T1\tX 3 8\t(  )\n", "T1\tX 3 4;7 8\t( )\n", "T1\tX 2 2\t\n", "T1\tX 7 8;3 4\t) (\n", "T1\tX 9 12\ta b\n"]
)
def test_mentions_across_lines_keep_their_fragments(write: Write, vocab: Vocab, line: str) -> None:
    record = _read_one(write, line, "no (\r\n\n) a\u2028b")
    if line.startswith("T1\tX 3 8"):
        line = line.replace("(  )", "(   )")
        record = _read_one(write, line, "no (\r\n\n) a\u2028b")
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


# any record, any bytes

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


SEEDS = {"a.txt": TEXT.encode(), "a.ann": ANNOTATIONS.encode(), "b.txt": TEXT.encode(), "b.a1": GIVEN.encode()}
SEEDS["b.a2"] = ASKED.encode()
PIECES = st.sampled_from(
    [
        *(b"\t", b"\n", b"\r\n", b" ", b":", b";", b"T1", b"E1", b"E2", b"R1", b"N1", b"#", b"*", b"0", b"-1", b""),
        *(b"9" * 20, b"\x00", b"\xff", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"Theme:E1", b"\xd9\xa3", b"\xe2\x80\xa8"),
    ]
)


@st.composite
def broken_files(draw: st.DrawFn) -> dict[str, bytes]:
    """The files of two documents, with one of them damaged or made up."""
    name = draw(st.sampled_from(sorted(SEEDS)))
    content = SEEDS[name]
    for _ in range(draw(st.integers(1, 4))):
        first, last = sorted((draw(st.integers(0, len(content))), draw(st.integers(0, len(content)))))
        change = draw(st.integers(0, 4))
        if change == 0:
            content = content[:first] + draw(PIECES) + content[min(first + 3, last) :]
        elif change == 1:
            content = content[:last]
        elif change == 2:
            content = content[:last] + content[first:]
        elif change == 3:
            lines = content.split(b"\n")
            content = b"\n".join(draw(st.permutations(lines)))
        else:
            content = draw(st.binary(max_size=60))
    return {**SEEDS, name: content}


@given(files=broken_files(), mode=st.sampled_from(["raise", "skip", "repair"]), packed=st.booleans())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_broken_files_raise_nothing_but_errors_of_the_package(
    files: dict[str, bytes], mode: Any, packed: bool, vocab: Vocab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("broken")
    report = Report(errors=mode)
    if packed:
        path = folder / "set.tar"
        with tarfile.open(path, "w") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    else:
        path = folder
        for name, content in files.items():
            (folder / name).write_bytes(content)
    try:
        for record in read_brat(path, report=report):
            again = make_record(make_doc(vocab, fit(record, report)))
            format_ann(again, Counter())
            format_a1_a2(again, Counter())
    except BiomedplmError:
        assert mode == "raise"


@given(content=st.binary(max_size=2000))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_are_no_archive(content: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("bytes") / "set.tar.gz"
    path.write_bytes(content)
    with pytest.raises(BiomedplmError, match=r"B40[38]"):
        list(read_brat(path))


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
