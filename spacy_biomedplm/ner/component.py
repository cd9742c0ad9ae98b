"""The pipe `biomedplm_ner`: entities by several annotation guidelines from one encoder."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.attrs import IDX, IS_SPACE, LENGTH
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Config, Model, set_dropout_rate
from thinc.types import Floats2d
from thinc.util import torch2xp, xp2torch

from spacy_biomedplm.attributes import ENTITIES_KEY, MENTIONS_KEY, SCORES_KEY, score_key
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.layers.torch_shim import torch_shim
from spacy_biomedplm.layers.vectors import check_vectors
from spacy_biomedplm.ner.gold import annotated_labels, gold_tags
from spacy_biomedplm.ner.harmonisation import Harmoniser, Mention, default_harmonisation, without_overlap
from spacy_biomedplm.ner.model import predict_scores, set_guidelines
from spacy_biomedplm.ner.network import TaggerNetwork
from spacy_biomedplm.ner.tags import TagScheme, best_tags, decode_tags, make_schemes

DEFAULT_MODEL = """
[model]
@architectures = "spacy-biomedplm.TokenTagger.v1"
head = "linear"

[model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 384
upstream = "*"
"""


@Language.factory(
    "biomedplm_ner",
    assigns=["doc.ents", "doc.spans"],
    default_config={
        "model": Config().from_str(DEFAULT_MODEL)["model"],
        "guideline": None,
        "harmonisation": None,
        "scorer": {"@scorers": "spacy-biomedplm.entity_scorer.v1"},
    },
    default_score_weights={
        "ents_f": 1.0,
        "ents_p": 0.0,
        "ents_r": 0.0,
        "guidelines_f": 0.0,
        "ents_per_guideline": None,
    },
)
def make_biomedplm_ner(
    nlp: Language,
    name: str,
    model: Model[list[Doc], list[Floats2d]],
    guideline: str | None,
    harmonisation: dict[str, list[str]] | None,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "BiomedNER":
    """Return an entity recogniser.

    nlp (Language): The pipeline.
    name (str): Name of the pipe.
    model (Model[list[Doc], list[Floats2d]]): A "spacy-biomedplm.TokenTagger.v1".
    guideline (str | None): Corpus whose guideline and labels ``doc.ents`` follows; None for the harmonised view.
    harmonisation (dict[str, list[str]] | None): Sources of each harmonised label, the preferred one first; None
        for the package's own table.
    scorer (Callable | None): Scoring method.
    RETURNS (BiomedNER): The pipe. A guideline or harmonisation given here goes before what a trained pipeline stored.
    """
    return BiomedNER(nlp.vocab, model, name, guideline=guideline, harmonisation=harmonisation, scorer=scorer)


class BiomedNER(TrainablePipe):
    """Finds entities by several annotation guidelines at once.

    Corpora disagree about what an entity is, so each guideline has a head of its own on the shared encoder, and
    a document teaches only the heads it was annotated for (``doc._.annotated``). ``doc.ents`` holds one flat view:
    the harmonised one, or that of one guideline. ``doc.spans["entities"]`` holds every mention of every guideline.
    """

    def __init__(
        self,
        vocab: Any,
        model: Model[list[Doc], list[Floats2d]],
        name: str = "ner",
        *,
        guideline: str | None = None,
        harmonisation: dict[str, list[str]] | None = None,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        settings = {"guideline": guideline, "harmonisation": harmonisation}
        self._given = {key: value for key, value in settings.items() if value is not None}
        self.cfg: dict[str, Any] = {
            "guidelines": {},
            "guideline": None,
            "harmonisation": default_harmonisation(),
            "calibration": {},
            **self._given,
        }

    @property
    def guidelines(self) -> dict[str, list[str]]:
        """Labels of each guideline the component knows."""
        return {name: list(labels) for name, labels in self.cfg["guidelines"].items()}

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label as "guideline/label"."""
        return tuple(f"{name}/{label}" for name, labels in self.guidelines.items() for label in labels)

    @property
    def label_data(self) -> dict[str, list[str]]:
        """What ``initialize`` takes as labels; written by ``spacy init labels``."""
        return self.guidelines

    @property
    def guideline(self) -> str | None:
        """The guideline ``doc.ents`` follows, None for the harmonised view."""
        return self.cfg["guideline"]

    def set_guideline(self, guideline: str | None) -> None:
        """Make ``doc.ents`` follow one guideline and its labels.

        guideline (str | None): Name of a corpus such as "bc5cdr", or None for the harmonised view.
        RAISES (BiomedplmError): B201 if the model has no such guideline.
        """
        if guideline is not None and guideline not in self.cfg["guidelines"]:
            known = ", ".join(sorted(self.cfg["guidelines"]))
            raise BiomedplmError(coded("B201", guideline=guideline, known=known))
        self.cfg["guideline"] = guideline

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "BiomedNER":
        """Load the component; what the config gave for guideline and harmonisation stays.

        bytes_data (bytes): What ``to_bytes`` returned.
        exclude (Iterable[str]): Fields to leave out.
        RAISES (BiomedplmError): B201 or B204 if the config's guideline or harmonisation does not fit the model.
        """
        super().from_bytes(bytes_data, exclude=exclude)
        self._apply_given()
        return self

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "BiomedNER":
        """Load the component; what the config gave for guideline and harmonisation stays.

        path (str | Path): Folder that ``to_disk`` wrote.
        exclude (Iterable[str]): Fields to leave out.
        RAISES (BiomedplmError): B201 or B204 if the config's guideline or harmonisation does not fit the model.
        """
        super().from_disk(path, exclude=exclude)
        self._apply_given()
        return self

    def _apply_given(self) -> None:
        self.cfg.update(self._given)
        if not self.cfg["guidelines"]:
            return
        if "harmonisation" in self._given:
            Harmoniser.check(self.cfg["harmonisation"], self.cfg["guidelines"])
        self.set_guideline(self.guideline)

    # Prediction

    def predict(self, docs: Iterable[Doc]) -> list[list[Mention]]:
        """Return the mentions of every guideline in each document, with calibrated probabilities.

        docs (Iterable[Doc]): Documents that the encoder has read.
        RETURNS (list[list[Mention]]): Of all guidelines, sorted by guideline, then by place; they may overlap.
        RAISES (BiomedplmError): B001 if the encoder has not read them, B002 if the component has not learned, B205 if
            scores are not finite.
        """
        docs = list(docs)
        if not self.cfg["guidelines"]:
            raise BiomedplmError(coded("B002"))
        check_vectors(self.model, docs, self.name)
        if not any(len(doc) for doc in docs):
            return [[] for _ in docs]
        scores = predict_scores(self.model, docs)
        if not np.isfinite(torch.from_numpy(scores).sum().item()):
            raise BiomedplmError(coded("B205", component=self.name))
        return self._decode(docs, scores)

    def _decode(self, docs: Sequence[Doc], scores: NDArray[np.float32]) -> list[list[Mention]]:
        # White space has no pieces and so no scores of worth: sequences run over the other tokens.
        words = [np.flatnonzero(doc.to_array([IS_SPACE]) == 0) for doc in docs]
        lengths = np.array([len(indices) for indices in words])
        firsts = np.cumsum([0, *(len(doc) for doc in docs)])
        rows = np.concatenate([indices + first for indices, first in zip(words, firsts, strict=False)])
        if len(rows) < len(scores):
            scores = scores[rows]
        doc_of = np.repeat(np.arange(len(docs)), lengths)
        schemes = make_schemes(self.cfg["guidelines"])
        learned = [weights.detach().cpu().numpy() for weights in _network(self.model).transitions]
        mentions: list[list[Mention]] = [[] for _ in docs]
        for scheme, tags in zip(schemes, best_tags(scores, lengths, schemes, learned), strict=True):
            found = decode_tags(tags)
            probabilities = self._calibrate(scheme, _weakest_tag(scores[:, scheme.columns], tags, found))
            found_in = doc_of[found[:, 0]]
            first = firsts[found_in]
            starts = (rows[found[:, 0]] - first).tolist()
            ends = (rows[found[:, 1] - 1] - first + 1).tolist()
            labels = [scheme.labels[label] for label in found[:, 2].tolist()]
            columns = zip(found_in.tolist(), starts, ends, labels, probabilities.tolist(), strict=True)
            for doc, start, end, label, score in columns:
                mentions[doc].append(Mention(start, end, label, score, scheme.name))
        return mentions

    def _calibrate(self, scheme: TagScheme, log_odds: NDArray[np.float64]) -> NDArray[np.float64]:
        slope, intercept = self.cfg["calibration"].get(scheme.name, (1.0, 0.0))
        # Clipped: exp of more than 709 overflows.
        return 1 / (1 + np.exp(-np.clip(slope * log_odds + intercept, -500, 500)))

    def set_annotations(self, docs: Iterable[Doc], mentions: Sequence[Sequence[Mention]]) -> None:
        """Write mentions onto documents: doc.ents, doc.spans["entities"] and span._.score.

        docs (Iterable[Doc]): The documents. Entities that another component has set, such as an entity ruler before
            this pipe, stay in doc.ents, go before mentions that overlap with them, and are in doc.spans["entities"].
        mentions (Sequence[Sequence[Mention]]): What ``predict`` returned for them.
        """
        harmoniser = Harmoniser(self.cfg["harmonisation"], self.cfg["guidelines"])
        for doc, found in zip(docs, mentions, strict=True):
            doc.user_data[MENTIONS_KEY] = _by_guideline(doc, found)
            scores = doc.user_data.setdefault(SCORES_KEY, {})
            given = [ent for ent in doc.ents if score_key(ent) not in scores]
            if self.guideline is None:
                flat = harmoniser.flat(found)
            else:
                flat = without_overlap(m for m in found if m.guideline == self.guideline)
            if given:
                taken = {token.i for ent in given for token in ent}
                flat = [m for m in flat if taken.isdisjoint(range(m.start, m.end))]
            doc.set_ents([*given, *_spans(doc, flat, scores)])
            doc.spans[ENTITIES_KEY] = [*given, *_spans(doc, harmoniser.merged(found), scores)]

    # Learning

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: dict[str, list[str]] | None = None,
    ) -> None:
        """Prepare the component for training.

        get_examples (Callable[[], Iterable[Example]]): Returns examples; without labels, the guidelines and their
            labels are collected from all of them.
        nlp (Language | None): The pipeline.
        labels (dict[str, list[str]] | None): Labels of each guideline.
        RAISES (BiomedplmError): B202 if there is no label at all, B201 or B204 if the config's guideline or
            harmonisation does not fit the labels.
        """
        validate_get_examples(get_examples, "BiomedNER.initialize")
        sample: list[Doc] = []
        found: dict[str, set[str]] = {name: set(names) for name, names in (labels or {}).items()}
        for example in get_examples():
            if len(sample) < 10:
                sample.append(example.x)
            elif labels is not None:
                break
            if labels is None:
                for name, names in annotated_labels(example.reference).items():
                    found.setdefault(name, set()).update(names)
        guidelines = {name: sorted(names) for name, names in sorted(found.items()) if names}
        if not guidelines:
            raise BiomedplmError(coded("B202", component=self.name))
        self.cfg["guidelines"] = guidelines
        self._apply_given()
        self.model.get_ref("tok2vec").initialize(X=sample)
        set_guidelines(self.model, guidelines)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Any = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples.

        examples (Iterable[Example]): The batch; examples that nobody annotated for entities teach nothing.
        drop (float): Dropout on the token vectors.
        sgd (Optimizer | None): If given, the weights are updated at once.
        losses (dict[str, float] | None): Mean loss per token is added under the name of the pipe.
        RETURNS (dict[str, float]): The losses.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "BiomedNER.update")
        if not any(len(eg.predicted) for eg in examples):
            return losses
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update([eg.predicted for eg in examples])
        loss, gradients = self.get_loss(examples, scores)
        backprop(gradients)
        if sgd is not None:
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def get_loss(self, examples: Iterable[Example], scores: list[Floats2d]) -> tuple[float, list[Floats2d]]:
        """Return the loss per token and its gradient.

        examples (Iterable[Example]): The batch.
        scores (list[Floats2d]): Scores of each document's tokens.
        RETURNS (tuple[float, list[Floats2d]]): The gradient is zero in the columns of guidelines a document was
            not annotated for. A CRF's transitions get their gradient here.
        RAISES (BiomedplmError): B201 or B203 for a guideline or label the component does not know.
        """
        examples = list(examples)
        shim = torch_shim(self.model.get_ref("output_layer"))
        network = _network(self.model)
        tensors = [xp2torch(array, device=shim.device).requires_grad_() for array in scores]
        total, n_tokens = torch.zeros((), device=shim.device), 0
        if not shim.fast_forward:
            for number, scheme in enumerate(make_schemes(self.cfg["guidelines"])):
                gold = [gold_tags(eg, scheme, self.cfg["guidelines"]) for eg in examples]
                kept = [(i, g) for i, g in enumerate(gold) if g is not None and len(g.words)]
                if not kept:
                    continue
                block = torch.cat([tensors[i][torch.from_numpy(g.words)][:, scheme.columns] for i, g in kept])
                tags = torch.from_numpy(np.concatenate([g.tags for _, g in kept])).to(shim.device)
                lengths = [len(g.words) for _, g in kept]
                unknown = None
                if any(g.unknown.any() for _, g in kept):
                    rows = np.concatenate([np.broadcast_to(g.unknown, (len(g.words), scheme.n_tags)) for _, g in kept])
                    unknown = torch.from_numpy(rows).to(shim.device)
                total = total + network.loss(block, number, tags, lengths, unknown)
                n_tokens += len(tags)
        if not n_tokens:
            return 0.0, [self.model.ops.alloc2f(*array.shape) for array in scores]
        mean = total / n_tokens
        mean.backward()
        grads = [t.grad if t.grad is not None else torch.zeros_like(t) for t in tensors]
        return float(mean.detach()), [cast(Floats2d, torch2xp(grad, ops=self.model.ops)) for grad in grads]


