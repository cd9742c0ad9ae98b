import io
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import LabelScheme, Report, read_brat
from spacy_biomedplm.errors import BiomedplmError

TEXT = "Liver and kidney cells\nshrank after β-kelvanol.\n"
ANNOTATIONS = (
    "T1\tOrgan 0 5\tLiver\nT2\tCell 0 5;17 22\tLiver cells\nT3\tCell 10 22\tkidney cells\n"
    "T4\tDrug 36 46\tβ-kelvanol\nE1\tShrink:T3\n*\tEquiv T1 T2\n"
)


def _pack(path: Path, files: dict[str, str]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content.encode())
            archive.addfile(member, io.BytesIO(content.encode()))
    return path


def _layer(path: Path, vocab: Vocab) -> list[tuple[str, list[tuple[str, str]]]]:
    docs = read_brat(path, vocab)
    return [(doc._.doc_id, [(span.text, span.label_) for span in doc.spans["entities"]]) for doc in docs]


WANTED = [
    ("Liver", "Organ"),
    ("Liver and kidney cells", "Cell"),
    ("kidney cells", "Cell"),
    ("β-kelvanol", "Drug"),
]


def test_read_brat_reads_a_folder(vocab: Vocab, write: Callable[..., Path], tmp_path: Path) -> None:
    write("set/b.txt", "Nothing.\n")
    write("set/b.a1", "")
    write("set/a.txt", TEXT)
    write("set/a.ann", ANNOTATIONS)
    write("set/README", "not a document")
    assert _layer(tmp_path / "set", vocab) == [("a", WANTED), ("b", [])]


def test_read_brat_reads_an_archive_without_extracting_it(
    vocab: Vocab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    path = _pack(
        tmp_path / "set.tar.gz", {"../evil.txt": TEXT, "../evil.ann": ANNOTATIONS, "/abs.txt": "", "/abs.ann": ""}
    )
    monkeypatch.chdir(folder)
    assert _layer(path, vocab) == [("evil", WANTED), ("abs", [])]
    assert sorted(tmp_path.iterdir()) == [folder, path]
    assert not list(folder.iterdir())


def test_read_brat_ignores_links_in_an_archive(vocab: Vocab, tmp_path: Path) -> None:
    path = _pack(tmp_path / "set.tar.gz", {"a.txt": TEXT, "a.ann": ANNOTATIONS})
    with tarfile.open(tmp_path / "linked.tar", "w") as archive:
        link = tarfile.TarInfo("b.txt")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
        with tarfile.open(path) as other:
            for member in other:
                archive.addfile(member, other.extractfile(member))
    assert [name for name, _ in _layer(tmp_path / "linked.tar", vocab)] == ["a"]


def test_read_brat_reports_lines_of_other_layers(vocab: Vocab, tmp_path: Path) -> None:
    report = Report()
    path = _pack(tmp_path / "set.tar.gz", {"a.txt": TEXT, "a.ann": ANNOTATIONS})
    assert len(list(read_brat(path, vocab, report=report))) == 1
    assert [problem.line for problem in report.problems] == [5, 6]
    assert report.counts == {"skipped": 2}


@pytest.mark.parametrize(
    ("annotations", "message"),
    [
        ("T1\tOrgan 0 5\n", r"B412.*a\.ann', line 1"),
        ("T1\tOrgan 0\tLiver\n", r"B412.*line 1"),
        ("T1\tOrgan 0 5\tLiver\nT2\tOr", r"B412.*line 2"),
        ("T1\tOrgan 0 5\tSpleen\n", r"B405.*line 1"),
        ("T1\tTissue 0 5\tLiver\n", r"B404.*line 1.*'Tissue'"),
    ],
)
def test_read_brat_names_file_and_line_of_a_mistake(
    vocab: Vocab, write: Callable[..., Path], tmp_path: Path, annotations: str, message: str
) -> None:
    write("set/a.txt", TEXT)
    write("set/a.ann", annotations)
    with pytest.raises(BiomedplmError, match=message):
        list(read_brat(tmp_path / "set", vocab, scheme=LabelScheme("toy", ("Organ",))))


def test_read_brat_wants_pairs(vocab: Vocab, write: Callable[..., Path], tmp_path: Path) -> None:
    write("one/a.txt", TEXT)
    write("two/a.ann", ANNOTATIONS)
    (tmp_path / "three").mkdir()
    for folder, message in (("one", r"B411.*'a.txt'"), ("two", r"B411.*'a.ann'"), ("three", r"B408"), ("no", r"B401")):
        with pytest.raises(BiomedplmError, match=message):
            list(read_brat(tmp_path / folder, vocab))


def test_read_brat_refuses_a_damaged_archive(vocab: Vocab, write: Callable[..., Path], tmp_path: Path) -> None:
    whole = _pack(tmp_path / "set.tar.gz", {f"{n}.txt": TEXT * 40 + str(n) for n in range(40)}).read_bytes()
    for content in (whole[: len(whole) // 2], b"no archive", b""):
        with pytest.raises(BiomedplmError, match=r"B403"):
            list(read_brat(write("bad.tar.gz", content), vocab))


def test_read_brat_names_the_line_that_is_not_utf8(vocab: Vocab, write: Callable[..., Path], tmp_path: Path) -> None:
    write("set/a.txt", b"fine\nn\xe9\n")
    write("set/a.ann", "")
    with pytest.raises(BiomedplmError, match=r"B402.*a\.txt', line 2.*0xe9"):
        list(read_brat(tmp_path / "set", vocab))
