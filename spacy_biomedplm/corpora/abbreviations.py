"""Abbreviations with their long forms: the list of MED1250 (Ab3P) and the JSON of the SDU shared tasks on acronyms."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple, get_args

from spacy_biomedplm.corpora.files import decode, not_utf8
from spacy_biomedplm.corpora.json_rows import Row, parse_json
from spacy_biomedplm.corpora.parts import Part, join_parts
from spacy_biomedplm.corpora.placement import splits_word
from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.corpora.streams import read_streams, split_lines
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, Fragment, MentionRecord, RelationRecord

SHORT = "Short form"
LONG = "Long form"
DEFINES = "Abbreviation"
"""Label of the relation from a long form to its short form."""

Encoding = Literal["utf-8", "windows-1252"]

_ID = re.compile("[0-9]+")
_PAIR = "  "
_COMMENT = "//"
_OFF = "//*"
"""Begins a pair that the annotators took out."""


class _Line(NamedTuple):
    number: int
    text: str


@dataclass
class _Entry:
    """The lines of one record."""

    start: int
    doc_id: str
    text: list[str] = field(default_factory=list)
    notes: list[_Line] = field(default_factory=list)


def read_ab3p(
    path: Path | str, *, report: Report | None = None, encoding: Encoding = "utf-8"
) -> Iterator[DocumentRecord]:
    """Stream the records of a file of abbreviations as MED1250 has them.

    path (Path | str): Records with an empty line after each: the PMID, the title, the abstract, and a line for each
        definition: two spaces, the short form, a bar, the long form. What follows "//" is a comment. A record whose
        identifier is that of the one before continues it. A file, a folder or an archive of ".txt"; ".gz" too.
    report (Report | None): What to do with broken lines; None stops at the first.
    encoding (Encoding): "utf-8", or "windows-1252", in which MED1250 has two comments.
    YIELDS (DocumentRecord): Passages "title" and "abstract". The file gives no places: of all that the two forms have,
        the pair with the least text between them is taken, whole words before parts of words. A definition is the
        relation "Abbreviation" from "long" to "short", with the comments below it as the infon "comment". One whose
        forms do not stand in the text in these words is listed as excluded, and kept in the infon "unplaced", a JSON
        list of [short form, long form, comments]; all other comments are the infon "comments".
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without records, B425 for a definition that is no
        pair, B428 for what is no record, B429 for another encoding.
    """
    path = Path(path)
    report = report or Report()
    if encoding not in get_args(Encoding):
        raise BiomedplmError(coded("B429", option="encoding", value=encoding, wanted=" or ".join(get_args(Encoding))))
    empty = True
    for name, _, chunks in read_streams(path, (".txt",), report):
        with report.leaving_out(name):
            for entry in _split_entries(_decode_lines(chunks, name, encoding), name, report):
                with report.leaving_out(name, entry.start, entry.doc_id):
                    yield _Reading(entry, name, report).record()
                    empty = False
    if empty:
        raise report.nothing_read(path, "records of a PMID, a title, an abstract and pairs of short and long forms")


def _decode_lines(chunks: Iterable[bytes], path: str, encoding: Encoding) -> Iterator[_Line]:
    for number, raw in split_lines(chunks):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError as err:
            raise not_utf8(err, path, number) from err
        yield _Line(number, (text.removeprefix("\ufeff") if number == 1 else text).removesuffix("\r"))


def _split_entries(lines: Iterable[_Line], path: str, report: Report) -> Iterator[_Entry]:
    entry: _Entry | None = None
    after_blank = True
    for line in lines:
        if not line.text.strip():
            after_blank = True
            continue
        if after_blank and _ID.fullmatch(line.text.strip()):
            doc_id = line.text.strip()
            if entry is None or entry.doc_id != doc_id:
                if entry is not None:
                    yield entry
                entry = _Entry(line.number, doc_id)
        elif entry is None:
            reason = f"it begins with '{line.text[:60]}'"
            message = coded("B428", path=path, line=line.number, wanted="a record with its PMID", reason=reason)
            report.drop(message, path=path, line=line.number)
        elif line.text.startswith((_PAIR, _COMMENT)):
            entry.notes.append(line)
        else:
            entry.text.append(line.text)
        after_blank = False
    if entry is not None:
        yield entry


class _Reading:
    """Makes a document of an entry."""

    def __init__(self, entry: _Entry, path: str, report: Report) -> None:
        if len(entry.text) < 2:
            reason = "the title or the abstract is missing"
            wanted = f"the record {entry.doc_id}"
            raise BiomedplmError(coded("B428", path=path, line=entry.start, wanted=wanted, reason=reason))
        title, *abstract = (line.rstrip() for line in entry.text)
        self.text, self.passages = join_parts((Part("title", title), Part("abstract", "\n".join(abstract))))
        self.entry = entry
        self.path = path
        self.report = report
        self.mentions: dict[tuple[str, Fragment], MentionRecord] = {}
        self.relations: list[RelationRecord] = []
        self.unplaced: list[tuple[str, str, str]] = []

    def record(self) -> DocumentRecord:
        """Return the document."""
        pairs, comments = self._pairs()
        taken: dict[tuple[str, str], set[Fragment]] = {}
        for line, short, long, said in pairs:
            used = taken.setdefault((short, long), set())
            place = self._place(short, long, used)
            if place is None:
                self._leave_out(line, short, long, said)
            else:
                used.update(place)
                self._define(line, place, said)
        infons = {"comments": "\n".join(comments)} if comments else {}
        if self.unplaced:
            infons["unplaced"] = json.dumps(self.unplaced, ensure_ascii=False)
        mentions = tuple(self.mentions.values())
        relations = tuple(self.relations)
        return DocumentRecord(
            self.entry.doc_id,
            self.text,
            mentions,
            relations=relations,
            passages=self.passages,
            infons=infons,
            path=self.path,
        )

    def _pairs(self) -> tuple[list[tuple[int, str, str, list[str]]], list[str]]:
        """Return the definitions with the comments below each, and the other comments."""
        pairs: list[tuple[int, str, str, list[str]]] = []
        others: list[str] = []
        said = others
        for number, text in self.entry.notes:
            if text.startswith(_COMMENT):
                said = others if text.startswith(_OFF) else said
                said.append(text.strip())
                continue
            forms = [form.strip() for form in text.split("|")]
            if len(forms) != 2 or not all(forms):
                values = {"path": self.path, "line": number, "doc_id": self.entry.doc_id}
                message = coded("B427", **values, found=f"'{text.strip()[:60]}'", wanted="a short form, |, a long form")
                self.report.drop(message, path=self.path, line=number, doc_id=self.entry.doc_id)
                continue
            said = []
            pairs.append((number, forms[0], forms[1], said))
        return pairs, others

    def _place(self, short: str, long: str, used: set[Fragment]) -> tuple[Fragment, Fragment] | None:
        """Return where both forms stand closest to one another; a definition that comes twice has two places."""
        found = [
            (max(one[0] - other[1], other[0] - one[1]), (other, one))
            for one in _find(self.text, short)
            for other in _find(self.text, long)
            if one[0] >= other[1] or other[0] >= one[1]
        ]
        free = [item for item in found if used.isdisjoint(item[1])]
        return min(free or found)[1] if found else None

    def _define(self, line: int, place: tuple[Fragment, Fragment], said: list[str]) -> None:
        ends = []
        for role, label, fragment in (("long", LONG, place[0]), ("short", SHORT, place[1])):
            known = MentionRecord(f"T{len(self.mentions) + 1}", label, (fragment,), line=line)
            ends.append(ArgumentRecord(role, self.mentions.setdefault((label, fragment), known).id))
        infons = {"comment": "\n".join(said)} if said else {}
        name = f"R{len(self.relations) + 1}"
        self.relations.append(RelationRecord(name, DEFINES, tuple(ends), infons, line=line))

    def _leave_out(self, line: int, short: str, long: str, said: list[str]) -> None:
        self.unplaced.append((short, long, "\n".join(said)))
        detail = f"'{short}' and '{long}' do not both stand in the text; kept in the infon 'unplaced'"
        self.report.add(Problem("excluded", self.path, line, self.entry.doc_id, detail, DEFINES))


def _find(text: str, form: str) -> list[Fragment]:
    """Return where a form stands, and of these places those that are whole words if there are any."""
    found: list[Fragment] = []
    start = text.find(form)
    while start >= 0:
        found.append((start, start + len(form)))
        start = text.find(form, start + 1)
    whole = [place for place in found if not (splits_word(text, place[0]) or splits_word(text, place[1]))]
    return whole or found


def read_acronyms(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the sentences of a shared task on the extraction of acronyms (SDU at AAAI-22).

    path (Path | str): JSON, a list of objects with "ID", "text", "acronyms" and "long-forms" (each a list of [first
        character, the one after the last]; a test part has neither). A file, a folder or an archive; ".gz" too.
    report (Report | None): What to do with broken sentences; None stops at the first.
    YIELDS (DocumentRecord): Mentions "Short form" and "Long form"; which of them belong together is not said.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without sentences, B460 for what is not JSON, B461
        for fields of other types.
    """
    path = Path(path)
    report = report or Report()
    empty = True
    for name, _, chunks in read_streams(path, (".json",), report):
        with report.leaving_out(name):
            data = parse_json(
                decode(b"".join(chunks), path=name, line=1), path=name, line=1, wanted="a list of objects"
            )
            for row in Row({"sentences": data}, "", name, 0, "").rows("sentences"):
                with report.leaving_out(name, doc_id=row.text("ID", "")):
                    yield _make_sentence(row, name)
                    empty = False
    if empty:
        raise report.nothing_read(path, "a list of sentences with 'acronyms' and 'long-forms'")


def _make_sentence(row: Row, path: str) -> DocumentRecord:
    found = [(SHORT, place) for place in row.pairs("acronyms")] + [(LONG, place) for place in row.pairs("long-forms")]
    mentions = tuple(MentionRecord(f"T{number}", label, (place,)) for number, (label, place) in enumerate(found, 1))
    infons = row.infons(("ID", "text", "acronyms", "long-forms"))
    return DocumentRecord(row.text("ID"), row.text("text"), mentions, infons=infons, path=path)
