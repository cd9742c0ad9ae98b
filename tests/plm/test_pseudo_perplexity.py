import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModelForMaskedLM, AutoTokenizer

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm import pseudo_perplexity as module
from spacy_biomedplm.plm.pseudo_perplexity import NoWordHead, cut_windows, measure_pseudo_perplexity
from spacy_biomedplm.plm.tiny import SETTINGS, save_tiny

TEXTS = ("Aspirin inhibits the kinase receptor, interleukin-6.", "Lithium in heart failure; cells of the receptor.")


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Maker of tiny models with a head for masked language modelling."""
    made: dict[str, Path] = {}

    def make(kind: str) -> Path:
        if kind not in made:
            folder = tmp_path_factory.mktemp("masked") / kind
            save_tiny(kind, "bpe" if kind == "roberta" else "wordpiece-uncased", TEXTS, folder)
            tokenizer = AutoTokenizer.from_pretrained(folder)
            roles = ("pad", "unk", "cls", "sep", "mask")
            tokenizer.add_special_tokens({f"{role}_token": f"[{role.upper()}]" for role in roles})
            tokenizer.save_pretrained(folder)
            torch.manual_seed(1)
            config = AutoConfig.for_model(kind, **{**SETTINGS[kind], "vocab_size": len(tokenizer), "pad_token_id": 0})
            model = AutoModelForMaskedLM.from_config(config)
            with torch.no_grad():
                for parameter in model.parameters():
                    parameter.normal_(0.0, 0.3)
            model.save_pretrained(folder)
            made[kind] = folder
        return made[kind]

    return make


def _slow(folder: Path, text: str) -> tuple[float, int]:
    """Bits and pieces, by the whole model, one copy at a time."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForMaskedLM.from_pretrained(folder).eval()
    encoded = tokenizer(text, return_offsets_mapping=True)
    ids, offsets = encoded["input_ids"], encoded["offset_mapping"]
    words, place = [], 0
    for word in text.split():
        start = text.index(word, place)
        place = start + len(word)
        words.append((start, place))
    bits, count = 0.0, 0
    for start, end in words:
        inside = [i for i, (a, b) in enumerate(offsets) if a < end and b > max(a, start)]
        for number, i in enumerate(inside):
            hidden = list(ids)
            for later in inside[number:]:
                hidden[later] = tokenizer.mask_token_id
            logits = model(torch.tensor([hidden])).logits[0, i].detach()
            bits -= float(torch.log_softmax(logits.double(), dim=-1)[ids[i]]) / math.log(2)
            count += 1
    return bits, count


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_measure_agrees_with_the_definition(
    masked: Callable[[str], Path], kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "choose_dtype", lambda precision, device: torch.float32)
    monkeypatch.setattr(module, "_CELLS", 100)
    done: list[int] = []
    found = measure_pseudo_perplexity(str(masked(kind)), TEXTS, on_text=done.append)
    assert done == [1, 2]
    slow = [_slow(masked(kind), text) for text in TEXTS]
    np.testing.assert_allclose(found.bits, [bits for bits, _ in slow], rtol=1e-4)
    assert found.pieces == sum(count for _, count in slow)
    assert found.words == (6, 8)
    assert found.characters == tuple(len("".join(text.split())) for text in TEXTS)
    assert found.unknown == 0
    assert found.bits_per_word == pytest.approx(sum(found.bits) / 14)
    assert found.perplexity_per_word == pytest.approx(2**found.bits_per_word)


def test_measure_of_a_share_takes_the_same_words_for_every_vocabulary(masked: Callable[[str], Path]) -> None:
    text = " ".join(["aspirin receptor"] * 40)
    found = [measure_pseudo_perplexity(str(masked(kind)), [text], share=0.2) for kind in ("bert", "roberta")]
    assert found[0].words == found[1].words
    assert found[0].characters == found[1].characters
    assert 0 < found[0].words[0] < 40


def test_measure_reads_texts_beyond_the_window_and_unknown_characters(masked: Callable[[str], Path]) -> None:
    long = "aspirin " * 600 + "x" * 1200
    found = measure_pseudo_perplexity(str(masked("bert")), [long, "", " ", "\u4e2d"], share=0.02)
    assert math.isfinite(found.bits_per_character)
    assert found.bits[1:3] == (0.0, 0.0)
    unknown = measure_pseudo_perplexity(str(masked("bert")), ["\u4e2d\u6587 aspirin"])
    assert unknown.unknown > 0


@pytest.mark.parametrize(
    ("count", "body"),
    [(0, 5), (5, 5), (6, 5), (20, 7)],
)
def test_cut_windows_cuts_between_words(count: int, body: int) -> None:
    word_of = np.repeat(np.arange(count), 2)[:count]
    windows = cut_windows(word_of, body)
    assert [place for a, b in windows for place in range(a, b)] == list(range(count))
    assert all(b - a <= body for a, b in windows)
    assert all(word_of[b - 1] != word_of[b] for _, b in windows[:-1])


def test_cut_windows_cuts_a_word_that_is_longer() -> None:
    assert cut_windows(np.zeros(11, dtype=np.int64), 5) == [(0, 4), (4, 8), (8, 11)]


def test_measure_without_a_head_says_so(tiny_plm: Callable[..., Path], masked: Callable[[str], Path]) -> None:
    folder = masked("bert").parent / "headless"
    save_tiny("bert", "wordpiece-uncased", TEXTS, folder)
    tokenizer = AutoTokenizer.from_pretrained(masked("bert"))
    tokenizer.save_pretrained(folder)
    with pytest.raises(NoWordHead, match=r"B554.*lacks cls\.predictions"):
        measure_pseudo_perplexity(str(folder), TEXTS)
    save_tiny("t5", "wordpiece-uncased", TEXTS, folder)
    tokenizer.save_pretrained(folder)
    with pytest.raises(NoWordHead, match=r"B554.*type 't5' have none"):
        measure_pseudo_perplexity(str(folder), TEXTS)


def test_measure_refuses_what_cannot_be(masked: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B555"):
        measure_pseudo_perplexity(str(masked("bert")), ["", " "])
    with pytest.raises(BiomedplmError, match="B005"):
        measure_pseudo_perplexity(str(masked("bert")), TEXTS, share=0.0)
    with pytest.raises(BiomedplmError, match="B101"):
        measure_pseudo_perplexity(str(tmp_path / "nowhere"), TEXTS)
    for file in masked("bert").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    (tmp_path / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(BiomedplmError, match="B102"):
        measure_pseudo_perplexity(str(tmp_path), TEXTS)
