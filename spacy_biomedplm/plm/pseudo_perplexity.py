"""How well a masked language model tells the words of texts: bits per character, comparable across vocabularies."""

import math
import re
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError

from spacy_biomedplm.encoder.loading import find_folder, longest_input, set_dropout
from spacy_biomedplm.encoder.precision import choose_dtype
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.layers.casting import cast_parameters
from spacy_biomedplm.plm.config import ModelConfig
from spacy_biomedplm.plm.networks import SequenceReader, Vocabulary, load_vocabulary, word_head

Ids = NDArray[np.int64]
_WORD = re.compile(r"\S+")
# Pieces, special ones counted, that are read at once; of a matrix of copies with other places hidden in each.
_LONGEST = 512
_CELLS = 16384


class NoWordHead(BiomedplmError):
    """The folder holds no head that tells hidden words, so there is nothing to measure."""


@dataclass(frozen=True)
class PseudoPerplexity:
    """What was found in each text, as tuples of one number per text.

    bits (tuple[float, ...]): -log2 of the probability of its measured words, each given all other words.
    characters, words (tuple[int, ...]): Of its measured words; white space is not counted.
    pieces (int): Pieces of all measured words. unknown (int): Those of them that stand for what the vocabulary lacks.
    """

    bits: tuple[float, ...]
    characters: tuple[int, ...]
    words: tuple[int, ...]
    pieces: int
    unknown: int

    @property
    def bits_per_character(self) -> float:
        """Of all texts together; lower is better."""
        return sum(self.bits) / sum(self.characters)

    @property
    def bits_per_word(self) -> float:
        """Of all texts together."""
        return sum(self.bits) / sum(self.words)

    @property
    def perplexity_per_word(self) -> float:
        """Two to the power of the bits per word; infinite beyond what a number holds."""
        return 2.0**self.bits_per_word if self.bits_per_word < 1000 else math.inf


def measure_pseudo_perplexity(
    name: str,
    texts: Sequence[str],
    *,
    share: float = 1.0,
    device: torch.device | None = None,
    on_text: Callable[[int], None] = lambda number: None,
) -> PseudoPerplexity:
    """Return how well a model tells the words of texts (Salazar et al., 2020, arXiv:1910.14659).

    name (str): Folder, installed package or name on the hub of a model with a head for masked language modelling.
    texts (Sequence[str]): Texts that it has not learned from.
    share (float): Of the words that are measured, in (0, 1]; the choice depends on the texts alone.
    device (torch.device | None): Where to compute; None for the CPU.
    on_text (Callable[[int], None]): Called after every text with the number of texts done.
    RETURNS (PseudoPerplexity): A word is what stands between white space. Its pieces are told one after the other, each
        with those behind it in the word hidden too (Kauf & Ivanova, 2023, arXiv:2305.10588): otherwise a
        vocabulary that splits words would see most of a word when it tells the rest.
    RAISES (BiomedplmError): NoWordHead (B554) if there is no head; B555 if no word is measured; B005 for a share out of
        range; B101 to B110 for files that do not do.
    """
    if not 0 < share <= 1:
        raise BiomedplmError(coded("B005", key="share", value=share, wanted="a number above 0, at most 1"))
    reader = _Reader(name, device or torch.device("cpu"))
    rows = []
    for number, text in enumerate(texts):
        rows.append(reader.measure(text, _chosen_words(text, share)))
        on_text(number + 1)
    if not any(words for _, _, words, _, _ in rows):
        raise BiomedplmError(coded("B555", name=name, count=len(texts)))
    bits, characters, words, pieces, unknown = zip(*rows, strict=True)
    return PseudoPerplexity(bits, characters, words, sum(pieces), sum(unknown))


def _chosen_words(text: str, share: float) -> list[tuple[int, int]]:
    """Return start and end of the words to measure, drawn by a checksum of text and place."""
    seed = zlib.crc32(text.encode("utf8", "replace"))
    drawn = np.random.default_rng(seed)
    return [match.span() for match in _WORD.finditer(text) if drawn.random() < share]


