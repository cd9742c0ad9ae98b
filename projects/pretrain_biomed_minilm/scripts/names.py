"""Write the names of concepts of ontologies with free licences as one table, for the alignment of synonyms.

python scripts/names.py data/names.tsv --corpora-dir $BIOMEDPLM_CORPORA

Reads ontologies only: no mention of any annotated corpus is in the table. Not read: kb-drugbank and kb-sider
(non-commercial), kb-ctd-medic and kb-umls-semantic-network (terms not stated).
"""

import csv
import gzip
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import typer
from rich.console import Console
from rich.table import Table

# What a table says: (concept, name), or (concept, None, other concept) for two that are the same.
Fact = tuple[str, str | None, str]
_SYNONYM = re.compile(r'synonym: "((?:[^"\\]|\\.)*)" EXACT\b')
_ESCAPED = re.compile(r"\\(.)")

console = Console()


def make_curie(text: str) -> str:
    """Return an identifier in the one spelling that all tables share: "mesh:D1" and MESH:D1 are MESH:D1.

    text (str): Prefix, colon, identifier, or an address of OBO.
    """
    prefix, _, local = text.strip("<>\"' ").rpartition("/")[2].replace("_", ":", "/" in text).partition(":")
    return f"{prefix.upper()}:{local}"


def read_obo(stream: TextIO) -> Iterator[Fact]:
    """Yield names and exact synonyms of the terms of an ontology, without obsolete ones.

    stream (TextIO): OBO.
    """
    facts: list[str] = []
    concept, is_term = "", False
    for line in [*stream, "[end]"]:
        if line.startswith("["):
            yield from ((concept, _ESCAPED.sub(r"\1", name), "") for name in facts if concept)
            concept, facts, is_term = "", [], line.startswith("[Term]")
        elif not is_term:
            continue
        elif line.startswith("id: "):
            concept = make_curie(line[4:].split(" ! ")[0].strip())
        elif line.startswith("name: "):
            facts.append(line[6:].strip())
        elif match := _SYNONYM.match(line):
            facts.append(match.group(1).strip())
        elif line.startswith("is_obsolete: true"):
            is_term, facts = False, []


def read_columns(*names: int, concept: int = 0, prefix: str = "", skip: int = 1) -> Callable[[TextIO], Iterator[Fact]]:
    """Return what reads names from some columns of a table, several in one cell divided by "|".

    names (int): Columns of names. concept (int): Column of the concept. prefix (str): Put before it.
    skip (int): Lines above the table.
    """

    def read(stream: TextIO) -> Iterator[Fact]:
        for row in list(csv.reader(stream, delimiter="\t"))[skip:]:
            for cell in (row[column] for column in names):
                yield from ((make_curie(prefix + row[concept]), name, "") for name in cell.split("|") if name != "-")

    return read


def read_matches(stream: TextIO) -> Iterator[Fact]:
    """Yield labels and exact matches of a table of mappings.

    stream (TextIO): SSSOM.
    """
    for row in csv.DictReader((line for line in stream if not line.startswith("#")), delimiter="\t"):
        if row["predicate_id"] == "skos:exactMatch":
            subject, target = make_curie(row["subject_id"]), make_curie(row["object_id"])
            yield subject, None, target
            yield subject, row["subject_label"], ""
            if row.get("object_label"):
                yield target, row["object_label"], ""


def read_pairs(stream: TextIO) -> Iterator[Fact]:
    """Yield names and matches of a table of pairs: database, identifier and name, twice.

    stream (TextIO): TSV without a header.
    """
    for row in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE):
        one, other = (make_curie(at if ":" in at else f"{db}:{at}") for db, at in ((row[0], row[1]), (row[3], row[4])))
        yield from ((one, None, other), (one, row[2], ""), (other, row[5], ""))


def read_xrefs(stream: TextIO) -> Iterator[Fact]:
    """Yield the terms of other vocabularies that a term is the same as.

    stream (TextIO): TSV: identifier, label, identifier elsewhere.
    """
    for row in list(csv.reader(stream, delimiter="\t"))[1:]:
        yield make_curie(row[0]), None, make_curie(row[2])


def read_words(stream: TextIO) -> Iterator[Fact]:
    """Yield names from a JSON object from concepts to lists of names.

    stream (TextIO): JSON.
    """
    for concept, names in json.load(stream).items():
        yield from ((make_curie(concept), name, "") for name in names)


def read_alternatives(stream: TextIO) -> Iterator[Fact]:
    """Yield identifiers that stand for the same concept.

    stream (TextIO): A JSON object from identifiers to identifiers.
    """
    for one, other in json.load(stream).items():
        yield make_curie(one), None, make_curie(other)


@dataclass(frozen=True)
class Source:
    """A file of an ontology: where, under which terms, and how it is read."""

    path: str
    licence: str
    read: Callable[[TextIO], Iterator[Fact]]


