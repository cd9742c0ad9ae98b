import io
import re
import tarfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
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


@pytest.mark.parametrize("event", ["Bind:T2 Theme:R1", "Bind:T2 Theme:", "Bind:T2 Theme"])
def test_read_brat_takes_the_trigger_of_a_broken_event_for_no_entity(write: Write, event: str) -> None:
    write("a.txt", "ABC binds")
    path = write("a.ann", f"T1\tGene 0 3\tABC\nT2\tBind 4 9\tbinds\nE1\t{event}\nE2\tBind:T1 Theme:R1\n").parent
    (record,) = read_brat(path, report=Report("skip"))
    assert [(m.id, m.is_trigger) for m in record.mentions] == [("T1", False), ("T2", True)]


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
    path = _pack(tmp_path / "set.tar.gz", {"a.txt": TEXT, "a.ann": ANNOTATIONS, "../evil.txt": "", "/abs.ann": ""})
    monkeypatch.chdir(folder)
    with pytest.raises(BiomedplmError, match=r"B435.*set\.tar\.gz:\.\./evil\.txt.*outside"):
        list(read_brat(path))
    report = Report(errors="skip")
    assert [(record.doc_id, len(record.mentions)) for record in read_brat(path, report=report)] == [("a", 7)]
    assert report.counts == {"dropped": 2}
    assert sorted(tmp_path.iterdir()) == [folder, path]
    assert not list(folder.iterdir())


def test_read_brat_follows_no_links_in_an_archive(tmp_path: Path) -> None:
    path = _pack(tmp_path / "set.tar.gz", {"a.txt": TEXT, "a.ann": ANNOTATIONS})
    with tarfile.open(tmp_path / "linked.tar", "w") as archive:
        link = tarfile.TarInfo("b.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
        with tarfile.open(path) as other:
            for member in other:
                archive.addfile(member, other.extractfile(member))
    report = Report(errors="skip")
    assert [record.doc_id for record in read_brat(tmp_path / "linked.tar", report=report)] == ["a"]
    assert "it is a link, to '/etc/hostname'" in report.problems[0].detail


def test_read_brat_follows_no_link_out_of_a_folder(write: Write, tmp_path: Path) -> None:
    write("set/a.txt", TEXT)
    write("set/a.ann", "")
    (tmp_path / "set" / "b.txt").symlink_to(write("secret.txt", "mine"))
    (tmp_path / "set" / "b.ann").symlink_to("a.ann")
    report = Report(errors="skip")
    assert [record.doc_id for record in read_brat(tmp_path / "set", report=report)] == ["a"]
    assert re.search(r"B435.*b\.txt.*leaves the folder", report.problems[0].detail)
    assert re.search(r"B411.*'b\.ann'", report.problems[1].detail)


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


def test_read_brat_takes_a_note_on_a_normalisation_for_one_on_its_mention(write: Write) -> None:
    report = Report()
    lines = "T1\tOrgan 0 5\tLiver\nN1\tReference T1 A:1\tliver\n#1\tAnnotatorNotes N1\tsure?\n"
    assert _read_one(write, lines, report=report).notes == (NoteRecord("#1", "AnnotatorNotes", "T1", "sure?"),)
    assert report.counts == {"repaired": 1}


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
