"""The pipe `biomedplm_linker`: concepts of a knowledge base for the entities of documents."""

import warnings
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import srsly
from numpy.typing import NDArray
from spacy.language import Language
from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples, validate_get_examples
from thinc.api import Config, Model, set_dropout_rate
from thinc.types import Floats2d

from spacy_biomedplm.attributes import Link, score_key
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.bases import find_base
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.linking.annotation import annotate
from spacy_biomedplm.linking.gold import Gold, count_of, find_gold, pairs_of
from spacy_biomedplm.linking.knowledge import Knowledge
from spacy_biomedplm.linking.learned import LearnedNames
from spacy_biomedplm.linking.linker import Lesson, Linker
from spacy_biomedplm.linking.mentions import entities_of, find_mentions
from spacy_biomedplm.linking.ranker import as_floats, fit_scale, ranking_loss
from spacy_biomedplm.linking.settings import check_settings, make_filters
from spacy_biomedplm.linking.storage import BASE, read_parts, replace_base, write_parts

DEFAULT_MODEL = """
[model]
@architectures = "spacy-biomedplm.ConceptRanker.v1"
hidden_width = 0
"""
_SAMPLE = 2000


@Language.factory(
    "biomedplm_linker",
    assigns=["doc.ents", "doc.spans", "span._.kb_ents", "span._.links"],
    requires=["doc.ents"],
    default_config={
        "model": Config().from_str(DEFAULT_MODEL)["model"],
        "linker_name": "",
        "labels": None,
        "filters": {},
        "resolve_abbreviations": True,
        "filter_for_definitions": False,
        "no_definition_threshold": 0.95,
        "k": 20,
        "threshold": 0.5,
        "max_entities_per_mention": 5,
        "evidence": False,
        "save_base": True,
        "scorer": {"@scorers": "spacy-biomedplm.linking_scorer.v1"},
    },
    default_score_weights={"links_accuracy": 1.0, "links_f": 0.0, "links_p": 0.0, "links_r": 0.0},
)
def make_biomedplm_linker(
    nlp: Language,
    name: str,
    model: Model[list[Floats2d], list[Floats2d]],
    linker_name: str,
    labels: list[str] | None,
    filters: dict[str, Any],
    resolve_abbreviations: bool,
    filter_for_definitions: bool,
    no_definition_threshold: float,
    k: int,
    threshold: float,
    max_entities_per_mention: int,
    evidence: bool,
    save_base: bool,
    scorer: Callable[..., dict[str, Any]] | None,
) -> "BiomedLinker":
    """Return a linker.

    nlp (Language): The pipeline.
    name (str): Name of the pipe; several linkers of different names do not disturb each other.
    model (Model): A "spacy-biomedplm.ConceptRanker.v1".
    linker_name (str): The knowledge base: its folder, or its name in the folder of BIOMEDPLM_KB.
    labels (list[str] | None): Labels of the entities that are linked; None for all.
    filters (dict[str, Any]): Names of the base that count, see ``kb.Filters``.
    resolve_abbreviations (bool): Look abbreviations up by their long form too: those of ``biomedplm_abbreviations`` if
        it is in the pipeline, else those that the linker finds itself.
    filter_for_definitions (bool): Whether a concept without a definition needs a higher score.
    no_definition_threshold (float): That score, in [0, 1].
    k (int): Most concepts that are looked at for each form of a mention.
    threshold (float): Smallest score of a link, in [0, 1].
    max_entities_per_mention (int): Most links of an entity.
    evidence (bool): Keep with each link what it rests on, see ``attributes.Link``.
    save_base (bool): Whether ``to_disk`` copies the base; if not, the folder must be where it was.
    scorer (Callable | None): Scoring method.
    RAISES (BiomedplmError): B692 for a setting that cannot be.
    """
    settings = {
        "linker_name": linker_name,
        "labels": labels,
        "filters": filters,
        "resolve_abbreviations": resolve_abbreviations,
        "filter_for_definitions": filter_for_definitions,
        "no_definition_threshold": no_definition_threshold,
        "k": k,
        "threshold": threshold,
        "max_entities_per_mention": max_entities_per_mention,
        "evidence": evidence,
        "save_base": save_base,
    }
    return BiomedLinker(nlp.vocab, model, name, settings=settings, scorer=scorer)


