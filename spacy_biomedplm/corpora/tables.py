"""Tables of labelled texts and pairs of texts: one row for each, with columns that the reader is told."""

import itertools
import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from spacy_biomedplm.corpora.parts import Part, join_parts, write_summaries
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.rows import Row, read_rows
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord, PassageRecord

SIMILARITY = "similarity"
"""Label of the score of a pair."""


def read_tables(
    path: Path | str,
    *,
    report: Report | None = None,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
    quoted: bool | None = None,
    suffix: str = "",
    text: str = "text",
    text2: str | None = None,
    passage_kinds: Sequence[str] = ("sentence1", "sentence2"),
    doc_id: str | None = None,
    label: str | None = None,
    labels: str | None = None,
    label_separator: str = ",",
    flags: bool = False,
    names: Mapping[str, str] | None = None,
    score: str | None = None,
    summary: str | None = None,
    group: str | None = None,
) -> Iterator[DocumentRecord]:
    r"""Stream the texts of a table.

    path (Path | str): A file (".tsv", ".csv", ".xlsx", ".jsonl", ".json"; also ".gz"), a folder or an archive of such.
    report (Report | None): What to do with broken rows; None stops at the first.
    columns, delimiter, quoted, suffix: As for ``read_rows``.
    text (str): Column of the text. text2 (str | None): Column of the second text of a pair.
    passage_kinds (Sequence[str]): What the two texts of a pair are; a line break stands between them.
    doc_id (str | None): Column of the identifier; None counts lines. One that is there again gets "#2", "#3" …
    label (str | None): Column of the one class of a row.
    labels (str | None): Column of any number of classes, between ``label_separator``.
    flags (bool): Items of ``labels`` say whether each class applies: "3_1" that 3 does, "3_0" that it does not.
    names (Mapping[str, str] | None): From classes in the file to names of labels: then every record says of each of
        them whether it applies, and any other class is an error.
    score (str | None): Column of a number, which becomes the label "similarity".
    summary (str | None): Column of the reference summary, which becomes the infon "ideal_answers".
    group (str | None): Pattern for identifiers, such as "(.+)_s\\d+". Rows in a row that share its group 1 become one
        document; each is a passage "sentence" with its own classes as "labels" among its infons.
    YIELDS (DocumentRecord): Columns that nothing names are infons.
    RAISES (BiomedplmError): B401-B403 and B408 for unreadable files, B425 for rows of another width, B426 for a column
        that is not there, B427 for a cell that cannot be what it should, B428 for lines that are no JSON objects, B429
        for options that make no sense.
    """
    if flags and labels is None:
        raise BiomedplmError(coded("B429", option="flags", value=flags, wanted="labels as well"))
    if text2 is not None and (group is not None or len(passage_kinds) != 2):
        raise BiomedplmError(coded("B429", option="text2", value=text2, wanted="two passage_kinds and no group"))
    if summary is not None and group is not None:
        raise BiomedplmError(coded("B429", option="summary", value=summary, wanted="no group"))
    report = report or Report()
    kinds, known = tuple(passage_kinds), dict(names or {})
    table = _Table(text, text2, kinds, doc_id, label, labels, label_separator, flags, known, score, summary)
    rows = read_rows(path, report, columns=columns, delimiter=delimiter, quoted=quoted, suffix=suffix)
    records = (record for row in rows if (record := table.read(row, report)) is not None)
    if group is None:
        return unique_ids(records)
    try:
        pattern = re.compile(group)
    except re.error as err:
        raise BiomedplmError(coded("B429", option="group", value=group, wanted=f"a pattern ({err})")) from err
    if pattern.groups < 1:
        raise BiomedplmError(coded("B429", option="group", value=group, wanted="a pattern with a group"))
    return unique_ids(_grouped(records, pattern))


