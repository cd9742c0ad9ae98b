"""The language models the package knows, one JSON file for each in models/: what they are and how they are had."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.language_model import CLOSED, UNKNOWN, LanguageModel, Variant, parse_model

MODELS = Path(__file__).with_name("models")
TAXONOMY: Mapping[str, Mapping[str, str]] = {
    "data": {"genre": "genres", "corpus": "corpora", "language": "languages"},
    "model": {
        "family": "family",
        "architecture": "architecture",
        "vocabulary": "vocabulary",
        "objective": "objectives",
        "init": "initialisation",
    },
    "application": {"task": "tasks"},
    "terms": {"licence": "licence", "access": "access", "survey": "survey"},
}
"""The survey's order of the field, and the terms of use: the name of each filter and its field."""
FILTERS = {name: field for group in TAXONOMY.values() for name, field in group.items()}

# A part is enough: nobody types "records of King's College Hospital".
_IN_PARTS = {"corpus"}


@lru_cache(maxsize=1)
def read_catalogue() -> Mapping[str, LanguageModel]:
    """Return every language model by its name, in alphabetical order.

    RAISES (BiomedplmError): B500 for a record that is not whole.
    """
    files = sorted(MODELS.glob("*.json"))
    records = (parse_model(file.read_text(encoding="utf-8"), path=str(file), stem=file.stem) for file in files)
    return {record.name: record for record in records}


def get_model(name: str) -> LanguageModel:
    """Return the record of a language model.

    name (str): Its name, title, a former name, or a name on the Hugging Face hub; in any case.
    RAISES (BiomedplmError): B508 if the catalogue has no such model, with the nearest names.
    """
    found = find_model(name)
    if found is None:
        raise BiomedplmError(coded("B508", name=name, known=find_similar(name)))
    return found


def find_model(name: str) -> LanguageModel | None:
    """Return the record of a language model, or None.

    name (str): As for ``get_model``.
    """
    found = _names().get(_key(name))
    return read_catalogue()[found] if found is not None else None


def find_variant(model: LanguageModel, name: str) -> Variant:
    """Return the variant of a model that a name on the hub means, else the first.

    model (LanguageModel): The model. name (str): What was asked for.
    """
    return next((variant for variant in model.variants if _key(variant.hub or "") == _key(name)), model.variants[0])


def find_similar(name: str) -> str:
    """Return the names of the catalogue that are most like another, for messages.

    name (str): What was asked for.
    """
    names = _names()
    key = _key(name)
    # The owner on the hub says little of the model.
    close = get_close_matches(key, names, n=10, cutoff=0.5) + get_close_matches(key.split("/")[-1], names, 10, 0.5)
    parts = [other for other in names if len(key) > 2 and key in other]
    return ", ".join(list(dict.fromkeys(names[other] for other in [*close, *parts]))[:5]) or "none is like it"


@lru_cache(maxsize=1)
def _names() -> Mapping[str, str]:
    models = read_catalogue().values()
    # A model's own name goes before those that others have besides.
    pairs = [(model.name, model.name) for model in models]
    pairs += [(name, model.name) for model in models for name in model.names]
    found: dict[str, str] = {}
    for name, owner in pairs:
        found.setdefault(_key(name), owner)
    return found


def _key(name: str) -> str:
    return "-".join(name.casefold().replace("_", "-").split())


def values_of(model: LanguageModel, field: str) -> tuple[str, ...]:
    """Return what a record has in a field, as filters compare it.

    model (LanguageModel): The model. field (str): One of its fields that hold a text, several, or None.
    RETURNS (tuple[str, ...]): "unknown" for None; nothing for an empty list.
    """
    value = getattr(model, field)
    if value is None:
        return (UNKNOWN,)
    return (value,) if isinstance(value, str) else tuple(value)


def known_values(field: str) -> list[str]:
    """Return every value that a field can have, or has in the catalogue, in alphabetical order.

    field (str): See ``values_of``.
    """
    found = {value for model in read_catalogue().values() for value in values_of(model, field)}
    return sorted(found.union(CLOSED.get(field, ())), key=str.casefold)


def select_models(conditions: Mapping[str, str | None]) -> list[LanguageModel]:
    """Return the models that meet every condition, in alphabetical order.

    conditions (Mapping[str, str | None]): Value for each name of FILTERS, in any case; None sets no condition.
    RAISES (BiomedplmError): B509 for a value that is not known.
    """
    wanted = {name: value.casefold() for name, value in conditions.items() if value is not None}
    for name, value in wanted.items():
        known = known_values(FILTERS[name])
        if not _meets(known, name, value):
            raise BiomedplmError(coded("B509", option=name, value=conditions[name], known=", ".join(known)))
    return [
        model
        for model in read_catalogue().values()
        if all(_meets(values_of(model, FILTERS[name]), name, value) for name, value in wanted.items())
    ]


def _meets(values: Iterable[str], name: str, wanted: str) -> bool:
    if name in _IN_PARTS:
        return any(wanted in value.casefold() for value in values)
    return any(wanted == value.casefold() for value in values)
