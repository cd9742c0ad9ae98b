"""The TOML file that says what a knowledge base is built from: read strictly, a wrong or misspelt key is an error."""

import os
import sys
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

from spacy_biomedplm.corpora.catalogue import ROOT_VARIABLE
from spacy_biomedplm.corpora.problems import ErrorMode
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.filters import Filters

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_IN_CORPORA = f"${ROOT_VARIABLE}/"
_ALL = Filters()
_FACTS = ("version", "licence", "url", "title")


@dataclass(frozen=True)
class SourceConfig:
    """One source.

    path (Path): File or folder; relative to the config, "$BIOMEDPLM_CORPORA/…" in the folder of corpora.
    format (str): One of the formats of ``kb.sources``; empty to tell it from the name of the file.
    name (str): Name of the source, which its names of concepts carry; empty for the name of the file.
    prefixes (tuple[str, ...]): Vocabularies whose concepts are taken, such as "DOID"; empty for all.
    languages, term_types (tuple[str, ...]): Names that are taken, as in ``Filters``; empty for all.
    types (tuple[str, ...]): Semantic types that all of its concepts get besides their own.
    same_as (tuple[str, ...]): Vocabularies to which cross-references of this source are exact matches, where they are
        one to one.
    version, licence, url, title (str): What is known of it, where the file does not say it itself.
    options (dict[str, Any]): Further arguments of the reader.
    """

    path: Path
    format: str = ""
    name: str = ""
    prefixes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    term_types: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    same_as: tuple[str, ...] = ()
    version: str = ""
    licence: str = ""
    url: str = ""
    title: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def facts(self) -> dict[str, str]:
        """What is known of it: "version", "licence", "url" and "title", empty ones too."""
        return {key: getattr(self, key) for key in _FACTS}


@dataclass(frozen=True)
class MappingFile:
    """A table of matches.

    path (Path): SSSOM; relative as that of a source.
    name (str): What it is called in the base; empty for the name of the file.
    version, licence, url, title (str): What is known of it.
    """

    path: Path
    name: str = ""
    version: str = ""
    licence: str = ""
    url: str = ""
    title: str = ""

    @property
    def facts(self) -> dict[str, str]:
        """What is known of it, empty texts too."""
        return {key: getattr(self, key) for key in _FACTS}


@dataclass(frozen=True)
class MappingConfig:
    """How ids of several vocabularies that mean the same become one.

    to (tuple[str, ...]): Vocabularies whose ids concepts get, the best one first; "UMLS" for CUIs.
    files (tuple[MappingFile, ...]): SSSOM tables of exact matches, the most reliable one first.
    """

    to: tuple[str, ...] = ()
    files: tuple[MappingFile, ...] = ()


@dataclass(frozen=True)
class KbConfig:
    """All of it.

    name (str): Name of the base.
    sources (tuple[SourceConfig, ...]): In the order in which their names count: the preferred name of a concept is that
        of the first source that has one.
    mapping (MappingConfig): Which ids become one.
    filters (Filters): Names and concepts that are taken.
    definitions (bool): Definitions too.
    xref_prefixes (tuple[str, ...] | None): Vocabularies whose ids are kept as cross-references; None for all.
    errors ("raise" | "skip" | "repair"): What is done with broken rows.
    """

    name: str
    sources: tuple[SourceConfig, ...]
    mapping: MappingConfig = MappingConfig()
    filters: Filters = _ALL
    definitions: bool = True
    xref_prefixes: tuple[str, ...] | None = None
    errors: ErrorMode = "raise"


def read_config(path: Path) -> KbConfig:
    """Return the config that a file holds.

    path (Path): TOML.
    RAISES (BiomedplmError): B567 if it is not there or not TOML, or for a section or key that does not exist, is
        missing or has a value of another type.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BiomedplmError(coded("B567", path=path, reason=error)) from error
    config: KbConfig = _Filler(path).fill(KbConfig, found, "the file")
    if not config.sources:
        raise BiomedplmError(coded("B567", path=path, reason="it has no [[sources]]"))
    if any(one.same_as for one in config.sources) or config.mapping.files:
        if not config.mapping.to:
            reason = "[mapping] needs 'to', the vocabularies whose ids concepts get"
            raise BiomedplmError(coded("B567", path=path, reason=reason))
    elif config.mapping.to:
        raise BiomedplmError(coded("B567", path=path, reason="[mapping] has no 'files', and no source 'same_as'"))
    return config


class _Filler:
    """Fills dataclasses from tables, every key and type checked. path (Path): The file, for errors and paths in it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def fill(self, kind: Any, values: Mapping[str, Any], where: str) -> Any:
        hints = get_type_hints(kind)
        for key in values:
            if key not in hints:
                near = get_close_matches(key, hints, n=3, cutoff=0.5) or list(hints)
                raise self._fault(f"{where} has no '{key}'; there are, for example: {', '.join(near)}")
        for known in fields(kind):
            if known.name not in values and known.default is MISSING and known.default_factory is MISSING:
                raise self._fault(f"{where} needs '{known.name}'")
        return kind(**{key: self._convert(hints[key], value, f"'{key}' of {where}") for key, value in values.items()})

    def _convert(self, hint: Any, value: Any, where: str) -> Any:
        origin, inner = get_origin(hint), get_args(hint)
        if type(None) in inner:
            return self._convert(inner[0], value, where)
        if origin is Literal and value in inner:
            return value
        if origin is tuple and isinstance(value, list):
            return tuple(self._convert(inner[0], one, f"{where}, number {n}") for n, one in enumerate(value, 1))
        if isinstance(value, dict) and (origin is dict or hasattr(hint, "__dataclass_fields__")):
            return value if origin is dict else self.fill(hint, value, where)
        if hint is Path and isinstance(value, str) and value:
            return self._locate(value)
        if hint in (str, bool) and type(value) is hint:
            return value
        raise self._fault(f"{where} is {value!r}, wanted {_describe(hint)}")

    def _locate(self, value: str) -> Path:
        if not value.startswith(_IN_CORPORA):
            return self._path.parent / value
        root = os.environ.get(ROOT_VARIABLE)
        if not root:
            raise BiomedplmError(coded("B416", variable=ROOT_VARIABLE))
        return Path(root, value.removeprefix(_IN_CORPORA))

    def _fault(self, reason: str) -> BiomedplmError:
        return BiomedplmError(coded("B567", path=self._path, reason=reason))


def _describe(hint: Any) -> str:
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return f"one of {', '.join(inner)}"
    if origin is tuple:
        return f"a list, each item {_describe(inner[0])}"
    return {str: "a text", bool: "true or false", Path: "a path"}.get(hint, "a table")
