"""The knowledge-base schema of BigBIO (Fries et al., 2022): JSON lists of documents, or one document a line."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from itertools import chain, count
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.files import not_utf8
from spacy_biomedplm.corpora.json_rows import DECODER, Row, bad_json, identifiers, sound
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    Fragment,
    MentionRecord,
    PassageRecord,
    RelationRecord,
)

SUFFIXES = (".json", ".jsonl")
WANTED = 'objects with "passages" and "entities", in a list or one per line'
# Passages are joined by one space; some corpora leave more between them, none this much.
MAX_GAP_CHARS = 10_000

_DOCUMENT = ("id", "document_id", "passages", "entities", "events", "coreferences", "relations")
_BETWEEN = re.compile(r"[\s,]*")


def read_bigbio(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the documents of a BigBIO file.

    path (Path | str): A JSON list of documents in the schema "bigbio_kb", or one document after the other. Gzip'd if
        the name ends in ".gz"; or a folder or an archive (.tar, .tar.gz, .zip) of .json and .jsonl.
    report (Report | None): What to do with broken documents and items; None stops at the first. Mended are passages
        whose offsets do not fit: they are joined by one space, as the schema says.
    YIELDS (DocumentRecord): The text is that of the passages; characters that none covers are spaces. Events with the
        same type and the same trigger text share one trigger. Coreferences are equivalences, the arguments of relations
        have the roles "Arg1" and "Arg2". Identifiers are those of the file; that of the document is "document_id",
        and "id" is the infon "bigbio_id". Keys that have no meaning are infons.
    RAISES (BiomedplmError): B401-B403 for an unreadable file, B408 for one without documents, B460 for one that is not
        JSON; as the report decides, B461 for a value of the wrong type, B465 for passages that do not fit each other.
    """
    report = report or Report()
    found = False
    for name, stem, chunks in read_streams(Path(path), SUFFIXES, report):
        with report.leaving_out(name):
            for number, (line, value) in enumerate(_read_values(chunks, name)):
                with report.leaving_out(name, line):
                    row = Row({}, "", name, line, "").as_row(value, f"document {number}")
                    doc_id = row.text("document_id", row.text("id", f"{stem}-{number:05d}"))
                    record = _Document(Row(row.values, "", name, line, doc_id), report).read()
                    if record is not None:
                        found = True
                        yield record
    if not found:
        raise report.nothing_read(path, WANTED)


def _read_values(chunks: Iterable[bytes], path: str) -> Iterator[tuple[int, Any]]:
    """Yield the values of a list, or those that follow each other, each with the line on which it begins."""
    texts = _decode(chunks, path)
    buffer = next(texts, "").removeprefix("\ufeff")
    line = 1
    place = 0
    is_list = False
    while True:
        start = _skip(buffer, place)
        line += buffer.count("\n", place, start)
        place = start
        if buffer[place : place + 1] == "[" and not is_list:
            is_list, place = True, place + 1
            continue
        if place == len(buffer) or (is_list and buffer[place] == "]" and not buffer[place + 1 :].strip()):
            if more := next(texts, ""):
                buffer, place = buffer[place:] + more, 0
                continue
            if is_list and place == len(buffer):
                error = json.JSONDecodeError("the list does not end", "", 0)
                raise bad_json(error, path=path, line=line, wanted=WANTED)
            return
        try:
            value, end = DECODER.raw_decode(buffer, place)
        except (ValueError, RecursionError) as err:
            more = _double(texts, len(buffer) - place) if isinstance(err, json.JSONDecodeError) else ""
            if not more:
                first = line - buffer.count("\n", 0, place)
                raise bad_json(err, path=path, line=first, wanted=WANTED) from err
            buffer, place = buffer[place:] + more, 0
            continue
        yield line, value
        line += buffer.count("\n", place, end)
        place = end


def _skip(buffer: str, place: int) -> int:
    match = _BETWEEN.match(buffer, place)
    return match.end() if match else place


def _double(texts: Iterator[str], size: int) -> str:
    """Return as much of a file again as was not enough, so that reading a long value stays linear."""
    found: list[str] = []
    while sum(map(len, found)) <= size and (text := next(texts, "")):
        found.append(text)
    return "".join(found)


def _decode(chunks: Iterable[bytes], path: str) -> Iterator[str]:
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    for chunk in chain(chunks, (b"",)):
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as err:
            raise not_utf8(err, path, line) from err
        line += text.count("\n")
        if text:
            yield text


