from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_biomedplm.attributes import ENTITIES_KEY

Mentions = Iterable[tuple[str, str]]
BC5CDR = {"bc5cdr": ["Chemical", "Disease"]}
BC2GM = {"bc2gm": ["GENE"]}

# Text, mentions and what it is annotated for: ten documents of two guidelines that overlap on "heart failure protein".
TEN: list[tuple[str, list[tuple[str, str]], dict[str, list[str]]]] = [
    ("aspirin in heart failure", [("aspirin", "Chemical"), ("heart failure", "Disease")], BC5CDR),
    ("lithium with aspirin", [("lithium", "Chemical"), ("aspirin", "Chemical")], BC5CDR),
    ("treatment of heart failure", [("heart failure", "Disease")], BC5CDR),
    ("the cells of the heart", [], BC5CDR),
    ("heart failure protein in cells", [("heart failure", "Disease")], BC5CDR),
    ("the kinase receptor in cells", [("kinase receptor", "GENE")], BC2GM),
    ("heart failure protein in cells", [("heart failure protein", "GENE")], BC2GM),
    ("treatment with lithium", [], BC2GM),
    ("protein and kinase", [("protein", "GENE"), ("kinase", "GENE")], BC2GM),
    ("aspirin and a kinase", [("aspirin", "Chemical")], {"bc5cdr": ["Chemical"]}),
]


def annotate(doc: Doc, mentions: Mentions, annotated: dict[str, list[str]] | None) -> Doc:
    spans = []
    for text, label in mentions:
        start = doc.text.index(text)
        spans.append(doc.char_span(start, start + len(text), label=label))
    doc.spans[ENTITIES_KEY] = spans
    doc._.annotated = None if annotated is None else {"ner": annotated}
    return doc


@pytest.fixture(scope="session")
def make_example() -> Callable[..., Example]:
    def make(nlp: Language, text: str, mentions: Mentions, annotated: dict[str, list[str]] | None) -> Example:
        return Example(nlp.make_doc(text), annotate(nlp.make_doc(text), mentions, annotated))

    return make


@pytest.fixture(scope="session")
def ten(make_example: Callable[..., Example]) -> Callable[[Language], list[Example]]:
    return lambda nlp: [make_example(nlp, *row) for row in TEN]


@pytest.fixture(scope="session")
def make_pipeline(tiny_plm: Callable[..., Path]) -> Callable[..., Language]:
    """Maker of pipelines that have not learned: make_pipeline(head="crf", guideline="bc5cdr")."""

    def make(head: str = "linear", *, average_decay: float = 0.0, **config: Any) -> Language:
        nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-biomedplm.BiomedTokenizer.v1"}}})
        encoder = {
            "@architectures": "spacy-biomedplm.PlmEncoder.v1",
            "name": str(tiny_plm("bert")),
            "width": 32,
            "precision": "fp32",
            "average_decay": average_decay,
        }
        nlp.add_pipe("tok2vec", config={"model": encoder})
        listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
        model = {"@architectures": "spacy-biomedplm.TokenTagger.v1", "head": head, "hidden_width": 16}
        model = {**model, "tok2vec": listener, "average_decay": average_decay}
        nlp.add_pipe("biomedplm_ner", name="ner", config={"model": model, **config})
        return nlp

    return make


@pytest.fixture(scope="session")
def learn() -> Callable[..., list[float]]:
    """Train a pipeline; returns the losses."""

    def run(nlp: Language, examples: list[Example], steps: int = 45, rate: float = 0.005) -> list[float]:
        fix_random_seed(0)
        optimizer = nlp.initialize(lambda: examples)
        optimizer.learn_rate = rate
        return [nlp.update(examples, sgd=optimizer, drop=0.0)["ner"] for _ in range(steps)]

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


@pytest.fixture
def loaded(trained_folder: Path) -> Language:
    """The same pipeline, for a test that changes it."""
    return spacy.load(trained_folder)
