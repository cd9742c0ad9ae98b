"""Several encoders on several tasks with one budget: what is finished is kept in a folder and not computed again."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Literal

import spacy
import torch
from spacy.tokens import Doc
from thinc.util import get_torch_default_device

from spacy_biomedplm.about import __version__
from spacy_biomedplm.corpora.catalogue import find_files, find_root, get_corpus
from spacy_biomedplm.encoder.loading import PieceTokenizer, load_plm, load_tokenizer
from spacy_biomedplm.encoder.precision import choose_dtype
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.cache import digest_of
from spacy_biomedplm.plm.pseudo_perplexity import NoWordHead, measure_pseudo_perplexity
from spacy_biomedplm.plm.text import iter_texts
from spacy_biomedplm.tokenization import create_tokenizer
from spacy_biomedplm.training.comparison_store import ComparisonStore, digest_of_encoder
from spacy_biomedplm.training.encoder_cost import TURNS, Fertility, count_pieces, measure_memory, measure_speeds
from spacy_biomedplm.training.probes import Budget, read_probe_data, run_probe

# Words of each task on which speed and memory are measured.
_SPEED_WORDS = 10_000
# What is done, how much of it, and how much there is.
OnProgress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class ComparisonTask:
    """What encoders are compared on.

    kind ("ner" | "perplexity"): A probe for entities, or the words of raw text.
    source (str): Name of a corpus in the catalogue, or file of raw text.
    """

    kind: Literal["ner", "perplexity"]
    source: str

    @property
    def name(self) -> str:
        """The task as one writes it."""
        return f"NER:{self.source}" if self.kind == "ner" else f"perplexity:{self.source}"


@dataclass(frozen=True)
class ComparedEncoder:
    """An encoder and what it costs.

    name (str): As for ``load_plm``. width, parameters (int): Of its vectors; of the network without a head.
    digest (str): Of its files.
    words_per_second (float), memory (int | None): See ``encoder_cost``.
    fertility (dict[str, Fertility]): By name of the task.
    """

    name: str
    width: int
    parameters: int
    digest: str
    words_per_second: float = 0.0
    memory: int | None = None
    fertility: dict[str, Fertility] = field(default_factory=dict)


@dataclass(frozen=True)
class Comparison:
    """What was found.

    encoders (tuple[ComparedEncoder, ...]): In the order given; the first is the baseline.
    tasks (tuple[ComparisonTask, ...]): In the order given.
    scores (dict[str, dict[str, list[dict]]]): By name of the task and of the encoder, for each seed what ``run_probe``
        returned.
    perplexities (dict[str, dict[str, dict]]): By name of the task and of the encoder: "bits", "characters", "words" per
        text and "pieces", "unknown"; or "reason" why there is nothing.
    settings (dict[str, Any]): Budget, split, seeds and the rest.
    notes (tuple[str, ...]): What was left out of the corpora.
    """

    encoders: tuple[ComparedEncoder, ...]
    tasks: tuple[ComparisonTask, ...]
    scores: dict[str, dict[str, list[dict[str, Any]]]]
    perplexities: dict[str, dict[str, dict[str, Any]]]
    settings: dict[str, Any]
    notes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Plan:
    """How encoders are compared.

    names (Sequence[str]): Encoders, as for ``load_plm``; the first is the baseline.
    tasks (Sequence[str]): "NER:CORPUS" or "perplexity:FILE".
    seeds (int): Probes of each encoder on each task, with the seeds 1, 2 …
    split (str): That is scored.
    perplexity_share (float): Of the words of raw text that are measured, in (0, 1].
    """

    names: Sequence[str]
    tasks: Sequence[str]
    budget: Budget
    seeds: int = 3
    split: str = "dev"
    perplexity_share: float = 1.0
    allow_noncommercial: bool = False


def parse_task(text: str, split: str) -> ComparisonTask:
    """Return the task that a user wrote.

    text (str): "NER:CORPUS" or "perplexity:FILE"; the kind in any case.
    split (str): That a corpus must have.
    RAISES (BiomedplmError): B552 for another kind, a corpus without entities, or a file that is not there; B414 to B417
        if the corpus is not known, not there, or lacks the split.
    """
    kind, _, source = text.partition(":")
    if kind.lower() == "perplexity" and source:
        if not Path(source).is_file():
            raise BiomedplmError(coded("B552", task=text, reason=f"there is no file '{source}'"))
        return ComparisonTask("perplexity", source)
    if kind.lower() != "ner" or not source:
        raise BiomedplmError(coded("B552", task=text, reason=f"there is no kind '{kind}'"))
    corpus = get_corpus(source)
    if "ner" not in corpus.layers:
        raise BiomedplmError(coded("B552", task=text, reason="the corpus has no entities"))
    for part in ("train", split):
        find_files(corpus, part, find_root())
    return ComparisonTask("ner", corpus.name)


def compare_encoders(plan: Plan, folder: Path, on_progress: OnProgress) -> Comparison:
    """Return how encoders do on tasks: the first is what the others are compared with.

    plan (Plan): What is compared.
    folder (Path): Of what is finished; made if need be.
    on_progress (OnProgress): Called with what is done, how much of it, and how much there is.
    RETURNS (Comparison): Probes come task by task and seed by seed, so that all encoders are done with one before any
        begins the next.
    RAISES (BiomedplmError): B005 for a plan that cannot be, B552 for a task, B553 for a probe that diverged, B555
        for raw text without a word, B556 if the folder cannot be used; as ``load_plm`` and ``create_corpus_reader``.
    """
    plan.budget.check()
    if plan.seeds < 1:
        raise BiomedplmError(coded("B005", key="seeds", value=plan.seeds, wanted="1 or more"))
    if len(set(plan.names)) < len(plan.names):
        raise BiomedplmError(coded("B005", key="encoders", value=", ".join(plan.names), wanted="different ones"))
    tasks = tuple(dict.fromkeys(parse_task(text, plan.split) for text in plan.tasks))
    run = _Run(plan, ComparisonStore(folder), on_progress)
    for task in tasks:
        if task.kind == "ner":
            run.probe(task)
        else:
            run.measure_words(task)
    settings = {
        **asdict(plan.budget),
        "split": plan.split,
        "seeds": list(range(1, plan.seeds + 1)),
        "perplexity_share": plan.perplexity_share,
        "device": run.device,
        "version": __version__,
    }
    return Comparison(run.costs(), tasks, run.scores, run.perplexities, settings, tuple(dict.fromkeys(run.notes)))


class _Run:
    def __init__(self, plan: Plan, store: ComparisonStore, on_progress: OnProgress) -> None:
        self.plan, self.store, self.on_progress = plan, store, on_progress
        device = get_torch_default_device()
        self.device = f"{device.type} {choose_dtype('auto', device)}".replace("torch.", "")
        self.encoders = [_describe(name) for name in plan.names]
        self.scores: dict[str, dict[str, list[dict[str, Any]]]] = {}
        self.perplexities: dict[str, dict[str, dict[str, Any]]] = {}
        self.fertility: dict[str, dict[str, Fertility]] = {encoder.name: {} for encoder in self.encoders}
        self.notes: list[str] = []
        self.texts: list[str] = []

    def probe(self, task: ComparisonTask) -> None:
        """Run, or look up, the probes of all encoders on a task."""
        plan = self.plan
        self.on_progress(f"{task.name}: reading", 0, 1)
        data = read_probe_data(task.source, plan.split, allow_noncommercial=plan.allow_noncommercial)
        self.notes += data.notes
        self.texts += _first_words(data.scored, _SPEED_WORDS)
        found: dict[str, list[dict[str, Any]]] = {encoder.name: [] for encoder in self.encoders}
        pairs = [(seed, encoder) for seed in range(1, plan.seeds + 1) for encoder in self.encoders]
        for number, (seed, encoder) in enumerate(pairs):
            made_of = {**asdict(plan.budget), "data": data.digest, "seed": seed, **self._made_by(encoder)}
            what = f"{task.name} {number + 1}/{len(pairs)}: {encoder.name}, seed {seed}"
            report = partial(self._report, what, plan.budget.steps)
            compute = partial(run_probe, encoder.name, encoder.width, data, plan.budget, seed, report)
            found[encoder.name].append(self.store.get(made_of, {"task": task.name}, compute))
        self.scores[task.name] = found
        self._count_pieces(task, data.scored)

    def measure_words(self, task: ComparisonTask) -> None:
        """Measure, or look up, how well all encoders tell the words of a file."""
        texts = [document.text for document in iter_texts(Path(task.source))]
        share = self.plan.perplexity_share
        digest = digest_of(texts, share)
        self.perplexities[task.name] = {}
        for encoder in self.encoders:
            report = partial(self._report, f"{task.name}: {encoder.name}", len(texts))
            compute = partial(_tell_words, encoder.name, texts, share, report)
            made_of = {"data": digest, "kind": task.kind, **self._made_by(encoder)}
            self.perplexities[task.name][encoder.name] = self.store.get(made_of, {"task": task.name}, compute)

    def costs(self) -> tuple[ComparedEncoder, ...]:
        """Return the encoders with what they cost; speed and memory are measured anew in every run."""
        if not self.texts:
            return tuple(self.encoders)
        pairs = [(encoder.name, encoder.width) for encoder in self.encoders]
        speeds = measure_speeds(pairs, self.texts, lambda turn: self.on_progress("speed", turn, TURNS + 1))
        found: list[ComparedEncoder] = []
        for encoder, speed in zip(self.encoders, speeds, strict=True):
            self.on_progress("memory", len(found), len(pairs))
            memory = measure_memory(encoder.name, encoder.width, self.texts)
            fertility = self.fertility[encoder.name]
            found.append(replace(encoder, words_per_second=speed, memory=memory, fertility=fertility))
        self.on_progress("memory", len(found), len(pairs))
        return tuple(found)

    def _count_pieces(self, task: ComparisonTask, docs: Sequence[Doc]) -> None:
        nlp = spacy.blank("en")
        nlp.tokenizer = create_tokenizer()(nlp)
        for encoder in self.encoders:
            pieces = PieceTokenizer(load_tokenizer(encoder.name).to_str(), 0)
            self.fertility[encoder.name][task.name] = count_pieces(docs, nlp, pieces)

    def _report(self, what: str, total: int, done: int) -> None:
        self.on_progress(what, done, total)

    def _made_by(self, encoder: ComparedEncoder) -> dict[str, Any]:
        return {"encoder": encoder.digest, "device": self.device, "version": __version__}


def _describe(name: str) -> ComparedEncoder:
    stored, network = load_plm(name, layer=-1)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    return ComparedEncoder(name, stored["width"], parameters, digest_of_encoder(name))


def _tell_words(name: str, texts: Sequence[str], share: float, report: Callable[[int], None]) -> dict[str, Any]:
    device = torch.device(get_torch_default_device())
    try:
        return asdict(measure_pseudo_perplexity(name, texts, share=share, device=device, on_text=report))
    except NoWordHead as error:
        return {"reason": str(error)}


def _first_words(docs: Sequence[Doc], count: int) -> list[str]:
    texts: list[str] = []
    for doc in docs:
        if count <= 0:
            break
        texts.append(doc.text)
        count -= len(doc)
    return texts
