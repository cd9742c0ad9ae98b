from collections.abc import Callable
from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Concept
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.candidates import read_candidates

LINES = """\
ITCH (OF THE SKIN)(HP:0000001)\tC0000005(Itch)
ITCH (OF THE SKIN)(HP:0000001)\tC0000004(itch (of the skin))
RUNNING NOSE(HP:0000002)\tC0000003(Nose)
COLD(HP:0000003)\tC0000002(Common cold)
COLD(HP:0000003)\tC0000009(Cold)
"""


def read(folder: Path, text: str, reading: Reading) -> list[Concept]:
    path = folder / "term2umls.out"
    path.write_text(text, encoding="utf8")
    return list(read_candidates(path, "HPO", reading))


def test_candidates_give_terms_their_own_concept(tmp_path: Path, make_reading: Callable[..., Reading]) -> None:
    reading = make_reading("raise")
    # The words of "running nose" are a part only; something older than "Cold" may be what the term means.
    assert read(tmp_path, LINES, reading) == [Concept("HP:0000001", xrefs=("C0000004",))]
    assert reading.report.counts == {"candidates of HPO that are not taken": 4}


@pytest.mark.parametrize("line", ["ITCH\tC0000001(Itch)", "ITCH(HP:1) C0000001(Itch)", "ITCH(HP:1)\tC1(Itch)", "x"])
def test_candidates_tell_broken_lines(tmp_path: Path, make_reading: Callable[..., Reading], line: str) -> None:
    with pytest.raises(BiomedplmError, match=r"B569.*line 1"):
        read(tmp_path, line, make_reading("raise"))
    reading = make_reading("skip")
    assert len(read(tmp_path, f"{line}\n{LINES}", reading)) == 1
    assert reading.report.counts["dropped"] == 1


@pytest.mark.corpora
def test_candidates_of_the_hpo(corpora_folder: Path, make_reading: Callable[..., Reading]) -> None:
    found = list(read_candidates(corpora_folder / "kb-hpo" / "term2umls.out.gz", "HPO", make_reading("raise")))
    assert len(found) == len({one.id for one in found}) == 2816
    assert Concept("HP:0001945", xrefs=("C0015967",)) in found
