import json
from pathlib import Path

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span
from typer.testing import CliRunner

from spacy_biomedplm.cli import app

PATTERNS = {"CHEMICAL": ["aspirin", "lithium"], "DISEASE": ["fever", "heart failure"], "GENE": ["BRCA1"]}


def find_toys(doc, patterns):
    tokens = [token.lower_ for token in doc]
    for label, names in patterns.items():
        for name in names:
            words = name.lower().split()
            for start in range(len(tokens) - len(words) + 1):
                if tokens[start : start + len(words)] == words:
                    yield Span(doc, start, start + len(words), label=label, span_id="toy")


class ToyPipe:
    """Finds words of a list, with a score, by one of two guidelines: what the real pipe offers to a command."""

    def __init__(self, nlp, name):
        self.guideline = None
        self.guidelines = {"bc5cdr": ["Chemical", "Disease"], "toy-genes": ["gene"]}

    def set_guideline(self, guideline):
        self.guideline = guideline

    def __call__(self, doc: Doc) -> Doc:
        labels = {None: None, "bc5cdr": ("CHEMICAL", "DISEASE"), "toy-genes": ("GENE",)}[self.guideline]
        names = {"bc5cdr": str.title, "toy-genes": str.lower}.get(self.guideline, str)
        patterns = {names(label): words for label, words in PATTERNS.items() if labels is None or label in labels}
        doc.ents = list(find_toys(doc, patterns))
        doc.spans["entities"] = list(doc.ents)
        for ent in doc.ents:
            ent._.score = 0.75
        return doc


@pytest.fixture(scope="session")
def toy_model(tmp_path_factory):
    """A pipeline with guidelines and scores; can be loaded in this process only."""
    if not Language.has_factory("toy_guidelines"):
        Language.factory("toy_guidelines", func=lambda nlp, name: ToyPipe(nlp, name))
    nlp = spacy.blank("en")
    nlp.add_pipe("toy_guidelines", name="ner")
    nlp.to_disk(tmp_path_factory.mktemp("models") / "toy")
    return str(tmp_path_factory.getbasetemp() / "models0" / "toy")


@pytest.fixture(scope="session")
def rule_model(tmp_path_factory):
    """A pipeline of stock components; can be loaded in any process."""
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler", config={"phrase_matcher_attr": "LOWER"})
    ruler.add_patterns([{"label": label, "pattern": name} for label, names in PATTERNS.items() for name in names])
    path = tmp_path_factory.mktemp("rules") / "model"
    nlp.to_disk(path)
    return str(path)


@pytest.fixture
def run():
    """Run the command and return its result."""
    runner = CliRunner()
    return lambda *args: runner.invoke(app, [str(arg) for arg in args], catch_exceptions=False)


@pytest.fixture
def corpus(tmp_path):
    """A JSONL file of 20 documents."""
    path = Path(tmp_path, "docs.jsonl")
    lines = [
        json.dumps({"id": f"d{n}", "title": f"Trial {n} of aspirin", "text": f"Lithium, fever and heart failure {n}."})
        for n in range(20)
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf8")
    return path
