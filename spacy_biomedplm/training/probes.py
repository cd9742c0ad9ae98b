"""Small probes of encoders: how well does one learn the entities of a corpus, with a fixed budget."""

import hashlib
import json
import math
import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import load_model_from_config
from thinc.api import Config, Optimizer, fix_random_seed
from thinc.schedules import warmup_linear

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.ner.gold import annotated_labels, gold_mentions
from spacy_biomedplm.ner.scorer import score_entities
from spacy_biomedplm.training.corpus import create_corpus_reader

_WARMUP = 0.06
_CONFIG = """
[nlp]
lang = "en"
pipeline = ["tok2vec", "ner"]
batch_size = 128
tokenizer = {"@tokenizers": "spacy-biomedplm.BiomedTokenizer.v1"}

[components]

[components.tok2vec]
factory = "tok2vec"

[components.tok2vec.model]
@architectures = "spacy-biomedplm.PlmEncoder.v1"
layer_decay = 0.9
piece_dropout = 0.05
average_decay = 0.998

[components.ner]
factory = "biomedplm_ner"

[components.ner.model]
@architectures = "spacy-biomedplm.TokenTagger.v1"
head = "linear"
lr_scale = 3.0
average_decay = 0.998

[components.ner.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
upstream = "tok2vec"
"""
# Called after every step with the number of steps done.
OnStep = Callable[[int], None]


@dataclass(frozen=True)
class Budget:
    """What every encoder gets: the same updates from the same documents in the same order.

    steps (int): Updates, from 1.
    words (int): Words of an update; documents are taken whole, so it may have some more. A vocabulary that splits words
        into more pieces computes more for them: the budget is in text, not in pieces.
    learning_rate (float): The highest; it rises over the first 6 % of the steps and falls to 0.
    """

    steps: int = 300
    words: int = 1500
    learning_rate: float = 5e-4

    def check(self) -> None:
        """Raise B005 for a value that is out of range."""
        rules = (
            ("steps", self.steps, self.steps >= 1, "1 or more"),
            ("words", self.words, self.words >= 1, "1 or more"),
            ("learning_rate", self.learning_rate, 0 < self.learning_rate < 1, "a number above 0, below 1"),
        )
        for key, value, possible, wanted in rules:
            if not possible:
                raise BiomedplmError(coded("B005", key=key, value=value, wanted=wanted))


@dataclass(frozen=True)
class ProbeData:
    """What a probe learns from and is scored on.

    corpus, split (str): Name in the catalogue; the split that is scored.
    train, scored (Sequence[Doc]): Gold documents; none of the first is in any test split.
    digest (str): Of texts and mentions.
    notes (tuple[str, ...]): What was left out or repaired.
    """

    corpus: str
    split: str
    train: Sequence[Doc]
    scored: Sequence[Doc]
    digest: str
    notes: tuple[str, ...]


def read_probe_data(
    corpus: str, split: str, root: Path | None = None, *, allow_noncommercial: bool = False
) -> ProbeData:
    """Return the train split of a corpus without test documents of any corpus, and a split to score.

    corpus (str): Name in the catalogue.
    split (str): Such as "dev" or "test".
    root (Path | None): Folder of the corpora; None takes the environment variable BIOMEDPLM_CORPORA.
    allow_noncommercial (bool): Read a corpus whose terms forbid commercial use.
    RAISES (BiomedplmError): As ``create_corpus_reader``; B552 if a split holds no document.
    """
    nlp = spacy.blank("en")
    parts: list[list[Doc]] = []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for name in ("train", split):
            reader = create_corpus_reader(corpus, name, root=root, allow_noncommercial=allow_noncommercial)
            parts.append([example.reference for example in reader(nlp)])
            if not parts[-1]:
                reason = f"its split '{name}' has no document outside of the test splits"
                raise BiomedplmError(coded("B552", task=f"NER:{corpus}", reason=reason))
    notes = tuple(dict.fromkeys(str(warning.message) for warning in caught))
    return ProbeData(corpus, split, parts[0], parts[1], _digest(parts), notes)


