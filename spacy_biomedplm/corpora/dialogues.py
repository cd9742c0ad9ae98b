"""Consultations turn by turn: CMDD with its symptoms, and the two forms of CovidDialog."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.files import decode, decode_lines
from spacy_biomedplm.corpora.iob import decode_tags
from spacy_biomedplm.corpora.json_rows import Row, describe, parse_json
from spacy_biomedplm.corpora.parts import Part, join_parts
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.corpora.tables import unique_ids
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import AttributeRecord, ConceptRecord, DocumentRecord, MentionRecord

TURN = "turn"
SYMPTOM, STATUS, NAMES = "Symptom", "Status", "CMDD"
"""Label of the mentions of CMDD, of the attribute with their number, and the vocabulary of their names."""
_SPEAKERS = ("病人", "患者", "医生", "Patient", "Doctor")
_SAID = re.compile(rf"({'|'.join(_SPEAKERS)})\s*[:：]\s*(.*)", re.DOTALL)
_SPEAKER = re.compile(rf"({'|'.join(_SPEAKERS)})[:：]")
_ID = re.compile(r"id=(\S+)")
_SECTIONS = {"Description": "description", "Dialogue": "dialogue", "Doctor faculty": "faculty"}


def read_cmdd(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the dialogues of CMDD.

    path (Path | str): A folder or an archive of ".json", one dialogue each, or one file; ".gz" too. A turn of
        "dialogue-content" has "speaker", "sentence", "label" (B, I or O for each character), and for each mention
        a name in "normalized" and a number in "type".
    report (Report | None): What to do with broken dialogues and turns; None stops at the first.
    YIELDS (DocumentRecord): Passages "turn" with the infon "speaker"; mentions "Symptom", whose concept is the name and
        whose attribute "Status" is the number. An I that continues nothing begins a mention. Names and numbers of
        a turn with more or fewer of them than mentions are left out, the mentions stay.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without dialogues, B460 for what is not JSON, B461 for
        fields of other types; as the report decides, B427 for a turn whose tags or names do not fit.
    """
    return _read_json(path, report or Report(), lambda data, name, found: [_make_cmdd(data, name, found)])


def _read_json(
    path: Path | str, report: Report, make: Callable[[Any, str, Report], list[DocumentRecord]]
) -> Iterator[DocumentRecord]:
    path = Path(path)
    empty = True
    for name, _, chunks in read_streams(path, (".json",), report):
        with report.leaving_out(name):
            text = decode(b"".join(chunks), path=name, line=1)
            for record in make(parse_json(text, path=name, line=1, wanted="dialogues"), name, report):
                empty = False
                yield record
    if empty:
        raise report.nothing_read(path, "dialogues")


def _make_cmdd(data: Any, path: str, report: Report) -> DocumentRecord:
    top = Row({"dialogue": data}, "", path, 1, "").row("dialogue")
    doc_id = top.text("example-id")
    known = ("example-id", "dialogue-content")
    turns = Row(top.values, "", path, 1, doc_id).rows("dialogue-content")
    parts = [Part(TURN, turn.text("sentence"), {"speaker": turn.text("speaker")}) for turn in turns]
    text, passages = join_parts(parts)
    mentions: list[MentionRecord] = []
    attributes: list[AttributeRecord] = []
    for turn, passage in zip(turns, passages, strict=True):
        spans = _find_spans(turn, report)
        names, numbers = turn.texts("normalized"), turn.texts("type")
        if not len(spans) == len(names) == len(numbers):
            _drop(turn, f"{len(names)} names and {len(numbers)} numbers", f"{len(spans)} of each", report)
            names, numbers = [""] * len(spans), [""] * len(spans)
        for (start, end), name, number in zip(spans, names, numbers, strict=True):
            mention_id = f"T{len(mentions) + 1}"
            concepts = (ConceptRecord(NAMES, name),) if name else ()
            place = ((passage.start + start, passage.start + end),)
            mentions.append(MentionRecord(mention_id, SYMPTOM, place, concepts=concepts))
            if number:
                attributes.append(AttributeRecord(f"A{len(attributes) + 1}", STATUS, mention_id, number))
    infons = top.infons(known)
    return DocumentRecord(
        doc_id, text, tuple(mentions), attributes=tuple(attributes), passages=passages, infons=infons, path=path
    )


def _find_spans(turn: Row, report: Report) -> list[tuple[int, int]]:
    sentence, tags = turn.text("sentence"), turn.text("label")
    if len(tags) != len(sentence) or set(tags) - set("BIO"):
        _drop(turn, f"the tags '{tags[:40]}'", f"B, I or O for each of {len(sentence)} characters", report)
        return []
    return [(start, end) for start, end, _ in decode_tags([(tag, "") for tag in tags])]


def _drop(turn: Row, found: str, wanted: str, report: Report) -> None:
    where: dict[str, Any] = {"path": turn.path, "line": turn.line, "doc_id": turn.doc_id}
    report.drop(coded("B427", **where, found=f"{turn.name}: {found}", wanted=wanted), **where)


