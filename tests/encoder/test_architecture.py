"""Vectors against a reference computation that shares no code with the encoder."""

import copy
import itertools
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from spacy.language import Language
from spacy.tokens import Doc

from spacy_biomedplm.encoder.architecture import build_plm_encoder
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.tokenization import BiomedTokenizer

ARCHITECTURES = "bert electra distilbert roberta longformer modernbert albert xlnet deberta-v2 t5".split()
ONE_OF_EACH_TOKENIZER = ["bert", "roberta", "modernbert", "albert"]
LONG = " ".join(["Aspirin treatment of the heart (n=12) with acetaminophen-induced αβ failure."] * 14)

TEXTS = {
    "plain": "Treatment with aspirin in heart failure.",
    "many pieces": "acetaminophenhydrochloride and lithium",
    "non-ASCII": "TNFα of the β-receptor in café, naïve Ångström 中文 протеин",
    "combining": "cafe\u0301 and n\u0303 the e\u0301\u0323 cell",
    "emoji": "the 😀 of 👩‍🔬 cells 🧬🧬",
    "control": "a \x07 cell \x00\x08 in\u200bthe\ufeff protein \ufffd",
    "spaces": "  the\n\n cell  in \t the\u00a0receptor  ",
    "ligature": "the ﬁbre ½ dose ㎎ Ⅳ",
    "special pieces": "the [MASK] of </s> and <pad> cells [SEP]",
    "one letter": "a",
    "punctuation": "...(((--,;::",
}


def docs_of(nlp: Language, texts: list[str]) -> list[Doc]:
    fine = BiomedTokenizer(nlp.vocab)
    return [make(text) for text in texts for make in (nlp.make_doc, fine)]


def assert_vectors_equal(found: list[Any], wanted: list[Any], tolerance: float = 2e-5) -> None:
    assert [array.shape for array in found] == [array.shape for array in wanted]
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, atol=tolerance, rtol=1e-4)


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_vectors_equal_reference(kind: str, nlp: Language, make_encoder: Any, reference: Any) -> None:
    docs = docs_of(nlp, list(TEXTS.values()))
    vectors = make_encoder(kind).predict(docs)
    assert all(array.dtype == np.float32 for array in vectors)
    for doc, found in zip(docs, vectors, strict=True):
        assert_vectors_equal([found], [reference(kind).vectors(doc)])


@pytest.mark.parametrize("kind", ONE_OF_EACH_TOKENIZER)
def test_vectors_of_given_words(kind: str, nlp: Language, make_encoder: Any, reference: Any) -> None:
    """Pieces that span several tokens, and tokens of half a word."""
    doc = Doc(
        nlp.vocab,
        words=["a", "b", "c", "asp", "irin", "he", "art", "f", "ailure", "in", "the", "é", "😀", "!"],
        spaces=[False, False, True, False, True, False, True, False, True, True, True, False, False, False],
    )
    assert_vectors_equal(make_encoder(kind).predict([doc]), [reference(kind).vectors(doc)])


def test_vectors_of_a_piece_that_spans_words(nlp: Language, make_encoder: Any, reference: Any) -> None:
    """The test's SentencePiece-like vocabulary has the piece "▁in▁the"."""
    doc = Doc(nlp.vocab, words=["a", "in", "the", "a"])
    encoded = reference("albert").tokenizer.encode(doc.text, add_special_tokens=False)
    assert "▁in▁the" in encoded.tokens
    vectors = make_encoder("albert").predict([doc])
    assert_vectors_equal(vectors, [reference("albert").vectors(doc)])
    np.testing.assert_array_equal(vectors[0][1], vectors[0][2])


@pytest.mark.parametrize("kind", ["bert", "albert"])
def test_vectors_of_tokens_without_pieces_are_zero(kind: str, nlp: Language, make_encoder: Any) -> None:
    doc = Doc(nlp.vocab, words=["cell", "\n", "cell"], spaces=[True, True, False])
    vectors = make_encoder(kind).predict([doc])[0]
    if kind == "bert":
        assert not vectors[1].any()
    assert vectors[0].any()
    assert vectors[2].any()


