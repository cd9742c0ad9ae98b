"""The layout of the 2009 i2b2 medication challenge: a text, and one line for each entry of a medication.

``m="aspirin" 10:2 10:2||do="81 mg" 10:3 10:4||mo="nm"||f="daily" 10:5 10:5||du="nm"||r="nm"||ln="list"``

A slot is the text and its place: line and token of the first and the last token, lines from 1 and tokens (split at
white space) from 0; several places with a comma between them where it is discontinuous, its text then with " ... ".
"nm" is not mentioned. The fields e (event), t (time) and c (certainty) are in some files only.

Described in Uzuner, Solti and Cadag (2010), Extracting medication information from clinical text, J Am Med Inform
Assoc 17:514-518, and in the annotation guidelines of the challenge. The files have a few lines that are not so: three
bars between fields, a space instead of the comma, places beyond the end of a line.
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from spacy_biomedplm.corpora.beside import decoded, find_text, is_hidden
from spacy_biomedplm.corpora.i2b2_lines import (
    POINT,
    Places,
    TokenLines,
    count_lines,
    own_text,
)
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_members
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, EventRecord, Fragment, MentionRecord

MEDICATION = "medication"
SLOTS = {"m": MEDICATION, "do": "dosage", "mo": "mode", "f": "frequency", "du": "duration", "r": "reason"}
_ENDINGS = ("_gold.entries", ".i2b2.entries", ".entries", ".i2b2", ".m")
_FIELD = re.compile(r'(?:^|\|\|+ *)(m|do|mo|f|du|r|e|t|c|ln)="')
_VALUE = re.compile(rf'(.*)" *((?:{POINT}[ ,]*)*)', re.DOTALL)
_POINT = re.compile(POINT)


def read_i2b2_medication(
    path: Path | str, *, texts: Path | str | None = None, report: Report | None = None
) -> Iterator[DocumentRecord]:
    """Stream the documents of a corpus in the layout of 2009.

    path (Path | str): A folder, or an archive (.tar, .tar.gz, .zip), read in place. Annotations are
        NAME_gold.entries, NAME.i2b2.entries, NAME.entries, NAME.i2b2 or NAME.m, the text is NAME or NAME.txt.
    texts (Path | str | None): Folder or archive of the texts, if they lie elsewhere.
    report (Report | None): What to do with broken lines; None stops at the first.
    YIELDS (DocumentRecord): Those with annotations, in the order of the names. Every slot is a mention ("medication",
        "dosage", "mode", "frequency", "duration", "reason"), which entries share if it is the same; every entry is
        an event whose trigger is the medication, whose arguments are the other slots, and whose infons are the other
        fields, such as {"ln": "list"}. The text that a slot gives is kept only where it differs from the
        document's by more than case and white space.
    RAISES (BiomedplmError): B401-B403 for a missing or damaged folder or archive, B408 without any document, B411 for
        annotations without a text, B471 for a line that is none, B472 for a place that the text does not have.
    """
    report = report or Report()
    path = Path(path)
    contents = read_members(path, _ENDINGS if texts is not None else ("",), report)
    shown = {name: f"{path}:{name}" for name in contents}
    if texts is not None:
        found = read_members(Path(texts), ("",), report)
        shown = {name: f"{texts}:{name}" for name in found} | shown
        contents = found | contents
    names = sorted(name for name in contents if not is_hidden(name))
    by_stem: dict[str, list[str]] = defaultdict(list)
    for name in names:
        if not name.endswith(_ENDINGS):
            by_stem[PurePosixPath(name).name.removesuffix(".txt")].append(name)
    empty = True
    for name in names:
        if not name.endswith(_ENDINGS):
            continue
        stem = _stem(name)
        text_name = find_text(stem, str(PurePosixPath(name).parent), by_stem)
        if text_name is None:
            report.drop(coded("B411", path=path, name=name, missing=f"{stem} or {stem}.txt"), path=shown[name])
            continue
        text = decoded(contents[text_name], path=shown[text_name], doc_id=stem, report=report)
        lines = decoded(contents[name], path=shown[name], doc_id=stem, report=report)
        if text is not None and lines is not None:
            empty = False
            places = Places(TokenLines(text), shown[name], stem, report)
            yield _Document(stem, text, shown[name], report, places).read(lines)
    if empty:
        raise report.nothing_read(path, "NAME.txt with NAME.entries (or NAME.m)")


def _stem(name: str) -> str:
    file = PurePosixPath(name).name
    return file.removesuffix(next(ending for ending in _ENDINGS if file.endswith(ending)))


@dataclass
class _Document:
    """Reads the entries of one document."""

    doc_id: str
    text: str
    path: str
    report: Report
    places: Places
    mentions: dict[tuple[str, tuple[Fragment, ...], str | None], MentionRecord] = field(default_factory=dict)

    def read(self, lines: str) -> DocumentRecord:
        events: list[EventRecord] = []
        for number, line in count_lines(lines):
            fields = split_fields(line)
            entry = None if fields is None else self._entry(f"E{len(events) + 1}", fields, number)
            if entry is None and fields is None:
                wanted = 'm="…" 10:2 10:2||do="…" 10:3 10:4||mo="nm"||…||ln="list"'
                self._drop(coded("B471", path=self.path, line=number, found=line[:80], wanted=wanted), number)
            elif entry is not None:
                events.append(entry)
        return DocumentRecord(
            self.doc_id, self.text, tuple(self.mentions.values()), events=tuple(events), path=self.path
        )

    def _entry(self, name: str, fields: dict[str, tuple[str, str]], number: int) -> EventRecord | None:
        infons = {key: value for key, (value, place) in fields.items() if not place and _says(key, value)}
        trigger = self._mention("m", *fields["m"], number) if fields["m"][1] else None
        if trigger is None:
            if not fields["m"][1]:
                wanted = "a medication with its place"
                message = coded("B471", path=self.path, line=number, found=f'm="{fields["m"][0]}"', wanted=wanted)
                self._drop(message, number)
            return None
        arguments = []
        for key, (value, place) in fields.items():
            if key != "m" and place:
                mention = self._mention(key, value, place, number)
                if mention is not None:
                    arguments.append(ArgumentRecord(SLOTS[key], mention.id))
        return EventRecord(name, MEDICATION, trigger.id, tuple(arguments), infons, line=number)

    def _mention(self, key: str, value: str, place: str, number: int) -> MentionRecord | None:
        points = [(int(line), int(token)) for line, token in _POINT.findall(place)]
        fragments = tuple(self.places.find((*points[at], *points[at + 1]), number) for at in range(0, len(points), 2))
        found = tuple(fragment for fragment in fragments if fragment is not None)
        if len(found) < len(fragments):
            return None
        parts = [self.text[start:end] for start, end in found]
        text = own_text(" ... ".join(parts), value)
        if text is not None and len(parts) > 1:
            text = own_text(" ".join(parts), value.replace("...", " "))
        identity = (SLOTS[key], found, None if text is None else value)
        if identity not in self.mentions:
            name = f"T{len(self.mentions) + 1}"
            self.mentions[identity] = MentionRecord(name, SLOTS[key], found, identity[2], line=number)
        return self.mentions[identity]

    def _drop(self, message: str, number: int) -> None:
        values: dict[str, Any] = {"path": self.path, "line": number, "doc_id": self.doc_id}
        self.report.drop(message, **values, label=MEDICATION, is_mention=True)


def _says(key: str, value: str) -> bool:
    return value != "nm" or key not in SLOTS


def split_fields(line: str) -> dict[str, tuple[str, str]] | None:
    """Return text and places of each field of an entry, or None if it is none.

    line (str): Such as ``m="aspirin" 10:2 10:2||do="nm"``.
    RETURNS (dict[str, tuple[str, str]] | None): By the name of the field, in the order of the line; places are empty
        where there are none.
    """
    starts = list(_FIELD.finditer(line))
    fields: dict[str, tuple[str, str]] = {}
    if not starts or starts[0].start():
        return None
    ends = [*(match.start() for match in starts[1:]), len(line)]
    for match, end in zip(starts, ends, strict=True):
        value = _VALUE.fullmatch(line[match.end() : end].rstrip("| "))
        if value is None or match[1] in fields or len(_POINT.findall(value[2])) % 2:
            return None
        if value[2] and match[1] not in SLOTS:
            return None
        fields[match[1]] = (value[1], value[2])
    return fields if "m" in fields else None
