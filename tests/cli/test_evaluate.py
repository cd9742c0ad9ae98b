import gzip
import json

import pytest
import spacy
from spacy.tokens import DocBin, Span

from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.evaluation.running import run_metrics
from spacy_biomedplm.scoring import PRF
from spacy_biomedplm.types import DocumentRecord, MentionRecord

PUBTATOR = (
    "1|t|Aspirin and fever\n1|a|Lithium and cough\n1\t0\t7\tAspirin\tChemical\t-\n1\t12\t17\tfever\tDisease\t-\n"
    "1\t18\t25\tLithium\tChemical\t-\n1\t30\t35\tcough\tDisease\t-\n"
)


@pytest.fixture
def docbin(tmp_path):
    nlp = spacy.blank("en")
    doc = nlp.make_doc("Aspirin for fever in heart failure with BRCA1")
    spans = [Span(doc, 0, 1, label="Chemical"), Span(doc, 4, 6, label="Disease"), Span(doc, 5, 6, label="Disease")]
    doc.spans["entities"] = [*spans, spans[0]]  # overlapping, and one twice
    doc._.annotated = {"ner": {"bc5cdr": ["Chemical", "Disease"]}}
    empty = nlp.make_doc("")
    empty._.annotated = {"ner": {"bc5cdr": ["Chemical", "Disease"]}}
    path = tmp_path / "gold.spacy"
    DocBin(docs=[doc, empty], store_user_data=True).to_disk(path)
    return path


def scores(result):
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    return found, {label: (prf["tp"], prf["fp"], prf["fn"]) for label, prf in found["labels"].items()}


def test_evaluate_follows_the_guideline_of_the_corpus(run, toy_model, docbin):
    found, labels = scores(run("evaluate", toy_model, docbin, "--json"))
    assert found["guideline"] == "bc5cdr"
    assert found["matching"] == "exact"
    assert found["documents"] == 2
    assert labels == {"Chemical": (1, 0, 0), "Disease": (1, 1, 1)}
    assert found["micro"]["precision"] == pytest.approx(2 / 3)
    assert found["micro"]["recall"] == pytest.approx(2 / 3)


def test_evaluate_compares_fragments_as_the_metric_of_exact_matches_does(run, toy_model, tmp_path):
    mention = MentionRecord("T1", "Disease", ((0, 5), (6, 13)))
    doc = make_doc(spacy.blank("en").vocab, DocumentRecord("1", "heart failure and fever", (mention,)))
    doc._.annotated = {"ner": {"bc5cdr": ["Chemical", "Disease"]}}
    path = tmp_path / "gold.spacy"
    DocBin(docs=[doc], store_user_data=True).to_disk(path)
    _, labels = scores(run("evaluate", toy_model, path, "--json"))
    assert labels == {"Chemical": (0, 0, 0), "Disease": (0, 2, 1)}
    nlp = spacy.load(toy_model)
    nlp.get_pipe("ner").set_guideline("bc5cdr")
    (outcome,) = run_metrics(nlp, [make_record(doc)], ["entity-exact"])
    assert outcome.score.labels["Disease"] == PRF(*labels["Disease"])


def test_evaluate_counts_labels_that_are_never_predicted(run, toy_model, docbin):
    result = run("evaluate", toy_model, docbin, "--json", "--guideline", "toy-genes")
    found, labels = scores(result)
    assert labels == {"Chemical": (0, 0, 1), "Disease": (0, 0, 2)}
    assert found["micro"]["f1"] == 0.0
    assert "[W602] The model predicted gene and nothing that the corpus annotates (Chemical, Disease)" in result.stderr


def test_evaluate_reads_pubtator(run, toy_model, tmp_path):
    path = tmp_path / "gold.pubtator"
    path.write_text(PUBTATOR, encoding="utf8")
    _, labels = scores(run("evaluate", toy_model, path, "--json", "--guideline", "bc5cdr"))
    assert labels == {"Chemical": (2, 0, 0), "Disease": (1, 0, 1)}


