"""What ``biomedplm kb build`` is to build, from its arguments."""

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

from spacy_biomedplm.corpora.problems import ErrorMode
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb import Filters
from spacy_biomedplm.kb.config import KbConfig, SourceConfig, read_config
from spacy_biomedplm.kb.sources.formats import FORMATS

_CONFIG = ".toml"


def read_inputs(
    inputs: Sequence[str],
    out: Path,
    *,
    format: str | None,
    name: str | None,
    filters: Filters,
    definitions: bool,
    errors: ErrorMode | None,
) -> KbConfig:
    """Return what a base is to be built from.

    inputs (Sequence[str]): One config (.toml), or sources: paths, each perhaps with its format and a colon before it.
    out (Path): Folder of the base, after which it is called if nothing else names it.
    format (str | None): Of the sources that name none; None to tell it from their names.
    name (str | None): Of the base. errors (ErrorMode | None): What is done with broken rows; None as the config says.
    filters (Filters): What is taken; what it says replaces what the config says of the same. definitions (bool): False
        leaves definitions out, whatever the config says.
    RAISES (BiomedplmError): B567 for a config that is wrong, or that stands beside other inputs.
    """
    configs = [one for one in inputs if one.lower().endswith(_CONFIG)]
    if configs and len(inputs) > 1:
        reason = "it stands beside other inputs; one config, or sources, can be built"
        raise BiomedplmError(coded("B567", path=configs[0], reason=reason))
    if configs and format:
        reason = f"with it, --from {format} says nothing; each of [[sources]] has its 'format'"
        raise BiomedplmError(coded("B567", path=configs[0], reason=reason))
    if configs:
        config = read_config(Path(configs[0]))
    else:
        sources = tuple(_read_source(one, format or "") for one in inputs)
        config = KbConfig(out.resolve().name, sources)
    return replace(
        config,
        name=name or config.name,
        filters=_merge(config.filters, filters),
        definitions=definitions and config.definitions,
        errors=errors or config.errors,
    )


def _read_source(text: str, format: str) -> SourceConfig:
    before, colon, path = text.partition(":")
    if colon and before in FORMATS:
        return SourceConfig(Path(path), before)
    return SourceConfig(Path(text), format)


def _merge(filters: Filters, others: Filters) -> Filters:
    """Return filters with what others say, where they say something."""
    return Filters(*(getattr(others, one.name) or getattr(filters, one.name) for one in fields(Filters)))
