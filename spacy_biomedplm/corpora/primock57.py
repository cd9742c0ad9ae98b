"""Recorded consultations: the transcripts of both speakers in TextGrid files, and the note in JSON (PriMock57)."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from spacy_biomedplm.corpora.beside import is_hidden
from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.json_rows import Row, parse_json
from spacy_biomedplm.corpora.parts import Part, join_parts, write_summaries
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_members
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord

SPEAKERS = ("doctor", "patient")
_NAME = re.compile(rf"(.+)_({'|'.join(SPEAKERS)})")
# Praat reads what stands free: texts in quotes, numbers and flags. All else, such as "xmin =", is for people.
_TOKEN = re.compile(r'"(?:[^"]|"")*"|(?<!\S)(?:[-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d{1,3})?|<\w+>)(?!\S)')
_POINTS = "TextTier"


class Utterance(NamedTuple):
    """What is said from one time to another, in seconds as the file writes them."""

    start: str
    end: str
    text: str


def read_primock57(
    path: Path | str, *, report: Report | None = None, notes: Path | str | None = None
) -> Iterator[DocumentRecord]:
    """Stream the consultations of PriMock57.

    path (Path | str): A folder or an archive of "ID_doctor.TextGrid" and "ID_patient.TextGrid".
    report (Report | None): What to do with broken consultations; None stops at the first.
    notes (Path | str | None): A folder or an archive of "ID.json" with a "note"; None: there are none.
    YIELDS (DocumentRecord): In the order of the identifiers. Utterances are passages "turn" in the order of time, with
        "speaker", "start" and "end" (seconds) as infons; marks such as <UNIN/> stay. The note is the infon
        "ideal_answers", its other fields are infons.
    RAISES (BiomedplmError): B401 and B436 for what is no folder or archive, B408 without consultations; as the report
        decides, B402, B403, B411 for a consultation with one speaker or without a note, B428 for what is no TextGrid,
        B460 and B461 for notes that are not JSON or have fields of other types.
    """
    path = Path(path)
    report = report or Report()
    grids: dict[str, dict[str, tuple[str, bytes]]] = {}
    for name, content in sorted(read_members(path, (".TextGrid",), report).items()):
        match = _NAME.fullmatch(PurePosixPath(name).stem)
        if is_hidden(name):
            continue
        if match is None:
            missing = "ID_doctor.TextGrid and ID_patient.TextGrid"
            report.drop(coded("B411", path=path, name=name, missing=missing), path=str(path))
        else:
            grids.setdefault(match.group(1), {})[match.group(2)] = (f"{path}:{name}", content)
    found = None if notes is None else _read_notes(Path(notes), report)
    empty = True
    for doc_id in sorted(grids.keys() | (found or {}).keys()):
        with report.leaving_out(str(path), doc_id=doc_id):
            record = _make(doc_id, path, grids.get(doc_id, {}), found)
            empty = False
            yield record
    if empty:
        raise report.nothing_read(path, "transcripts ID_doctor.TextGrid and ID_patient.TextGrid")


def _read_notes(path: Path, report: Report) -> dict[str, tuple[str, bytes]]:
    contents = read_members(path, (".json",), report).items()
    return {PurePosixPath(name).stem: (f"{path}:{name}", said) for name, said in contents if not is_hidden(name)}


def _make(
    doc_id: str,
    path: Path,
    grids: Mapping[str, tuple[str, bytes]],
    notes: Mapping[str, tuple[str, bytes]] | None,
) -> DocumentRecord:
    missing = [f"{doc_id}_{speaker}.TextGrid" for speaker in SPEAKERS if speaker not in grids]
    if notes is not None and doc_id not in notes:
        missing.append(f"{doc_id}.json")
    if missing:
        raise BiomedplmError(coded("B411", path=path, name=doc_id, missing=", ".join(missing)))
    turns: list[tuple[float, str, Utterance]] = []
    for speaker in SPEAKERS:
        shown, content = grids[speaker]
        spoken = read_text_grid(decode(content, path=shown, line=1), shown)
        turns.extend((float(said.start), speaker, said) for said in spoken if said.text.strip())
    text, passages = join_parts(
        Part("turn", said.text, {"speaker": speaker, "start": said.start, "end": said.end})
        for _, speaker, said in sorted(turns)
    )
    infons = {} if notes is None else _read_note(doc_id, *notes[doc_id])
    return DocumentRecord(doc_id, text, passages=passages, infons=infons, path=grids[SPEAKERS[0]][0])


def _read_note(doc_id: str, path: str, content: bytes) -> dict[str, str]:
    data = parse_json(decode(content, path=path, line=1), path=path, line=1, wanted="a note")
    note = Row({"the note": data}, "", path, 1, doc_id).row("the note")
    return {**write_summaries([note.text("note")]), **note.infons(("note",))}


def read_text_grid(content: str, path: str) -> list[Utterance]:
    """Return the intervals of all tiers of a TextGrid, long or short, tier by tier.

    content (str): The file. path (str): Its name, for the error.
    RAISES (BiomedplmError): B428 if it is none, or has a tier of points.
    """
    return _Grid(content, path).read()


class _Grid:
    """A TextGrid, read token by token."""

    def __init__(self, content: str, path: str) -> None:
        self._content = content
        self._path = path
        self._tokens = _TOKEN.finditer(content)
        self._at = 0

    def read(self) -> list[Utterance]:
        if (self._text(), self._text()) != ("ooTextFile", "TextGrid"):
            raise self._fail("it does not begin with ooTextFile and TextGrid")
        self._number(), self._number()
        if self._next("<exists>") != "<exists>":
            raise self._fail("it has no tiers")
        return [utterance for _ in range(self._size()) for utterance in self._tier()]

    def _tier(self) -> list[Utterance]:
        if self._text() == _POINTS:
            raise self._fail("it has a tier of points, wanted intervals")
        self._text(), self._number(), self._number()
        return [Utterance(self._number(), self._number(), self._text()) for _ in range(self._size())]

    def _next(self, wanted: str) -> str:
        match = next(self._tokens, None)
        if match is None:
            self._at = len(self._content)
            raise self._fail(f"it ends where {wanted} is wanted")
        self._at = match.start()
        return match.group()

    def _text(self) -> str:
        found = self._next("a text in quotes")
        if not found.startswith('"'):
            raise self._fail(f"'{found[:40]}' stands where a text in quotes is wanted")
        return found[1:-1].replace('""', '"')

    def _number(self) -> str:
        found = self._next("a number")
        if found.startswith(('"', "<")):
            raise self._fail(f"'{found[:40]}' stands where a number is wanted")
        return found

    def _size(self) -> int:
        found = self._number()
        # Each has three tokens at least: a larger number is none.
        if not found.isdecimal() or len(found) > 9 or int(found) > len(self._content):
            raise self._fail(f"'{found[:40]}' stands where a number of items is wanted")
        return int(found)

    def _fail(self, reason: str) -> BiomedplmError:
        line = self._content.count("\n", 0, self._at) + 1
        return BiomedplmError(coded("B428", path=self._path, line=line, wanted="a TextGrid", reason=reason))
