import gzip
import json

import pytest

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.records import read_records

OWN = {
    "id": "A:1",
    "names": [
        {"text": "heart", "term_type": "PT"},
        {"text": "cœur", "source": "two", "language": "fr", "obsolete": True},
    ],
    "types": ["T023"],
    "xrefs": ["B:1"],
    "parents": ["A:9"],
    "definition": "It beats.",
}
SCISPACY = {"concept_id": "C0000001", "canonical_name": "lung", "aliases": ["lungs", "}"], "types": ["T023"]}
HEART = Concept(
    "A:1",
    (Name("heart", "toy", "PT"), Name("cœur", "two", language="fr", obsolete=True)),
    ("T023",),
    "It beats.",
    ("B:1",),
    ("A:9",),
)
LUNG = Concept(
    "C0000001",
    tuple(Name(n, "toy", k) for n, k in (("lung", "canonical"), ("lungs", "alias"), ("}", "alias"))),
    ("T023",),
)


def read(tmp_path, text, errors="raise"):
    path = tmp_path / "kb.jsonl.gz"
    path.write_bytes(gzip.compress(text.encode("utf8")))
    reading = Reading(Report(errors), tmp_path)
    return list(read_records(path, "toy", reading)), reading.report


def test_records_reads_lines(tmp_path):
    text = f"{json.dumps(OWN)}\n\n{json.dumps(SCISPACY)}\n"
    assert read(tmp_path, text)[0] == [HEART, LUNG]


@pytest.mark.parametrize("indent", [None, 0, 4])
def test_records_reads_arrays(indent, tmp_path):
    text = json.dumps([OWN, SCISPACY, OWN], indent=indent)
    assert read(tmp_path, text)[0] == [HEART, LUNG, HEART]
    with pytest.raises(BiomedplmError, match="B569"):
        read(tmp_path, text[:-20])


@pytest.mark.parametrize(
    "record",
    [
        1,
        [],
        {},
        {"id": 1},
        {"id": "A:1"},
        {"id": "A:1", "names": [], "obsolete": False},
        {"id": "A:1", "name": "heart"},
        {"id": "A:1", "names": "heart"},
        {"id": "A:1", "names": ["heart"]},
        {"id": "A:1", "names": [{"term_type": "PT"}]},
        {"id": "A:1", "names": [{"text": "a", "source": "\ud800"}]},
        {"id": "A:1", "types": [1]},
        {"id": "A:1", "obsolete": "no"},
        {"concept_id": 1},
        {"concept_id": "C1", "aliases": "heart"},
        {"concept_id": "C1", "canonical_name": 1},
        {"concept_id": "C1", "types": ["\n"]},
    ],
)
def test_records_tells_broken_objects(record, tmp_path):
    text = f"{json.dumps(OWN)}\n{json.dumps(record)}\n{json.dumps(SCISPACY)}\n"
    with pytest.raises(BiomedplmError, match=r"B569.*line 2"):
        read(tmp_path, text)
    found, report = read(tmp_path, text, "skip")
    assert found == [HEART, LUNG]
    assert report.counts["dropped"] == 1


@pytest.mark.parametrize("line", ["{", "heart", "[" * 100_000, f'{{"id": {"9" * 5000}}}'])
def test_records_tells_what_is_no_json(line, tmp_path):
    found, report = read(tmp_path, f"{json.dumps(OWN)}\n{line}\n{json.dumps(SCISPACY)}\n", "skip")
    assert found == [HEART, LUNG]
    assert report.counts["dropped"] == 1


@pytest.mark.corpora
def test_records_reads_the_array_of_scispacy(corpora_folder, tmp_path):
    reading = Reading(Report(), tmp_path)
    found = list(read_records(corpora_folder / "kb-umls-fixture" / "umls_test_fixture.json", "UMLS", reading))
    assert len(found) == len(json.loads((corpora_folder / "kb-umls-fixture" / "umls_test_fixture.json").read_text()))
