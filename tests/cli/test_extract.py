import gzip
import json
import re

import pytest
import spacy

from spacy_biomedplm.cli.batches import MAX_BATCH_CHARS, make_batches, map_here, map_in_processes
from spacy_biomedplm.cli.extraction import ExtractOptions, extract
from spacy_biomedplm.inputs import make_input_doc


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def test_extract_writes_jsonl(run, toy_model, corpus, tmp_path):
    output = tmp_path / "out.jsonl"
    result = run("extract", corpus, "--model", toy_model, "--output", output)
    assert result.exit_code == 0, result.stderr
    docs = read_lines(output)
    assert [doc["id"] for doc in docs] == [f"d{n}" for n in range(20)]
    assert docs[3]["title"] == "Trial 3 of aspirin"
    assert docs[3]["text"] == "Trial 3 of aspirin\nLithium, fever and heart failure 3."
    entity = {
        "id": "T1",
        "start": 11,
        "end": 18,
        "text": "aspirin",
        "label": "CHEMICAL",
        "score": 0.75,
        "guideline": "toy",
        "kb_id": None,
    }
    assert docs[3]["entities"][0] == entity
    assert docs[3]["spans"]["entities"] == docs[3]["entities"]
    for doc in docs:
        assert all(doc["text"][ent["start"] : ent["end"]] == ent["text"] for ent in doc["entities"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs.jsonl", "out.jsonl", "out.jsonl.done"]


def test_extract_prints_a_summary(run, toy_model, corpus, tmp_path):
    output = run("extract", corpus, "--model", toy_model, "--output", tmp_path / "out").stdout
    cells = dict(re.findall(r"│ +([\w ]+?) +│ +([\d,]+) │", output))
    speed = cells.pop("words per second")
    assert int(speed.replace(",", "")) > 0
    assert cells == {"documents": "20", "words": "200", "CHEMICAL": "40", "DISEASE": "40", "entities": "80"}


def test_extract_follows_a_guideline(run, toy_model, corpus, tmp_path):
    output = tmp_path / "out.jsonl"
    run("extract", corpus, "-m", toy_model, "-o", output, "--guideline", "bc5cdr")
    assert {ent["label"] for doc in read_lines(output) for ent in doc["entities"]} == {"Chemical", "Disease"}


def test_extract_reads_its_own_output(run, toy_model, corpus, tmp_path):
    run("extract", corpus, "-m", toy_model, "-o", tmp_path / "one.jsonl")
    run("extract", tmp_path / "one.jsonl", "-m", toy_model, "-o", tmp_path / "two.jsonl")
    first, second = read_lines(tmp_path / "one.jsonl"), read_lines(tmp_path / "two.jsonl")
    assert [{**doc, "source": ""} for doc in first] == [{**doc, "source": ""} for doc in second]


def test_extract_writes_pubtator_with_the_offsets_of_its_input(run, toy_model, tmp_path):
    text = "1|t|Aspirin\n1|a|Fever and BRCA1.\n1\t0\t7\tAspirin\tDrug\t-\n\n2|t|\n2|a|No title, aspirin\n\n"
    (tmp_path / "in.pubtator").write_text(text, encoding="utf8")
    result = run("extract", tmp_path / "in.pubtator", "-m", toy_model, "-o", tmp_path / "out", "-f", "pubtator")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "out").read_text(encoding="utf8") == (
        "1|t|Aspirin\n1|a|Fever and BRCA1.\n1\t0\t7\tAspirin\tCHEMICAL\t-\n1\t8\t13\tFever\tDISEASE\t-\n"
        "1\t18\t23\tBRCA1.\tGENE\t-\n\n".replace("BRCA1.\tGENE", "BRCA1\tGENE")
        + "2|t|\n2|a|No title, aspirin\n2\t11\t18\taspirin\tCHEMICAL\t-\n\n"
    )


def test_extract_reads_folders_and_writes_gzip(run, toy_model, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "a.txt").write_text("aspirin", encoding="utf8")
    (folder / "b.xml.gz").write_bytes(
        gzip.compress(
            b"<PubmedArticleSet><PubmedArticle><MedlineCitation><PMID>5</PMID><Article><ArticleTitle>Fever</ArticleTitle>"
            b"</Article></MedlineCitation></PubmedArticle></PubmedArticleSet>"
        )
    )
    (folder / "c.jsonl").write_text('{"text": "x"}', encoding="utf8")
    (folder / "d.pubtator").write_text("9|t|T\n9|a|A\n", encoding="utf8")
    (folder / "e.pdf").touch()
    output = tmp_path / "out.jsonl.gz"
    result = run("extract", folder, "-m", toy_model, "-o", output, "-b", 1)
    assert result.exit_code == 0, result.stderr
    docs = [json.loads(line) for line in gzip.decompress(output.read_bytes()).splitlines()]
    assert [doc["id"] for doc in docs] == ["a", "5", "c:1", "9"]
    assert "1 files or folders in the input folders are hidden or have another format" in result.stderr


HARD = {
    "empty": "",
    "spaces": " \n\t\u00a0\u3000",
    "long token": "a" * 100_000,
    "long symbols": "-/" * 50_000,
    "control": "aspirin\x00\x01\x1b[31m\x7f\x85fever\u2028\ufeff\u200b",
    "surrogates": "aspirin \ud800 and \udc00\ud83e",
    "emoji": "🧬 aspirin 👩‍🔬 BRCA1",
    "html": "<script>alert('aspirin')</script> & {braces} %s",
}


@pytest.mark.parametrize("output_format", ["jsonl", "pubtator"])
def test_extract_loses_no_document(run, rule_model, tmp_path, output_format):
    (tmp_path / "in.jsonl").write_text(
        "\n".join(json.dumps({"id": name, "text": text}) for name, text in HARD.items()), encoding="utf8"
    )
    output = tmp_path / "out"
    result = run("extract", tmp_path / "in.jsonl", "-m", rule_model, "-o", output, "-f", output_format)
    assert result.exit_code == 0, result.stderr
    assert "[W601] Lone surrogates" in result.stderr
    assert "3 in 1 documents" in result.stderr
    wanted = {name: re.sub("[\ud800-\udfff]", "\ufffd", text) for name, text in HARD.items()}
    if output_format == "jsonl":
        docs = read_lines(output)
        assert {doc["id"]: doc["text"] for doc in docs} == wanted
        assert all(doc["text"][ent["start"] : ent["end"]] == ent["text"] for doc in docs for ent in doc["entities"])
    else:
        data = output.read_text(encoding="utf8")
        assert re.findall(r"^(.+)\|t\|", data, re.MULTILINE) == list(wanted)
        assert re.findall(r"^(.+)\|a\|", data, re.MULTILINE) == list(wanted)


def test_extract_reads_a_document_of_5_megabytes(tmp_path):
    tokenizer = {"@tokenizers": "spacy-biomedplm.BiomedTokenizer.v1"}
    spacy.blank("en", config={"nlp": {"tokenizer": tokenizer}}).to_disk(tmp_path / "model")
    text = "Water was given for nothing to 12 patients.\n" * (5_000_000 // 44) + "Aspirin for fever"
    (tmp_path / "long.txt").write_text(text, encoding="utf8")
    options = ExtractOptions((str(tmp_path / "long.txt"),), tmp_path / "out", str(tmp_path / "model"))
    summary = extract(options)
    assert summary.state.documents == 1
    assert summary.state.words == len(text.split())
    assert read_lines(tmp_path / "out")[0]["text"] == text


def test_extract_of_an_empty_file_writes_an_empty_file(run, rule_model, tmp_path):
    (tmp_path / "in.jsonl").touch()
    result = run("extract", tmp_path / "in.jsonl", "-m", rule_model, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "out").read_bytes() == b""


def test_batches_are_the_same_in_another_process(rule_model):
    docs = [make_input_doc(str(n), f"aspirin {n}", title="T" if n % 2 else None) for n in range(10)]
    here = list(map_here(spacy.load(rule_model), make_batches(docs, 3), "jsonl"))
    there = map_in_processes(make_batches(docs, 3), "jsonl", model=rule_model, guideline=None, n_process=1)
    assert list(there) == here


@pytest.mark.slow
def test_extract_is_the_same_in_several_processes(run, rule_model, corpus, tmp_path):
    args = ("extract", corpus, "-m", rule_model, "-b", 3)
    assert run(*args, "-o", tmp_path / "one").exit_code == 0
    result = run(*args, "-o", tmp_path / "two", "-n", 2)
    assert result.exit_code == 0, result.stderr
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_extract_lets_the_vocabulary_forget(rule_model, tmp_path, monkeypatch):
    nlp = spacy.load(rule_model)
    monkeypatch.setattr("spacy_biomedplm.cli.extraction.load_pipeline", lambda *args, **kwargs: nlp)
    before = len(nlp.vocab.strings)
    (tmp_path / "in.txt").write_text(" ".join(f"word{n}" for n in range(1000)), encoding="utf8")
    extract(ExtractOptions((str(tmp_path / "in.txt"),), tmp_path / "out", rule_model))
    assert len(nlp.vocab.strings) < before + 100


def test_batches_end_with_long_documents():
    docs = [make_input_doc(str(n), "x" * size) for n, size in enumerate([1, 1, 1, MAX_BATCH_CHARS, 1, 1])]
    assert [[doc.doc_id for doc in batch] for batch in make_batches(iter(docs), 3)] == [
        ["0", "1", "2"],
        ["3"],
        ["4", "5"],
    ]
    assert list(make_batches([], 3)) == []


def test_extract_tells_its_observer(rule_model, corpus, tmp_path):
    seen = []
    options = ExtractOptions((str(corpus),), tmp_path / "out", rule_model, batch_size=8)
    extract(options, lambda state, done, total: seen.append((state.documents, done, total)))
    size = corpus.stat().st_size
    assert [documents for documents, _, _ in seen] == [0, 8, 16, 20]
    assert [done for _, done, _ in seen][::3] == [0, size]
    assert {total for _, _, total in seen} == {size}