@dataclass(frozen=True)
class _Table:
    text: str
    text2: str | None
    kinds: tuple[str, ...]
    doc_id: str | None
    label: str | None
    labels: str | None
    separator: str
    flags: bool
    names: Mapping[str, str]
    score: str | None
    summary: str | None

    @property
    def used(self) -> tuple[str, ...]:
        wanted = (self.text, self.text2, self.doc_id, self.label, self.labels, self.score, self.summary)
        return tuple(name for name in wanted if name is not None)

    def read(self, row: Row, report: Report) -> DocumentRecord | None:
        for name in self.used:
            check_column(row, name)
        number = f"{row.member}:{row.line}" if row.member else str(row.line)
        name = row.values[self.doc_id] if self.doc_id else number
        text = row.values[self.text]
        passages: tuple[PassageRecord, ...] = ()
        if self.text2 is not None:
            columns = zip(self.kinds, (self.text, self.text2), strict=True)
            text, passages = join_parts(Part(kind, row.values[column]) for kind, column in columns)
        found: dict[str, float] = {}
        wrong = "" if text.strip() else "the text is empty|a text"
        wrong = wrong or self._read_classes(row, found) or self._read_score(row, found)
        if wrong:
            what, _, wanted = wrong.partition("|")
            where = {"path": row.path, "line": row.line, "doc_id": name}
            message = coded("B427", **where, found=what, wanted=wanted)
            report.drop(message, path=row.path, line=row.line, doc_id=name)
            return None
        infons = {key: value for key, value in row.values.items() if key not in self.used}
        if self.summary is not None and row.values[self.summary].strip():
            infons |= write_summaries([row.values[self.summary]])
        return DocumentRecord(name, text, passages=passages, labels=found, infons=infons, path=row.path)

    def _read_classes(self, row: Row, found: dict[str, float]) -> str:
        """Put the classes of a row into a mapping; return what is wrong, and after a bar what was wanted."""
        for name in dict.fromkeys(self.names.values()):
            found[name] = 0.0
        items = [row.values[self.label].strip()] if self.label is not None else []
        if self.labels is not None:
            items += [item.strip() for item in row.values[self.labels].split(self.separator)]
        for item in filter(None, items):
            value, flag = item, "1"
            if self.flags:
                value, _, flag = item.rpartition("_")
                if flag not in ("0", "1") or not value:
                    return f"the class is '{item}'|a class, '_' and 0 or 1"
            if self.names and value not in self.names:
                return f"the class is '{value}'|one of {', '.join(self.names)}"
            found[self.names.get(value, value)] = float(flag)
        return ""

    def _read_score(self, row: Row, found: dict[str, float]) -> str:
        if self.score is None:
            return ""
        cell = row.values[self.score].strip()
        try:
            found[SIMILARITY] = float(cell)
        except ValueError:
            return f"the score is '{cell}'|a number"
        return "" if math.isfinite(found[SIMILARITY]) else f"the score is '{cell}'|a finite number"


def check_column(row: Row, name: str) -> None:
    """Check that a row has a column.

    row (Row): Any row of the table.
    name (str): Name of the column.
    RAISES (BiomedplmError): B426 if it has not.
    """
    if name not in row.values:
        raise BiomedplmError(coded("B426", path=row.path, name=name, known=", ".join(row.values)))


def _grouped(records: Iterator[DocumentRecord], pattern: re.Pattern[str]) -> Iterator[DocumentRecord]:
    def key(record: DocumentRecord) -> str:
        match = pattern.fullmatch(record.doc_id)
        return (match.group(1) if match else None) or record.doc_id

    for name, found in itertools.groupby(records, key):
        members = list(found)
        labels: dict[str, float] = {}
        for member in members:
            for label, value in member.labels.items():
                labels[label] = max(value, labels.get(label, value))
        parts = [
            Part("sentence", member.text, {"id": member.doc_id, "labels": _applying(member), **member.infons})
            for member in members
        ]
        text, passages = join_parts(parts)
        yield DocumentRecord(name, text, passages=passages, labels=labels, path=members[0].path)


def _applying(record: DocumentRecord) -> str:
    return "; ".join(label for label, value in record.labels.items() if value > 0)


def unique_ids(records: Iterator[DocumentRecord]) -> Iterator[DocumentRecord]:
    """Return documents with "#2", "#3" … behind an identifier that was there before.

    records (Iterator[DocumentRecord]): In order.
    """
    seen: Counter[str] = Counter()
    for record in records:
        seen[record.doc_id] += 1
        times = seen[record.doc_id]
        yield record if times == 1 else replace(record, doc_id=f"{record.doc_id}#{times}")