def test_vectors_of_shared_bytes(nlp: Language, make_encoder: Any, reference: Any) -> None:
    """Byte-level pieces: the four bytes of one emoji all count for its token."""
    doc = Doc(nlp.vocab, words=["😀"])
    assert reference("roberta").n_pieces("😀") > 1
    assert_vectors_equal(make_encoder("roberta").predict([doc]), [reference("roberta").vectors(doc)])


@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("layer", [0, 1, 2, -1, -2, -3])
def test_layer_equals_hidden_state(kind: str, layer: int, nlp: Language, make_encoder: Any, reference: Any) -> None:
    doc = nlp.make_doc(TEXTS["many pieces"])
    wanted = reference(kind).vectors(doc, layer=layer)
    assert_vectors_equal(make_encoder(kind, layer=layer).predict([doc]), [wanted])


@pytest.mark.parametrize("kind", [kind for kind in ARCHITECTURES if kind != "modernbert"])
def test_layer_mix_begins_as_mean_of_all(kind: str, nlp: Language, make_encoder: Any, reference: Any) -> None:
    doc = nlp.make_doc(TEXTS["many pieces"])
    states = [reference(kind).vectors(doc, layer=layer) for layer in range(3)]
    wanted = np.mean(states, axis=0)
    assert_vectors_equal(make_encoder(kind, layer="mix").predict([doc]), [wanted])


@pytest.mark.parametrize("kind", ONE_OF_EACH_TOKENIZER)
def test_pooling_first_takes_the_first_piece(kind: str, nlp: Language, make_encoder: Any, reference: Any) -> None:
    docs = docs_of(nlp, list(TEXTS.values()))
    wanted = [reference(kind).vectors(doc, pooling="first") for doc in docs]
    assert_vectors_equal(make_encoder(kind, pooling="first").predict(docs), wanted)


# Documents longer than a window


