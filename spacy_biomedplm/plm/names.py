"""Tables of concepts and their names: a concept is a document, and each of its names a sentence of it."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.held_out import Match
from spacy_biomedplm.plm.cache import Part
from spacy_biomedplm.plm.sources import Reading
from spacy_biomedplm.plm.text import RawDocument, has_half_pairs, iter_lines, list_files, open_stream, suffix_of

SUFFIXES = (".tsv", ".jsonl")
_HEADER = ["concept", "name"]
# The names of each concept: casefolded, with the spelling that came first.
Concepts = dict[str, dict[str, str]]


class NameTables:
    """Names of concepts from TSV and JSONL.

    Names are compared without case. Concepts that have two names in common are one: tables that overlap would make the
    same two names a right pair and a wrong one. Held-out names are pairs of concept and name, in files of the same
    form.
    """

    made_of: Mapping[str, str] = {"source": "names"}

    def find_files(self, path: Path) -> list[Path]:
        """Return the tables that a path stands for: a file, or those below a folder.

        RAISES (BiomedplmError): B547 if there is none.
        """
        found = list_files(path, SUFFIXES)
        if not found:
            raise BiomedplmError(coded("B547", path=path, suffixes=", ".join(SUFFIXES)))
        return found

    def read_exclusions(self, paths: Sequence[Path]) -> dict[tuple[str, str], str]:
        """Return the file in which each held-out pair of concept and casefolded name stands.

        RAISES (BiomedplmError): As ``iter_names``, and B558 for a file without names.
        """
        found: dict[tuple[str, str], str] = {}
        for path in paths:
            names = {(concept, name.casefold()): str(path) for concept, name in iter_names(path)}
            if not names:
                raise BiomedplmError(coded("B558", path=path))
            found |= names
        return found

    def read(self, files: Sequence[Path], exclusions: Mapping[tuple[str, str], str], *, drop: bool) -> Reading:
        """Return concepts with two names or more, one name per line.

        RAISES (BiomedplmError): As ``iter_names``.
        """
        counts: Counter[str] = Counter()
        concepts: Concepts = {}
        for file in files:
            for concept, name in iter_names(file):
                known = concepts.setdefault(concept, {})
                counts["names that repeat another of their concept"] += name.casefold() in known
                known.setdefault(name.casefold(), name)
        matches = [
            Match("names", f"{concept} {name}", exclusions[concept, key], f"{concept} {name}", "name")
            for concept, names in concepts.items()
            for key, name in names.items()
            if (concept, key) in exclusions
        ]
        merged, joined = merge_concepts(concepts)
        for concept, key in exclusions if drop else ():
            # Another of the concepts that were put together may have the name too.
            merged.get(joined.get(concept, concept), {}).pop(key, None)
        counts["concepts joined to another with two of their names"] = len(concepts) - len(merged)
        counts["concepts left out, with fewer than two names"] = sum(len(names) < 2 for names in merged.values())
        kept = (
            RawDocument("\n".join(names.values()), None, concept) for concept, names in merged.items() if len(names) > 1
        )
        return Reading(kept, matches, +counts)

    def split(self, text: str) -> list[Part]:
        """Return the names, each by itself."""
        return [(name, []) for name in text.split("\n")]


def iter_names(file: Path) -> Iterator[tuple[str, str]]:
    """Yield the names of a table, each with the identifier of its concept.

    file (Path): By its name JSONL, one object per line with "id" and "names"; else TSV, one concept and one name per
        line. The line "concept<TAB>name" may stand above a TSV; blank lines are passed over; white space within a name
        is one space.
    RAISES (BiomedplmError): B521 for a line that is not UTF-8, B522 for a damaged .gz, B548 for any other line.
    """
    with open_stream(file) as stream:
        for number, line in iter_lines(stream, file):
            if not line.strip():
                continue
            found = _parse_json(line) if suffix_of(file) == ".jsonl" else _parse_tsv(line, number)
            if isinstance(found, str):
                raise BiomedplmError(coded("B548", path=file, line=number, reason=found))
            yield from found


def _parse_tsv(line: str, number: int) -> list[tuple[str, str]] | str:
    fields = [" ".join(field.split()) for field in line.split("\t")]
    if number == 1 and [field.casefold() for field in fields] == _HEADER:
        return []
    if len(fields) != 2:
        return f"it has {len(fields)} fields, not 2"
    return [(fields[0], fields[1])] if all(fields) else "the concept or the name is empty"


def _parse_json(line: str) -> list[tuple[str, str]] | str:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        return f"it is not JSON: {error}"
    concept, names = (found.get("id"), found.get("names")) if isinstance(found, dict) else (None, None)
    if isinstance(concept, int) and not isinstance(concept, bool):
        concept = str(concept)
    if not isinstance(concept, str) or not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        return 'it has no "id" with a list of strings in "names"'
    pairs = [(concept.strip(), " ".join(name.split())) for name in names]
    if not all(concept and name for concept, name in pairs):
        return "the concept or a name is empty"
    if any(has_half_pairs(name) for _, name in pairs):
        return "a name has half a surrogate pair"
    return pairs


def merge_concepts(concepts: Concepts) -> tuple[Concepts, dict[str, str]]:
    """Return concepts, those that have two names in common put together, and what was put into which.

    concepts (Concepts): The concepts.
    """
    roots: dict[str, str] = {}

    def root(concept: str) -> str:
        while concept in roots:
            concept = roots[concept]
        return concept

    owners = Counter(key for names in concepts.values() for key in names)
    first: dict[tuple[str, str], str] = {}
    for concept, names in concepts.items():
        for pair in combinations(sorted(key for key in names if owners[key] > 1), 2):
            one, other = root(first.setdefault(pair, concept)), root(concept)
            if one != other:
                roots[other] = one
    merged: Concepts = {}
    for concept, names in concepts.items():
        into = merged.setdefault(root(concept), {})
        for key, name in names.items():
            into.setdefault(key, name)
    return merged, {concept: root(concept) for concept in roots}
