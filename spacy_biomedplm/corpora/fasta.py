"""Proteins in FASTA: with their place in the cell in the header (DeepLoc), or with tables of binding residues."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from spacy_biomedplm.corpora.files import decode_lines, read_lines
from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.corpora.tables import unique_ids
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import DocumentRecord, MentionRecord

SUFFIXES = (".fasta", ".fa", ".faa")
_RESIDUES = re.compile(r"[A-Za-z*-]+")
_PLACE = re.compile(r"(.+)-([MSU])")
_POSITIONS = re.compile(r"(\S+)\t([1-9]\d{0,8}(?:,[1-9]\d{0,8})*)")


class Entry(NamedTuple):
    """An entry of a FASTA file: where it begins, its header without ">", and its sequence."""

    path: str
    line: int
    header: str
    sequence: str


def read_fasta(path: Path | str, report: Report) -> Iterator[Entry]:
    """Stream the entries of FASTA files.

    path (Path | str): A file, a folder or an archive of ".fasta", ".fa" or ".faa"; ".gz" too.
    report (Report): What to do with broken entries.
    YIELDS (Entry): Sequences with the letters of the file, lines joined.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without entries; as the report decides, B427 for an
        entry without a sequence and B471 for a line that is none of residues, a header without a name, or residues
        without a header.
    """
    path = Path(path)
    empty = True
    for name, _, chunks in read_streams(path, SUFFIXES, report):
        with report.leaving_out(name):
            for entry in _split(decode_lines(chunks, name), name, report):
                empty = False
                yield entry
    if empty:
        raise report.nothing_read(path, "entries of FASTA")


def _split(lines: Iterator[tuple[int, str]], path: str, report: Report) -> Iterator[Entry]:
    header, first, parts, sound = "", 0, [""], False
    for number, text in lines:
        said = text.strip()
        if said.startswith(">"):
            if sound:
                yield from _close(Entry(path, first, header, "".join(parts)), report)
            header, first, parts, sound = said[1:].strip(), number, [], True
            if not header:
                sound = _refuse(path, number, said, "> and an identifier", report)
        elif said and not first:
            first = number
            _refuse(path, number, said, "> and an identifier, before the first sequence", report)
        elif said and sound:
            parts.append(said)
            if not _RESIDUES.fullmatch(said):
                sound = _refuse(path, number, said, "letters of residues", report)
    if sound:
        yield from _close(Entry(path, first, header, "".join(parts)), report)


def _refuse(path: str, line: int, said: str, wanted: str, report: Report) -> bool:
    report.drop(coded("B471", path=path, line=line, wanted=wanted, found=said[:60]), path=path, line=line)
    return False


def _close(entry: Entry, report: Report) -> Iterator[Entry]:
    if entry.sequence:
        yield entry
        return
    where: dict[str, Any] = {"path": entry.path, "line": entry.line, "doc_id": entry.header.split()[0]}
    report.drop(coded("B427", **where, found="no sequence", wanted="one below the header"), **where)


def read_deeploc(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the proteins of DeepLoc.

    path (Path | str): As for ``read_fasta``; headers are an identifier, the place in the cell with "-M", "-S" or "-U"
        behind it (at a membrane, soluble, unknown), and perhaps more.
    report (Report | None): What to do with broken entries; None stops at the first.
    YIELDS (DocumentRecord): The text is the sequence, the place its label; the letter is the infon "membrane", and what
        follows in the header "header".
    RAISES (BiomedplmError): As ``read_fasta``; B427 for a header without a place.
    """
    return unique_ids(_read_deeploc(path, report or Report()))


def _read_deeploc(path: Path | str, report: Report) -> Iterator[DocumentRecord]:
    for entry in read_fasta(path, report):
        name, place, rest = [*entry.header.split(maxsplit=2), "", ""][:3]
        match = _PLACE.fullmatch(place)
        if match is None:
            where: dict[str, Any] = {"path": entry.path, "line": entry.line, "doc_id": name}
            report.drop(coded("B427", **where, found=f"'{place}'", wanted="a place such as Nucleus-U"), **where)
            continue
        infons = {"membrane": match.group(2), **({"header": rest} if rest else {})}
        yield DocumentRecord(name, entry.sequence, labels={match.group(1): 1.0}, infons=infons, path=entry.path)