def read_in_windows(reference: Any, doc: Doc, room: int) -> np.ndarray:
    """Vectors of a long document: consecutive windows of equal size, each through the model by itself."""
    encoded = reference.tokenizer.encode(doc.text, add_special_tokens=False)
    n_windows = -(-len(encoded.ids) // room)
    borders = [round(i * len(encoded.ids) / n_windows) for i in range(n_windows + 1)]
    parts = [reference.hidden(encoded.ids[a:b]) for a, b in itertools.pairwise(borders)]
    return reference.pool(doc, np.concatenate(parts), encoded.offsets)


@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("window", [None, 20])
def test_long_document_equals_windows_one_by_one(
    kind: str, window: int | None, nlp: Language, make_encoder: Any, reference: Any
) -> None:
    ref = reference(kind)
    doc = nlp.make_doc(LONG)
    model = make_encoder(kind, window=window)
    room = (window or min(512, model.shims[0].cfg["max_pieces"])) - len(ref.prefix) - len(ref.suffix)
    assert ref.n_pieces(LONG) > room
    assert_vectors_equal(model.predict([doc]), [read_in_windows(ref, doc, room)])


@pytest.mark.parametrize("overlap", [1, 4, 9, 30])
def test_overlap_takes_each_piece_from_the_nearer_centre(
    overlap: int, nlp: Language, make_encoder: Any, reference: Any
) -> None:
    ref = reference("bert")
    doc = nlp.make_doc(LONG)
    encoded = ref.tokenizer.encode(LONG, add_special_tokens=False)
    room, total = 40 - 2, len(encoded.ids)
    count = -(-(total - overlap) // (room - overlap))
    starts = [round(i * (total - overlap) / count) for i in range(count)]
    ends = [*(start + overlap for start in starts[1:]), total]
    inside = np.full((count, total), -1.0)
    hidden = np.zeros((count, total, 32), dtype=np.float32)
    for i, (start, end) in enumerate(zip(starts, ends, strict=True)):
        assert end - start <= room
        hidden[i, start:end] = ref.hidden(encoded.ids[start:end])
        # Distance to the nearer edge; the edge of the document is none.
        left = np.arange(end - start) if start else np.inf
        right = np.arange(end - start)[::-1] if end < total else np.inf
        inside[i, start:end] = np.minimum(left, right)
    # Of two windows in whose middle a piece lies equally far, the later.
    chosen = count - 1 - inside[::-1].argmax(axis=0)
    wanted = ref.pool(doc, hidden[chosen, np.arange(total)], encoded.offsets)
    assert_vectors_equal(make_encoder("bert", window=40, overlap=overlap).predict([doc]), [wanted])


def test_every_piece_of_a_long_document_is_read(nlp: Language, make_encoder: Any) -> None:
    """A changed word far behind the first window changes the vectors there."""
    model = make_encoder("bert", window=32)
    texts = [LONG + " the protein of the cell", LONG + " the protein of the heart"]
    one, other = model.predict([nlp.make_doc(text) for text in texts])
    assert np.abs(one[-1] - other[-1]).max() > 1e-3
    assert (np.abs(one).sum(axis=1) > 0).all()


@pytest.mark.parametrize("kind", ["bert", "roberta", "albert"])
def test_one_huge_token(kind: str, nlp: Language, make_encoder: Any) -> None:
    doc = Doc(nlp.vocab, words=["cell", "ab1" * 33_334, "cell"])
    vectors = make_encoder(kind).predict([doc])[0]
    assert vectors.shape == (3, 32)
    assert np.isfinite(vectors).all()
    assert np.abs(vectors).sum(axis=1).all()


# Batches


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_batch_and_order_make_no_difference(kind: str, nlp: Language, make_encoder: Any) -> None:
    texts = [LONG[i : i + 7 * i] for i in range(26)] + ["", " ", "\n\t ", *TEXTS.values()]
    docs = [nlp.make_doc(text) for text in texts]
    model = make_encoder(kind, max_batch_cells=512)
    alone = [model.predict([doc])[0] for doc in docs]
    assert_vectors_equal(model.predict(docs), alone)
    order = np.random.default_rng(0).permutation(len(docs))
    mixed = model.predict([docs[i] for i in order])
    assert_vectors_equal(mixed, [alone[i] for i in order])


@pytest.mark.parametrize("texts", [[], [""], ["", ""], [" "], ["\n \t", ""], ["", "cell", ""]])
@pytest.mark.parametrize("is_train", [False, True])
def test_empty_documents(texts: list[str], is_train: bool, nlp: Language, make_encoder: Any) -> None:
    docs = [nlp.make_doc(text) for text in texts]
    vectors, backprop = make_encoder("bert")(docs, is_train=is_train)
    assert [array.shape for array in vectors] == [(len(doc), 32) for doc in docs]
    if is_train:
        backprop([np.ones_like(array) for array in vectors])


def test_vectors_of_documents_do_not_share_memory(nlp: Language, make_encoder: Any) -> None:
    vectors = make_encoder("bert").predict([nlp.make_doc("the cell"), nlp.make_doc("heart failure")])
    assert all(array.base is None or array.base.nbytes == array.nbytes for array in vectors)


# Storage


@pytest.mark.parametrize("kind", ARCHITECTURES)
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_storage_is_exact(
    kind: str, precision: str, nlp: Language, make_encoder: Any, tiny_plm: Any, tmp_path: Any
) -> None:
    model = make_encoder(kind, precision=precision)
    docs = [nlp.make_doc(text) for text in TEXTS.values()]
    wanted = model.predict(docs)
    model.to_disk(tmp_path / "model")

    def blank() -> Any:
        # A stored pipeline holds its weights: the folder it was trained from is gone.
        return build_plm_encoder("no/such-folder", width=32, precision=precision)

    copies = {
        "bytes": blank().from_bytes(model.to_bytes()),
        "disk": blank().from_disk(tmp_path / "model"),
        "pickle": pickle.loads(pickle.dumps(model)),
        "copy": model.copy(),
        "deepcopy": copy.deepcopy(model),
    }
    for name, other in copies.items():
        for one, two in zip(wanted, other.predict(docs), strict=True):
            np.testing.assert_array_equal(one, two, err_msg=name)


def test_copy_is_independent(nlp: Language, make_encoder: Any) -> None:
    model = make_encoder("bert")
    copied = model.copy()
    with torch.no_grad():
        next(copied.shims[0].module.parameters()).mul_(torch.rand(32))
    doc = nlp.make_doc("the cell")
    assert np.abs(model.predict([doc])[0] - copied.predict([doc])[0]).max() > 1e-3


def test_options_of_the_config_hold_for_a_stored_model(nlp: Language, make_encoder: Any, tiny_plm: Any) -> None:
    doc = nlp.make_doc(LONG)
    stored = make_encoder("bert").to_bytes()
    loaded = build_plm_encoder("x", width=32, precision="fp32", window=20, pooling="first").from_bytes(stored)
    wanted = make_encoder("bert", window=20, pooling="first")
    assert_vectors_equal(loaded.predict([doc]), wanted.predict([doc]))


# Errors


def test_uninitialised_model_raises_b002(nlp: Language, tiny_plm: Any) -> None:
    model = build_plm_encoder(str(tiny_plm("bert")), width=32)
    with pytest.raises(BiomedplmError, match="B002"):
        model.predict([nlp.make_doc("the cell")])
    again = build_plm_encoder(str(tiny_plm("bert")), width=32).from_bytes(model.to_bytes())
    with pytest.raises(BiomedplmError, match="B002"):
        again.predict([nlp.make_doc("the cell")])


def test_wrong_width_raises_b108(make_encoder: Callable[..., Any]) -> None:
    with pytest.raises(BiomedplmError, match=r"B108.*width 32.*width = 48"):
        make_encoder("bert", width=48)


@pytest.mark.parametrize(
    "options", [{"window": 129}, {"window": 2}, {"window": 10, "overlap": 8}, {"window": -1}, {"overlap": -1}]
)
def test_impossible_window_raises_b109(options: dict[str, int], make_encoder: Any) -> None:
    with pytest.raises(BiomedplmError, match=r"B109.*at most 128 pieces of which 2 are special"):
        make_encoder("bert", **options)
    stored = make_encoder("bert").to_bytes()
    with pytest.raises(BiomedplmError, match="B109"):
        build_plm_encoder("x", width=32, **options).from_bytes(stored)


@pytest.mark.parametrize("window", [3, 128])
def test_smallest_and_largest_window_work(window: int, nlp: Language, make_encoder: Any, reference: Any) -> None:
    doc = nlp.make_doc(LONG[:200])
    vectors = make_encoder("bert", window=window).predict([doc])
    assert_vectors_equal(vectors, [read_in_windows(reference("bert"), doc, window - 2)])


@pytest.mark.parametrize("layer", [3, -4, 100])
def test_unknown_layer_raises_b107(layer: int, make_encoder: Any) -> None:
    with pytest.raises(BiomedplmError, match=rf"B107.*2 layers.*layer = {layer}"):
        make_encoder("bert", layer=layer)


def test_other_layer_than_stored_raises_b111(make_encoder: Any) -> None:
    with pytest.raises(BiomedplmError, match=r"B111.*layer -1.*layer = 1"):
        build_plm_encoder("x", width=32, layer=1).from_bytes(make_encoder("bert").to_bytes())


@pytest.mark.parametrize(
    "options",
    [
        {"max_batch_cells": 0},
        {"frozen_layers": -1},
        {"layer_decay": 0.0},
        {"layer_decay": 1.1},
        {"piece_dropout": 1.0},
        {"average_decay": 1.0},
    ],
)
def test_number_out_of_range_raises_b005(options: dict[str, float], make_encoder: Any) -> None:
    with pytest.raises(BiomedplmError, match=rf"B005.*{next(iter(options))} = "):
        make_encoder("bert", **options)