def read_dialogue_lists(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream dialogues that are lists of texts (CovidDialog, the Chinese split).

    path (Path | str): JSON, a list of dialogues, each a list of turns that begin with the speaker and a colon. A file,
        a folder or an archive; ".gz" too.
    report (Report | None): What to do with broken dialogues; None stops at the first.
    YIELDS (DocumentRecord): Passages "turn" with the infon "speaker", without it in the text; dialogues are counted
        from 1.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without dialogues, B460 for what is not JSON, B461 for
        fields of other types; as the report decides, B427 for a turn without a speaker, with which its dialogue goes.
    """
    return unique_ids(_read_json(path, report or Report(), _make_lists))


def _make_lists(data: Any, path: str, report: Report) -> list[DocumentRecord]:
    if not isinstance(data, list):
        found = {"field": "the file", "found": describe(data), "wanted": "a list of dialogues"}
        raise BiomedplmError(coded("B461", path=path, line=1, doc_id="", **found))
    records = []
    for number, turns in enumerate(data, 1):
        row = Row({"turns": turns}, "", path, 1, str(number))
        with report.leaving_out(path, 1, row.doc_id):
            parts = [_make_turn(said, row) for said in row.texts("turns")]
            if not parts:
                raise row.fail("turns", turns, "some turns")
            text, passages = join_parts(parts)
            records.append(DocumentRecord(row.doc_id, text, passages=passages, path=path))
    return records


def _make_turn(said: str, row: Row) -> Part:
    match = _SAID.fullmatch(said)
    if match is None:
        where = {"path": row.path, "line": row.line, "doc_id": row.doc_id}
        wanted = f"one of {', '.join(_SPEAKERS)} and a colon before it"
        raise BiomedplmError(coded("B427", **where, found=f"the turn '{said[:40]}'", wanted=wanted))
    return Part(TURN, match.group(2), {"speaker": match.group(1)})


def read_consultations(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the consultations of a text file (CovidDialog).

    path (Path | str): Blocks of a line "id=…", the address, and sections "Description", "Dialogue" and "Doctor
        faculty", whose names stand on a line of their own, as do speakers ("Patient:") before what they say. A file, or
        a folder or archive of ".txt"; ".gz" too.
    report (Report | None): What to do with broken consultations; None stops at the first.
    YIELDS (DocumentRecord): Passages "faculty", "description", "turn" with the infon "speaker", and "dialogue" for
        what stands in a dialogue before anybody speaks; the address is the infon "url". Empty lines around them are
        left out. An identifier that is there again gets "#2", "#3" …
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without consultations; as the report decides, B427 for
        one without text, B471 for a line that is in no section.
    """
    return unique_ids(_read_consultations(Path(path), report or Report()))


def _read_consultations(path: Path, report: Report) -> Iterator[DocumentRecord]:
    empty = True
    for name, _, chunks in read_streams(path, (".txt",), report):
        with report.leaving_out(name):
            for block in _split(decode_lines(chunks, name), name, report):
                record = block.close(report)
                if record is not None:
                    empty = False
                    yield record
    if empty:
        raise report.nothing_read(path, "consultations that begin with id=")


class _Block:
    """A consultation as it grows."""

    def __init__(self, doc_id: str, path: str, line: int) -> None:
        self.doc_id, self.path, self.line = doc_id, path, line
        self.infons: dict[str, str] = {}
        self.parts: list[tuple[str, dict[str, str], list[str]]] = []

    def take(self, said: str) -> bool:
        """Add a line; return whether it has a place."""
        speaker = _SPEAKER.fullmatch(said.strip())
        if said.strip() in _SECTIONS:
            self.parts.append((_SECTIONS[said.strip()], {}, []))
        elif not self.parts:
            if not said.startswith(("http://", "https://")) or self.infons:
                return not said.strip()
            self.infons["url"] = said.strip()
        elif speaker is not None and self.parts[-1][0] in ("dialogue", TURN):
            self.parts.append((TURN, {"speaker": speaker.group(1)}, []))
        else:
            self.parts[-1][2].append(said)
        return True

    def close(self, report: Report) -> DocumentRecord | None:
        """Return the document, if it has any text."""
        texts = [(kind, infons, "\n".join(lines).strip()) for kind, infons, lines in self.parts]
        parts = [Part(kind, text, infons) for kind, infons, text in texts if text]
        if not parts:
            where = {"path": self.path, "line": self.line, "doc_id": self.doc_id}
            message = coded("B427", **where, found="no text", wanted="a description or a dialogue")
            report.drop(message, path=self.path, line=self.line, doc_id=self.doc_id)
            return None
        text, passages = join_parts(parts)
        return DocumentRecord(self.doc_id, text, passages=passages, infons=self.infons, path=self.path)


def _split(lines: Iterator[tuple[int, str]], path: str, report: Report) -> Iterator[_Block]:
    block: _Block | None = None
    for number, text in lines:
        said = text.rstrip("\r\n")
        match = _ID.fullmatch(said.strip())
        if match is not None:
            if block is not None:
                yield block
            block = _Block(match.group(1), path, number)
        elif not (block.take(said) if block is not None else not said.strip()):
            wanted = "id=… before the address, and then a section"
            message = coded("B471", path=path, line=number, wanted=wanted, found=said[:60])
            report.drop(message, path=path, line=number, doc_id=block.doc_id if block is not None else "")
    if block is not None:
        yield block
