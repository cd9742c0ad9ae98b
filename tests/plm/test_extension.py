import json
import shutil

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import AutoConfig, AutoModel, AutoModelForMaskedLM, AutoTokenizer

from spacy_biomedplm.encoder.loading import load_plm
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.extension import RECORD, extend_vocabulary

NEW = ["interleukin", "phosphorylation", "cytokine", "apoptosis"]
FRAMES = ["the {} of cells", "treatment with {} in heart failure", "{} and aspirin"]
TEXTS = [frame.format(word) for word in NEW for frame in FRAMES for _ in range(2)]
OLD_TEXT = "treatment of heart failure with lithium"
KINDS = ["bert", "electra", "distilbert", "roberta", "longformer", "modernbert"]


def vectors(folder, text):
    model = AutoModel.from_pretrained(folder).eval()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    ids = torch.tensor([tokenizer.encode(text).ids])
    with torch.no_grad():
        return model(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state


def inputs_of(folder):
    return AutoModel.from_pretrained(folder).get_input_embeddings().weight.detach()


@pytest.mark.parametrize("kind", KINDS)
def test_extend_vocabulary_changes_nothing_but_new_words(kind, tiny_plm, tmp_path):
    folder = tiny_plm(kind)
    done = extend_vocabulary(str(folder), iter(TEXTS), tmp_path / "new", n_entries=60, min_documents=3)
    old, new = (Tokenizer.from_file(str(path / "tokenizer.json")) for path in (folder, tmp_path / "new"))
    assert new.encode(OLD_TEXT).ids == old.encode(OLD_TEXT).ids
    assert torch.equal(vectors(folder, OLD_TEXT), vectors(tmp_path / "new", OLD_TEXT))
    first = old.get_vocab_size()
    assert done.first_id == first
    assert [new.token_to_id(entry.text) for entry in done.entries] == list(range(first, first + len(done.entries)))
    for word in NEW:
        before, after = (made.encode(f"the {word}", add_special_tokens=False).ids for made in (old, new))
        assert len(before) > len(after) == 2
    assert done.pieces_after < done.pieces_before
    assert AutoConfig.from_pretrained(tmp_path / "new").vocab_size == first + len(done.entries)


@pytest.mark.parametrize("kind", KINDS)
def test_extend_vocabulary_starts_from_the_mean_of_the_pieces(kind, tiny_plm, tmp_path):
    folder = tiny_plm(kind)
    done = extend_vocabulary(str(folder), TEXTS, tmp_path / "new", n_entries=9, min_documents=3)
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    old, new = inputs_of(folder), inputs_of(tmp_path / "new")
    assert torch.equal(new[: len(old)], old)
    for number, entry in enumerate(done.entries, start=done.first_id):
        ids = [tokenizer.token_to_id(piece) for piece in entry.pieces]
        assert None not in ids
        assert len(ids) > 1
        torch.testing.assert_close(new[number], old[ids].mean(dim=0))


def test_extend_vocabulary_adds_whole_words_to_wordpiece(tiny_plm, tmp_path):
    done = extend_vocabulary(str(tiny_plm()), TEXTS, tmp_path / "new", n_entries=99, min_documents=1)
    assert {entry.text for entry in done.entries} == set(NEW)
    assert done.n_wanted == 99
    saved = {entry.text: entry.saved for entry in done.entries}
    assert saved["cytokine"] == 6 * (len("cytokine") - 1)
    record = json.loads((tmp_path / "new" / RECORD).read_text(encoding="utf8"))
    assert record["entries"][0]["text"] == "phosphorylation"
    assert record["n_documents"] == len(TEXTS)
    hugging = AutoTokenizer.from_pretrained(tmp_path / "new")
    assert hugging.tokenize("Interleukin-phosphorylations") == ["interleukin", "-", "phosphorylation", "##s"]
    assert (tmp_path / "new" / "vocab.txt").read_text(encoding="utf8").splitlines()[done.first_id] == "phosphorylation"


def save_with_head(folder, path, *, tied):
    config = AutoConfig.from_pretrained(folder, tie_word_embeddings=tied)
    torch.manual_seed(1)
    model = AutoModelForMaskedLM.from_config(config)
    torch.nn.init.normal_(model.get_output_embeddings().bias)
    model.save_pretrained(path)
    shutil.copyfile(folder / "tokenizer.json", path / "tokenizer.json")


@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert", "electra", "modernbert"])
def test_extend_vocabulary_extends_the_output_layer(kind, tied, tiny_plm, tmp_path):
    save_with_head(tiny_plm(kind), tmp_path / "old", tied=tied)
    done = extend_vocabulary(str(tmp_path / "old"), TEXTS, tmp_path / "new", n_entries=9, min_documents=3)
    tokenizer = Tokenizer.from_file(str(tmp_path / "old" / "tokenizer.json"))
    old, new = (AutoModelForMaskedLM.from_pretrained(tmp_path / name).eval() for name in ("old", "new"))
    outputs, extended = old.get_output_embeddings(), new.get_output_embeddings()
    size = len(outputs.bias)
    for number, entry in enumerate(done.entries, start=done.first_id):
        ids = [tokenizer.token_to_id(piece) for piece in entry.pieces]
        torch.testing.assert_close(extended.weight[number], outputs.weight[ids].mean(dim=0))
        torch.testing.assert_close(extended.bias[number], outputs.bias[ids].mean())
    assert (extended.weight is new.get_input_embeddings().weight) == (
        outputs.weight is old.get_input_embeddings().weight
    )
    ids = torch.tensor([tokenizer.encode(OLD_TEXT).ids])
    with torch.no_grad():
        torch.testing.assert_close(new(ids).logits[..., :size], old(ids).logits)


def test_extend_vocabulary_loads_in_the_encoder(tiny_plm, tmp_path):
    extend_vocabulary(str(tiny_plm()), TEXTS, tmp_path / "new", n_entries=9, min_documents=3)
    stored, _ = load_plm(str(tmp_path / "new"), layer=-1)
    assert "phosphorylation" in stored["tokenizer"]


def test_extend_vocabulary_keeps_the_type_of_the_weights(tiny_plm, tmp_path):
    shutil.copytree(tiny_plm(), tmp_path / "old")
    AutoModel.from_pretrained(tmp_path / "old").bfloat16().save_pretrained(tmp_path / "old")
    extend_vocabulary(str(tmp_path / "old"), TEXTS, tmp_path / "new", n_entries=9, min_documents=3)
    assert AutoModel.from_pretrained(tmp_path / "new", torch_dtype="auto").dtype == torch.bfloat16
    assert torch.equal(vectors(tmp_path / "old", OLD_TEXT), vectors(tmp_path / "new", OLD_TEXT))


def test_extend_vocabulary_takes_rows_that_pad_the_vocabulary(tiny_plm, tmp_path):
    shutil.copytree(tiny_plm(), tmp_path / "old")
    model = AutoModel.from_pretrained(tmp_path / "old")
    model.resize_token_embeddings(128, mean_resizing=False)
    model.save_pretrained(tmp_path / "old")
    size = Tokenizer.from_file(str(tmp_path / "old" / "tokenizer.json")).get_vocab_size()
    assert size < 124
    done = extend_vocabulary(str(tmp_path / "old"), TEXTS, tmp_path / "new", n_entries=2, min_documents=3)
    assert done.first_id == size
    assert len(inputs_of(tmp_path / "new")) == 128


def many_words():
    """Texts in which 60 words that are pieces already, and the new ones, keep company with their neighbours."""
    rng = np.random.default_rng(1)
    known = [a + b for a in "abcdefgh" for b in "ij"] + list("klmnopqrstuvwxyz0123456789")
    words = [*known, *NEW]
    for _ in range(300):
        start = rng.integers(0, len(words))
        yield " ".join(words[(start + step) % len(words)] for step in rng.integers(0, 6, 12))


@pytest.mark.parametrize("init", ["vectors", "both"])
def test_extend_vocabulary_maps_word_vectors(init, tiny_plm, tmp_path):
    folder = str(tiny_plm())
    plain = extend_vocabulary(folder, many_words(), tmp_path / "plain", n_entries=20)
    done = extend_vocabulary(folder, many_words(), tmp_path / "new", n_entries=20, init=init)
    assert [entry.text for entry in done.entries] == [entry.text for entry in plain.entries]
    assert done.n_mapped == len(done.entries)
    assert done.cosine is not None
    assert -1 <= done.cosine <= 1
    old, pieces, new = inputs_of(tmp_path.parent / folder), inputs_of(tmp_path / "plain"), inputs_of(tmp_path / "new")
    assert torch.equal(new[: len(old)], old)
    assert not torch.isclose(new[len(old) :], pieces[len(old) :]).all(dim=1).any()
    assert new.isfinite().all()
    assert torch.equal(vectors(tiny_plm(), OLD_TEXT), vectors(tmp_path / "new", OLD_TEXT))


def test_extend_vocabulary_needs_words_for_vectors(tiny_plm, tmp_path):
    with pytest.raises(BiomedplmError, match="B516"):
        extend_vocabulary(str(tiny_plm()), TEXTS, tmp_path / "new", init="vectors")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["albert", "xlnet", "deberta-v2", "t5"])
