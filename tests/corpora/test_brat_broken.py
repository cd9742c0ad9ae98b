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
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import Report, fit, read_brat
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.brat import format_a1_a2, format_ann

Write = Callable[..., Path]

TEXT = "Liver and kidney cells\nshrank after β-kelvanol.\n"
ANNOTATIONS = (
    "T1\tOrgan 0 5\tLiver\nT2\tCell 0 5;17 22\tLiver cells\nT3\tDrug 36 46\tβ-kelvanol\nT4\tShrinking 23 29\tshrank\n"
    "T5\tEffect 30 35\tafter\nE1\tShrinking:T4 Theme:T2\nE2\tEffect:T5 Cause:T3 Theme:E1\nR1\tPartOf Arg1:T2 Arg2:T1\n"
    "M1\tSpeculation E1\nA1\tCertainty T3 very high\n*\tEquiv T1 T2\nN1\tReference T3 Kelva:12:7\tkelvanol, beta\n"
    "#1\tAnnotatorNotes T3\tspelt with\ta tab\n#2\tCode R1\t8000/3\n"
)
GIVEN = "T1\tProtein 0 5\tLiver\nT2\tProtein 10 16\tkidney\n"
ASKED = "T3\tShrinking 23 29\tshrank\nE1\tShrinking:T3 Theme:T2\nE2\tShrinking:T3 \nM1\tNegation E1\n"


def _read_one(write: Write, annotations: str, **options: Any) -> DocumentRecord:
    write("one/a.txt", TEXT)
    (record,) = read_brat(write("one/a.ann", annotations).parent, **options)
    return record


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
        with pytest.raises(BiomedplmError, match=r"B438|B408|B401"):
            list(read_brat(tmp_path / folder, report=report))
        assert all(re.search(message, problem.detail) for problem in report.problems)


def test_read_brat_refuses_a_damaged_archive(write: Write, tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "set.tar.gz", "w:gz") as archive:
        for number in range(40):
            archive.add(write("a.txt", TEXT * 40 + str(number)), f"{number}.txt")
    whole = (tmp_path / "set.tar.gz").read_bytes()
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
