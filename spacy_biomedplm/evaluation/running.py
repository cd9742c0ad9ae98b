"""What a pipeline answers to documents of a task, and its scores by the metrics that the task names."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from spacy.language import Language
from spacy.tokens import Doc

from spacy_biomedplm.attributes import ENTITIES_KEY, MENTIONS_KEY, PASSAGES_KEY
from spacy_biomedplm.corpora.parts import SUMMARIES
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.evaluation.classification import SIMILARITY
from spacy_biomedplm.evaluation.metrics import Layer, Metric, get_metric
from spacy_biomedplm.evaluation.scores import Score, micro
from spacy_biomedplm.given import find_finders, given_mentions
from spacy_biomedplm.scoring import PRF
from spacy_biomedplm.types import DocumentRecord

BATCH_DOCS = 128
MAX_BATCH_CHARS = 500_000
_ASSIGNED: Mapping[str, tuple[Layer, ...]] = {
    "doc.ents": ("mentions",),
    "doc.spans": ("mentions",),
    "token.ent_kb_id": ("concepts",),
    "doc.ents.kb_id": ("concepts",),
    "span._.kb_ents": ("concepts",),
    "doc._.relations": ("relations",),
    "doc._.events": ("events",),
    "doc.cats": ("labels",),
    "doc._.answers": ("answers",),
    "doc._.metadata": ("summary",),
}
_COMPONENTS: Mapping[Layer, str] = {
    "mentions": "finds entities",
    "concepts": "links entities to concepts",
    "relations": "extracts relations",
    "events": "extracts events",
    "labels": "labels documents",
    "similarity": "gives pairs of texts the label 'similarity'",
    "answers": "answers questions",
    "summary": "writes summaries",
}
# What a question asks for is told to participants; nothing else that a corpus says of a document is.
_TOLD = ("type",)


@dataclass(frozen=True)
class Outcome:
    """What became of one metric.

    metric (Metric): Which.
    score (Score | None): None if it could not be computed.
    reason (str): Why not.
    """

    metric: Metric
    score: Score | None = None
    reason: str = ""

    def to_dict(self) -> dict[str, object]:
        """Return the outcome as plain data.

        RETURNS (dict[str, object]): "main" (what the score is), "given", and the score or "not_scored".
        """
        head: dict[str, object] = {"main": self.metric.title}
        if self.metric.given:
            head["given"] = list(self.metric.given)
        return head | (self.score.to_dict() if self.score is not None else {"not_scored": self.reason})


def run_metrics(
    nlp: Language,
    gold: Sequence[DocumentRecord],
    names: Iterable[str],
    *,
    answers: Sequence[DocumentRecord] | None = None,
    renamed: Mapping[str, str] | None = None,
    labels: Collection[str] | None = None,
    missed: Mapping[str, int] | None = None,
) -> list[Outcome]:
    """Return the scores of a pipeline on gold documents.

    nlp (Language): The pipeline.
    gold (Sequence[DocumentRecord]): All gold documents.
    names (Iterable[str]): Metrics.
    answers (Sequence[DocumentRecord] | None): What ``predict`` returned for them, if it ran already.
    renamed (Mapping[str, str] | None): Names that predicted labels of mentions have in the gold standard.
    labels (Collection[str] | None): Labels of mentions that are annotated: others are not scored. None scores all.
    missed (Mapping[str, int] | None): Gold mentions of each label that do not fit the text; metrics of mentions count
        them as missed.
    RETURNS (list[Outcome]): One for each metric, in order; a metric for which the pipeline has no component says so.
    RAISES (BiomedplmError): B725 for an unknown metric; B728 as ``predict``.
    """
    metrics = [get_metric(name) for name in dict.fromkeys(names)]
    layers = find_layers(nlp)
    found: dict[tuple[Layer, ...], Sequence[DocumentRecord]] = {} if answers is None else {(): answers}
    outcomes = []
    for metric in metrics:
        reason = explain_lack(metric, layers) or _explain_empty(metric, gold)
        if reason:
            outcomes.append(Outcome(metric, reason=reason))
            continue
        if metric.given not in found:
            found[metric.given] = predict(nlp, gold, given=metric.given)
        sides = [gold, [relabel(record, renamed or {}) for record in found[metric.given]]]
        if labels is not None and {"mentions", "concepts"}.intersection(metric.needs):
            sides = [[limit(record, labels) for record in side] for side in sides]
        try:
            score = metric.score(*sides)
        except BiomedplmError as error:
            outcomes.append(Outcome(metric, reason=str(error)))
            continue
        if metric.needs == ("mentions",) and score.counts is not None:
            score = _with_missed(score, missed or {})
        outcomes.append(Outcome(metric, score))
    return outcomes


def find_layers(nlp: Language) -> set[Layer]:
    """Return what the components of a pipeline write.

    nlp (Language): The pipeline. A component that does not declare what it assigns is taken to find entities.
    """
    found: set[Layer] = set()
    for name, pipe in nlp.pipeline:
        assigns = nlp.get_pipe_meta(name).assigns
        for place in assigns:
            found.update(_ASSIGNED.get(place, ()))
        if not assigns:
            found.add("mentions")
        if "doc.cats" in assigns and SIMILARITY in getattr(pipe, "labels", ()):
            found.add("similarity")
    return found


def explain_lack(metric: Metric, layers: Collection[Layer]) -> str:
    """Return why a pipeline cannot be scored by a metric: which component it lacks. Empty if it lacks none.

    metric (Metric): The metric.
    layers (Collection[Layer]): What the components of the pipeline write.
    """
    lacking = [_COMPONENTS[layer] for layer in metric.needs if layer not in layers]
    return "the model has no component that " + " and none that ".join(lacking) if lacking else ""


def _explain_empty(metric: Metric, gold: Sequence[DocumentRecord]) -> str:
    """Return which layer no gold document has, though the metric compares it."""
    for layer in metric.needs:
        if not any(_has_layer(record, layer) for record in gold):
            return f"the documents of the corpus have no {layer}"
    return ""


def _has_layer(record: DocumentRecord, layer: Layer) -> bool:
    if layer == "concepts":
        return any(mention.concepts for mention in record.mentions)
    if layer == "similarity":
        return SIMILARITY in record.labels
    if layer == "summary":
        return SUMMARIES in record.infons
    return bool(getattr(record, layer))


def predict(nlp: Language, gold: Sequence[DocumentRecord], *, given: Collection[Layer] = ()) -> list[DocumentRecord]:
    """Return the answers of a pipeline to documents.

    nlp (Language): The pipeline. Its components that would find what is given do not run, see ``find_finders``.
    gold (Sequence[DocumentRecord]): Of each, the pipeline sees the text, its passages and what is given.
    given (Collection[Layer]): "mentions", and "concepts" of them, as the task gives its participants.
    RETURNS (list[DocumentRecord]): In the same order. Of a component with several guidelines, the mentions are those
        of ``doc.ents``, which follow one of them.
    RAISES (BiomedplmError): B728 for a document longer than ``nlp.max_length``, before any is read.
    """
    longest = max(gold, key=lambda record: len(record.text), default=DocumentRecord("", ""))
    size = len(longest.text)
    if size > nlp.max_length:
        raise BiomedplmError(coded("B728", doc_id=longest.doc_id, found=f"{size:,}", wanted=f"{nlp.max_length:,}"))
    batch_size = max(1, min(BATCH_DOCS, MAX_BATCH_CHARS // max(1, size)))
    docs = (_input(nlp, record, given) for record in gold)
    with ExitStack() as stack:
        if "mentions" in given:
            finders = find_finders(nlp, "concepts" if "concepts" in given else "entities")
            stack.enter_context(nlp.select_pipes(disable=finders))
        return [_answer(doc) for doc in nlp.pipe(docs, batch_size=batch_size)]


def _answer(doc: Doc) -> DocumentRecord:
    if MENTIONS_KEY in doc.user_data:
        # The group holds the mentions of all guidelines, doc.ents those of the one that is followed.
        doc.spans[ENTITIES_KEY] = list(doc.ents)
    return make_record(doc)


def _input(nlp: Language, record: DocumentRecord, given: Collection[Layer]) -> Doc:
    told = {key: value for key, value in record.infons.items() if key in _TOLD}
    passages = tuple(replace(passage, infons={}) for passage in record.passages)
    if "mentions" in given:
        keep = "concepts" in given
        mentions = tuple(
            replace(mention, infons={}, score=None, concepts=mention.concepts if keep else (), is_trigger=False)
            for mention in given_mentions(record)
        )
        return make_doc(nlp.vocab, DocumentRecord(record.doc_id, record.text, mentions, passages=passages, infons=told))
    # The pipeline's own tokenizer: no token may end where a gold mention does only because it does.
    doc = nlp.make_doc(record.text)
    doc._.doc_id = record.doc_id
    if told:
        doc._.metadata = told
    spans = [
        doc.char_span(passage.start, passage.end, label=passage.kind, alignment_mode="expand")
        for passage in passages
        if record.text[passage.start : passage.end].strip()
    ]
    if spans:
        doc.spans[PASSAGES_KEY] = [span for span in spans if span is not None]
    return doc


def relabel(record: DocumentRecord, names: Mapping[str, str]) -> DocumentRecord:
    """Return a document with other labels on its mentions.

    record (DocumentRecord): The document.
    names (Mapping[str, str]): The new label of each label that changes.
    """
    if not names:
        return record
    mentions = (replace(mention, label=names.get(mention.label, mention.label)) for mention in record.mentions)
    return replace(record, mentions=tuple(mentions))


def limit(record: DocumentRecord, labels: Collection[str]) -> DocumentRecord:
    """Return a document with only those of its entities that have one of some labels; triggers stay.

    record (DocumentRecord): The document.
    labels (Collection[str]): The labels.
    """
    return replace(record, mentions=tuple(m for m in record.mentions if m.is_trigger or m.label in labels))


def _with_missed(score: Score, missed: Mapping[str, int]) -> Score:
    counts = Counter(missed)
    if not counts:
        return score
    names = sorted({*score.labels, *counts})
    return micro({name: score.labels.get(name, PRF()) + PRF(fn=counts[name]) for name in names}, **score.more)


def has_entities(docs: Iterable[Doc]) -> bool:
    """Return whether any document has entities, or says that it is annotated for them.

    docs (Iterable[Doc]): Reference documents.
    """
    return any(doc.ents or doc.spans.get(ENTITIES_KEY) or (doc._.annotated or {}).get("ner") for doc in docs)
