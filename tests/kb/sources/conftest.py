"""A release of the UMLS with a few invented concepts."""

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest


def atom(cui: str, name: str, aui: int, **others: str) -> str:
    """Return a row of MRCONSO; others (str): columns by their name in lower case."""
    columns = {
        **{"cui": cui, "lat": "ENG", "ts": "S", "lui": "L1", "stt": "VO", "sui": "S1", "ispref": "Y"},
        **{"aui": f"A{aui:07d}", "saui": "", "scui": "", "sdui": "", "sab": "MSH", "tty": "ET", "code": f"D{aui}"},
        **{"str": name, "srl": "0", "suppress": "N", "cvf": ""},
        **others,
    }
    return "|".join(columns.values())


def related(cui: str, rel: str, other: str, suppress: str = "N") -> str:
    """Return a row of MRREL."""
    return "|".join([cui, "", "CUI", rel, other, "", "CUI", "", "R1", "", "MSH", "MSH", "", "", suppress, ""])


def vocabulary(sab: str, version: str, language: str = "ENG", current: str = "Y") -> str:
    """Return a row of MRSAB."""
    columns = ["C1", "C2", f"{sab}{version}", sab, f"{sab} in full", sab, version, *["x"] * 6, "0", *["x"] * 5]
    return "|".join([*columns, language, "UTF-8", current, "Y", "", ""])


RELEASE = {
    "MRCONSO.RRF": [
        atom("C0000001", "Erkältung", 4, lat="GER", sab="MSHGER", code="D1"),
        atom("C0000001", "chill", 3, tty="ET"),
        atom("C0000001", "Cold", 1, ts="P", stt="PF", tty="MH", code="D1"),
        atom("C0000001", "CC", 2, sab="NCI", tty="AB", code="C100", suppress="Y"),
        atom("C0000001", "catarrh", 5, sab="NCI", tty="OP", code="C100", suppress="O"),
        atom("C0000002", "Disease", 6, sab="HPO", tty="PT", code="HP:0000002"),
        atom("C0000003", "Fever", 7, sab="MTH", tty="PN", code="NOCODE"),
    ],
    "MRSTY.RRF": [
        "C0000001|T047|B2.2|Disease or Syndrome|AT1|",
        "C0000001|T046|B2|Pathologic Function|AT2|",
        "C0000002|T046|B2|Pathologic Function|AT3|",
    ],
    "MRDEF.RRF": [
        "C0000001|A4|AT1||MSHGER|Ein Schnupfen.|N|",
        "C0000001|A1|AT2||MSH|Was withdrawn.|O|",
        "C0000001|A1|AT3||MSH|A running nose.|N|",
    ],
    "MRREL.RRF": [
        related("C0000001", "PAR", "C0000002"),
        related("C0000002", "CHD", "C0000001"),
        related("C0000003", "PAR", "C0000002", "O"),
        related("C0000003", "PAR", "C0000003"),
        related("C0000003", "RB", "C0000001"),
    ],
    "MRRANK.RRF": ["0003|MSH|MH|N", "0002|MSH|ET|N", "0001|HPO|PT|N"],
    "MRSAB.RRF": [
        vocabulary("MSH", "2026"),
        vocabulary("MSH", "2025", current="N"),
        vocabulary("MSHGER", "2025", language="GER"),
    ],
    "MRCUI.RRF": ["C0000090|2020AA|SY|||C0000001|Y", "C0000091|2020AA|DEL||||", "C0000092|2020AA|RO|||C0000002|Y"],
    "CHANGE/MERGEDCUI.RRF": ["C0000093|C0000002"],
    "MRHIER.RRF": ["C0000001|A0000001|1|A0000006|MSH||A0000006||", "C0000003|A0000007|1|A0009999|MSH||||"],
}


@pytest.fixture
def release_rows() -> dict[str, list[str]]:
    return {name: list(rows) for name, rows in RELEASE.items()}


@pytest.fixture
def write_release(tmp_path: Path) -> Callable[[Mapping[str, list[str]]], Path]:
    """Write rows as files of a release, a bar after the last column, and return the folder."""

    def write(files: Mapping[str, list[str]]) -> Path:
        for name, rows in files.items():
            path = tmp_path / "release" / "META" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"{row}|\n" for row in rows), encoding="utf8")
        return tmp_path / "release"

    return write