_HPO = "HPO licence (free with attribution)"
SOURCES = (
    Source("kb-mesh/terms.tsv.gz", "CC0", read_columns(1, prefix="MESH:")),
    Source("kb-mesh/gilda-mesh_mappings.tsv.gz", "BSD-2-Clause", read_pairs),
    Source("kb-hpo/hp-es.babelon.tsv.gz", _HPO, read_columns(3, concept=2)),
    Source("kb-hpo/layperson-synonyms.tsv.gz", _HPO, read_columns(1, 2)),
    Source("kb-hpo/phenotagger-alt_hpoid.json.gz", _HPO, read_alternatives),
    Source("kb-hpo/phenotagger-id_word_map.json.gz", _HPO, read_words),
    Source("kb-disease-ontology/doid-2016-09-01.obo.gz", "CC0", read_obo),
    Source("kb-disease-ontology/HumanDO.tsv.gz", "CC0", read_columns(1)),
    Source("kb-disease-ontology/MESHinDO.tsv", "CC0", read_xrefs),
    Source("kb-mondo/mondo_exactmatch_doid.sssom.tsv.gz", "CC BY 4.0", read_matches),
    Source("kb-mondo/mondo_exactmatch_mesh.sssom.tsv.gz", "CC BY 4.0", read_matches),
    Source("kb-biomappings/positive.sssom.tsv.gz", "CC0", read_matches),
    Source("kb-chebi/chebi-subset-in-hpo.obo.gz", "CC BY 4.0", read_obo),
    Source("kb-chebi/chebi-subset-in-mondo.obo.gz", "CC BY 4.0", read_obo),
    Source("kb-gene-ontology/go-subset-in-hpo.obo.gz", "CC BY 4.0", read_obo),
    Source("kb-gene-ontology/go-subset-in-mondo.obo.gz", "CC BY 4.0", read_obo),
    Source("kb-cell-ontology/cl-2022-11-25.obo.gz", "CC BY 4.0", read_obo),
    Source("kb-uberon/uberon-subset-in-mondo.obo.gz", "CC BY 3.0", read_obo),
    Source("kb-ncbitaxon/ncbitaxon-subset-in-go.obo.gz", "CC BY 4.0", read_obo),
    Source("kb-ncbitaxon/ncbitaxon-subset-in-mondo.obo", "CC BY 4.0", read_obo),
    Source("kb-protein-ontology/pr-subset-in-hpo.obo.gz", "CC BY 4.0", read_obo),
    Source("kb-sequence-ontology/so.obo.gz", "CC BY-SA 4.0", read_obo),
    Source("kb-hgnc/hgnc-subset-in-mondo.obo", "CC BY 4.0", read_obo),
    Source("kb-ncbi-gene/Homo_sapiens.gene_info.gz", "public domain", read_columns(2, 4, 8, concept=1, prefix="GENE:")),
)


def join(facts: Iterable[Fact]) -> dict[str, list[str]]:
    """Return the names of each concept, those that are the same put together under the first in the alphabet.

    facts (Iterable[Fact]): What all tables say. Names that differ in case only are one.
    """
    roots: dict[str, str] = {}

    def root(concept: str) -> str:
        while concept in roots:
            concept = roots[concept]
        return concept

    names: dict[str, dict[str, str]] = defaultdict(dict)
    for concept, name, other in facts:
        if name is None:
            first, second = sorted((root(concept), root(other)))
            if first != second:
                roots[second] = first
        elif name.strip():
            names[concept].setdefault(name.strip().casefold(), " ".join(name.split()))
    joined: dict[str, dict[str, str]] = defaultdict(dict)
    for concept in sorted(names):
        for key, name in names[concept].items():
            joined[root(concept)].setdefault(key, name)
    return {concept: list(joined[concept].values()) for concept in sorted(joined)}


def read_source(source: Source, root: Path) -> list[Fact] | None:
    """Return what a source says, or None if its file is not there.

    source (Source): The source. root (Path): Folder of all corpora.
    """
    packed = root / source.path
    path = packed if packed.exists() else packed.with_name(packed.name.removesuffix(".gz"))
    if not path.exists():
        return None
    with gzip.open(path, "rt", encoding="utf8") if path.suffix == ".gz" else path.open(encoding="utf8") as stream:
        return list(source.read(stream))  # type: ignore[arg-type]


def main(
    output: Path = typer.Argument(..., help="File that is written."),
    corpora_dir: Path = typer.Option(
        ..., envvar="BIOMEDPLM_CORPORA", exists=True, file_okay=False, help="Folder with one folder per corpus."
    ),
) -> None:
    """Write the table: one concept and one name per line."""
    facts: list[Fact] = []
    table = Table("source", "licence", "names", "matches", box=None)
    for source in SOURCES:
        found = read_source(source, corpora_dir)
        kinds = Counter(name is None for _, name, _ in found or ())
        numbers = ("not there", "") if found is None else (f"{kinds[False]:,}", f"{kinds[True]:,}")
        table.add_row(source.path, source.licence, *numbers)
        facts.extend(found or ())
    console.print(table)
    concepts = {concept: names for concept, names in join(facts).items() if len(names) > 1}
    if not concepts:
        console.print(f"{corpora_dir} holds no ontology with synonyms (folders kb-…).", style="red")
        raise typer.Exit(1)
    output.parent.mkdir(parents=True, exist_ok=True)
    lines = [f"{concept}\t{name}\n" for concept, names in concepts.items() for name in names]
    output.write_text("concept\tname\n" + "".join(lines), encoding="utf8")
    console.print(f"{output}: {len(concepts):,} concepts with two names or more, {len(lines):,} names.")


if __name__ == "__main__":
    typer.run(main)