class BiomedLinker(TrainablePipe):
    """Finds concepts for entities.

    All mentions of all documents of a batch are looked up together; a ranker weighs what speaks for each candidate
    (``linking.features``). A linker that has not learned takes the concept with the most similar name.
    """

    def __init__(
        self,
        vocab: Any,
        model: Model[list[Floats2d], list[Floats2d]],
        name: str = "linker",
        *,
        settings: Mapping[str, Any],
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        self.vocab = vocab
        self.model = model
        self.name = name
        self.scorer = scorer
        self.cfg: dict[str, Any] = {**settings, "features": [], "base": {}}
        self.learned = LearnedNames()
        self._knowledge: Knowledge | None = None
        self._lessons: dict[Hashable, Lesson] = {}
        self._configured: str = settings["linker_name"]
        check_settings(settings)

    @property
    def kb(self) -> KnowledgeBase:
        """The knowledge base, opened when it is first asked for.

        RAISES (BiomedplmError): B575 if there is none of that name. A warning (W604) says that it is not the one that
            the linker learned with.
        """
        return self.knowledge.base

    @property
    def knowledge(self) -> Knowledge:
        """The knowledge base with its indexes. RAISES (BiomedplmError): As ``kb``."""
        if self._knowledge is None:
            if not self.cfg["linker_name"]:
                wanted = "the folder of a knowledge base, or its name in that of BIOMEDPLM_KB"
                raise BiomedplmError(coded("B692", setting="linker_name", found="empty", wanted=wanted))
            self._open(find_base(self.cfg["linker_name"]))
        assert self._knowledge is not None
        return self._knowledge

    def _open(self, folder: Path) -> None:
        known = self.cfg["base"]
        knowledge = Knowledge(folder, make_filters(self.cfg["filters"]))
        if known and known["digest"] != knowledge.base.digest:
            values = {"name": known["name"], "found": knowledge.base.name, "folder": folder}
            warnings.warn(coded("W604", component=self.name, **values), stacklevel=4)
        self._knowledge = knowledge

    @property
    def linker(self) -> Linker:
        """Does the linking, without spaCy. RAISES (BiomedplmError): As ``kb``."""
        features = self.cfg["features"]
        model = self.model if features else None
        return Linker(self.knowledge, self.learned, model, k=self.cfg["k"], features=features)

    # Prediction

    def predict(self, docs: Iterable[Doc]) -> list[dict[str, list[Link]]]:
        """Return the links of the entities of each document, best first, by ``attributes.score_key``.

        docs (Iterable[Doc]): Documents with entities.
        RETURNS (list[dict[str, list[Link]]]): An entity without a concept has an empty list.
        RAISES (BiomedplmError): As ``kb``.
        """
        docs = list(docs)
        labels = self.cfg["labels"]
        found: list[dict[str, list[Link]]] = [
            {score_key(span): [] for span in entities_of(doc) if labels is None or span.label_ in labels}
            for doc in docs
        ]
        texts = [doc.text for doc in docs]
        mentions = find_mentions(docs, texts, labels, write_out=self.cfg["resolve_abbreviations"])
        if not mentions:
            return found
        most = self.cfg["max_entities_per_mention"]
        for mention, links in zip(
            mentions, self.linker.link(mentions, texts, evidence=self.cfg["evidence"]), strict=True
        ):
            found[mention.doc][mention.key] = [link for link in links if link.score >= self._least(link)][:most]
        return found

    def _least(self, link: Link) -> float:
        """Return the score that a link needs."""
        least: float = self.cfg["threshold"]
        if self.cfg["filter_for_definitions"]:
            defined = self.knowledge.defined
            if not all(defined[self.kb.row_of(id)] for id in link.concept_id.split("|")):
                least = max(least, self.cfg["no_definition_threshold"])
        return least

    def set_annotations(self, docs: Iterable[Doc], links: Sequence[Mapping[str, Sequence[Link]]]) -> None:
        """Write links onto documents: ``span._.links``, ``span._.kb_ents`` and ``span.kb_id_``.

        docs (Iterable[Doc]): The documents.
        links (Sequence[Mapping[str, Sequence[Link]]]): What ``predict`` returned for them. ``kb_id_`` is the best link
            of the first linker of the pipeline that has one.
        """
        for doc, found in zip(docs, links, strict=True):
            annotate(doc, self.name, found)

    # Learning

    def initialize(
        self,
        get_examples: Callable[[], Iterable[Example]],
        *,
        nlp: Language | None = None,
        linker_name: str | None = None,
    ) -> None:
        """Count the names of the examples and prepare the ranker.

        get_examples (Callable[[], Iterable[Example]]): Returns examples, whose gold entities have concepts. Without any
            the linker stays one that has not learned.
        nlp (Language | None): The pipeline.
        linker_name (str | None): Another knowledge base than that of the config.
        RAISES (BiomedplmError): As ``kb``; B693 if no concept of the examples is in the base.
        """
        validate_get_examples(get_examples, "BiomedLinker.initialize")
        if linker_name is not None:
            self.cfg["linker_name"], self._knowledge, self.cfg["base"] = linker_name, None, {}
        self._lessons.clear()
        self.cfg["features"] = []
        gold = [self._gold_of(example.reference) for example in get_examples()]
        if not any(one.concepts for mentions in gold for one in mentions):
            return
        self.learned.count([[row for one in mentions for row in count_of(one, self.kb)] for mentions in gold])
        if not self.learned.concepts:
            raise BiomedplmError(coded("B693", component=self.name, name=self.kb.name))
        linker = Linker(self.knowledge, self.learned, None, k=self.cfg["k"])
        sample: list[NDArray[np.float32]] = []
        for example in get_examples():
            sample += self._lesson(example.reference, linker).features
            if sum(map(len, sample)) > _SAMPLE:
                break
        features = np.concatenate(sample)
        fit_scale(self.model, features)
        self.model.initialize(X=as_floats(self.model, [features]))
        self.cfg["features"] = linker.feature_names
        self.cfg["base"] = {"name": self.kb.name, "digest": self.kb.digest}

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Any = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of examples: from their gold entities, whatever the pipeline predicts.

        examples (Iterable[Example]): The batch; entities without a concept of the base teach to leave such ones alone.
        drop (float): Dropout in the ranker.
        sgd (Optimizer | None): If given, the weights are updated at once.
        losses (dict[str, float] | None): Mean loss per mention is added under the name of the pipe.
        RETURNS (dict[str, float]): The losses.
        """
        losses = {} if losses is None else losses
        losses.setdefault(self.name, 0.0)
        examples = list(examples)
        validate_examples(examples, "BiomedLinker.update")
        if not self.cfg["features"]:
            return losses
        linker = self.linker
        lessons = [self._lesson(example.reference, linker) for example in examples]
        features = as_floats(self.model, [rows for lesson in lessons for rows in lesson.features])
        if not features:
            return losses
        set_dropout_rate(self.model, drop)
        scores, backprop = self.model.begin_update(features)
        loss, gradients = self.get_loss(examples, scores)
        backprop(gradients)
        if sgd is not None:
            self.finish_update(sgd)
        losses[self.name] += loss
        return losses

    def get_loss(self, examples: Iterable[Example], scores: list[Floats2d]) -> tuple[float, list[Floats2d]]:
        """Return the mean loss of the mentions of a batch and its gradient.

        examples (Iterable[Example]): The batch. scores (list[Floats2d]): Of the candidates of each mention.
        """
        linker = self.linker
        right = [rows for example in examples for rows in self._lesson(example.reference, linker).right]
        loss, gradients = ranking_loss([self.model.ops.to_numpy(values) for values in scores], right)
        return loss, as_floats(self.model, gradients)

    def _gold_of(self, doc: Doc) -> list[Gold]:
        return find_gold(doc, self.kb, self.cfg["labels"], write_out=self.cfg["resolve_abbreviations"])

    def _lesson(self, doc: Doc, linker: Linker) -> Lesson:
        """Return what a document teaches; it is kept, because it stays the same in every pass."""
        text = doc.text
        key = (text, *((span.start_char, span.end_char, span.label_, span.kb_id_) for span in entities_of(doc)))
        if key not in self._lessons:
            gold = self._gold_of(doc)
            own = {pair: 1 for one in gold for pair in pairs_of(one)}
            self._lessons[key] = linker.prepare(gold, text, own)
        return self._lessons[key]

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """Return the scores of the scorer, which is given the base to compare ids. examples (Iterable[Example])."""
        if self.scorer is None:
            return {}
        return self.scorer(examples, linker=self.name, base=self.kb, labels=self.cfg["labels"])

    # Storage

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Return settings, weights and counts; of the knowledge base only where it lies and its digest.

        exclude (Iterable[str]): "model", "learned", "cfg" or "vocab".
        """
        parts = {name: make() for name, make in self._parts().items() if name not in exclude}
        return srsly.msgpack_dumps(parts)

    def from_bytes(self, bytes_data: bytes, *, exclude: Iterable[str] = ()) -> "BiomedLinker":
        """Load what ``to_bytes`` returned.

        bytes_data (bytes): It. exclude (Iterable[str]): As for ``to_bytes``.
        """
        self._take({name: part for name, part in srsly.msgpack_loads(bytes_data).items() if name not in exclude})
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """Save everything, the knowledge base too unless ``save_base`` is off.

        path (str | Path): Folder.
        exclude (Iterable[str]): "model", "learned", "cfg", "vocab" or "base".
        RAISES (BiomedplmError): As ``kb``, if the base is saved.
        """
        folder, left_out = Path(path), set(exclude)
        is_saved = self.cfg["save_base"] and "base" not in left_out and bool(self.cfg["linker_name"])
        write_parts(folder, self._parts(with_folder=not is_saved), left_out)
        if "base" not in left_out:
            replace_base(folder, self.kb.folder if is_saved else None)

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> "BiomedLinker":
        """Load what ``to_disk`` saved; of another base if the config names another one now.

        path (str | Path): Folder. exclude (Iterable[str]): As for ``to_disk``.
        RAISES (BiomedplmError): B691 for a file that is missing, and as ``kb``.
        """
        folder, left_out = Path(path), set(exclude)
        parts = read_parts(folder, self._parts().keys(), left_out)
        is_swapped = "cfg" in parts and parts["cfg"]["linker_name"] != self._configured
        if is_swapped:
            parts["cfg"]["folder"] = ""
        self._take(parts)
        if not is_swapped and (folder / BASE).is_dir() and "base" not in left_out:
            self._open(folder / BASE)
        return self

    def _parts(self, *, with_folder: bool = True) -> dict[str, Callable[[], Any]]:
        def describe() -> dict[str, Any]:
            where = ""
            if with_folder and self._knowledge is not None:
                where = str(self._knowledge.base.folder.resolve())
            elif with_folder:
                where = self.cfg["linker_name"]
            kept = {name: self.cfg[name] for name in ("features", "base")}
            return {**kept, "linker_name": self._configured, "folder": where}

        return {"cfg": describe, "learned": self.learned.to_dict, "model": self.model.to_bytes}

    def _take(self, parts: Mapping[str, Any]) -> None:
        if "cfg" in parts:
            stored = parts["cfg"]
            self.cfg["features"], self.cfg["base"] = stored["features"], stored["base"]
            self._knowledge = None
            self.cfg["linker_name"] = stored["folder"] or self._configured
        if "learned" in parts:
            self.learned.from_dict(parts["learned"])
        if "model" in parts and self.cfg["features"]:
            self.model.from_bytes(parts["model"])

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_lessons": {}}
