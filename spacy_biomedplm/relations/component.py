"""The pipe `biomedplm_relations`: relations between mentions and between concepts."""

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Model, set_dropout_rate
from thinc.types import Floats2d
from thinc.util import torch2xp, xp2torch

from spacy_biomedplm.attributes import Relation, entities_of, replace_relations
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.layers.initializing import warn_of_stream
from spacy_biomedplm.layers.torch_shim import torch_shim
from spacy_biomedplm.layers.vectors import check_vectors
from spacy_biomedplm.relations.candidates import Candidates, Pair, count_cells
from spacy_biomedplm.relations.decoding import decode
from spacy_biomedplm.relations.ends import end_key, relation_key
from spacy_biomedplm.relations.gold import GoldPairs, draw, gold_pairs, weigh_answers
from spacy_biomedplm.relations.hierarchy import not_wider, open_hierarchy, without_wider
from spacy_biomedplm.relations.learning import Lesson, lesson_loss, make_lesson
from spacy_biomedplm.relations.loss import LossSettings
from spacy_biomedplm.relations.model import PairInput, set_outputs
from spacy_biomedplm.relations.presentation import portions, present_apart, present_marked, present_together
from spacy_biomedplm.relations.schemes import GUIDELINE, Scheme, infer_schemes, lay_out, make_schemes
from spacy_biomedplm.relations.settings import Settings
from spacy_biomedplm.relations.transfer import transfer

_ROLES = ("Arg1", "Arg2")
# Tokens of copies that are read together in prediction.
_MOST_TOKENS = 100_000
# And in one step of learning.
_MOST_LEARNED = 6_000
# Words of contexts, each counted once for every mention at an end, that one document is learned from with.
_MOST_CELLS = 4_000_000


