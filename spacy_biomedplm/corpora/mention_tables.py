"""Tables of texts with mentions in their columns: one row for a mention, or for a pair of mentions and its relation."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.rows import Row, read_rows
from spacy_biomedplm.corpora.tables import check_column, unique_ids
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import ArgumentRecord, ConceptRecord, DocumentRecord, MentionRecord, RelationRecord

Offsets = Literal["text", "document", "find"]
_NUMBER = re.compile(r"[0-9]{1,9}")
_MENTION_KEYS = {"text", "start", "end", "label", "concept", "resource"}
_RELATION_KEYS = {"label", "column", "positive"}


def read_mention_tables(
    path: Path | str,
    *,
    report: Report | None = None,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
    quoted: bool | None = None,
    suffix: str = "",
    text: str = "text",
    doc_id: str | None = None,
    mentions: Sequence[Mapping[str, str]] = (),
    relation: Mapping[str, str] | None = None,
    offsets: Offsets = "text",
) -> Iterator[DocumentRecord]:
    """Stream the texts of a table with their mentions and relations.

    path (Path | str): A file, or a folder or archive of such.
    report (Report | None): What to do with broken rows; None stops at the first.
    columns, delimiter, quoted, suffix: As for ``read_rows``.
    text (str): Column of the text. doc_id (str | None): Column of the identifier; None counts lines.
    mentions (Sequence[Mapping[str, str]]): For each mention of a row its "label", and the columns of its "text",
        "start", "end" and "concept" (of the vocabulary "resource"), as far as there are such. Without "text" and
        "start" the mention is the whole text.
    relation (Mapping[str, str] | None): The first two mentions of a row have a relation with this "label"; if
        "column" is given, only in rows where it holds "positive" (default "1"). Other rows are named in the infons of
        the document, as "unrelated".
    offsets (Offsets): What start and end count in: the "text"; the "document" that it was taken from, so that only
        their distances tell; or nothing, and the mention is to "find" by its text: between <tgt> and </tgt> if the
        text has such marks, else its first occurrence, as a whole word if there is one.
    YIELDS (DocumentRecord): Consecutive rows of one identifier and text become one document; equal mentions are one.
    RAISES (BiomedplmError): As ``read_tables``, with B427 for offsets that are no numbers, or mentions that cannot be
        found.
    """
    report = report or Report()
    if offsets not in get_args(Offsets):
        raise BiomedplmError(coded("B429", option="offsets", value=offsets, wanted=", ".join(get_args(Offsets))))
    for name, given, known in (
        *(("mentions", mention, _MENTION_KEYS) for mention in mentions),
        ("relation", relation or {"label": ""}, _RELATION_KEYS),
    ):
        if "label" not in given or set(given) - known:
            raise BiomedplmError(coded("B429", option=name, value=dict(given), wanted=f"label and {sorted(known)}"))
    if not mentions or (relation and len(mentions) < 2):
        raise BiomedplmError(coded("B429", option="mentions", value=list(mentions), wanted="one, two for a relation"))
    rows = read_rows(path, report, columns=columns, delimiter=delimiter, quoted=quoted, suffix=suffix)
    table = _Table(text, doc_id, tuple(mentions), relation, offsets, report)
    return unique_ids(table.read_documents(rows))


@dataclass
class _Found:
    """The document of some rows as it grows."""

    mentions: dict[tuple[object, ...], MentionRecord] = field(default_factory=dict)
    relations: list[RelationRecord] = field(default_factory=list)
    unrelated: list[str] = field(default_factory=list)

    def add(self, mention: MentionRecord) -> str:
        key = (mention.label, mention.fragments, mention.text, mention.concepts)
        return self.mentions.setdefault(key, mention).id


@dataclass(frozen=True)
class _Table:
    text: str
    doc_id: str | None
    mentions: tuple[Mapping[str, str], ...]
    relation: Mapping[str, str] | None
    offsets: Offsets
    report: Report

    def read_documents(self, rows: Iterator[Row]) -> Iterator[DocumentRecord]:
        for (name, text, path), group in itertools.groupby(rows, self._key):
            members = list(group)
            shift = self._find_shift(members, text) if self.offsets == "document" else None
            found = _Found()
            for row in members:
                self._read_row(row, name, text, shift, found)
            infons = {"unrelated": "; ".join(found.unrelated)} if found.unrelated else {}
            used = self._used()
            for key in members[0].values:
                if key not in used:
                    infons[key] = "; ".join(dict.fromkeys(row.values[key] for row in members))
            mentions = tuple(found.mentions.values())
            yield DocumentRecord(name, text, mentions, tuple(found.relations), infons=infons, path=path)

    def _used(self) -> set[str]:
        columns = [mention.get(key) for mention in self.mentions for key in ("text", "start", "end", "concept")]
        column = self.relation.get("column") if self.relation else None
        return {name for name in (self.text, self.doc_id, column, *columns) if name is not None}

    def _key(self, row: Row) -> tuple[str, str, str]:
        for name in sorted(self._used()):
            check_column(row, name)
        number = f"{row.member}:{row.line}" if row.member else str(row.line)
        return row.values[self.doc_id] if self.doc_id else number, row.values[self.text], row.path

    def _read_row(self, row: Row, name: str, text: str, shift: int | None, found: _Found) -> None:
        ids = []
        for given in self.mentions:
            place = self._place(row, given, text, shift)
            if isinstance(place, str):
                where = {"path": row.path, "line": row.line, "doc_id": name}
                message = coded("B427", **where, found=place, wanted="mentions of the text")
                self.report.drop(
                    message, path=row.path, line=row.line, doc_id=name, label=given["label"], is_mention=True
                )
                return
            concept = row.values[given["concept"]] if "concept" in given else ""
            concepts = (ConceptRecord(given.get("resource", ""), concept),) if concept else ()
            shown = row.values[given["text"]] if "text" in given else None
            number = f"T{len(found.mentions) + 1}"
            ids.append(found.add(MentionRecord(number, given["label"], (place,), shown, concepts, line=row.line)))
        if self.relation is None:
            return
        column = self.relation.get("column")
        if column is not None and row.values[column].strip() != self.relation.get("positive", "1"):
            found.unrelated.append(f"{ids[0]} {ids[1]}")
            return
        arguments = (ArgumentRecord("Arg1", ids[0]), ArgumentRecord("Arg2", ids[1]))
        number = f"R{len(found.relations) + 1}"
        found.relations.append(RelationRecord(number, self.relation["label"], arguments, line=row.line))

    def _place(self, row: Row, given: Mapping[str, str], text: str, shift: int | None) -> tuple[int, int] | str:
        """Return the offsets of a mention in the text, or what is wrong."""
        if "text" not in given and "start" not in given:
            return (0, len(text)) if text else "the text is empty"
        if self.offsets == "find" or "start" not in given or "end" not in given:
            return _find(text, row.values[given["text"]])
        span = _numbers(row, given)
        if span is None:
            return f"the offsets are '{row.values[given['start']]}' and '{row.values[given['end']]}'"
        if self.offsets == "text":
            return span
        if shift is None:
            shift = min(self._shifts(row, text), default=None)
        if shift is None:
            return f"'{row.values[given.get('text', self.text)]}' is nowhere in the text at {span[0]} less a constant"
        return span[0] - shift, span[1] - shift

    def _find_shift(self, rows: Sequence[Row], text: str) -> int | None:
        """Return the offset of the text in its document that makes all rows fit; None if there is none."""
        common = set.intersection(*(self._shifts(row, text) for row in rows))
        return min(common) if common else None

    def _shifts(self, row: Row, text: str) -> set[int]:
        """Return the offsets that the text may have in its document."""
        possible: set[int] | None = None
        for given in self.mentions:
            span = _numbers(row, given)
            wanted = row.values[given["text"]] if "text" in given else ""
            if span is None or not wanted:
                return set()
            fitting = {span[0] - match.start() for match in re.finditer(f"(?={re.escape(wanted)})", text)}
            possible = fitting if possible is None else possible & fitting
        return possible or set()


def _numbers(row: Row, given: Mapping[str, str]) -> tuple[int, int] | None:
    start, end = (row.values[given[key]].strip() for key in ("start", "end") if key in given)
    return (int(start), int(end)) if _NUMBER.fullmatch(start) and _NUMBER.fullmatch(end) else None


def _find(text: str, wanted: str) -> tuple[int, int] | str:
    marked = re.search(rf"(?<=<tgt>){re.escape(wanted)}(?=</tgt>)", text, re.IGNORECASE)
    whole = re.search(rf"(?<!\w){re.escape(wanted)}(?!\w)", text)
    match = marked or whole or re.search(re.escape(wanted), text, re.IGNORECASE)
    return match.span() if match and wanted else f"'{wanted}' is not in the text"
