"""The pipe `biomedplm_events`: nested events with roles and modality."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc, Span
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Model, set_dropout_rate
from thinc.types import Floats1d

from spacy_biomedplm.attributes import (
    ENTITIES_KEY,
    GUIDELINES_KEY,
    MENTIONS_KEY,
    TRIGGERS_KEY,
    Argument,
    Event,
    entities_of,
    score_key,
)
from spacy_biomedplm.documents import sentence_starts
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.events.gold import gold_graph
from spacy_biomedplm.events.graph import Node
from spacy_biomedplm.events.learning import STAGES, Lesson
from spacy_biomedplm.events.model import EventInput, predict_events, set_schemes
from spacy_biomedplm.events.prediction import Found, Page, Thresholds
from spacy_biomedplm.events.schemes import (
    EventScheme,
    annotated_labels,
    infer_schemes,
    make_schemes,
    read_events,
)
from spacy_biomedplm.layers.initializing import warn_of_stream
from spacy_biomedplm.layers.torch_shim import torch_shim
from spacy_biomedplm.layers.vectors import check_vectors

_MOST_SHOWN = 3


class BiomedEvents(TrainablePipe):
    """Finds events by the annotation guidelines that it has learned; the trigger of each names its own as ``id_``.

    A document teaches only the guideline that it was annotated for (``doc._.annotated``).
    """

    def __init__(
        self,
        vocab: Any,
        model: Model[EventInput, Floats1d],
        name: str,
        *,
        guidelines: Sequence[str] | None,
        types: Mapping[str, Sequence[str]],
        thresholds: Thresholds,
        max_pairs: int,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self._chosen = self._configured = guidelines
        self.thresholds = thresholds
        self.max_pairs = max_pairs
        self.scorer = scorer
        self._types = types
        self.cfg: dict[str, Any] = {"schemes": {}}

    @property
    def schemes(self) -> list[EventScheme]:
        """The guidelines that the component knows, by name."""
        return make_schemes(self.cfg["schemes"])

    @property
    def guidelines(self) -> dict[str, list[str]]:
        """The types of events of every guideline."""
        return {scheme.name: list(scheme.labels) for scheme in self.schemes}

    def choose_guidelines(self, names: Sequence[str] | None) -> None:
        """Write the events of some guidelines only.

        names (Sequence[str] | None): Guidelines, preferred ones first, see ``set_annotations``; None for those that the
            component was made with.
        RAISES (BiomedplmError): B232 for one that the component lacks.
        """
        for name in names or ():
            if name not in self.cfg["schemes"]:
                known = ", ".join(self.cfg["schemes"])
                raise BiomedplmError(coded("B232", guideline=name, component=self.name, known=known))
        self._chosen = self._configured if names is None else names

    @property
    def labels(self) -> tuple[str, ...]:
        """Every type of event as "guideline/type"."""
        return tuple(f"{scheme.name}/{label}" for scheme in self.schemes for label in scheme.labels)

    @property
    def label_data(self) -> dict[str, dict[str, Any]]:
        """What ``initialize`` takes as labels; written by ``spacy init labels``."""
        return dict(self.cfg["schemes"])

    def predict(self, docs: Iterable[Doc]) -> list[list[tuple[str, Found]]]:
        """Return what is found in each document by each guideline.

        docs (Iterable[Doc]): Documents with entities, that the encoder has read if it is shared.
        RAISES (BiomedplmError): B002 if the component has not learned, B232 for a guideline that it lacks, B001 if the
            encoder has not read a document.
        """
        docs = list(docs)
        schemes = self.schemes
        if not schemes:
            raise BiomedplmError(coded("B002"))
        names = [scheme.name for scheme in schemes]
        self.choose_guidelines(self._chosen)
        chosen = names if self._chosen is None else self._chosen
        if not any(len(doc) for doc in docs):
            return [[] for _ in docs]
        check_vectors(self.model, docs, self.name)
        pages, owners = [], []
        first = 0
        for place, doc in enumerate(docs):
            for number in map(names.index, chosen if len(doc) else ()):
                given = sorted(self._given(doc, schemes[number]))
                pages.append(Page(first, len(doc), sentence_starts(doc), number, given))
                owners.append(place)
            first += len(doc)
        found: list[list[tuple[str, Found]]] = [[] for _ in docs]
        for place, page, one in zip(
            owners,
            pages,
            predict_events(self.model, docs, pages, schemes, self.thresholds, self.max_pairs),
            strict=True,
        ):
            self._warn_of_bounds(docs[place], names[page.guideline], one.left_out)
            found[place].append((names[page.guideline], one))
        return found

    def given(self, doc: Doc, guideline: str) -> dict[Node, Span]:
        """Return the entities of a document as a guideline sees them.

        doc (Doc): Document with entities. guideline (str): One that the component knows.
        RETURNS (dict[Node, Span]): The entity behind each node. If entities were recognised by the same guideline,
            these are the nodes; of an entity of the same characters that is in the document it is the span.
        """
        return self._given(doc, next(scheme for scheme in self.schemes if scheme.name == guideline))

    def _given(self, doc: Doc, scheme: EventScheme) -> dict[Node, Span]:
        spans = entities_of(doc)
        known = {label for _, _, label in scheme.participants}
        type_of = {label: type for type, labels in self._types.items() if type in known for label in labels}
        # What was found with events before is found again.
        spans = [span for span in spans if not _was_found(span, {scheme.name: scheme})]
        recognised = doc.user_data.get(MENTIONS_KEY, {})
        if scheme.name not in recognised:
            recognised = {}
        nodes = {
            Node(span.start, span.end, type_of.get(span.label_, span.label_), False, True): span
            for span in spans
            if span.id_ not in recognised
        }
        of_guideline = [span for span in doc.ents if span.id_ == scheme.name]
        entity_at = {(span.start_char, span.end_char): span for span in (*spans, *of_guideline)}
        for start, end, label, _ in recognised.get(scheme.name, ()):
            span = entity_at.get((start, end)) or doc.char_span(start, end, label=label, span_id=scheme.name)
            if label not in scheme.spans and span is not None:
                nodes[Node(span.start, span.end, label, False, True)] = span
        return nodes

    def _warn_of_bounds(self, doc: Doc, guideline: str, left_out: tuple[int, int]) -> None:
        if any(left_out):
            values = {"doc": doc._.doc_id or doc.text[:30], "guideline": guideline}
            pairs, candidates = left_out
            message = coded("W612", component=self.name, pairs=pairs, candidates=candidates, **values)
            warnings.warn(message, stacklevel=4)

    def set_annotations(self, docs: Iterable[Doc], found: Sequence[Sequence[tuple[str, Found]]]) -> None:
        """Write events onto documents, in place of those that they have.

        If guidelines were chosen, the first of them that has events of a type on a trigger says which: those of the
        others, also where they are arguments, give way to them. If none were, every guideline speaks for itself.

        docs (Iterable[Doc]): The documents.
        found (Sequence[Sequence[tuple[str, Found]]]): What ``predict`` returned for them.
        """
        schemes = {scheme.name: scheme for scheme in self.schemes}
        for doc, of_doc in zip(docs, found, strict=True):
            events: list[Event] = []
            triggers: list[Span] = []
            extra: list[Span] = []
            for guideline, one in of_doc:
                given = self._given(doc, schemes[guideline])
                spans = [
                    given[node]
                    if node.is_given
                    else Span(doc, node.start, node.stop, label=node.label, span_id=guideline)
                    for node in one.nodes
                ]
                earlier = [] if self._chosen is None else events
                of_guideline = _make_events(one, spans, self.thresholds.modalities, earlier)
                events += of_guideline
                of_events = {score_key(event.trigger): event.trigger for event in of_guideline}.values()
                triggers += sorted(of_events, key=lambda span: (span.start, span.end, span.label_))
                targets = (target for event in of_guideline for _, target in event.arguments)
                extra += (target for target in targets if isinstance(target, Span))
            kept = [span for span in entities_of(doc) if not _was_found(span, schemes)]
            # Of what takes part: spans that were found, and entities that only one guideline has.
            there = {score_key(span) for span in kept}
            extra = list({score_key(span): span for span in extra if score_key(span) not in there}.values())
            if extra or len(kept) < len(entities_of(doc)):
                doc.spans[ENTITIES_KEY] = [*kept, *extra]
            doc.spans[TRIGGERS_KEY] = triggers
            doc.user_data[GUIDELINES_KEY] = sorted({*doc.user_data.get(GUIDELINES_KEY, ()), *schemes})
            doc._.events = events

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
        RAISES (BiomedplmError): B231 if there is no event to learn.
        """
        validate_get_examples(get_examples, "BiomedEvents.initialize")
        if not labels:
            warn_of_stream(nlp, self.name)
        schemes = make_schemes(labels) if labels else infer_schemes(example.reference for example in get_examples())
        schemes = [scheme for scheme in schemes if scheme.labels]
        if not schemes:
            raise BiomedplmError(coded("B231", component=self.name))
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
                    lesson = self._lesson(example, first, number, scheme)
                    lessons += [lesson] if lesson is not None else []
            first += len(example.predicted)
        set_dropout_rate(self.model, drop)
        found, backprop = self.model.begin_update(([example.predicted for example in examples], lessons, schemes))
        if not torch_shim(self.model.get_ref("output_layer")).fast_forward:
            backprop(self.model.ops.alloc1f(len(STAGES)) + 1.0)
            losses[self.name] += float(np.sum(self.model.ops.to_numpy(found)))
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _lesson(self, example: Example, first: int, number: int, scheme: EventScheme) -> Lesson | None:
        if read_events(example.reference) is None:
            return None
        gold = gold_graph(example.reference, scheme, example.predicted)
        if gold.refused:
            shown = "; ".join(f"{name}: {reason}" for name, reason in list(gold.refused.items())[:_MOST_SHOWN])
            values = {"doc": example.reference._.doc_id or example.text[:30], "count": len(gold.refused)}
            warnings.warn(
                coded("W610", component=self.name, guideline=scheme.name, shown=shown, **values), stacklevel=3
            )
        return Lesson(first, len(example.predicted), sentence_starts(example.predicted), number, gold)