class BiomedRelations(TrainablePipe):
    """Finds relations by several annotation guidelines at once.

    Each guideline has scores of its own on a common representation of pairs, and a document teaches only the labels it
    was annotated for (``doc._.annotated``).
    """

    def __init__(
        self,
        vocab: Any,
        model: Model[PairInput, Floats2d],
        name: str,
        *,
        candidates: Candidates,
        schemes: Mapping[str, Mapping[str, Any]],
        types: Mapping[str, Sequence[str]],
        settings: Settings,
        loss: LossSettings,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self.settings = settings
        self._configured = settings.guidelines
        self.loss = loss
        self._candidates = candidates
        self._given = schemes
        self._type_of = {label: type for type, labels in types.items() for label in labels}
        self.cfg: dict[str, Any] = {"schemes": {}, "types": [], "class_weights": {}}

    @property
    def schemes(self) -> list[Scheme]:
        """The guidelines that the component knows, by name."""
        return make_schemes(self.cfg["schemes"])

    @property
    def guidelines(self) -> dict[str, list[str]]:
        """The labels of relations of every guideline."""
        return {scheme.name: list(scheme.labels) for scheme in self.schemes}

    def choose_guidelines(self, names: Sequence[str] | None) -> None:
        """Write the relations of some guidelines only.

        names (Sequence[str] | None): Guidelines; None for those that the component was made with.
        RAISES (BiomedplmError): B227 for one that the component lacks.
        """
        for name in names or ():
            if name not in self.cfg["schemes"]:
                raise BiomedplmError(coded("B227", guideline=name, known=", ".join(self.cfg["schemes"])))
        self.settings = self.settings._replace(guidelines=self._configured if names is None else list(names))

    @property
    def labels(self) -> tuple[str, ...]:
        """Every label as "guideline/label"."""
        return tuple(f"{scheme.name}/{label}" for scheme in self.schemes for label in scheme.labels)

    @property
    def label_data(self) -> dict[str, dict[str, Any]]:
        """What ``initialize`` takes as labels; written by ``spacy init labels``."""
        return dict(self.cfg["schemes"])

    # Prediction

    def predict(self, docs: Iterable[Doc]) -> list[list[Relation]]:
        """Return the relations of each document.

        docs (Iterable[Doc]): Documents with entities, that the encoder has read if it is shared.
        RETURNS (list[list[Relation]]): By guideline, then by head and tail, each with its probability as score.
        RAISES (BiomedplmError): B002 if the component has not learned, B227 for a guideline that the model lacks, B001
            if the encoder has not read a document.
        """
        docs = list(docs)
        if not self.cfg["schemes"]:
            raise BiomedplmError(coded("B002"))
        found: list[list[Relation]] = [[] for _ in docs]
        judged = [self._propose(doc) for doc in docs]
        if not any(judged):
            return found
        scores = iter(self._scores(docs, [[pair for _, pair in of_doc] for of_doc in judged]))
        schemes = self.schemes
        columns = lay_out(schemes)
        objective, threshold = self.loss.objective, self.settings.threshold
        for relations, of_doc in zip(found, judged, strict=True):
            # Entities of two types at one place, and concepts of two types, make a pair more than once.
            best: dict[object, Relation] = {}
            for number, pair in of_doc:
                scheme = schemes[number]
                labels, value = decode(next(scores), scheme, columns[number], objective, threshold)
                infons = {GUIDELINE: scheme.name}
                if scheme.values:
                    infons[scheme.attribute] = scheme.values[value]
                ends = relation_key(end_key(pair.head.target), end_key(pair.tail.target), scheme.symmetric)
                for label, score in labels:
                    head, tail = pair.head.target, pair.tail.target
                    relation = Relation(head, scheme.labels[label], tail, score, _ROLES, infons)
                    key = number, ends, label if scheme.multiple else None
                    best[key] = max(best.get(key, relation), relation, key=_score)
            relations += best.values()
        if self.settings.hierarchy is not None:
            is_a = open_hierarchy(self.settings.hierarchy)
            return [without_wider(relations, is_a) for relations in found]
        return found

    def _propose(self, doc: Doc) -> list[tuple[int, Pair]]:
        """Return the candidates of a document, each with the number of its guideline."""
        wanted = self.settings.guidelines
        self.choose_guidelines(wanted)
        types = self._types(doc)
        return [
            (number, pair)
            for number, scheme in enumerate(self.schemes)
            if wanted is None or scheme.name in wanted
            for pair in self._pairs(doc, scheme, types)
        ]

    def _types(self, doc: Doc) -> dict[str, str]:
        return {span.label_: self._type_of.get(span.label_, span.label_) for span in entities_of(doc)}

    def _pairs(self, doc: Doc, scheme: Scheme, types: Mapping[str, str]) -> list[Pair]:
        proposal = self._candidates(doc, scheme, types)
        if proposal.left_out:
            values = {"doc": doc._.doc_id or doc.text[:40], "guideline": scheme.name, "left_out": proposal.left_out}
            warnings.warn(coded("W605", component=self.name, most=len(proposal.pairs), **values), stacklevel=4)
        return proposal.pairs

    def _scores(self, docs: Sequence[Doc], pairs: Sequence[Sequence[Pair]]) -> NDArray[np.float32]:
        """Return the scores of all pairs, those of one document after those of another."""
        if self.settings.execution == "shared":
            check_vectors(self.model, docs, self.name)
            return _to_numpy(self.model, self.model.predict(self._together(docs, pairs)))
        parts = []
        for chosen_docs, chosen_pairs in portions(docs, pairs, _MOST_TOKENS):
            inputs = present_apart(chosen_docs, chosen_pairs, self._numbers, self.settings.markers)
            parts.append(_to_numpy(self.model, self.model.predict(inputs)))
        return np.concatenate(parts)

    def _together(self, docs: Sequence[Doc], pairs: Sequence[Sequence[Pair]]) -> PairInput:
        """Return documents, marked or not, and their pairs."""
        if self.settings.markers == "none":
            return list(docs), present_together(docs, pairs, self._numbers)
        return present_marked(docs, pairs, self._numbers, self.settings.markers)

    @property
    def _numbers(self) -> dict[str, int]:
        return {type: number for number, type in enumerate(self.cfg["types"])}

    def set_annotations(self, docs: Iterable[Doc], relations: Sequence[Sequence[Relation]]) -> None:
        """Write relations onto documents; those of other guidelines stay.

        docs (Iterable[Doc]): The documents.
        relations (Sequence[Sequence[Relation]]): What ``predict`` returned for them.
        """
        for doc, found in zip(docs, relations, strict=True):
            replace_relations(doc, found, lambda infons: infons.get(GUIDELINE) in self.cfg["schemes"])

    # Learning

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
        labels (dict[str, dict] | None): Fields of ``Scheme`` for guidelines; they go before those of the config.
        RAISES (BiomedplmError): B226 if there is no relation to learn, B222 for a field that cannot be.
        """
        validate_get_examples(get_examples, "BiomedRelations.initialize")
        if not labels:
            warn_of_stream(nlp, self.name)
        labels = labels or {}
        given = {name: {**self._given.get(name, {}), **labels.get(name, {})} for name in {*self._given, *labels}}
        schemes = infer_schemes((example.reference for example in get_examples()), given, self._type_of)
        if not schemes:
            raise BiomedplmError(coded("B226", component=self.name))
        several = [scheme.name for scheme in schemes if scheme.multiple]
        if several and self.loss.objective == "softmax":
            warnings.warn(coded("W615", component=self.name, guidelines=", ".join(several)), stacklevel=2)
        self.cfg["schemes"] = {scheme.name: scheme.to_dict() for scheme in schemes}
        self.cfg["types"] = sorted({type for scheme in schemes for type in scheme.types})
        self.cfg["class_weights"] = self._weigh(get_examples()) if self.settings.class_weights else {}
        sample = [example.x for example, _ in zip(get_examples(), range(10), strict=False)]
        self.model.get_ref("tok2vec").initialize(X=sample)
        columns = lay_out(schemes)[-1].values.stop
        set_outputs(self.model, types=len(self.cfg["types"]), columns=columns, represents=self.loss.contrastive > 0)

    def _weigh(self, examples: Iterable[Example]) -> dict[str, list[float]]:
        """Return the weight of no relation and of each label, by guideline; the mean over all candidates is 1."""
        gold: dict[str, list[GoldPairs]] = {}
        for example in examples:
            doc = example.reference
            for scheme in self.schemes:
                answers = gold_pairs(doc, self._pairs(doc, scheme, self._types(doc)), scheme)
                if answers is not None:
                    gold.setdefault(scheme.name, []).append(answers)
        return weigh_answers(gold)

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Any = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples.

        examples (Iterable[Example]): The batch; examples that nobody annotated for relations teach nothing. Pairs are
            made of the entities of the predicted document, or of gold entities if it has none.
        drop (float): Dropout on the vectors of ends and contexts.
        sgd (Optimizer | None): If given, the weights are updated at once.
        losses (dict[str, float] | None): Mean loss per pair is added under the name of the pipe.
        RETURNS (dict[str, float]): The losses.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "BiomedRelations.update")
        if not any(len(eg.predicted) for eg in examples):
            return losses
        lesson, docs, pairs = self._prepare(examples)
        set_dropout_rate(self.model, drop)
        first = 0
        # The steps add up their gradients; the weights are updated once.
        for inputs, count in self._inputs(docs, pairs):
            scores, backprop = self.model.begin_update(inputs)
            loss, gradient = self.get_loss(lesson.chosen(slice(first, first + count)), scores)
            share = count / max(len(lesson.schemes), 1)
            backprop(gradient * share)
            losses[self.name] += loss * share
            first += count
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _prepare(self, examples: Sequence[Example]) -> tuple[Lesson, list[Doc], list[list[Pair]]]:
        """Return what examples teach, the documents that are read, and the pairs of each."""
        answers: list[tuple[int, GoldPairs]] = []
        docs: list[Doc] = []
        pairs_of: list[list[Pair]] = []
        # Copies can be made of either; a listener knows the predicted document only.
        reads_predicted = self.settings.execution == "shared" and self.settings.markers == "none"
        for example in examples:
            doc = example.predicted if len(entities_of(example.predicted)) else example.reference
            types = self._types(doc)
            chosen: list[Pair] = []
            for number, scheme in enumerate(self.schemes):
                pairs = self._pairs(doc, scheme, types)
                gold = gold_pairs(example.reference, pairs, scheme)
                if gold is None or not pairs:
                    continue
                rows = np.arange(len(pairs))
                if self.settings.hierarchy is not None and scheme.level == "concept":
                    rows = not_wider(pairs, gold.labels, open_hierarchy(self.settings.hierarchy))
                rows = self._bound(draw(rows, self.settings.sample_pairs), pairs, doc, scheme)
                chosen += [pairs[row] for row in rows.tolist()]
                answers.append((number, gold.chosen(rows)))
            is_moved = reads_predicted and doc is example.reference
            pairs_of.append(transfer(chosen, doc, example.predicted) if is_moved else chosen)
            docs.append(example.predicted if reads_predicted else doc)
        return make_lesson(answers, self.schemes), docs, pairs_of

    def _bound(self, rows: NDArray[np.int64], pairs: Sequence[Pair], doc: Doc, scheme: Scheme) -> NDArray[np.int64]:
        """Return as many pairs by chance as can be learned from at once if all share one reading of the document."""
        if self.settings.execution == "per_pair":
            return rows
        sizes = np.array([count_cells(pairs[row]) for row in rows.tolist()])
        if sizes.sum() <= _MOST_CELLS:
            return rows
        shuffled = np.random.permutation(len(rows))
        most = max(int(np.searchsorted(np.cumsum(sizes[shuffled]), _MOST_CELLS, side="right")), 1)
        values = {"doc": doc._.doc_id or doc.text[:40], "guideline": scheme.name, "most": most, "count": len(rows)}
        warnings.warn(coded("W616", component=self.name, **values), stacklevel=4)
        return rows[np.sort(shuffled[:most])]

    def _inputs(self, docs: list[Doc], pairs: list[list[Pair]]) -> Iterator[tuple[PairInput, int]]:
        """Yield what the model takes, and the number of different pairs in it."""
        repeats = 2 if self.loss.r_drop else 1
        if self.settings.execution == "shared":
            read, arrays = self._together(docs, pairs)
            # Also without any pair: the encoder waits for the gradient of each of its listeners.
            yield (read, arrays.chosen(np.repeat(np.arange(len(arrays)), repeats))), len(arrays)
            return
        for part, chosen in portions(docs, pairs, _MOST_LEARNED):
            repeated = [[pair for pair in of_doc for _ in range(repeats)] for of_doc in chosen]
            yield present_apart(part, repeated, self._numbers, self.settings.markers), sum(map(len, chosen))

    def get_loss(self, lesson: Lesson, scores: Floats2d) -> tuple[float, Floats2d]:
        """Return the loss per pair and its gradient.

        lesson (Lesson): Right answers.
        scores (Floats2d): Of the pairs; with R-Drop, of each twice in a row.
        RETURNS (tuple[float, Floats2d]): The gradient is zero for what a document was not annotated for.
        """
        shim = torch_shim(self.model.get_ref("output_layer"))
        if not len(scores) or shim.fast_forward:
            return 0.0, self.model.ops.alloc2f(*scores.shape)
        tensor = xp2torch(scores, device=shim.device).requires_grad_()
        weights = {name: torch.tensor(values, device=shim.device) for name, values in self.cfg["class_weights"].items()}
        mean = lesson_loss(lesson, tensor, self.schemes, self.loss, weights)
        mean.backward()
        assert tensor.grad is not None
        return float(mean.detach()), cast(Floats2d, torch2xp(tensor.grad, ops=self.model.ops))


def _to_numpy(model: Model[Any, Any], scores: Floats2d) -> NDArray[np.float32]:
    return np.asarray(model.ops.to_numpy(scores))


def _score(relation: Relation) -> float:
    return relation.score or 0.0
