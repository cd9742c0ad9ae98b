"""Builds a knowledge base: concepts in, a folder out."""

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.containers import printable
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept
from spacy_biomedplm.kb.intake import Intake, Wanted, clean_text
from spacy_biomedplm.kb.layout import Writer
from spacy_biomedplm.kb.merging import Merging
from spacy_biomedplm.kb.reading import Reading

_EVERYTHING = Wanted()
_SPOOLS = "spools"
SCRATCH = "scratch"


def partial_of(out: Path) -> Path:
    """Return the folder that becomes OUT when all is written. out (Path): The folder that is to be."""
    # Of ".." only an absolute path has a name.
    return Path(f"{os.path.abspath(out)}.partial")


@contextmanager
def new_folder(out: Path) -> Iterator[Path]:
    """Give the folder OUT.partial, which gets its name when all is written; after an error nothing is left.

    out (Path): The folder that is to be.
    RAISES (BiomedplmError): B564 if it or its partial folder exists, B565 if it cannot be written.
    """
    partial = partial_of(out)
    for path in (out, partial):
        if os.path.lexists(path):
            raise BiomedplmError(coded("B564", folder=path))
    try:
        partial.mkdir(parents=True)
    except (OSError, ValueError) as error:
        raise BiomedplmError(coded("B565", folder=printable(out), reason=error)) from error
    try:
        yield partial
        partial.rename(out)
    except OSError as error:
        raise BiomedplmError(coded("B565", folder=out, reason=error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def build(
    concepts: Iterable[Concept],
    out: Path,
    *,
    name: str,
    reading: Reading,
    wanted: Wanted = _EVERYTHING,
    mapping: Mapping[str, str] | None = None,
) -> None:
    """Build a knowledge base. The same concepts in the same order give the same bytes.

    concepts (Iterable[Concept]): Sources one after the other. Concepts of the same id become one: names in order, equal
        ones once with the source that came first, the definition of the first that has one, all of the rest.
    out (Path): New folder.
    name (str): Name of the base.
    reading (Reading): Receives what is mended and left out; knows the versions and licences of the sources.
    wanted (Wanted): What is taken.
    mapping (Mapping[str, str] | None): Ids that others replace; they become cross-references.
    RAISES (BiomedplmError): B564 if the folder exists, B565 if it cannot be written, B571 if no name is left, B572 if
        the filters want a source, language, kind of name, semantic type or group that there is not, B573 if there are
        more of them than fit; as the report decides, B577 for broken ids, B578 and B579 for broken names.
    """
    wanted_types = wanted.filters.wanted_types()
    with new_folder(out) as partial:
        spools = partial / _SPOOLS
        spools.mkdir()
        with Intake(spools, wanted, mapping or {}, reading) as intake:
            for concept in concepts:
                intake.add(concept)
            intake.finish()
            merging = Merging(intake, wanted_types)
            if not merging.n_concepts:
                raise BiomedplmError(coded("B571", name=name, left_out=_list(reading.report.counts)))
            writer = Writer(partial)
            counts = merging.write(writer)
            reading.report.counts.update(merging.counts)
            tables: dict[str, Any] = dict(merging.tables)
            tables["sources"] = [_describe(source, reading.origins.get(source, {})) for source in tables["sources"]]
            names = {source["name"] for source in tables["sources"]}
            mappings = [_describe(*one) for one in reading.mappings.items() if clean_text(one[0]) not in names]
            # Bases without any are the same bytes as before there were mappings to tell of.
            tables.update({"mappings": mappings} if mappings else {})
            writer.describe(clean_text(name), tables, counts, wanted.filters.to_dict())
        shutil.rmtree(spools)
        shutil.rmtree(partial / SCRATCH, ignore_errors=True)


def _describe(source: str, facts: Mapping[str, str]) -> dict[str, str]:
    return {"name": source, **{key: clean_text(value) for key, value in facts.items()}}


def _list(counts: Mapping[str, int]) -> str:
    return "; ".join(f"{what}: {count}" for what, count in counts.items()) or "nothing"
