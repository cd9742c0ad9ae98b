import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.hpo_gsc import read_hpo_cases, read_hpo_gsc
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError

BLOCKS = (
    "77\nShort fingers and nail loss.\n0\t13\tShort fingers\tHP:1|HP:2\n18\t27\tnail loss\tMESH:D9\n\n\n88\nNothing.\n"
)


def test_read_hpo_gsc(write):
    first, second = (fit(record, Report()) for record in read_hpo_gsc(write("a.tsv", BLOCKS)))
    assert [(m.label, first.text_of(m)) for m in first.mentions] == [
        ("Phenotype", "Short fingers"),
        ("Phenotype", "nail loss"),
    ]
    assert [(c.resource, c.id) for m in first.mentions for c in m.concepts] == [
        ("HP", "HP:1"),
        ("HP", "HP:2"),
        ("MESH", "MESH:D9"),
    ]
    assert (second.doc_id, second.text, second.mentions) == ("88", "Nothing.", ())
    (mention, _) = next(read_hpo_gsc(write("a.tsv", BLOCKS), label="Disease")).mentions
    assert mention.label == "Disease"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ("\n", "B408"),
        ("77\n", "B428"),
        ("7\t7\nText\n", "B428"),
        ("77\nText\n0\t4\tText\n", "B425"),
        ("7\nT\n0\tx\tT\t\n", "B425"),
    ],
)
def test_read_hpo_gsc_refuses(write, content, code):
    with pytest.raises(BiomedplmError, match=code):
        list(read_hpo_gsc(write("a.tsv", content)))


def test_read_hpo_gsc_skips_broken_lines(write):
    report = Report(errors="skip")
    first, _ = read_hpo_gsc(write("a.tsv", BLOCKS.replace("18\t27", "18")), report=report)
    assert len(first.mentions) == 1
    assert report.problems[0].line == 4


@given(st.binary(max_size=150))
@settings(max_examples=200)
def test_read_hpo_gsc_raises_its_own_error_only(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("bytes") / "a.tsv"
    path.write_bytes(b"77\nText\n0\t4\t" + data)
    try:
        list(read_hpo_gsc(path))
    except BiomedplmError:
        return


def test_read_hpo_cases(write):
    gold = write("gold.json", '{"7": {"HP:2": "Fever", "HP:1": "Cough"}, "8": {}, "9": {"HP:1": "Cough"}}')
    write("texts/8.txt", "Well.\n")
    folder = write("texts/7.txt", "Coughs\nand fever.").parent
    report = Report()
    first, second = read_hpo_cases(folder, gold=gold, report=report)
    assert (first.doc_id, first.text, first.labels) == ("7", "Coughs\nand fever.", {"HP:1": 1.0, "HP:2": 1.0})
    assert first.infons == {"HP:1": "Cough", "HP:2": "Fever"}
    assert (second.text, second.labels) == ("Well.\n", {})
    assert [(problem.kind, problem.doc_id) for problem in report.problems] == [("excluded", "9")]


@pytest.mark.parametrize(
    ("content", "code"),
    [("{", "B460"), ("[]", "B461"), ('{"7": 1}', "B461"), ('{"7": {"HP:1": 1.5}}', "B461"), ('{"8": {}}', "B411")],
)
def test_read_hpo_cases_refuses(content, code, write):
    gold = write("gold.json", content)
    folder = write("texts/7.txt", "Coughs.").parent
    with pytest.raises(BiomedplmError, match=code):
        list(read_hpo_cases(folder, gold=gold))
