"""The tables of DrugProt and ChemProt: abstracts, entities and relations, each in a tsv file."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from spacy_biomedplm.corpora.containers import kind_of
from spacy_biomedplm.corpora.files import read_lines
from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, MentionRecord, PassageRecord, RelationRecord

_ABSTRACTS = re.compile(r"(.*?)abstrac", re.IGNORECASE)
_NUMBER = re.compile(r"[0-9]{1,9}")


class _Tables(NamedTuple):
    abstracts: Path
    entities: Path | None
    relations: Path | None


def read_drugprot(
    path: Path | str,
    *,
    entities: Path | str | None = None,
    relations: Path | str | None = None,
    report: Report | None = None,
) -> Iterator[DocumentRecord]:
    """Stream the abstracts of a set of tables.

    path (Path | str): Table of abstracts, three tab-separated columns: identifier, title, abstract. Gzip'd if it ends
        in ".gz". Of a folder, every table with "abstrac" in its name is read.
    entities (Path | str | None): Six columns: identifier of the abstract, number ("T1"), label, first character, the
        character after the last, text. None takes the file beside the abstracts whose name is theirs up to
        "abstracts" and goes on with "entities"; without one, there are no entities.
    relations (Path | str | None): Four columns: identifier of the abstract, label, "Arg1:T1", "Arg2:T2". Or six, as in
        ChemProt: identifier, group ("CPR:4"), whether it is evaluated (Y or N), type, "Arg1:T1", "Arg2:T2". None as
        for entities, with "relations" or "gold_standard".
    report (Report | None): What to do with broken rows; None stops at the first. Rows of an identifier without an
        abstract are listed as excluded.
    YIELDS (DocumentRecord): The text is the title, a space and the abstract; passages "title" and "abstract". Relations
        are numbered R1, R2 …; the label of one of ChemProt is its group, the rest are infons "evaluated" and "type".
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 for a file without
        documents; if the report's mode is "raise", B413 for a row with the wrong columns, B484 for an argument that is
        none.
    """
    path = Path(path)
    report = report or Report()
    empty = True
    for tables in _find_tables(path, entities and Path(entities), relations and Path(relations)):
        for record in _read_tables(tables, report):
            empty = False
            yield record
    if empty:
        raise report.nothing_read(path, "rows of identifier, title and abstract")


def _find_tables(path: Path, entities: Path | str | None, relations: Path | str | None) -> Iterator[_Tables]:
    is_folder = kind_of(path) == "folder"
    for file in sorted(path.iterdir()) if is_folder else [path]:
        match = _ABSTRACTS.match(file.name)
        if is_folder and (match is None or not file.is_file()):
            continue
        found: list[Path | None] = []
        for given, names in ((entities, ("entit",)), (relations, ("relation", "gold_standard"))):
            beside = None if given or match is None else _find_beside(file, match[1], names)
            found.append(Path(given) if given else beside)
        yield _Tables(file, *found)


def _find_beside(file: Path, prefix: str, names: tuple[str, ...]) -> Path | None:
    if not file.parent.is_dir():
        return None
    others = sorted(other for other in file.parent.iterdir() if other.is_file())
    for name in names:
        for other in others:
            if other.name.lower().startswith((prefix + name).lower()):
                return other
    return None


def _read_tables(tables: _Tables, report: Report) -> Iterator[DocumentRecord]:
    mentions = _read_entities(tables.entities, report) if tables.entities else {}
    relations = _read_relations(tables.relations, report) if tables.relations else {}
    seen: set[str] = set()
    for _, fields in _read_rows(tables.abstracts, (3,), report):
        doc_id, title, abstract = fields
        seen.add(doc_id)
        text = f"{title} {abstract}"
        passages = (PassageRecord(0, len(title), "title"), PassageRecord(len(title) + 1, len(text), "abstract"))
        found, related = tuple(mentions.get(doc_id, ())), tuple(relations.get(doc_id, ()))
        shown = str(tables.entities or tables.abstracts)
        yield DocumentRecord(doc_id, text, found, related, passages=passages, path=shown)
    for file, items, kind in ((tables.entities, mentions, "entities"), (tables.relations, relations, "relations")):
        for doc_id, rows in items.items():
            if doc_id not in seen:
                detail = f"{len(rows)} {kind} of '{doc_id}', which is not among the abstracts, are left out"
                report.add(Problem("excluded", str(file), rows[0].line, doc_id, detail))


def _read_rows(path: Path, columns: tuple[int, ...], report: Report) -> Iterator[tuple[int, list[str]]]:
    with report.leaving_out(str(path)):
        for number, line in read_lines(path):
            fields = line.split("\t")
            if len(fields) in columns:
                yield number, fields
            elif line.strip(" "):
                _drop_row(path, number, fields, columns, report, is_mention=columns == (6,))


def _drop_row(
    path: Path, line: int, fields: list[str], columns: tuple[int, ...], report: Report, *, is_mention: bool
) -> None:
    wanted = " or ".join(map(str, columns))
    found = "\t".join(fields)[:60]
    message = coded("B413", path=path, line=line, columns=len(fields), wanted=wanted, found=found)
    report.drop(message, path=str(path), line=line, doc_id=fields[0][:60], is_mention=is_mention)


def _read_entities(path: Path, report: Report) -> dict[str, list[MentionRecord]]:
    mentions: dict[str, list[MentionRecord]] = defaultdict(list)
    for number, fields in _read_rows(path, (6,), report):
        if _NUMBER.fullmatch(fields[3]) and _NUMBER.fullmatch(fields[4]):
            place = ((int(fields[3]), int(fields[4])),)
            mentions[fields[0]].append(MentionRecord(fields[1], fields[2], place, fields[5], line=number))
        else:
            _drop_row(path, number, fields, (6,), report, is_mention=True)
    return mentions


def _read_relations(path: Path, report: Report) -> dict[str, list[RelationRecord]]:
    relations: dict[str, list[RelationRecord]] = defaultdict(list)
    for number, fields in _read_rows(path, (4, 6), report):
        doc_id, label = fields[:2]
        infons = {"evaluated": fields[2].strip(), "type": fields[3]} if len(fields) == 6 else {}
        arguments = [tuple(field.strip().split(":", 1)) for field in fields[-2:]]
        if any(len(argument) != 2 or not argument[1] for argument in arguments):
            values = {"path": path, "line": number, "doc_id": doc_id}
            found = " ".join(fields[-2:])[:60]
            report.drop(coded("B484", **values, found=found), path=str(path), line=number, doc_id=doc_id, label=label)
            continue
        name = f"R{len(relations[doc_id]) + 1}"
        taking_part = tuple(ArgumentRecord(role, target) for role, target in arguments)
        relations[doc_id].append(RelationRecord(name, label, taking_part, infons, line=number))
    return relations