def test_evaluate_reads_packed_files_folders_and_named_formats(run, toy_model, docbin, tmp_path):
    packed = tmp_path / "gold.spacy.gz"
    packed.write_bytes(gzip.compress(docbin.read_bytes()))
    assert scores(run("evaluate", toy_model, packed, "--json"))[1] == {"Chemical": (1, 0, 0), "Disease": (1, 1, 1)}
    folder = tmp_path / "brat"
    folder.mkdir()
    (folder / "1.txt").write_text("Aspirin and fever", encoding="utf8")
    annotations = "T1\tChemical 0 7\tAspirin\nT2\tChemical 12 99\tpain\nT3\tDisease 12 17 fever\nR1\tx\n"
    (folder / "1.ann").write_text(annotations, encoding="utf8")
    options = ("--json", "--guideline", "bc5cdr", "--format", "brat")
    found, labels = scores(run("evaluate", toy_model, folder, *options))
    assert labels["Chemical"] == (1, 0, 1), "a mention that lies outside of the text is missed"
    assert labels["(label unknown)"] == (0, 0, 1), "so is the one whose line is broken, but no relation"
    assert found["unplaced_gold_mentions"] == 2


def test_evaluate_reads_a_corpus_of_the_catalogue(run, toy_model, tmp_path, monkeypatch):
    folder = tmp_path / "bc5cdr"
    folder.mkdir()
    (folder / "CDR_TestSet.PubTator.txt").write_text(PUBTATOR + "1\t90\t99\tnowhere\tDisease\t-\n", encoding="utf8")
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(tmp_path))
    found, labels = scores(run("evaluate", toy_model, "bc5cdr", "--json"))
    assert (found["corpus"], found["split"], found["guideline"]) == ("bc5cdr", "test", "bc5cdr")
    assert labels == {"Chemical": (2, 0, 0), "Disease": (1, 0, 2)}
    assert found["micro"]["recall"] == pytest.approx(3 / 5)
    assert found["unplaced_gold_mentions"] == 1
    result = run("evaluate", toy_model, "BC5CDR")
    assert "75.00" in result.stdout
    assert "1 gold mentions do not fit the text" in " ".join(result.stdout.split())
    assert "are counted as missed" in " ".join(result.stdout.split())


@pytest.mark.parametrize(
    ("corpus", "data", "message"),
    [
        (
            "bc5cdx",
            None,
            "[B640] The corpus '{path}' is neither a file or folder nor one of the catalogue. Names like it: ",
        ),
        ("cut.spacy", b"half", "[B463] '{path}' is not a DocBin that can be read ("),
        ("empty.spacy", DocBin().to_bytes(), "[B408] '{path}' holds no document: "),
        ("cut.pubtator", b"1\t0\n", "[B438] "),
        ("gold.txt", b"text", "[B660] The format of '{path}' is not known: its name does not say which"),
    ],
)
def test_evaluate_refuses_bad_corpora(run, toy_model, tmp_path, corpus, data, message):
    path = tmp_path / corpus
    if data is not None:
        path.write_bytes(data)
    result = run("evaluate", toy_model, path)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error " + message.format(path=path))
    assert len(result.stderr.splitlines()) == 1


def test_evaluate_refuses_an_unknown_split(run, toy_model, monkeypatch, tmp_path):
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(tmp_path))
    result = run("evaluate", toy_model, "bc5cdr", "--split", "validation")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error [B415] ")


def test_evaluate_without_the_guideline_of_the_corpus_states_what_it_compared(run, rule_model, docbin):
    found, labels = scores(run("evaluate", rule_model, docbin, "--json"))
    assert found["guideline"] is None
    assert found["harmonised_labels_compared"] == {"CHEMICAL": "Chemical", "DISEASE": "Disease"}
    assert labels == {"Chemical": (1, 0, 0), "Disease": (1, 1, 1)}
    table = run("evaluate", rule_model, docbin).stdout
    assert "its harmonised labels were compared" in " ".join(table.split())


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_evaluate_of_foreign_labels_fails(run, rule_model, tmp_path, options):
    path = tmp_path / "gold.pubtator"
    path.write_text(PUBTATOR.replace("Chemical", "Drug").replace("Disease", "Sign"), encoding="utf8")
    result = run("evaluate", rule_model, path, *options)
    assert result.exit_code == 1
    assert "[W602] The model predicted CHEMICAL, DISEASE and nothing that the corpus annotates" in result.stderr
