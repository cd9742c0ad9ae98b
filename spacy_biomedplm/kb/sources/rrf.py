"""The files of a UMLS release in Rich Release Format."""

import heapq
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import islice
from pathlib import Path

from spacy_biomedplm.corpora.containers import kind_of, list_files
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.curies import CUI
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, read_lines

Release = Mapping[str, list[Path]]
"""Files of a release by their name, such as "MRREL.RRF"; one that is packed in parts has several."""

_RUN_LINES = 1_000_000
_HINT = (
    "Give the META folder of a UMLS release or of a subset made with MetamorphoSys; *.RRF, *.RRF.gz and parts are read."
)
_FILE = re.compile(r"((?:CHANGE/)?\w+\.RRF)(\.[a-z]{2})?(\.gz)?\Z")
_FIRST = "MRCONSO.RRF"
_CUI_LENGTH = 8


def find_release(folder: Path, report: Report) -> Release:
    """Return the files of a release: unpacked ones, or packed ones, or parts in order.

    folder (Path): The folder META, or the one that it lies in.
    report (Report): What to do with links that leave the folder; they are not followed.
    RAISES (BiomedplmError): B401 if there is no such folder, B403 if it cannot be listed, B435 for a link, as the
        report decides, B574 if there is no MRCONSO.RRF.
    """
    if kind_of(folder) == "folder":
        for meta in (folder, folder / "META"):
            kinds: dict[str, dict[int, list[Path]]] = {}
            if not any(meta.glob(f"{_FIRST}*")):
                continue
            for short, path in list_files(meta, lambda name: _FILE.match(name) is not None, report):
                match = _FILE.match(short)
                if match is not None:
                    kind = 2 if match[2] else 1 if match[3] else 0
                    kinds.setdefault(match[1], {}).setdefault(kind, []).append(path)
            if _FIRST in kinds:
                return {name: parts[min(parts)] for name, parts in kinds.items()}
    raise BiomedplmError(coded("B574", folder=folder, wanted=_FIRST, hint=_HINT))


def read_rows(
    release: Release, name: str, n_columns: int, reading: Reading, *, key: bool = True
) -> Iterator[list[str]]:
    """Stream the rows of a file of a release; none if it lacks the file.

    release (Release): Its files. name (str): Of the file. n_columns (int): Columns that a row has.
    reading (Reading): Where problems go.
    key (bool): Whether the first column is a CUI.
    YIELDS (list[str]): The columns, and what follows the bar after the last one.
    RAISES (BiomedplmError): B569 for a broken row, as the report decides, and what ``read_lines`` raises.
    """
    wanted = f"a row of {name}: {n_columns} columns with a bar after each{', the first one a CUI' if key else ''}"
    if name not in release:
        return
    path, *parts = release[name]
    for number, line in read_lines(path, reading.report, *parts):
        fields = line.split("|")
        if len(fields) != n_columns + 1:
            drop_row(reading.report, path, number, f"it has {len(fields) - 1} columns", wanted)
        elif key and not CUI.match(fields[0]):
            drop_row(reading.report, path, number, f"it begins with '{fields[0][:20]}'", wanted)
        else:
            yield fields


def is_sorted(release: Release, name: str) -> bool:
    """Return whether the rows of a file stand in the order of their CUIs. release (Release), name (str): As above."""
    before = ""
    # What is broken is reported when the rows are taken.
    for _, line in read_lines(release[name][0], Report(errors="skip", limit=0), *release[name][1:]):
        if line[:_CUI_LENGTH] < before:
            return False
        before = line[:_CUI_LENGTH]
    return True


def sort_rows(rows: Iterable[list[str]], reading: Reading, run: int = _RUN_LINES) -> Iterator[list[str]]:
    """Yield rows in the order of their first column, a CUI; equal ones in the order in which they came.

    rows (Iterable[list[str]]): Any number. reading (Reading): Names the folder for runs that do not fit into memory.
    run (int): Rows that are sorted in memory.
    """
    # As lines, because a row of columns takes six times the memory.
    lines = map("|".join, rows)
    reading.scratch.mkdir(exist_ok=True)
    runs: list[Path] = []
    while block := sorted(islice(lines, run), key=_cui):
        path = reading.scratch / f"run-{len(runs)}"
        with path.open("x", encoding="utf8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in block)
        runs.append(path)
    with ExitStack() as stack:
        files = [stack.enter_context(path.open(encoding="utf8", newline="\n")) for path in runs]
        for line in heapq.merge(*files, key=_cui):
            yield line[:-1].split("|")
    for path in runs:
        path.unlink()


def _cui(line: str) -> str:
    return line[:_CUI_LENGTH]