def _network(model: Model[Any, Any]) -> TaggerNetwork:
    return cast(TaggerNetwork, torch_shim(model.get_ref("output_layer")).module)


def _weakest_tag(block: NDArray[np.float32], tags: NDArray[np.int64], found: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return, for each entity, the log-odds of its least certain tag."""
    if not len(found):
        return np.zeros(0)
    counts = found[:, 1] - found[:, 0]
    begins = np.cumsum(counts) - counts
    rows = np.repeat(found[:, 0] - begins, counts) + np.arange(counts.sum())
    values = block[rows].astype(np.float64)
    chosen = values[np.arange(len(rows)), tags[rows]]
    values[np.arange(len(rows)), tags[rows]] = -np.inf
    highest = values.max(axis=1)
    others = highest + np.log(np.exp(values - highest[:, None]).sum(axis=1))
    return np.minimum.reduceat(chosen - others, begins)


def _spans(doc: Doc, mentions: Iterable[Mention], scores: dict[str, float]) -> list[Span]:
    spans = []
    for mention in mentions:
        span = Span(doc, mention.start, mention.end, label=mention.label, span_id=mention.guideline)
        scores[score_key(span)] = mention.score
        spans.append(span)
    return spans


def _by_guideline(doc: Doc, mentions: Iterable[Mention]) -> dict[str, list[list[Any]]]:
    grouped: dict[str, list[list[Any]]] = {}
    starts = doc.to_array([IDX]).astype(np.int64).reshape(-1)
    ends = (starts + doc.to_array([LENGTH]).astype(np.int64).reshape(-1)).tolist()
    begins = starts.tolist()
    for mention in mentions:
        row = [begins[mention.start], ends[mention.end - 1], mention.label, mention.score]
        grouped.setdefault(mention.guideline, []).append(row)
    return grouped
