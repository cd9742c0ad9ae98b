"""Tables with a row for each name or cross-reference: our own, and others whose columns are named."""

from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, read_lines

COLUMNS = (
    *(
        "id",
        "name",
        "source",
        "term_type",
        "language",
        "suppressed",
        "obsolete",
        "given_up",
        "types",
        "xrefs",
        "parents",
    ),
    "definition",
)
"""Columns of our own tables; "obsolete" is said of the name, "given_up" of the concept."""
YES = "1"
_WANTED_COLUMNS = "columns that are known, or the options 'id' and 'names' for another table"
_WANTED = "tab-separated columns, named in the first line, with an id in each row"
Row = dict[str, str]


def read_rows_of_table(
    path: Path,
    report: Report,
    needed: tuple[str, ...],
    header: tuple[str, ...] = (),
    known: tuple[str, ...] = (),
) -> Iterator[tuple[int, Row]]:
    """Stream the rows of a tab-separated table; lines that begin with "#" are passed over.

    path (Path): A file, perhaps gzip'd. report (Report): Where problems go.
    needed (tuple[str, ...]): Columns that it must have.
    header (tuple[str, ...]): Names of the columns, of a table that does not name them in its first line.
    known (tuple[str, ...]): Columns that it may have; empty for any.
    YIELDS (tuple[int, Row]): Number of the line, and the values by column, without the quotes around them.
    RAISES (BiomedplmError): B569 for a column that is missing, or not known; for a row with another number of columns,
        as the report decides; and what ``read_lines`` raises.
    """
    columns = header
    for number, line in read_lines(path, report):
        if line.startswith("#"):
            continue
        fields = [_unquote(field) for field in line.split("\t")]
        if not columns:
            columns = tuple(field.removeprefix("?") for field in fields)
            fields = []
        if number == 1 or not fields:
            missing = [column for column in needed if column not in columns]
            unknown = [column for column in columns if known and column not in known]
            if missing:
                reason = f"there is no column '{missing[0]}', only {', '.join(columns)[:200]}"
                raise BiomedplmError(coded("B569", path=path, line=number, reason=reason, wanted=_WANTED))
            if unknown:
                reason = f"'{unknown[0][:40]}' is none of the columns: {', '.join(known)}"
                raise BiomedplmError(coded("B569", path=path, line=number, reason=reason, wanted=_WANTED_COLUMNS))
        if fields and len(fields) != len(columns):
            drop_row(report, path, number, f"it has {len(fields)} columns, the first line {len(columns)}", _WANTED)
        elif fields:
            yield number, dict(zip(columns, fields, strict=True))


def read_table(
    path: Path,
    name: str,
    reading: Reading,
    *,
    id: str = "id",
    names: tuple[str, ...] = ("name",),
    xrefs: tuple[str, ...] = ("xrefs",),
    prefix: str = "",
    xref_prefix: str = "",
    separator: str = " ",
    only: tuple[str, ...] = (),
    header: tuple[str, ...] = (),
) -> Iterator[Concept]:
    """Yield what each row of a table says of a concept.

    path (Path): Tab-separated, the first line names the columns. What COLUMNS names is read where it is there.
    name (str): Of the source, for rows that name none. reading (Reading): Where problems go.
    id (str): Column of ids.
    names (tuple[str, ...]): Columns of names, one in each. Kinds of names are "name", and the columns after the first.
    xrefs (tuple[str, ...]): Columns of cross-references.
    prefix, xref_prefix (str): Of ids, and of cross-references, that have none.
    separator (str): What stands between ids in one field.
    only (tuple[str, ...]): "column=beginning|beginning": rows in which each of these columns begins in one of these
        ways.
    header (tuple[str, ...]): Names of the columns, of a table that does not name them.
    RAISES (BiomedplmError): As ``read_rows_of_table``; B569 for a column that is none of COLUMNS where ``id``,
        ``names``, ``xrefs`` and ``header`` are as by default. Columns of other tables that are not read are counted.
    """
    conditions = [
        (column, tuple(one.split("|"))) for column, _, one in (condition.partition("=") for condition in only)
    ]
    optional = {"name", "xrefs"}
    needed = tuple(dict.fromkeys((id, *(one for one in (*names, *xrefs) if one not in optional), *dict(conditions))))
    is_own = id == "id" and names == ("name",) and xrefs == ("xrefs",) and not header
    columns = (*COLUMNS, *needed)
    is_first = True
    for number, row in read_rows_of_table(path, reading.report, needed, header, columns if is_own else ()):
        if is_first:
            _count_unread(name, reading.report, [one for one in row if one not in columns])
            is_first = False
        reading.line = number
        if not row[id]:
            drop_row(reading.report, path, number, "the id is empty", _WANTED)
        elif all(row[column].startswith(beginnings) for column, beginnings in conditions):
            if not any(row.get(column) for column in (*names, *xrefs)) and any(column in row for column in names):
                drop_row(reading.report, path, number, "it has neither a name nor a cross-reference", _WANTED)
                continue
            ids = (one for column in xrefs for one in row.get(column, "").split(separator))
            yield Concept(
                _complete(row[id], prefix),
                tuple(_name(row, column, place, name) for place, column in enumerate(names) if row.get(column)),
                types=tuple(row.get("types", "").split()),
                definition=row.get("definition", ""),
                xrefs=tuple(_complete(one, xref_prefix) for one in ids if one),
                parents=tuple(row.get("parents", "").split()),
                obsolete=row.get("given_up") == YES,
            )


def _count_unread(name: str, report: Report, columns: list[str]) -> None:
    if columns:
        report.counts[f"columns of {name} that are not read ({', '.join(columns)[:200]})"] = len(columns)


def _name(row: Row, column: str, place: int, source: str) -> Name:
    return Name(
        row[column],
        row.get("source") or source,
        row.get("term_type", column if place else "name"),
        row.get("language") or "en",
        row.get("suppressed") == YES,
        row.get("obsolete") == YES,
    )


def _complete(id: str, prefix: str) -> str:
    return f"{prefix}:{id}" if prefix and ":" not in id else id


def _unquote(field: str) -> str:
    quoted = len(field) > 1 and field[0] == field[-1] == '"'
    return field[1:-1].replace('""', '"') if quoted else field
