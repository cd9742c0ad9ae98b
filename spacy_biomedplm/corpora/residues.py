"""Secondary structure of proteins: a state for each residue, in rows of two letters or in a column of a table."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from spacy_biomedplm.corpora.fasta import find_runs
from spacy_biomedplm.corpora.files import decode_lines
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.rows import read_rows
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.corpora.tables import check_column, unique_ids
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import DocumentRecord

_BEGIN, _ENDS = "<>", ("end", "<end>")


def read_residue_rows(
    path: Path | str, *, report: Report | None = None, suffix: str = ".txt", none: str = "_"
) -> Iterator[DocumentRecord]:
    """Stream the chains of a file with one residue and its state on each line (UCI, Qian and Sejnowski).

    path (Path | str): Chains between "<>" and "end", "<end>" or the next "<>"; lines that begin with "#" are remarks.
        A file, or a folder or archive of such; ".gz" too.
    report (Report | None): What to do with broken chains; None stops at the first.
    suffix (str): End of the names of the files that are read of a folder or an archive.
    none (str): The state that is none (coil).
    YIELDS (DocumentRecord): The text is the sequence, each run of residues in one state a mention with the state as
        its label. Chains are counted from 1.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without chains; as the report decides, B427 for a
        chain without residues, B471 for any other line, with which its chain goes, and for residues after an end
        (mended: they begin a chain).
    """
    path = Path(path)
    report = report or Report()
    number = 0
    empty = True
    for name, _, chunks in read_streams(path, (suffix.lower(),), report):
        with report.leaving_out(name):
            for line, rows in _split(decode_lines(chunks, name), name, report):
                number += 1
                if not rows:
                    message = coded("B427", path=name, line=line, doc_id=number, found="no residue", wanted="some")
                    report.drop(message, path=name, line=line, doc_id=str(number))
                    continue
                empty = False
                text = "".join(residue for residue, _ in rows)
                mentions = find_runs([state.replace(none, "") for _, state in rows], line=line)
                yield DocumentRecord(str(number), text, tuple(mentions), path=name)
    if empty:
        raise report.nothing_read(path, "chains of residues that begin with <>")


def _split(lines: Iterator[tuple[int, str]], path: str, report: Report) -> Iterator[tuple[int, list[list[str]]]]:
    """Yield the first line and the rows of each chain that is whole."""
    rows: list[list[str]] | None = None
    first, ended, broken = 0, False, False
    for number, text in lines:
        said = text.strip()
        if not said or said.startswith("#"):
            continue
        if said == _BEGIN or said in _ENDS:
            if rows is not None and not broken:
                yield first, rows
            # A second mark of an end says nothing new.
            rows = [] if said == _BEGIN else None
            first, ended, broken = number, said in _ENDS, False
        elif not broken:
            cells = said.split()
            sound = len(cells) == 2 and all(len(cell) == 1 for cell in cells)
            if sound and rows is None and ended and _may_begin(said, path, number, report):
                rows, first = [], number
            if sound and rows is not None:
                rows.append(cells)
                continue
            broken = True
            if sound and ended:
                continue
            wanted = "a residue, a space, its state" if rows is not None else "<> before the first residue"
            report.drop(coded("B471", path=path, line=number, wanted=wanted, found=said[:60]), path=path, line=number)
    if rows is not None and not broken:
        yield first, rows


def _may_begin(said: str, path: str, line: int, report: Report) -> bool:
    """Return whether a chain may begin without its mark, where another one has ended."""
    message = coded("B471", path=path, line=line, wanted="<> before the first residue", found=said[:60])
    return report.mend(message, "a chain begins here", path=path, line=line)


def read_residue_tables(
    path: Path | str,
    *,
    report: Report | None = None,
    columns: Sequence[str] | None = None,
    delimiter: str | None = None,
    quoted: bool | None = None,
    suffix: str = "",
    text: str = "sequence",
    states: str = "states",
    none: str = "C",
    doc_id: str | None = None,
) -> Iterator[DocumentRecord]:
    """Stream the proteins of a table with a sequence, and its states in a column of as many letters.

    path, columns, delimiter, quoted, suffix: As for ``read_rows``.
    report (Report | None): What to do with broken rows; None stops at the first.
    text, states (str): Columns of the sequence and of the states. none (str): The state that is none (coil).
    doc_id (str | None): Column of the identifier; None counts lines.
    YIELDS (DocumentRecord): As ``read_residue_rows``; columns that nothing names are infons.
    RAISES (BiomedplmError): As ``read_rows``; B426 for a column that is not there, B427 for another number of states
        than of residues.
    """
    report = report or Report()
    rows = read_rows(path, report, columns=columns, delimiter=delimiter, quoted=quoted, suffix=suffix)
    used = [name for name in (text, states, doc_id) if name is not None]

    def read() -> Iterator[DocumentRecord]:
        for row in rows:
            for name in used:
                check_column(row, name)
            number = f"{row.member}:{row.line}" if row.member else str(row.line)
            name = row.values[doc_id] if doc_id is not None else number
            sequence, letters = row.values[text], row.values[states]
            if not sequence or len(sequence) != len(letters):
                found, wanted = f"{len(letters)} states", f"one for each of {len(sequence)} residues"
                message = coded("B427", path=row.path, line=row.line, doc_id=name, found=found, wanted=wanted)
                report.drop(message, path=row.path, line=row.line, doc_id=name)
                continue
            mentions = find_runs([letter.replace(none, "") for letter in letters], line=row.line)
            infons = {key: value for key, value in row.values.items() if key not in used}
            yield DocumentRecord(name, sequence, tuple(mentions), infons=infons, path=row.path)

    return unique_ids(read())
