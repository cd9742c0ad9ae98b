"""What encoders cost: pieces per word, words per second in turns, peak memory in a process of its own."""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.attrs import IDX, IS_SPACE, LENGTH
from spacy.language import Language
from spacy.tokens import Doc
from thinc.util import get_torch_default_device

from spacy_biomedplm.encoder.architecture import read_pieces
from spacy_biomedplm.encoder.loading import PieceTokenizer
from spacy_biomedplm.layers.torch_shim import torch_shim
from spacy_biomedplm.ner.component import BiomedNER
from spacy_biomedplm.ner.gold import gold_mentions
from spacy_biomedplm.ner.network import TaggerNetwork
from spacy_biomedplm.plm.checking import peak_memory
from spacy_biomedplm.training.probes import build_probe

TURNS = 5
"""How often each encoder reads the documents; the median counts."""
_SURE = 20.0


@dataclass(frozen=True)
class Fertility:
    """Pieces and words, everywhere and inside of entities; a word is a token of the pipeline that is no white space."""

    pieces: int
    words: int
    entity_pieces: int
    entity_words: int

    @property
    def per_word(self) -> float:
        """Pieces of a word."""
        return self.pieces / max(1, self.words)

    @property
    def per_entity_word(self) -> float:
        """Pieces of a word in an entity."""
        return self.entity_pieces / max(1, self.entity_words)


def count_pieces(docs: Sequence[Doc], nlp: Language, pieces: PieceTokenizer) -> Fertility:
    """Return how finely a vocabulary splits the words of gold documents.

    docs (Sequence[Doc]): Gold documents.
    nlp (Language): Its tokenizer says what a word is.
    pieces (PieceTokenizer): The tokenizer of the encoder.
    """
    made = [nlp.make_doc(doc.text) for doc in docs]
    reading = read_pieces(made, pieces, "mean")
    in_entity, is_word = [], []
    for doc, gold in zip(made, docs, strict=True):
        places = doc.to_array([IDX, LENGTH, IS_SPACE]).astype(np.int64).reshape(-1, 3)
        is_word.append(places[:, 2] == 0)
        in_entity.append(is_word[-1] & _covered(places, gold, len(doc.text)))
    words, entities = np.concatenate(is_word), np.concatenate(in_entity)
    return Fertility(
        pieces=int(words[reading.tokens].sum()),
        words=int(words.sum()),
        entity_pieces=int(entities[reading.tokens].sum()),
        entity_words=int(entities.sum()),
    )


def _covered(places: NDArray[np.int64], gold: Doc, n_characters: int) -> NDArray[np.bool_]:
    covered = np.zeros(n_characters + 1, dtype=np.int64)
    for span in gold_mentions(gold):
        covered[span.start_char : span.end_char] = 1
    sums = np.concatenate([[0], np.cumsum(covered)])
    found: NDArray[np.bool_] = sums[places[:, 0] + places[:, 1]] > sums[places[:, 0]]
    return found


def measure_speeds(
    encoders: Sequence[tuple[str, int]], texts: Sequence[str], on_turn: Callable[[int], None]
) -> list[float]:
    """Return the words per second of each encoder, from text to entities.

    encoders (Sequence[tuple[str, int]]): Names, as for ``load_plm``, and widths.
    texts (Sequence[str]): What is read.
    on_turn (Callable[[int], None]): Called after every turn with the number of turns done.
    RETURNS (list[float]): Medians of turns in which every encoder reads all texts; the first turn, in which weights are
        packed and kernels compiled, is not among them. The head finds nothing, so that the encoder is what differs.
    """
    pipelines = [_silent_probe(name, width) for name, width in encoders]
    seconds: list[list[float]] = [[] for _ in pipelines]
    words = sum(1 for text in texts for token in pipelines[0].make_doc(text) if not token.is_space)
    for turn in range(TURNS + 1):
        for nlp, taken in zip(pipelines, seconds, strict=True):
            begin = time.perf_counter()
            _read(nlp, texts)
            taken.append(time.perf_counter() - begin)
        on_turn(turn + 1)
    return [words / statistics.median(taken[1:]) for taken in seconds]


def measure_memory(name: str, width: int, texts: Sequence[str]) -> int | None:
    """Return the most bytes that reading takes.

    name (str): As for ``load_plm``. width (int): Of its vectors.
    texts (Sequence[str]): What is read.
    RETURNS (int | None): On a GPU of the device; on a CPU of a fresh process, with Python and all libraries. None where
        the system does not say, or ended the process because it took too much.
    """
    if get_torch_default_device().type == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return _read_and_measure(name, width, texts)
    with ProcessPoolExecutor(max_workers=1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(_read_and_measure, name, width, list(texts)).result()
        except BrokenProcessPool:
            return None


def _read_and_measure(name: str, width: int, texts: Sequence[str]) -> int | None:
    _read(_silent_probe(name, width), texts)
    return peak_memory(get_torch_default_device())


def _silent_probe(name: str, width: int) -> Language:
    nlp = build_probe(name, width, {"none": ["Entity"]})
    head = cast(TaggerNetwork, torch_shim(cast(BiomedNER, nlp.get_pipe("ner")).model.get_ref("output_layer")).module)
    with torch.no_grad():
        head.output.weight.zero_()
        head.output.bias.zero_()
        # The first tag is O.
        head.output.bias[0] = _SURE
    return nlp


def _read(nlp: Language, texts: Sequence[str]) -> None:
    for _ in nlp.pipe(texts):
        pass
