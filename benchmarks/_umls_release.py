"""A made-up release of the UMLS: files, columns and proportions of a real one, words of open vocabularies."""

import random
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import TextIO

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.kb import Concept
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.semantic_types import read_semantic_types
from spacy_biomedplm.kb.sources.medic import read_medic
from spacy_biomedplm.kb.sources.obo import read_obo

# The 2023 releases have about 3.3 M concepts, and 2.9 English names of each where all vocabularies are kept.
CONCEPTS_PER_NAME = 0.35
_SOURCES = {"SNOMEDCT_US": 3, "MSH": 3, "NCI": 2, "NCBI": 4, "MTH": 1, "RXNORM": 2, "ICD10CM": 1, "OMIM": 1, "LNC": 1}
_KINDS = ("PT", "SY", "SY", "PN", "AB", "ET")
_WORDS_OF_NAMES = (1, 2, 2, 3, 3, 3, 4, 4, 5, 6, 8)
_BLOCK = 10_000


def read_words(root: Path) -> list[str]:
    """Return the words of open vocabularies, as often as names have them. root (Path): Folder of the corpora."""
    reading = Reading(Report(errors="skip"), root)
    concepts: list[Concept] = list(read_medic(root / "kb-ctd-medic" / "medic_06Jul2012.txt.gz", "MEDIC", reading))
    for path in ("kb-disease-ontology/doid-2016-09-01.obo.gz", "kb-cell-ontology/cl-2022-11-25.obo.gz"):
        concepts += read_obo(root / path, path, reading)
    return [word for concept in concepts for name in concept.names for word in name.text.split() if "|" not in word]


def write_release(folder: Path, names: int, words: list[str], seed: int) -> int:
    """Write the META folder of a release.

    folder (Path): New folder. names (int): Rows of MRCONSO. words (list[str]): What names are made of.
    seed (int): Of the random numbers.
    RETURNS (int): How many concepts it has.
    """
    folder.mkdir(parents=True)
    chance = random.Random(seed)
    concepts = max(1, round(names * CONCEPTS_PER_NAME))
    # The more names a concept has the rarer it is; the last ones get what is left.
    rows = [1] * concepts
    for place in chance.choices(range(concepts), k=max(0, names - concepts)):
        rows[place] += 1
    with ExitStack() as stack:
        files = {
            name: stack.enter_context((folder / f"{name}.RRF").open("w", encoding="utf8", newline="\n"))
            for name in ("MRCONSO", "MRSTY", "MRDEF", "MRREL")
        }
        atoms = count(1)
        for number, of_concept in enumerate(rows, 1):
            _write_concept(files, number, of_concept, atoms, words, chance)
    _write_tables(folder)
    return concepts


def _write_concept(
    files: dict[str, TextIO], number: int, rows: int, atoms: "count[int]", words: list[str], chance: random.Random
) -> None:
    cui, code = f"C{number:07}", f"X{number:07}"
    sources = chance.choices(list(_SOURCES), list(_SOURCES.values()), k=rows)
    lines = []
    for place, source in enumerate(sources):
        atom = next(atoms)
        name = " ".join(chance.choices(words, k=chance.choice(_WORDS_OF_NAMES)))
        kind = "PT" if not place else chance.choice(_KINDS)
        status = "P" if not place else "S"
        suppress = "N" if chance.random() < 0.95 else "O"
        language = "ENG" if place < 4 or chance.random() < 0.7 else "SPA"
        lines.append(
            f"{cui}|{language}|{status}|L{atom:07}|PF|S{atom:07}|Y|A{atom:08}||||{source}|{kind}|{code}|{name}|0|{suppress}||\n"
        )
    files["MRCONSO"].writelines(lines)
    types = chance.sample(_TYPES, k=1 if chance.random() < 0.85 else 2)
    files["MRSTY"].writelines(f"{cui}|{type}|A1|x|AT{number:08}||\n" for type in types)
    if chance.random() < 0.1:
        definition = " ".join(chance.choices(words, k=30))
        files["MRDEF"].write(f"{cui}|A{number:08}|AT{number:08}||MSH|{definition}|N||\n")
    if number > 1:
        parent = f"C{chance.randrange(1, number):07}"
        files["MRREL"].write(f"{cui}|A1|AUI|PAR|{parent}|A2|AUI||R{number:08}||MSH|MSH|||N||\n")


def _write_tables(folder: Path) -> None:
    ranks = (f"{400 - place:04}|{source}|{kind}|N|\n" for place, (source, kind) in enumerate(_list_kinds()))
    (folder / "MRRANK.RRF").write_text("".join(ranks), encoding="utf8")
    columns = {3: "{0}", 4: "{0}, made up", 6: "1", 13: "0", 19: "ENG", 21: "Y"}
    row = "".join(f"{columns.get(place, '')}|" for place in range(25)) + "\n"
    (folder / "MRSAB.RRF").write_text("".join(map(row.format, _SOURCES)), encoding="utf8")


def _list_kinds() -> list[tuple[str, str]]:
    return [(source, kind) for source in _SOURCES for kind in dict.fromkeys(_KINDS)]


_TYPES = list(read_semantic_types().types)
