"""All formats at once: broken input, and what each writer keeps for its reader."""

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from spacy_biomedplm.corpora.catalogue import READERS
from spacy_biomedplm.corpora.jsonl import read_jsonl
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.formats import FORMATS

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
LOSSLESS = {"jsonl", "docbin"}


def test_docs_have_every_format() -> None:
    text = (BENCHMARKS.parent / "docs" / "formats.md").read_text(encoding="utf8")
    table = text.partition("| format |")[2].partition("\n\n")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]
    wanted = [
        [f"`{name}`", ", ".join(f"`{suffix}`" for suffix in known.suffixes), "yes" if known.write is not None else "–"]
        for name, known in FORMATS.items()
    ]
    assert [row[:3] for row in rows] == wanted


@pytest.fixture(scope="module")
def fuzz() -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        import fuzz_readers
    finally:
        sys.path.remove(str(BENCHMARKS))
    return fuzz_readers


# The catalogue calls the reader of "conll" by the name "iob" too.
@pytest.mark.parametrize("name", [*FORMATS, *sorted(READERS.keys() - FORMATS.keys() - {"iob"}), "tables-xlsx"])
def test_broken_input_is_read_or_refused(name: str, fuzz: Any) -> None:
    result = fuzz.attack(fuzz.ATTACKED[name], 150, 0, show=False)
    assert result["failures"] == {}
    assert result["outcomes"].get("refused", 0), "the mutations break something"


@pytest.mark.parametrize("name", [name for name, known in FORMATS.items() if known.write is not None])
def test_what_is_written_is_read_again(name: str, fuzz: Any, tmp_path: Path) -> None:
    known = FORMATS[name]
    assert known.write is not None
    path = tmp_path / f"out{known.suffixes[0] if known.suffixes else ''}"
    losses: Counter[str] = Counter()
    (sample,) = read_jsonl(fuzz.SAMPLE)
    known.write([sample], path, losses)
    report = Report()
    (found,) = [fit(record, report) for record in known.read(path, report=report)]
    assert "".join(found.text.split()) == "".join(sample.text.split()), "no character is lost"
    if name in LOSSLESS:
        assert found == sample
        assert not losses
    again = tmp_path / f"again{known.suffixes[0] if known.suffixes else ''}"
    known.write([found], again, Counter())
    (second,) = [fit(record, report) for record in known.read(again, report=report)]
    assert second == found, "what a format can hold stays as it is"
