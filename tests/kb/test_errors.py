"""What is broken in a source, by each mode of errors: a table and lines of JSON say the same."""

import json

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.assembly import assemble
from spacy_biomedplm.kb.config import KbConfig, SourceConfig

ROWS = [("X:1", "cold"), ("X:7 8", "glued"), ("X:78", "flu"), ("X:2", "x" * 10_000), ("X:3", "a\x01b"), ("X:4", "")]
BROKEN = {"X:7 8": "B577", "X:2": "B578", "X:3": "B579"}


def write(folder, form, rows):
    path = folder / f"names.{form}"
    if form == "tsv":
        lines = ["id\tname", *("\t".join(row) for row in rows)]
    else:
        lines = [json.dumps({"id": id, "names": [{"text": text}]}) for id, text in rows]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path


def make(folder, path, errors):
    return assemble(KbConfig("toy", (SourceConfig(path),), errors=errors), folder / "kb")


@pytest.mark.parametrize("form", ["tsv", "jsonl"])
@pytest.mark.parametrize(
    ("errors", "ids", "dropped", "repaired"),
    [("skip", ["X:1", "X:78"], 4, 0), ("repair", ["X:1", "X:3", "X:78"], 3, 1)],
)
def test_what_is_broken_is_left_out_or_mended_and_counted(tmp_path, form, errors, ids, dropped, repaired):
    built = make(tmp_path, write(tmp_path, form, ROWS), errors)
    assert [id for id in built.base if len(built.base[id].names)] == ids
    assert built.base.find("X:7 8") == []
    assert (built.report.counts["dropped"], built.report.counts["repaired"]) == (dropped, repaired)
    assert built.sources[0].broken == dropped + repaired
    lines = [problem.line for problem in built.report.problems]
    first = 2 if form == "tsv" else 1
    assert lines == [first + place for place in (1, 3, 4, 5)]


@pytest.mark.parametrize("form", ["tsv", "jsonl"])
@pytest.mark.parametrize("place", [1, 3, 4, 5])
def test_raise_stops_at_the_first_with_file_and_line(tmp_path, form, place):
    path = write(tmp_path, form, [ROWS[0], ROWS[place]])
    code = BROKEN.get(ROWS[place][0], "B569" if form == "tsv" else "B578")
    line = 3 if form == "tsv" else 2
    with pytest.raises(BiomedplmError, match=rf"{code}\] .*names\.{form}, line {line}: "):
        make(tmp_path, path, "raise")
    assert not (tmp_path / "kb").exists()