def _digest(parts: Sequence[Sequence[Doc]]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for docs in parts:
        for doc in docs:
            mentions = [(span.start_char, span.end_char, span.label_) for span in gold_mentions(doc)]
            digest.update(json.dumps([doc.text, mentions]).encode("utf8"))
        digest.update(b"\n")
    return digest.hexdigest()


def run_probe(encoder: str, width: int, data: ProbeData, budget: Budget, seed: int, on_step: OnStep) -> dict[str, Any]:
    """Return the scores of a probe: the encoder and a linear head, fine-tuned together.

    encoder (str): As for ``load_plm``.
    width (int): Of its vectors.
    data (ProbeData): What is learned from and scored.
    budget (Budget): How long.
    seed (int): Of the head's first weights, of dropout and of the order of documents.
    on_step (OnStep): Called after every step.
    RETURNS (dict[str, Any]): "p", "r", "f" (exact match, in [0, 1]) of the averaged weights, "labels" with the same
        for each label, and "loss" of the last step.
    RAISES (BiomedplmError): B553 if the loss is not a number.
    """
    fix_random_seed(seed)
    torch.manual_seed(seed)
    nlp = build_probe(encoder, width, _labels(data.train))
    optimizer = _optimizer(budget)
    loss = math.nan
    for step, docs in zip(range(1, budget.steps + 1), iter_batches(data.train, budget.words, seed), strict=False):
        losses: dict[str, float] = {}
        nlp.update([_example(nlp, doc) for doc in docs], drop=0.1, sgd=optimizer, losses=losses)
        optimizer.step_schedules()
        loss = losses["ner"]
        if not math.isfinite(loss):
            raise BiomedplmError(coded("B553", encoder=encoder, corpus=data.corpus, step=step))
        on_step(step)
    with nlp.use_params(optimizer.averages):
        scores = _score(nlp, data)
    return {**scores, "loss": loss}


def build_probe(encoder: str, width: int, labels: dict[str, list[str]]) -> Language:
    """Return a pipeline of an encoder and a new linear head.

    encoder (str): As for ``load_plm``.
    width (int): Of its vectors.
    labels (dict[str, list[str]]): Labels of each guideline.
    """
    config = Config().from_str(_CONFIG)
    config["components"]["tok2vec"]["model"].update({"name": encoder, "width": width})
    config["components"]["ner"]["model"]["tok2vec"]["width"] = width
    config["initialize"] = {"components": {"ner": {"labels": labels}}}
    nlp = load_model_from_config(config, auto_fill=True)
    # Only so that spaCy has one; labels and widths are given.
    sample = nlp.make_doc("sample")
    nlp.initialize(lambda: [Example(sample, sample.copy())])
    return nlp


def iter_batches(docs: Sequence[Doc], words: int, seed: int) -> Iterator[list[Doc]]:
    """Yield the documents of each update, pass after pass without end: the same for every encoder.

    docs (Sequence[Doc]): Gold documents.
    words (int): An update ends with the document that makes it as long.
    seed (int): Of the order, which is another in every pass. An update may hold the end of one pass and the
        beginning of the next.
    """
    rng = random.Random(seed)
    batch: list[Doc] = []
    while True:
        for doc in rng.sample(docs, len(docs)):
            batch.append(doc)
            if sum(map(len, batch)) >= words:
                yield batch
                batch = []


def _example(nlp: Language, doc: Doc) -> Example:
    return Example(nlp.make_doc(doc.text), doc)


def _labels(docs: Sequence[Doc]) -> dict[str, list[str]]:
    found: dict[str, set[str]] = {}
    for doc in docs:
        for guideline, names in annotated_labels(doc).items():
            found.setdefault(guideline, set()).update(names)
    return {guideline: sorted(names) for guideline, names in found.items()}


def _optimizer(budget: Budget) -> Optimizer:
    rising = max(1, round(_WARMUP * budget.steps))
    rates = list(islice(warmup_linear(budget.learning_rate, rising, budget.steps + 1), budget.steps + 1))
    return Optimizer(
        rates, L2=0.01, beta1=0.9, beta2=0.999, eps=1e-8, grad_clip=1.0, use_averages=True, L2_is_weight_decay=True
    )


def _score(nlp: Language, data: ProbeData) -> dict[str, Any]:
    predicted = nlp.pipe(nlp.make_doc(doc.text) for doc in data.scored)
    scores = score_entities([Example(doc, gold) for doc, gold in zip(predicted, data.scored, strict=True)])
    labels = {label: s for found in scores["ents_per_guideline"].values() for label, s in found["labels"].items()}
    return {"p": scores["ents_p"], "r": scores["ents_r"], "f": scores["ents_f"], "labels": labels}
