"""Settings of a linker: checked when it is made, not when the first document comes."""

from collections.abc import Mapping
from typing import Any

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.filters import Filters

_AT_LEAST_1 = ("k", "max_entities_per_mention")
_SHARES = ("threshold", "no_definition_threshold")


def check_settings(settings: Mapping[str, Any]) -> None:
    """Make sure that settings can be.

    settings (Mapping[str, Any]): Arguments of ``make_biomedplm_linker``.
    RAISES (BiomedplmError): B692 for one that cannot.
    """
    for name in _AT_LEAST_1:
        if settings[name] < 1:
            raise BiomedplmError(coded("B692", setting=name, found=settings[name], wanted="1 or more"))
    for name in _SHARES:
        if not 0 <= settings[name] <= 1:
            raise BiomedplmError(coded("B692", setting=name, found=settings[name], wanted="a number from 0 to 1"))
    make_filters(settings["filters"])


def make_filters(settings: Mapping[str, Any]) -> Filters:
    """Return the filters of a config.

    settings (Mapping[str, Any]): Fields of ``Filters``.
    RAISES (BiomedplmError): B692 for one that does not exist.
    """
    known = Filters.__dataclass_fields__
    unknown = sorted(set(settings) - set(known))
    if unknown:
        values = {"found": ", ".join(unknown), "wanted": f"some of {', '.join(known)}"}
        raise BiomedplmError(coded("B692", setting="filters", **values))
    for key, value in settings.items():
        wanted = "true or false" if isinstance(getattr(Filters(), key), bool) else "a list of texts"
        is_right = isinstance(value, bool) if wanted.startswith("true") else _is_list(value)
        if not is_right:
            raise BiomedplmError(coded("B692", setting=f"'{key}' of filters", found=repr(value), wanted=wanted))
    values_of: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in settings.items()
    }
    return Filters(**values_of)


def _is_list(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
