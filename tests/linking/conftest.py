from pathlib import Path

import pytest
import spacy
from spacy.tokens import Span

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.index.opening import build_lexical
from spacy_biomedplm.kb.build import build
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.linking.knowledge import Knowledge

DISEASES = {
    "MESH:D003920": ("diabetes mellitus", "diabetes"),
    "MESH:D003922": ("diabetes mellitus, type 1", "type I diabetes", "insulin-dependent diabetes"),
    "MESH:D003924": ("diabetes mellitus, type 2", "type II diabetes"),
    "MESH:D001943": ("breast neoplasms", "breast cancer", "tumour of the breast"),
    "MESH:D010051": ("ovarian neoplasms", "ovarian cancer"),
    "MESH:D009369": ("neoplasms", "cancer", "tumours"),
    "MESH:D006973": ("hypertension", "high blood pressure"),
    "MESH:D011125": ("adenomatous polyposis coli", "familial polyposis"),
    "OMIM:604370": ("breast-ovarian cancer, familial, 1",),
}
GENES = {"NCBIGene:672": ("BRCA1", "breast cancer gene 1"), "NCBIGene:675": ("BRCA2",)}


def build_base(folder, concepts, *, name="diseases", of_corpus=(), definitions=True):
    scratch = folder.parent / "scratch"
    scratch.mkdir(exist_ok=True)
    reading = Reading(Report(), scratch)
    reading.note("train", {"kind": "corpus"})
    rows = [
        Concept(
            id,
            tuple(Name(text, "vocabulary") for text in names),
            types=("T047",),
            definition=f"What {names[0]} is." if definitions else "",
        )
        for id, names in concepts.items()
    ]
    rows += [Concept(id, (Name(text, "train", "mention"),)) for id, text in of_corpus]
    build(rows, folder, name=name, reading=reading)
    base = KnowledgeBase.open(folder)
    build_lexical(base)
    return folder


@pytest.fixture
def make_base():
    return build_base


@pytest.fixture(scope="session")
def base(tmp_path_factory) -> Path:
    return build_base(tmp_path_factory.mktemp("bases") / "diseases", DISEASES)


@pytest.fixture(scope="session")
def gene_base(tmp_path_factory) -> Path:
    return build_base(tmp_path_factory.mktemp("bases") / "genes", GENES, name="genes")


@pytest.fixture(scope="session")
def corpus_base(tmp_path_factory) -> Path:
    return build_base(
        tmp_path_factory.mktemp("bases") / "with_corpus",
        DISEASES,
        name="with_corpus",
        of_corpus=[("MESH:D006973", "raised pressure"), ("MESH:D006973", "RR elevation")],
    )


@pytest.fixture
def knowledge(base) -> Knowledge:
    return Knowledge(base, Filters())


@pytest.fixture
def make_doc():
    """Return a document with entities: make_doc(text, ("Disease", "breast cancer"), …)."""
    nlp = spacy.blank("en")

    def make(text, *entities, concepts=()):
        doc = nlp.make_doc(text)
        spans = []
        done = {}
        for number, (label, found) in enumerate(entities):
            start = text.index(found, done.get(found, 0))
            done[found] = start + 1
            span = doc.char_span(start, start + len(found), label)
            concept = concepts[number] if number < len(concepts) else ""
            spans.append(Span(doc, span.start, span.end, label, kb_id=concept))
        doc.set_ents(spans)
        return doc

    return make
