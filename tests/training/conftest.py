from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import DocBin, Span

import spacy_biomedplm.attributes as attributes

ROWS = {
    "bc5cdr": [
        ("aspirin in heart failure", [(0, 1, "Chemical"), (2, 4, "Disease")]),
        ("lithium with aspirin", [(0, 1, "Chemical"), (2, 3, "Chemical")]),
        ("treatment of heart failure", [(2, 4, "Disease")]),
        ("the cells of the heart", []),
        ("lithium treatment in the heart", [(0, 1, "Chemical")]),
        ("heart failure in heart cells with aspirin", [(0, 2, "Disease"), (6, 7, "Chemical")]),
    ],
    "bc2gm": [
        ("the kinase receptor in cells", [(1, 3, "GENE")]),
        ("protein and kinase", [(0, 1, "GENE"), (2, 3, "GENE")]),
        ("treatment with lithium", []),
    ],
    "s800": [("cells of the aspirin", [])],
}
LABELS = {"bc5cdr": ["Chemical", "Disease"], "bc2gm": ["GENE"], "s800": ["Species"]}

CONFIG = """
[paths]
corpus = ""
checkpoint = ""
log = ""
plm = ""

[nlp]
lang = "en"
pipeline = ["tok2vec", "ner"]
tokenizer = {"@tokenizers": "spacy-biomedplm.BiomedTokenizer.v1"}

[components]

[components.tok2vec]
factory = "tok2vec"

[components.tok2vec.model]
@architectures = "spacy-biomedplm.PlmEncoder.v1"
name = ${paths.plm}
width = 32
precision = "fp32"
piece_dropout = 0.1
layer_decay = 0.9
average_decay = 0.8

[components.ner]
factory = "biomedplm_ner"

[components.ner.model]
@architectures = "spacy-biomedplm.TokenTagger.v1"
head = "crf"
average_decay = 0.8

[components.ner.model.tok2vec]
@architectures = "spacy.Tok2VecListener.v1"
width = 32
upstream = "tok2vec"

[corpora]

[corpora.train]
@readers = "spacy-biomedplm.CorpusMixture.v1"
path = ${paths.corpus}
shuffle = true
weights = {"bc2gm": 1.5}

[corpora.dev]
@readers = "spacy-biomedplm.CorpusMixture.v1"
path = ${paths.corpus}
max_docs = 2

[training]
train_corpus = "corpora.train"
dev_corpus = "corpora.dev"
seed = 1
gpu_allocator = null
frozen_components = []
annotating_components = []
dropout = 0.1
accumulate_gradient = 1
patience = 0
max_epochs = -1
max_steps = 9
eval_frequency = 4

[training.before_update]
@callbacks = "spacy-biomedplm.checkpoint.v1"
path = ${paths.checkpoint}
minutes = 0.0

[training.batcher]
@batchers = "spacy-biomedplm.batch_by_wordpieces.v1"
encoder = ${paths.plm}
pieces = 24
groups = 2

[training.logger]
@loggers = "spacy-biomedplm.ProgressLogger.v1"
output_file = ${paths.log}
line_every = 4

[training.optimizer]
@optimizers = "Adam.v1"
use_averages = true
L2 = 0.01
grad_clip = 1.0

[training.optimizer.learn_rate]
@schedules = "warmup_linear.v1"
warmup_steps = 2
total_steps = 90
initial_rate = 0.005

[training.score_weights]
guidelines_f = 1.0
ents_f = 0.0
ents_p = 0.0
ents_r = 0.0
ents_per_guideline = null

[initialize]
vectors = null
"""


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of three small corpora."""
    nlp = spacy.blank("en")
    folder = tmp_path_factory.mktemp("corpora")
    for name, rows in ROWS.items():
        docs = []
        for number, (text, mentions) in enumerate(rows):
            doc = nlp.make_doc(text)
            doc.spans[attributes.ENTITIES_KEY] = [Span(doc, a, b, label=label) for a, b, label in mentions]
            doc._.annotated = {"ner": {name: LABELS[name]}}
            doc._.doc_id = f"{name}-{number}"
            docs.append(doc)
        DocBin(docs=docs, store_user_data=True).to_disk(folder / f"{name}.spacy")
    return folder


@pytest.fixture
def train(corpus: Path, tiny_plm: Callable[..., Path], tmp_path: Path) -> Callable[..., Path]:
    """Run `spacy train`; returns the folder that it wrote."""
    from spacy.cli.train import train as spacy_train

    (tmp_path / "config.cfg").write_text(CONFIG, encoding="utf-8")

    def run(name: str, **overrides: Any) -> Path:
        folder = tmp_path / name
        paths = {
            "paths.corpus": str(corpus),
            "paths.plm": str(tiny_plm("bert")),
            "paths.checkpoint": str(tmp_path / f"{name}.checkpoint"),
            "paths.log": str(tmp_path / f"{name}.jsonl"),
        }
        dotted = {key.replace("__", "."): value for key, value in overrides.items()}
        spacy_train(tmp_path / "config.cfg", folder, overrides={**paths, **dotted})
        return folder

    return run


_CHEMICALS = ("aspirin", "lithium", "lithium", "aspirin", "lithium", "aspirin")
_FRAMES = (
    "{} in the treatment of heart failure",
    "treatment of heart failure with {}",
    "the cells of the heart and {}",
    "{} receptor cells in heart failure",
    "kinase and {} in the cells",
    "the protein kinase with {} of the heart",
)


def _pubtator(number: int, text: str) -> str:
    lines = [f"{number}|t|{text}", f"{number}|a|"]
    for word, label in (("aspirin", "Chemical"), ("lithium", "Chemical"), ("heart failure", "Disease")):
        start = text.find(word)
        if start >= 0:
            lines.append(f"{number}\t{start}\t{start + len(word)}\t{word}\t{label}")
    return "\n".join(lines) + "\n\n"


@pytest.fixture
def probe_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Folder of corpora with a small BC5CDR; one training document is a test document."""
    shared = "lithium in cells"
    texts = [frame.format(name) for frame, name in zip(_FRAMES, _CHEMICALS, strict=True)]
    parts = {
        "TrainingSet": [*enumerate(texts, start=1), (7, shared)],
        "DevelopmentSet": [(11, "aspirin and heart failure"), (12, "the heart with lithium")],
        "TestSet": [(7, shared), (22, "heart failure of the cells")],
    }
    folder = tmp_path / "corpora" / "bc5cdr"
    folder.mkdir(parents=True)
    for name, docs in parts.items():
        (folder / f"CDR_{name}.PubTator.txt").write_text("".join(_pubtator(*doc) for doc in docs), encoding="utf8")
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(folder.parent))
    return folder.parent