class _Document:
    """Makes a record of a document.

    row (Row): The document. report (Report): What to do with broken items.
    """

    def __init__(self, row: Row, report: Report) -> None:
        self.row = row
        self.report = report
        self.text = ""
        self.events = set(identifiers(row.values.get("events")))
        self.taken = self.events.union(*(identifiers(row.values.get(name)) for name in ("entities", "relations")))
        self.triggers: dict[tuple[str, tuple[Fragment, ...]], MentionRecord] = {}

    def read(self) -> DocumentRecord | None:
        """Return the record, or None if there is no text."""
        row, report = self.row, self.report
        infons = row.infons(_DOCUMENT)
        if row.has("id"):
            infons["bigbio_id"] = row.text("id")
        passages = self._passages()
        if passages is None:
            return None
        events = sound(row.rows("events"), self._event, report)
        groups = row.rows("coreferences")
        if groups:
            infons["coreference_ids"] = json.dumps([group.text("id", "") for group in groups], ensure_ascii=False)
        return DocumentRecord(
            row.doc_id,
            self.text,
            mentions=(*sound(row.rows("entities"), self._mention, report), *self.triggers.values()),
            relations=sound(row.rows("relations"), self._relation, report),
            events=events,
            equivalences=sound(groups, _equivalence, report),
            passages=passages,
            infons=infons,
            path=row.path,
        )

    def _passages(self) -> tuple[PassageRecord, ...] | None:
        """Return the passages and make the text of them; None if they do not fit each other."""
        rows = self.row.rows("passages")
        texts = [_texts(row) for row in rows]
        offsets = [row.pairs("offsets") for row in rows]
        if not any(offsets):
            offsets = _join(texts)
        pieces = [piece for row in zip(offsets, texts, strict=True) for piece in zip(*row, strict=False)]
        problem = next((p for p in map(_misfit, offsets, texts) if p), "") or self._lay(pieces)
        if problem:
            where: dict[str, Any] = {"path": self.row.path, "line": self.row.line, "doc_id": self.row.doc_id}
            mended = "the passages are joined by one space"
            if not self.report.mend(coded("B465", **where, detail=problem), mended, **where):
                return None
            offsets = _join(texts)
            self._lay([piece for row in zip(offsets, texts, strict=True) for piece in zip(*row, strict=True)])
        return tuple(_passage(row, places) for row, places in zip(rows, offsets, strict=True))

    def _lay(self, pieces: Iterable[tuple[Fragment, str]]) -> str:
        """Make the text of pieces, or return what is wrong with them."""
        parts: list[str] = []
        size = 0
        for (start, end), text in sorted(pieces):
            if not 0 <= start <= size + MAX_GAP_CHARS:
                return f"the passage at {start}-{end} lies {start - size} characters behind the one before"
            if start < size:
                parts = ["".join(parts)]
                if parts[0][start:end] != text[: size - start]:
                    return f"the passage at {start}-{end} contradicts one before it"
            parts += " " * (start - size), text[max(size - start, 0) :]
            size = max(size, end)
        self.text = "".join(parts)
        return ""

    def _mention(self, row: Row) -> MentionRecord:
        infons = row.infons(("id", "type", "text", "offsets", "normalized"))
        concepts = tuple(ConceptRecord(c.text("db_name", ""), c.text("db_id", "")) for c in row.rows("normalized"))
        texts, fragments = " ".join(_texts(row)), tuple(row.pairs("offsets"))
        text = texts if texts != self._shown(fragments) and row.has("text") else None
        return MentionRecord(row.text("id"), row.text("type", ""), fragments, text, concepts, infons, line=row.line)

    def _shown(self, fragments: Iterable[Fragment]) -> str:
        return " ".join(self.text[start:end] for start, end in fragments)

    def _event(self, row: Row) -> EventRecord:
        name, label = row.text("id"), row.text("type", "")
        arguments = tuple(self._argument(item.text("role", ""), item.text("ref_id")) for item in row.rows("arguments"))
        infons = row.infons(("id", "type", "trigger", "arguments"))
        given = row.row("trigger")
        fragments = tuple(given.pairs("offsets"))
        text = " ".join(_texts(given))
        trigger = self.triggers.get((label, fragments))
        if trigger is None:
            names = (f"{name}_trigger{number or ''}" for number in count())
            trigger_id = next(name for name in names if name not in self.taken)
            self.taken.add(trigger_id)
            shown = None if text == self._shown(fragments) or not given.has("text") else text
            trigger = MentionRecord(trigger_id, label, fragments, shown, is_trigger=True, line=row.line)
            self.triggers[label, fragments] = trigger
        return EventRecord(name, label, trigger.id, arguments, infons, line=row.line)

    def _argument(self, role: str, target: str) -> ArgumentRecord:
        return ArgumentRecord(role, target, "event" if target in self.events else "mention")

    def _relation(self, row: Row) -> RelationRecord:
        arguments = (self._argument("Arg1", row.text("arg1_id")), self._argument("Arg2", row.text("arg2_id")))
        infons = row.infons(("id", "type", "arg1_id", "arg2_id", "normalized"))
        if concepts := row.rows("normalized"):
            pairs = [{"db_name": c.text("db_name", ""), "db_id": c.text("db_id", "")} for c in concepts]
            infons["normalized"] = json.dumps(pairs, ensure_ascii=False)
        return RelationRecord(row.text("id"), row.text("type", ""), arguments, infons, line=row.line)


def _texts(row: Row) -> list[str]:
    """Return the texts of an item; older files have one instead of a list."""
    return [row.text("text")] if isinstance(row.values.get("text"), str) else row.texts("text")


def _equivalence(row: Row) -> EquivalenceRecord:
    return EquivalenceRecord(tuple(row.texts("entity_ids")), line=row.line)


def _passage(row: Row, places: list[Fragment]) -> PassageRecord:
    infons = row.infons(("type", "text", "offsets", "id"))
    if row.has("id"):
        infons["id"] = row.text("id")
    if len(places) > 1:
        infons["offsets"] = json.dumps(places)
    start = min((start for start, _ in places), default=0)
    return PassageRecord(start, max((end for _, end in places), default=start), row.text("type", ""), infons)


def _join(texts: Iterable[list[str]]) -> list[list[Fragment]]:
    """Return the offsets of texts that are joined by one space."""
    size = -1
    found: list[list[Fragment]] = []
    for group in texts:
        found.append([])
        for text in group:
            found[-1].append((size + 1, size + 1 + len(text)))
            size += len(text) + 1
    return found


def _misfit(places: list[Fragment], texts: list[str]) -> str:
    """Return what is wrong with a passage, or nothing."""
    if len(places) != len(texts):
        return f"a passage has {len(texts)} texts and {len(places)} offsets"
    wrong = (place for place, text in zip(places, texts, strict=True) if place[1] - place[0] != len(text))
    return next((f"the passage at {start}-{end} has a text of another length" for start, end in wrong), "")