def test_extend_vocabulary_refuses_unigram(kind, tiny_plm, tmp_path):
    with pytest.raises(BiomedplmError, match=r"B514.*Unigram"):
        extend_vocabulary(str(tiny_plm(kind)), TEXTS, tmp_path / "new")


@pytest.mark.parametrize(
    ("code", "texts", "options"),
    [
        ("B510", [], {}),
        ("B510", ["", " "], {}),
        ("B515", [OLD_TEXT], {}),
        ("B515", TEXTS, {"min_documents": 1000}),
        ("B517", TEXTS, {"n_entries": 0}),
        ("B517", TEXTS, {"min_documents": 0}),
        ("B517", TEXTS, {"init": "random"}),
    ],
)
def test_extend_vocabulary_refuses(code, texts, options, tiny_plm, tmp_path):
    with pytest.raises(BiomedplmError, match=code):
        extend_vocabulary(str(tiny_plm()), texts, tmp_path / "new", **options)
    assert not list(tmp_path.iterdir())


def test_extend_vocabulary_leaves_an_existing_folder_alone(tiny_plm, tmp_path):
    with pytest.raises(BiomedplmError, match="B513"):
        extend_vocabulary(str(tiny_plm()), TEXTS, tmp_path)


def break_config(folder, **values):
    content = json.loads((folder / "config.json").read_text(encoding="utf8"))
    (folder / "config.json").write_text(json.dumps({**content, **values}), encoding="utf8")


