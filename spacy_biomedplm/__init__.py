"""spaCy plugin: one biomedical language model reads a document once, task heads share what it read.

Importing this package loads neither spaCy, torch nor transformers; each public name loads its module on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from spacy_biomedplm.about import __version__

if TYPE_CHECKING:
    from spacy_biomedplm.errors import BiomedplmError
    from spacy_biomedplm.ner.component import BiomedNER
    from spacy_biomedplm.tokenization import BiomedTokenizer, split_words

__all__ = ["BiomedNER", "BiomedTokenizer", "BiomedplmError", "__version__", "split_words"]

_MODULES = {
    "BiomedNER": "spacy_biomedplm.ner.component",
    "BiomedTokenizer": "spacy_biomedplm.tokenization",
    "BiomedplmError": "spacy_biomedplm.errors",
    "split_words": "spacy_biomedplm.tokenization",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return __all__
