"""Write the descriptors of MeSH with their parents, for `biomedplm kb build`.

python scripts/hierarchy.py data/mesh.jsonl
"""

import csv
import gzip
import json
from collections import defaultdict
from pathlib import Path

import typer

from spacy_biomedplm.corpora.catalogue import find_root


def main(output: Path = typer.Argument(..., help="JSONL file.")) -> None:
    """Write one line for each descriptor: the parent of a tree number is what stands before its last point."""
    numbers: dict[str, str] = {}
    names: dict[str, str] = {}
    places: dict[str, list[str]] = defaultdict(list)
    with gzip.open(find_root() / "kb-mesh" / "tree-numbers.tsv.gz", "rt", encoding="utf8") as stream:
        for row in csv.DictReader(stream, delimiter="\t"):
            numbers[row["mesh_tree_number"]] = row["mesh_id"]
            names[row["mesh_id"]] = row["mesh_name"]
            places[row["mesh_id"]].append(row["mesh_tree_number"])
    output.parent.mkdir(parents=True, exist_ok=True)
    with output.open("w", encoding="utf8") as stream:
        for id, name in sorted(names.items()):
            above = {numbers[wider] for number in places[id] if (wider := number.rpartition(".")[0]) in numbers}
            parents = [f"MESH:{parent}" for parent in sorted(above - {id})]
            stream.write(json.dumps({"id": f"MESH:{id}", "names": [{"text": name}], "parents": parents}) + "\n")


if __name__ == "__main__":
    typer.run(main)