def edit_tokenizer(folder, **values):
    content = json.loads((folder / "tokenizer.json").read_text(encoding="utf8"))
    content["model"].update(values)
    (folder / "tokenizer.json").write_text(json.dumps({**content, "added_tokens": []}), encoding="utf8")


def take_rows(folder, size):
    model = AutoModel.from_pretrained(folder)
    model.resize_token_embeddings(size, mean_resizing=False)
    model.save_pretrained(folder)


@pytest.mark.parametrize(
    ("code", "damage"),
    [
        ("B512", lambda folder: take_rows(folder, 50)),
        ("B512", lambda folder: take_rows(folder, 500)),
        ("B103", lambda folder: break_config(folder, vocab_size=500)),
        ("B103", lambda folder: break_config(folder, num_hidden_layers=5)),
        ("B518", lambda folder: break_config(folder, architectures=["NoSuchModel"])),
        ("B102", lambda folder: (folder / "config.json").write_text("{")),
        ("B102", lambda folder: (folder / "model.safetensors").write_bytes(b"abc")),
        ("B102", lambda folder: (folder / "tokenizer.json").write_text("{}")),
        ("B102|B106", lambda folder: (folder / "tokenizer.json").unlink()),
        ("B105", lambda folder: (folder / "model.safetensors").unlink()),
        ("B519", lambda folder: edit_tokenizer(folder, unk_token="[NONE]")),
        ("B512", lambda folder: edit_tokenizer(folder, vocab={"[UNK]": 0, "a": 99999})),
        ("B101", lambda folder: (folder / "config.json").unlink()),
    ],
)
def test_extend_vocabulary_reports_damaged_models(code, damage, tiny_plm, tmp_path):
    shutil.copytree(tiny_plm(), tmp_path / "old")
    damage(tmp_path / "old")
    with pytest.raises(BiomedplmError, match=code):
        extend_vocabulary(str(tmp_path / "old"), TEXTS, tmp_path / "new", min_documents=3)
    assert [path.name for path in tmp_path.iterdir()] == ["old"]
