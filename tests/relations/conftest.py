from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_biomedplm.attributes import ENTITIES_KEY, Relation

# Text with entities as [words|LABEL], and relations between their numbers.
Row = tuple[str, list[tuple[int, str, int]]]

TEN: list[Row] = [
    ("[aspirin|DRUG] inhibits [kinase|GENE] in cells", [(0, "INHIBITOR", 1)]),
    ("[kinase|GENE] in cells with [aspirin|DRUG]", []),
    ("[lithium|DRUG] activates [kinase|GENE]", [(0, "ACTIVATOR", 1)]),
    ("[lithium|DRUG] and [aspirin|DRUG] activates the [receptor|GENE]", [(0, "ACTIVATOR", 2), (1, "ACTIVATOR", 2)]),
    ("treatment with [lithium|DRUG]", []),
    ("the [receptor|GENE] of cells", []),
    ("[aspirin|DRUG] inhibits the [receptor|GENE] and [kinase|GENE]", [(0, "INHIBITOR", 1), (0, "INHIBITOR", 2)]),
    ("the [receptor|GENE] inhibits [lithium|DRUG] in the heart", []),
    ("[aspirin|DRUG] activates the [kinase|GENE] protein", [(0, "ACTIVATOR", 1)]),
    ("the heart with failure", []),
]
ANNOTATED = {"relations": {"toy": ["ACTIVATOR", "INHIBITOR"]}}


def mark(vocab: Any, marked: str) -> Doc:
    """A document of words, "[…|LABEL]" or "[…|LABEL|CONCEPT]" being an entity."""
    words: list[str] = []
    places = []
    for part in marked.replace("[", "\n[").replace("]", "]\n").split("\n"):
        if not part.startswith("["):
            words += part.split()
            continue
        text, label, *concept = part[1:-1].split("|")
        places.append((len(words), len(words) + len(text.split()), label, "".join(concept)))
        words += text.split()
    doc = Doc(vocab, words=words)
    doc.spans[ENTITIES_KEY] = [
        Span(doc, start, end, label=label, kb_id=concept, span_id=f"T{n}")
        for n, (start, end, label, concept) in enumerate(places)
    ]
    return doc


def relate(doc: Doc, relations: Sequence[tuple[Any, str, Any]], annotated: Any = ANNOTATED) -> Doc:
    """The document with relations between entities, given by number, or between concepts, given by name."""
    spans = doc.spans[ENTITIES_KEY]
    ends = [[spans[end] if isinstance(end, int) else end for end in (head, tail)] for head, _, tail in relations]
    doc._.relations = [Relation(h, label, t) for (h, t), (_, label, _) in zip(ends, relations, strict=True)]
    doc._.annotated = annotated
    return doc


@pytest.fixture(scope="session")
def make_doc() -> Callable[..., Doc]:
    vocab = spacy.blank("en").vocab
    return lambda marked, relations=(), annotated=ANNOTATED: relate(mark(vocab, marked), relations, annotated)


@pytest.fixture(scope="session")
def ten() -> Callable[[Language], list[Example]]:
    def make(nlp: Language) -> list[Example]:
        return [Example(mark(nlp.vocab, text), relate(mark(nlp.vocab, text), found)) for text, found in TEN]

    return make


@pytest.fixture(scope="session")
def make_pipeline(tiny_plm: Callable[..., Path]) -> Callable[..., Language]:
    """Maker of pipelines that have not learned: make_pipeline("per_pair", markers="typed")."""

    def make(
        execution: str = "shared", model: dict[str, Any] | None = None, has_listener: bool = True, **config: Any
    ) -> Language:
        nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-biomedplm.BiomedTokenizer.v1"}}})
        encoder: dict[str, Any] = {
            "@architectures": "spacy-biomedplm.PlmEncoder.v1",
            "name": str(tiny_plm("bert")),
            "width": 32,
            "precision": "fp32",
        }
        if execution == "shared" and has_listener:
            nlp.add_pipe("tok2vec", config={"model": encoder})
            encoder = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
        settings = {"hidden_width": 16, "attention_heads": 2, **(model or {})}
        classifier = {"@architectures": "spacy-biomedplm.PairClassifier.v1", "tok2vec": encoder, **settings}
        nlp.add_pipe(
            "biomedplm_relations", name="relations", config={"model": classifier, "execution": execution, **config}
        )
        return nlp

    return make


@pytest.fixture(scope="session")
def learn() -> Callable[..., list[float]]:
    """Train a pipeline; returns the losses."""

    def run(nlp: Language, examples: list[Example], steps: int = 60, rate: float = 0.005) -> list[float]:
        fix_random_seed(0)
        optimizer = nlp.initialize(lambda: examples)
        optimizer.learn_rate = rate
        return [nlp.update(examples, sgd=optimizer, drop=0.0)["relations"] for _ in range(steps)]

    return run


@pytest.fixture(scope="session")
def trained(make_pipeline: Any, learn: Any, ten: Any) -> Language:
    """A pipeline that knows the ten documents by heart. Tests leave it as it is."""
    nlp = make_pipeline()
    learn(nlp, ten(nlp))
    return nlp


@pytest.fixture(scope="session")
def trained_folder(trained: Language, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained") / "model"
    trained.to_disk(folder)
    return folder