def read_binding_residues(
    path: Path | str,
    *,
    report: Report | None = None,
    metal: Path | str | None = None,
    nucleic: Path | str | None = None,
    small: Path | str | None = None,
) -> Iterator[DocumentRecord]:
    """Stream the proteins of bindPredict with their binding residues.

    path (Path | str): As for ``read_fasta``; the header begins with the identifier.
    report (Report | None): What to do with broken entries and rows; None stops at the first.
    metal, nucleic, small (Path | str | None): Tables of the residues that bind metal ions, nucleic acids and small
        molecules: identifier, a tab, and positions from 1 with commas between. None: there is no such table.
    YIELDS (DocumentRecord): The text is the sequence. Residues next to each other that bind the same kind are one
        mention, labelled as the argument is called. Rows of proteins that the file does not have are excluded, and
        counted as one problem for each table.
    RAISES (BiomedplmError): As ``read_fasta``, and for the tables; B427 for an identifier that is there twice or a
        residue that the protein does not have, B471 for rows of another form.
    """
    report = report or Report()
    given = {"metal": metal, "nucleic": nucleic, "small": small}
    tables = {name: _read_table(Path(table), report) for name, table in given.items() if table is not None}
    seen: set[str] = set()
    for entry in read_fasta(path, report):
        name = entry.header.split()[0]
        if name in seen:
            where: dict[str, Any] = {"path": entry.path, "line": entry.line, "doc_id": name}
            report.drop(coded("B427", **where, found="it is there twice", wanted="each protein once"), **where)
            continue
        seen.add(name)
        yield _make_protein(name, entry, tables, report)
    for table in tables.values():
        others = table.rows.keys() - seen
        if others:
            detail = f"{len(others)} rows name proteins whose sequences are not in '{path}'"
            report.add(Problem("excluded", table.path, 0, "", detail))


class _Table(NamedTuple):
    path: str
    rows: dict[str, tuple[int, list[int]]]


def _read_table(path: Path, report: Report) -> _Table:
    table = _Table(str(path), {})
    with report.leaving_out(table.path):
        for line, text in read_lines(path):
            match = _POSITIONS.fullmatch(text.rstrip())
            if match is None:
                if text.strip():
                    _refuse(table.path, line, text, "an identifier, a tab, and positions such as 12,13", report)
            elif match.group(1) in table.rows:
                where: dict[str, Any] = {"path": table.path, "line": line, "doc_id": match.group(1)}
                report.drop(coded("B427", **where, found="it is there twice", wanted="each protein once"), **where)
            else:
                table.rows[match.group(1)] = (line, [int(said) for said in match.group(2).split(",")])
    return table


def _make_protein(name: str, entry: Entry, tables: Mapping[str, _Table], report: Report) -> DocumentRecord:
    mentions: list[MentionRecord] = []
    for label, table in tables.items():
        line, positions = table.rows.get(name, (0, []))
        bound = ["" for _ in entry.sequence]
        for position, times in Counter(positions).items():
            if position > len(bound) or times > 1:
                found = f"the residue {position}" + (" twice" if times > 1 else "")
                wanted = f"each once, of {len(bound)}"
                message = coded("B427", path=table.path, line=line, doc_id=name, found=found, wanted=wanted)
                report.drop(message, path=table.path, line=line, doc_id=name, label=label, is_mention=True)
            else:
                bound[position - 1] = label
        mentions.extend(find_runs(bound, first=len(mentions) + 1, line=line))
    return DocumentRecord(name, entry.sequence, tuple(mentions), path=entry.path)


def find_runs(states: list[str], *, first: int = 1, line: int = 0) -> Iterator[MentionRecord]:
    """Yield a mention for each run of residues in the same state.

    states (list[str]): The state of each residue, its label; empty for one without.
    first (int): Number of the first mention. line (int): Line of the file.
    """
    start = 0
    for place in range(1, len(states) + 1):
        if place == len(states) or states[place] != states[start]:
            if states[start]:
                yield MentionRecord(f"T{first}", states[start], ((start, place),), line=line)
                first += 1
            start = place