class _Reader:
    def __init__(self, name: str, device: torch.device) -> None:
        model = _load(name)
        self.vocabulary = load_vocabulary(ModelConfig(start=name))
        self.tokenizer = self.vocabulary.tokenizer
        self.unknown = self.vocabulary.hugging.unk_token_id
        try:
            self.mask = self.vocabulary.id_of("mask")
            self.head = word_head(model)
        except BiomedplmError as error:
            raise NoWordHead(str(error)) from error
        cast_parameters(model.to(device), choose_dtype("auto", device))
        self.read = SequenceReader(model.base_model)
        self.device = device
        self.body = min(_LONGEST, longest_input(model.config)) - _frame_size(self.vocabulary)

    @torch.no_grad()
    def measure(self, text: str, words: list[tuple[int, int]]) -> tuple[float, int, int, int, int]:
        """Return bits, characters, words, pieces and unknown pieces of the chosen words of a text."""
        encoded = self.tokenizer.encode(text, add_special_tokens=False)
        ids = np.array(encoded.ids, dtype=np.int64)
        word_of = _word_of(text, [start for start, _ in encoded.offsets])
        starts = {start for start, _ in words}
        firsts = [match.start() for match in _WORD.finditer(text)]
        wanted = np.array([number >= 0 and firsts[number] in starts for number in word_of], dtype=np.bool_)
        bits = sum(self._bits(ids[a:b], word_of[a:b], wanted[a:b]) for a, b in cut_windows(word_of, self.body))
        characters = sum(end - start for start, end in words)
        n_unknown = int((ids[wanted] == self.unknown).sum()) if self.unknown is not None else 0
        return bits, characters, len(words), int(wanted.sum()), n_unknown

    def _bits(self, ids: Ids, word_of: Ids, wanted: NDArray[np.bool_]) -> float:
        places = np.flatnonzero(wanted)
        frame = self.vocabulary.frame
        offset = len(frame.prefix)
        window = np.concatenate([frame.prefix, ids, frame.suffix]).astype(np.int64)
        total = 0.0
        step = max(1, _CELLS // len(window))
        for begin in range(0, len(places), step):
            chosen = places[begin : begin + step]
            copies = np.tile(window, (len(chosen), 1))
            for row, place in enumerate(chosen):
                behind = np.flatnonzero(word_of[place:] == word_of[place]) + place
                copies[row, behind + offset] = self.mask
            cells = torch.from_numpy(np.arange(len(chosen)) * len(window) + chosen + offset).to(self.device)
            hidden = self.read(torch.from_numpy(copies).to(self.device))[cells]
            logs = torch.log_softmax(self.head(hidden).float(), dim=-1)
            gold = torch.from_numpy(ids[chosen]).to(self.device)
            total -= float(logs.gather(1, gold[:, None]).double().sum())
        return total / math.log(2)


def _word_of(text: str, starts: list[int]) -> Ids:
    """Return the number of the word in which each piece begins, -1 for a piece before the first word."""
    firsts = [match.start() for match in _WORD.finditer(text)]
    ends = [match.end() for match in _WORD.finditer(text)]
    # A piece that begins with the space before a word, as those of SentencePiece may, is of that word.
    return np.minimum(np.searchsorted(ends, starts, side="right"), len(firsts) - 1).astype(np.int64)


def cut_windows(word_of: Ids, body: int) -> list[tuple[int, int]]:
    """Return first and last place, exclusive, of the windows in which a text is read.

    word_of (NDArray): Number of the word of each piece, ascending.
    body (int): Most pieces of a window.
    RETURNS (list[tuple[int, int]]): As few as can be, of about equal size, cut between words; a word of more pieces
        than a window is cut inside.
    """
    windows: list[tuple[int, int]] = []
    start, count = 0, len(word_of)
    while start < count:
        left = math.ceil((count - start) / body)
        end = min(count, start + math.ceil((count - start) / left))
        if end < count:
            inside = np.flatnonzero(word_of[start : end + 1] != word_of[end])
            end = start + int(inside[-1]) + 1 if len(inside) else end
        windows.append((start, end))
        start = end
    return windows


def _frame_size(vocabulary: Vocabulary) -> int:
    return len(vocabulary.frame.prefix) + len(vocabulary.frame.suffix)


def _load(name: str) -> Any:
    from transformers import AutoConfig, AutoModelForMaskedLM
    from transformers.utils import logging

    folder = find_folder(name)
    if not list(folder.glob("*.safetensors")):
        raise BiomedplmError(coded("B105", folder=folder))
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        if type(config) not in AutoModelForMaskedLM._model_mapping:
            raise NoWordHead(coded("B554", name=name, reason=f"models of type '{config.model_type}' have none"))
        set_dropout(config, 0.0)
        model, report = AutoModelForMaskedLM.from_pretrained(
            folder,
            config=config,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except BiomedplmError:
        raise
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise BiomedplmError(coded("B102", name=name, folder=folder, reason=error)) from error
    finally:
        logging.set_verbosity(before)
    missing = [key for key in report["missing_keys"] if "position_ids" not in key]
    if missing:
        raise NoWordHead(coded("B554", name=name, reason=f"its folder lacks {', '.join(missing[:3])}"))
    return model.eval()
