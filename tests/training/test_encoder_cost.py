from collections.abc import Callable
from pathlib import Path

import numpy as np
import spacy
from spacy.tokens import Span

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.encoder.loading import PieceTokenizer, load_tokenizer
from spacy_biomedplm.training.encoder_cost import TURNS, count_pieces, measure_memory, measure_speeds


def test_count_pieces_inside_and_outside_of_entities(tiny_plm: Callable[..., Path]) -> None:
    nlp = spacy.blank("en")
    doc = nlp.make_doc("the abcabc\n of aspirin 12")
    doc.spans[ENTITIES_KEY] = [Span(doc, 1, 2, label="Gene"), Span(doc, 4, 5, label="Chemical")]
    pieces = PieceTokenizer(load_tokenizer(str(tiny_plm("bert"))).to_str(), 0)
    found = count_pieces([doc, nlp.make_doc("")], nlp, pieces)
    assert (found.words, found.pieces) == (5, 7)
    assert (found.entity_words, found.entity_pieces) == (2, 3)
    assert (found.per_word, found.per_entity_word) == (1.4, 1.5)


def test_speed_and_memory_are_measured(tiny_plm: Callable[..., Path]) -> None:
    turns: list[int] = []
    encoders = [(str(tiny_plm("bert")), 32), (str(tiny_plm("roberta")), 32)]
    speeds = measure_speeds(encoders, ["aspirin in the heart"] * 3, turns.append)
    assert turns == list(range(1, TURNS + 2))
    assert len(speeds) == 2
    assert min(speeds) > 0


def test_memory_is_that_of_a_fresh_process(tiny_plm: Callable[..., Path]) -> None:
    # More than the other process takes, and in the memory of this one when it starts.
    ballast = np.ones(1_200_000_000, dtype=np.int8)
    memory = measure_memory(str(tiny_plm("bert")), 32, ["aspirin in the heart"])
    assert memory is None or 50_000_000 < memory < ballast.nbytes