def _was_found(span: Span, schemes: Mapping[str, EventScheme]) -> bool:
    """Return whether an entity was found with events before: then it is found again."""
    if span.id_ not in schemes or span.label_ not in schemes[span.id_].spans:
        return False
    recognised = span.doc.user_data.get(MENTIONS_KEY, {}).get(span.id_, ())
    return [span.start_char, span.end_char, span.label_] not in [list(row[:3]) for row in recognised]


def _make_events(found: Found, spans: Sequence[Span], least: float, earlier: Sequence[Event]) -> list[Event]:
    """Return events of what was found, but for those that give way to earlier ones.

    spans (Sequence[Span]): Of each node. least (float): Probability that modalities need.
    earlier (Sequence[Event]): Of guidelines that are preferred.
    """
    preferred: dict[Any, list[Event]] = {}
    for event in earlier:
        preferred.setdefault(_occasion(event), []).append(event)
    made: list[Event] = []
    new: dict[Any, Event] = {}
    for (trigger, filled), (score, negated, speculated) in zip(found.events, found.scores, strict=True):
        arguments = tuple(Argument(role, made[event] if event >= 0 else spans[node]) for role, node, event in filled)
        label = found.nodes[trigger].label
        event = Event(spans[trigger], label, arguments, negated >= least, speculated >= least, score)
        others = preferred.get(_occasion(event))
        if others:
            event = max(others, key=partial(_likeness, event))
        else:
            # Two whose arguments gave way to one event have become the same.
            whole = tuple((role, id(one) if isinstance(one, Event) else one) for role, one in arguments)
            event = new.setdefault((_occasion(event), whole), event)
        made.append(event)
    return list(new.values())


def _occasion(event: Event) -> tuple[str, int, int]:
    return event.label, event.trigger.start, event.trigger.end


def _likeness(event: Event, other: Event) -> tuple[int, float]:
    """Return how many arguments two events share, and the score of the other."""
    mine, its = ({(role, *_place(target)) for role, target in one.arguments} for one in (event, other))
    return len(mine & its), other.score or 0.0


def _place(target: Span | Event | str) -> tuple[int, int]:
    assert not isinstance(target, str), "the component makes events of spans"
    span = target.trigger if isinstance(target, Event) else target
    return span.start, span.end
