"""From a config to a knowledge base: sources are read in order, cut to what is wanted, and put together."""

import inspect
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.build import SCRATCH, build, partial_of
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.config import KbConfig, SourceConfig
from spacy_biomedplm.kb.curies import normalise_id, prefix_of, spell_prefix
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.intake import Wanted
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.matching import Matching
from spacy_biomedplm.kb.reading import Reader, Reading
from spacy_biomedplm.kb.semantic_types import read_semantic_types
from spacy_biomedplm.kb.sources.formats import FORMATS, guess_format
from spacy_biomedplm.kb.sources.sssom import read_sssom

Observer = Callable[[int, int], None]
_OBSERVED = 1000


@dataclass
class SourceCount:
    """What a source gave.

    name (str): Of the source. format (str): Of its file. path (Path): The file.
    concepts (int): Records with a name that is taken. facts (int): Records without one, which add to others.
    names (int): Names that are taken. left_out (int): Names that its own settings leave out.
    broken (int): Rows and texts that were mended or left out.
    """

    name: str
    format: str
    path: Path
    concepts: int = 0
    facts: int = 0
    names: int = 0
    left_out: int = 0
    broken: int = 0


@dataclass
class Assembled:
    """What came of a build.

    base (KnowledgeBase): The base. sources (list[SourceCount]): What each source gave, in order.
    report (Report): What was mended and left out, and what else was counted.
    mapped (int): Ids that another one replaces where they are met.
    """

    base: KnowledgeBase
    sources: list[SourceCount]
    report: Report
    mapped: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data, for JSON."""
        return {
            "name": self.base.name,
            "folder": str(self.base.folder),
            "digest": self.base.digest,
            "counts": dict(self.base.counts),
            "sources": [{**asdict(one), "path": str(one.path)} for one in self.sources],
            "mapped": self.mapped,
            "report": dict(self.report.counts),
            "problems": [asdict(one) for one in self.report.problems],
        }


@dataclass
class _Source:
    """A source whose config is complete and right."""

    config: SourceConfig
    read: Reader
    count: SourceCount
    filters: Filters = field(default_factory=Filters)

    def open(self, reading: Reading) -> Iterator[Concept]:
        reading.note(self.config.name, self.config.facts)
        options: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in self.config.options.items()
        }
        return self.read(self.config.path, self.config.name, reading, **options)


def assemble(config: KbConfig, out: Path, *, observe: Observer | None = None) -> Assembled:
    """Build the base that a config describes.

    config (KbConfig): What it is built from.
    out (Path): New folder.
    observe (Observer | None): Told, now and then, the place of the source that is read, and how many records it has
        given; after the last one, that place plus one and 0.
    RETURNS (Assembled): The base, and what was counted.
    RAISES (BiomedplmError): B568, B572 or B581 for a setting that cannot be, B574 for a source that gives nothing of
        what is wanted of it, and whatever readers and ``build`` raise.
    """
    sources = [_prepare(one) for one in config.sources]
    to = tuple(map(spell_prefix, config.mapping.to))
    kept = config.xref_prefixes
    report = Report(errors=config.errors)
    with tempfile.TemporaryDirectory(prefix="biomedplm-kb-") as scratch:
        matching = _match([one.path for one in config.mapping.files], to, sources, Reading(report, Path(scratch)))
    mapping = matching.mapping(to)
    reading = Reading(report, partial_of(out) / SCRATCH)
    for one in config.mapping.files:
        reading.note_mapping(one.name or _name_of(one.path), one.facts)
    wanted = Wanted(config.filters, config.definitions, None if kept is None else tuple(map(spell_prefix, kept)))

    def read() -> Iterator[Concept]:
        for place, source in enumerate(sources):
            yield from _read_source(source, reading, place, observe)
        if observe is not None:
            observe(len(sources), 0)
        reading.path, reading.line = "", 0
        yield from matching.facts(to)

    build(read(), out, name=config.name, reading=reading, wanted=wanted, mapping=mapping)
    return Assembled(KnowledgeBase.open(out), [source.count for source in sources], report, len(mapping))


def check_sources(config: KbConfig) -> None:
    """Make sure that the formats, options and types of a config exist, without reading any source.

    config (KbConfig): Any.
    RAISES (BiomedplmError): B568, B572 or B581 for a setting that cannot be.
    """
    for one in config.sources:
        _prepare(one)


def _prepare(config: SourceConfig) -> _Source:
    format = config.format or guess_format(config.path)
    if format not in FORMATS:
        raise BiomedplmError(coded("B568", found=format, known=", ".join(FORMATS)))
    read = FORMATS[format]
    _check_options(config, format, read)
    types = read_semantic_types()
    for type in config.types:
        # Other vocabularies of types have names of their own.
        if type[:1] == "T" and type[1:].isdigit():
            types[type]
    complete = replace(
        config,
        name=config.name or _name_of(config.path),
        prefixes=tuple(map(spell_prefix, config.prefixes)),
        same_as=tuple(map(spell_prefix, config.same_as)),
    )
    filters = Filters(languages=config.languages, term_types=config.term_types, suppressed=True, obsolete=True)
    return _Source(complete, read, SourceCount(complete.name, format, config.path), filters)


def _check_options(config: SourceConfig, format: str, read: Reader) -> None:
    parameters = inspect.signature(read).parameters.values()
    known = {one.name: one.default for one in parameters if one.kind is inspect.Parameter.KEYWORD_ONLY}
    for key, value in config.options.items():
        if key not in known:
            option = f"option of the format '{format}'"
            raise BiomedplmError(coded("B572", option=option, value=key, known=", ".join(known) or "none"))
        items = value if isinstance(value, list) else [value]
        if isinstance(value, list) != isinstance(known[key], tuple) or not all(type(one) is str for one in items):
            wanted = "a list of texts" if isinstance(known[key], tuple) else "a text"
            raise BiomedplmError(coded("B572", option=f"value of the option '{key}'", value=value, known=wanted))


def _name_of(path: Path) -> str:
    name = path.resolve().name.removesuffix(".gz")
    return name.rpartition(".")[0] or name


def _match(files: Sequence[Path], to: tuple[str, ...], sources: list[_Source], reading: Reading) -> Matching:
    matching = Matching(reading.report)
    for path in files:
        pairs = list(read_sssom(path, reading.report))
        _require(path, "exact match of two ids", len(pairs))
        matching.add(pairs)
    for source in sources:
        for prefix in source.config.same_as:
            # The problems of the file are reported when its concepts are taken.
            found = list(_iter_pairs(source, prefix, replace(reading, report=Report(reading.report.errors, limit=0))))
            _require(source.config.path, f"cross-reference to {prefix}", len(found))
            matching.add(found)
    for prefix in to:
        if prefix not in matching.prefixes:
            known = ", ".join(sorted(matching.prefixes)) or "none"
            raise BiomedplmError(coded("B572", option="vocabulary among the exact matches", value=prefix, known=known))
    return matching


def _iter_pairs(source: _Source, prefix: str, reading: Reading) -> Iterator[tuple[str, str]]:
    for concept in source.open(reading):
        if not concept.obsolete and _is_wanted(concept, source.config):
            yield from ((concept.id, xref) for xref in map(normalise_id, concept.xrefs) if prefix_of(xref) == prefix)


def _is_wanted(concept: Concept, config: SourceConfig) -> bool:
    return not config.prefixes or prefix_of(normalise_id(concept.id)) in config.prefixes


def _read_source(source: _Source, reading: Reading, place: int, observe: Observer | None) -> Iterator[Concept]:
    config, count, counts = source.config, source.count, reading.report.counts
    before = _broken(counts)
    reading.path, reading.line = str(config.path), 0
    for records, concept in enumerate(source.open(reading), 1):
        if observe is not None and records % _OBSERVED == 1:
            observe(place, records)
        if not _is_wanted(concept, config):
            counts[f"concepts of {config.name} with ids of other vocabularies"] += 1
            continue
        names = tuple(filter(source.filters.admits, concept.names))
        count.names += len(names)
        count.left_out += len(concept.names) - len(names)
        if names:
            count.concepts += 1
            yield _with(concept, names, config.types)
        else:
            count.facts += 1
            yield replace(concept, names=())
    if not count.names:
        reading.note_mapping(config.name, reading.origins.get(config.name, {}))
    count.broken = _broken(counts) - before
    taken = count.names or (count.facts and not count.left_out)
    _require(config.path, f"concept that the settings of source '{config.name}' take", taken)


def _with(concept: Concept, names: tuple[Name, ...], types: tuple[str, ...]) -> Concept:
    if len(names) == len(concept.names) and not types:
        return concept
    return replace(concept, names=names, types=(*concept.types, *types))


def _broken(counts: Mapping[str, int]) -> int:
    return counts["dropped"] + counts["repaired"]


def _require(path: Path, wanted: str, found: int) -> None:
    if not found:
        raise BiomedplmError(coded("B574", folder=path, wanted=wanted, hint="Look at the file and at its settings."))
