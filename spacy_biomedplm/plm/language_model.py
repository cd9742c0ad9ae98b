"""What the catalogue says of a language model: ``LanguageModel``, made from one JSON file by ``parse_model``."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from spacy_biomedplm.errors import BiomedplmError, coded

Access = Literal["public", "gated", "code-only", "not-released"]
Genre = Literal["literature", "ehr", "social", "codes", "sequences", "knowledge", "general"]
Tokens = Literal["text", "codes", "residues", "nucleotides"]
Family = Literal["encoder", "decoder", "encoder-decoder", "recurrent", "static"]
TokenizerKind = Literal[
    "wordpiece-cased", "wordpiece-uncased", "bpe", "sentencepiece", "characters", "words", "codes", "residues", "k-mers"
]
Vocabulary = Literal["general", "domain", "own", "extended"]
Initialisation = Literal["scratch", "continued"]
Weights = Literal["safetensors", "pickle", "tensorflow", "other"]
Survey = Literal["Table 4", "section 4.3", "text", "later"]
Objective = Literal[
    "masked-lm",
    "next-sentence",
    "sentence-order",
    "document-relation",
    "replaced-token",
    "causal-lm",
    "bidirectional-lm",
    "permutation-lm",
    "span-corruption",
    "denoising",
    "masked-codes",
    "contrastive",
    "entity-linking",
    "distillation",
    "structure",
    "word-vectors",
]
Task = Literal[
    "ner",
    "linking",
    "relations",
    "events",
    "classification",
    "similarity",
    "inference",
    "qa",
    "dialogue",
    "summarisation",
    "generation",
    "prediction",
    "de-identification",
    "sequences",
]

UNKNOWN = "unknown"
"""What filters and tables call a fact that a record has as null."""


@dataclass(frozen=True)
class Variant:
    """One of the sizes or kinds in which a model is published.

    name (str): What tells it from the others, such as "base".
    parameters (int | None): Parameters as published; where only "base" or "large" is known, those of the architecture.
    weights (Weights | None): Form in which they are published: "safetensors"; "pickle", if there are none; or other.
    hub (str | None): Name on the Hugging Face hub.
    url (str | None): Address, if it is not on the hub.
    """

    name: str
    parameters: int | None
    weights: Weights | None
    hub: str | None = None
    url: str | None = None


@dataclass(frozen=True)
class LanguageModel:
    """A record of the catalogue; None, and an empty tuple, where nothing is known.

    name (str): Name of the model. title (str): As its paper has it. aliases (tuple[str, ...]): Other and former names.
    corpora (tuple[str, ...]): What it learned from. genres (tuple[Genre, ...]): What kind of text that is.
    tokens (Tokens): What it reads. languages (tuple[str, ...]): Two-letter codes; empty where it reads no language.
    date (str | None): Year and month.
    variants (tuple[Variant, ...]): Its sizes and kinds, the one to take first.
    family (Family), architecture (str): The model type of transformers, where there is one.
    tokenizer (TokenizerKind | None): Kind of tokenizer.
    vocabulary (Vocabulary | None): "general", "domain" (that of another model of the field), "own" or "extended".
    objectives (tuple[Objective, ...]): What it learned to do.
    initialisation (Initialisation | None): Whether it began from random weights or from those of another model.
    initialised_from (str | None): That model.
    tasks (tuple[Task, ...]): What its paper applies it to.
    licence (str | None): SPDX identifier, or the name that its page gives.
    access (Access): Where the weights are.
    source (str | None): Address.
    survey (Survey): Where the survey has it; "later" for what came after it. row (int | None): Row of its Table 4.
    loads (str | None): Model type as which encoder/loading.py takes it; None if it takes no such model.
    why (str): What prevents that, or what must be done first.
    citation (str): The paper. notes (tuple[str, ...]): What one must know.
    """

    name: str
    title: str
    corpora: tuple[str, ...]
    genres: tuple[Genre, ...]
    tokens: Tokens
    languages: tuple[str, ...]
    date: str | None
    variants: tuple[Variant, ...]
    family: Family
    architecture: str
    tokenizer: TokenizerKind | None
    vocabulary: Vocabulary | None
    objectives: tuple[Objective, ...]
    initialisation: Initialisation | None
    initialised_from: str | None
    tasks: tuple[Task, ...]
    licence: str | None
    access: Access
    source: str | None
    survey: Survey
    loads: str | None
    row: int | None = None
    why: str = ""
    citation: str = ""
    aliases: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_available(self) -> bool:
        """Whether its weights are to be had."""
        return self.access in ("public", "gated")

    @property
    def names(self) -> tuple[str, ...]:
        """Every name by which it is found."""
        hub = (variant.hub for variant in self.variants if variant.hub is not None)
        return (self.name, self.title, *self.aliases, *hub)


_TEXT, _TEXTS, _OBJECTS = "a text", "a list of texts", "a list of objects"
_MAYBE_TEXT, _MAYBE_NUMBER = "a text or null", "a whole number above 0 or null"
_CHECKS: Mapping[str, Callable[[Any], bool]] = {
    _TEXT: lambda value: isinstance(value, str),
    _MAYBE_TEXT: lambda value: value is None or (isinstance(value, str) and value != ""),
    _MAYBE_NUMBER: lambda value: value is None or (type(value) is int and value > 0),
    _TEXTS: lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    _OBJECTS: lambda value: isinstance(value, list) and value != [] and all(isinstance(item, dict) for item in value),
}
_REQUIRED = {
    **dict.fromkeys(("name", "title", "tokens", "family", "architecture", "access", "survey"), _TEXT),
    **dict.fromkeys(("corpora", "genres", "languages", "objectives", "tasks"), _TEXTS),
    **dict.fromkeys(("date", "tokenizer", "vocabulary", "initialisation", "initialised_from"), _MAYBE_TEXT),
    **dict.fromkeys(("licence", "source", "loads"), _MAYBE_TEXT),
    "variants": _OBJECTS,
}
_OPTIONAL = {
    **dict.fromkeys(("why", "citation"), _TEXT),
    **dict.fromkeys(("aliases", "notes"), _TEXTS),
    "row": _MAYBE_NUMBER,
}
_VARIANT_REQUIRED = {"name": _TEXT, "parameters": _MAYBE_NUMBER, "weights": _MAYBE_TEXT}
_VARIANT_OPTIONAL = {"hub": _MAYBE_TEXT, "url": _MAYBE_TEXT}
CLOSED: Mapping[str, tuple[str, ...]] = {
    "genres": get_args(Genre),
    "tokens": get_args(Tokens),
    "family": get_args(Family),
    "tokenizer": get_args(TokenizerKind),
    "vocabulary": get_args(Vocabulary),
    "objectives": get_args(Objective),
    "initialisation": get_args(Initialisation),
    "tasks": get_args(Task),
    "access": get_args(Access),
    "survey": get_args(Survey),
}
"""The fields that have a closed set of values, and these."""


def parse_model(content: str, *, path: str, stem: str) -> LanguageModel:
    """Return the model that a file of the catalogue describes.

    content (str): JSON object; its keys are the fields of LanguageModel.
    path (str): The file, for errors. stem (str): Its name without ".json", which must be that of the model.
    RAISES (BiomedplmError): B500 if it is not JSON, a field is missing, unknown or of another type, or a value is none
        of those that are possible.
    """
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BiomedplmError(coded("B500", path=path, reason=f"not JSON ({error})")) from error
    reason = _wrong_fields(data, _REQUIRED, _OPTIONAL) or _wrong_variants(data) or _wrong_values(data, stem)
    if reason:
        raise BiomedplmError(coded("B500", path=path, reason=reason))
    given: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
    given["variants"] = tuple(Variant(**variant) for variant in data["variants"])
    return LanguageModel(**given)


def _wrong_fields(data: Any, required: Mapping[str, str], optional: Mapping[str, str]) -> str:
    if not isinstance(data, dict):
        return "not a JSON object"
    for name in required:
        if name not in data:
            return f"'{name}' is missing"
    for name, value in data.items():
        wanted = required.get(name) or optional.get(name)
        if wanted is None:
            return f"'{name}' is no field; there are {', '.join([*required, *optional])}"
        if not _CHECKS[wanted](value):
            return f"'{name}' must be {wanted}"
    return ""


def _wrong_variants(data: Mapping[str, Any]) -> str:
    for number, variant in enumerate(data["variants"], start=1):
        reason = _wrong_fields(variant, _VARIANT_REQUIRED, _VARIANT_OPTIONAL)
        if not reason and variant["weights"] not in (None, *get_args(Weights)):
            reason = f"'weights' has '{variant['weights']}', none of {', '.join(get_args(Weights))}"
        if not reason and not re.match("(https?|ftp)://[^/]", variant.get("url") or "https://a"):
            reason = "'url' must be an address"
        if not reason and not re.fullmatch(r"[\w.-]+/[\w.-]+", variant.get("hub") or "a/b"):
            reason = "'hub' must be of the form owner/name"
        if reason:
            return f"variant {number}: {reason}"
    return ""


def _wrong_values(data: Mapping[str, Any], stem: str) -> str:
    if data["name"] != stem or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", stem):
        return f"'name' must be that of the file, '{stem}', in lower case"
    for name, known in CLOSED.items():
        for value in data[name] if isinstance(data[name], list) else [data[name]]:
            if value is not None and value not in known:
                return f"'{name}' has '{value}', none of {', '.join(known)}"
    if data["date"] is not None and not re.fullmatch(r"\d{4}(-(0[1-9]|1[0-2]))?", data["date"]):
        return "'date' must be a year and a month, such as 2019-01"
    bad = next((language for language in data["languages"] if not re.fullmatch("[a-z]{2}", language)), None)
    if bad is not None:
        return f"'languages' has '{bad}', which is no two-letter code"
    if data["source"] is not None and not re.match("https?://[^/]", data["source"]):
        return "'source' must begin with https:// or http://"
    if (data["survey"] == "Table 4") != (data.get("row") is not None):
        return "'row' must be there if 'survey' is Table 4, and only then"
    if data["loads"] is None and not data.get("why"):
        return "'why' must say why the encoder does not load it"
    return ""
