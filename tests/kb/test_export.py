import gzip
import json
from pathlib import Path

import pytest

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb import Concept, Filters, KnowledgeBase, Name
from spacy_biomedplm.kb.build import build
from spacy_biomedplm.kb.export import FORMS, export
from spacy_biomedplm.kb.intake import Wanted
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.formats import FORMATS

CONCEPTS = (
    Concept(
        "A:1",
        (Name("heart", "one", "name"), Name("cœur", "two", "", "fr"), Name("hrt", "one", "EXACT", suppressed=True)),
        types=("T023",),
        definition="It beats.\tAlways.",
        xrefs=("B:7",),
        parents=("A:2",),
    ),
    Concept("A:2", (Name("organ", "one", "name"),)),
    Concept("A:3", (Name("spleen|", "two", obsolete=True),), obsolete=True),
)
EVERYTHING = Filters(suppressed=True, obsolete=True)


def make(folder: Path, concepts) -> KnowledgeBase:
    reading = Reading(Report(), folder)
    build(concepts, folder, name="toy", reading=reading, wanted=Wanted(EVERYTHING))
    return KnowledgeBase.open(folder)


@pytest.fixture
def base(tmp_path):
    return make(tmp_path / "kb", CONCEPTS)


@pytest.mark.parametrize("form", [form for form in FORMS if form != "scispacy"])
@pytest.mark.parametrize("ending", ["", ".gz"])
def test_export_can_be_built_again(form, ending, base, tmp_path):
    path = tmp_path / f"kb.{form}{ending}"
    assert export(base, path, form, EVERYTHING) == 3
    again = make(tmp_path / "again", FORMATS[form](path, "ignored", Reading(Report(), tmp_path)))
    assert [again[id] for id in again] == [base[id] for id in base]


def test_export_writes_what_scispacy_reads(base, tmp_path):
    export(base, tmp_path / "kb.jsonl", "scispacy", Filters())
    first, second = map(json.loads, (tmp_path / "kb.jsonl").read_text(encoding="utf8").splitlines())
    assert first == {
        "concept_id": "A:1",
        "canonical_name": "heart",
        "aliases": ["cœur"],
        "types": ["T023"],
        "definition": "It beats. Always.",
    }
    assert second == {"concept_id": "A:2", "canonical_name": "organ", "aliases": [], "types": []}


def test_export_leaves_names_out(base, tmp_path):
    assert export(base, tmp_path / "kb.jsonl.gz", "jsonl", Filters(languages=("fr",))) == 1
    with gzip.open(tmp_path / "kb.jsonl.gz", "rt", encoding="utf8") as file:
        assert '"cœur"' in file.read()
    with pytest.raises(BiomedplmError, match="B571"):
        export(base, tmp_path / "none.jsonl", "jsonl", Filters(languages=("fr",), sources=("one",)))


def test_export_gives_the_same_bytes_and_overwrites_nothing(base, tmp_path):
    for name in ("a.jsonl.gz", "b.jsonl.gz"):
        export(base, tmp_path / name, "jsonl", Filters())
    assert (tmp_path / "a.jsonl.gz").read_bytes() == (tmp_path / "b.jsonl.gz").read_bytes()
    with pytest.raises(BiomedplmError, match="B620"):
        export(base, tmp_path / "a.jsonl.gz", "jsonl", Filters())
    with pytest.raises(BiomedplmError, match="B627"):
        export(base, tmp_path / "missing" / "a.jsonl", "jsonl", Filters())
