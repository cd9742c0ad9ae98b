"""The pipe `biomedplm_events`: nested events with roles and modality."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Model, set_dropout_rate
from thinc.types import Floats1d

from spacy_biomedplm.attributes import ENTITIES_KEY, TRIGGERS_KEY, Argument, Event
from spacy_biomedplm.documents import sentence_starts
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.events.graph import Node, gold_graph
from spacy_biomedplm.events.learning import STAGES, Lesson
from spacy_biomedplm.events.model import EventInput, predict_events, set_schemes
from spacy_biomedplm.events.prediction import Found, Page, Thresholds
from spacy_biomedplm.events.schemes import EventScheme, annotated_labels, infer_schemes, make_schemes
from spacy_biomedplm.layers.torch_shim import torch_shim
from spacy_biomedplm.layers.vectors import check_vectors


class BiomedEvents(TrainablePipe):
    """Finds events by one of the annotation guidelines that it has learned.

    A document teaches only the guideline that it was annotated for (``doc._.annotated``).
    """

    def __init__(
        self,
        vocab: Any,
        model: Model[EventInput, Floats1d],
        name: str,
        *,
        guideline: str | None,
        types: Mapping[str, Sequence[str]],
        thresholds: Thresholds,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.guideline = guideline
        self.thresholds = thresholds
        self.scorer = scorer
        self._type_of = {label: type for type, labels in types.items() for label in labels}
        self.cfg: dict[str, Any] = {"schemes": {}}

    @property
    def schemes(self) -> list[EventScheme]:
        """The guidelines that the component knows, by name."""
        return make_schemes(self.cfg["schemes"])

    @property
    def labels(self) -> tuple[str, ...]:
        """Every type of event as "guideline/type"."""
        return tuple(f"{scheme.name}/{label}" for scheme in self.schemes for label in scheme.labels)

    @property
    def label_data(self) -> dict[str, dict[str, Any]]:
        """What ``initialize`` takes as labels; written by ``spacy init labels``."""
        return dict(self.cfg["schemes"])

    def predict(self, docs: Iterable[Doc]) -> list[Found]:
        """Return what is found in each document.

        docs (Iterable[Doc]): Documents with entities, that the encoder has read if it is shared.
        RAISES (BiomedplmError): B002 if the component has not learned, B227 for a guideline that it lacks, B001 if the
            encoder has not read a document.
        """
        docs = list(docs)
        schemes = self.schemes
        if not schemes:
            raise BiomedplmError(coded("B002"))
        names = [scheme.name for scheme in schemes]
        if self.guideline is not None and self.guideline not in names:
            raise BiomedplmError(coded("B227", guideline=self.guideline, known=", ".join(names)))
        guideline = names.index(self.guideline) if self.guideline is not None else 0
        if not any(len(doc) for doc in docs):
            return [Found([], [], []) for _ in docs]
        check_vectors(self.model, docs, self.name)
        pages = []
        first = 0
        for doc in docs:
            given = self._given(doc)
            pages.append(Page(first, len(doc), sentence_starts(doc), guideline, given))
            first += len(doc)
        return predict_events(self.model, docs, pages, schemes, self.thresholds)

    def _given(self, doc: Doc) -> list[Node]:
        spans = doc.spans[ENTITIES_KEY] if ENTITIES_KEY in doc.spans else doc.ents
        types = self._type_of
        nodes = {Node(span.start, span.end, types.get(span.label_, span.label_), False, True) for span in spans}
        return sorted(nodes)

    def set_annotations(self, docs: Iterable[Doc], found: Sequence[Found]) -> None:
        """Write events onto documents, in place of those that they have.

        docs (Iterable[Doc]): The documents. found (Sequence[Found]): What ``predict`` returned for them.
        """
        for doc, (nodes, structures, scores) in zip(docs, found, strict=True):
            entities = self._entities(doc)
            spans: dict[int, Span] = {}

            def span_of(
                number: int, doc: Doc = doc, nodes: list[Node] = nodes, entities: Any = entities, spans: Any = spans
            ) -> Span:
                node = nodes[number]
                if number not in spans:
                    known = entities.get((node.start, node.stop, node.label)) if node.is_given else None
                    spans[number] = known or Span(doc, node.start, node.stop, label=node.label)
                return spans[number]

            made: list[Event] = []
            for (trigger, filled), (score, negated, speculated) in zip(structures, scores, strict=True):
                arguments = tuple(
                    Argument(role, made[event] if event >= 0 else span_of(node)) for role, node, event in filled
                )
                least = self.thresholds.modalities
                made.append(
                    Event(
                        span_of(trigger), nodes[trigger].label, arguments, negated >= least, speculated >= least, score
                    )
                )
            triggers = sorted({trigger for trigger, _ in structures})
            doc.spans[TRIGGERS_KEY] = [span_of(number) for number in triggers]
            extra = sorted(
                {one.node for _, filled in structures for one in filled if not nodes[one.node].is_trigger}
                - {number for number, node in enumerate(nodes) if node.is_given}
            )
            if extra:
                doc.spans[ENTITIES_KEY] = [*doc.spans.get(ENTITIES_KEY, ()), *map(span_of, extra)]
            doc._.events = made

    def _entities(self, doc: Doc) -> dict[tuple[int, int, str], Span]:
        spans = doc.spans[ENTITIES_KEY] if ENTITIES_KEY in doc.spans else doc.ents
        return {(span.start, span.end, self._type_of.get(span.label_, span.label_)): span for span in spans}

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        labels: dict[str, dict[str, Any]] | None = None,
    ) -> None:
        """Prepare the component for training.

        get_examples (Callable[[], Iterable[Example]]): Returns examples; guidelines are inferred from all of them.
        nlp (Language | None): The pipeline.
        labels (dict[str, dict] | None): Fields of ``EventScheme`` for guidelines, in place of what examples show.
        RAISES (BiomedplmError): B226 if there is no event to learn.
        """
        validate_get_examples(get_examples, "BiomedEvents.initialize")
        schemes = make_schemes(labels) if labels else infer_schemes(example.reference for example in get_examples())
        schemes = [scheme for scheme in schemes if scheme.labels]
        if not schemes:
            raise BiomedplmError(coded("B226", component=self.name))
        self.cfg["schemes"] = {scheme.name: scheme.to_dict() for scheme in schemes}
        sample = [example.x for example, _ in zip(get_examples(), range(10), strict=False)]
        self.model.get_ref("tok2vec").initialize(X=sample)
        set_schemes(self.model, schemes)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Any = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples.

        examples (Iterable[Example]): The batch; examples that nobody annotated for events teach nothing.
        drop (float): Dropout on the vectors of words, pairs and events.
        sgd (Optimizer | None): If given, the weights are updated at once.
        losses (dict[str, float] | None): The sum of the stages' losses is added under the name of the pipe.
        RETURNS (dict[str, float]): The losses.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "BiomedEvents.update")
        if not any(len(example.predicted) for example in examples):
            return losses
        schemes = self.schemes
        lessons = []
        first = 0
        for example in examples:
            annotated = annotated_labels(example.reference)
            for number, scheme in enumerate(schemes):
                if scheme.name in annotated and len(example.predicted):
                    lessons.append(self._lesson(example, first, number, scheme))
            first += len(example.predicted)
        set_dropout_rate(self.model, drop)
        found, backprop = self.model.begin_update(([example.predicted for example in examples], lessons, schemes))
        if not torch_shim(self.model.get_ref("output_layer")).fast_forward:
            backprop(self.model.ops.alloc1f(len(STAGES)) + 1.0)
            losses[self.name] += float(np.sum(self.model.ops.to_numpy(found)))
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _lesson(self, example: Example, first: int, number: int, scheme: EventScheme) -> Lesson:
        gold = gold_graph(example.reference, scheme)
        # Tokens are those of the predicted document.
        return Lesson(first, len(example.predicted), sentence_starts(example.reference), number, gold)
