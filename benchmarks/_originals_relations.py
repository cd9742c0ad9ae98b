"""The tasks' own programs for relations as functions; see _originals.py."""

import re
import warnings
from collections.abc import Callable
from typing import Any

from _originals import Folder, Numbers, Records

from spacy_biomedplm.evaluation.relations import DRUGPROT_LABELS
from spacy_biomedplm.types import DocumentRecord


def _rows(records: Records) -> str:
    return "".join(
        "\t".join((r.doc_id, relation.label, f"Arg1:{one.target}", f"Arg2:{two.target}")) + "\n"
        for r in records
        for relation in r.relations
        for one, two in [relation.arguments]
    )


def chemprot(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return the ChemProt kit."""
    jar = folder.path("ChemProt evaluation kit")

    def score(gold: Records, predicted: Records) -> Numbers:
        (folder.work / "out").mkdir(exist_ok=True)
        (folder.work / "temp").mkdir(exist_ok=True)
        once = "".join(dict.fromkeys(_rows(predicted).splitlines(keepends=True)))
        paths = [folder.write("answer.tsv", once), folder.write("gold.tsv", _rows(gold))]
        java = ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", str(jar.resolve()))
        folder.call(*java, "org.biocreative.tasks.chemprot.main.Main", *paths, cwd=folder.work)
        shown = (folder.work / "out" / "eval.txt").read_text(encoding="utf-8")
        found = dict(re.findall(r"^(TP|FP|FN): (\d+)", shown, re.MULTILINE))
        return {name.lower(): float(number) for name, number in found.items()}

    return score


def drugprot(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return the DrugProt library, document by document (see the notes of its comparison)."""
    utils = folder.load("DrugProt evaluation library", "utils")
    import pandas

    tag = {name: number for number, name in enumerate(DRUGPROT_LABELS, start=1)}

    def frame(records: Records) -> Any:
        rows = [row.split("\t") for row in _rows(records).splitlines()]
        return pandas.DataFrame(rows, columns=["pmid", "rel_type", "arg1", "arg2"], dtype=str)

    def counts(gold: DocumentRecord, predicted: DocumentRecord, chemicals: set[str]) -> list[int]:
        names: dict[str, list[str]] = {"chemicals": [], "genes": []}
        for mention in gold.mentions:
            names["chemicals" if mention.label == "CHEMICAL" else "genes"].append(mention.id)
        combinations, number = utils.get_chemical_gene_combinations({gold.doc_id: names})
        if not number:
            return [0, 0, 0]
        sides = []
        for record in (gold, predicted):
            if record.relations:
                table, _ = utils.prepro_relations(frame([record]), chemicals, list(tag), gs_files={gold.doc_id})
            else:
                table = pandas.DataFrame(columns=["pmid", "rel_type", "chemical", "gene"])
            sides.append(table)
        wanted, found = utils.format_relations(*sides, combinations, number, len(tag), tag)
        pairs = [(a, b) for one, other in zip(wanted, found, strict=True) for a, b in zip(one, other, strict=True)]
        return [pairs.count((1, 1)), pairs.count((0, 1)), pairs.count((1, 0))]

    def score(gold: Records, predicted: Records) -> Numbers:
        chemicals = {f"{r.doc_id}-{m.id}" for r in gold for m in r.mentions if m.label == "CHEMICAL"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows = [counts(g, p, chemicals) for g, p in zip(gold, predicted, strict=True)]
        return dict(zip(("tp", "fp", "fn"), (float(sum(column)) for column in zip(*rows, strict=True)), strict=True))

    return score


def biored(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return the scores of BioREDirect: F1 of pair, type and novelty, over all pairs of either side."""
    module = folder.load("BioREDirect", "evaluation")
    import numpy

    def score(gold: Records, predicted: Records) -> Numbers:
        sides: list[dict[tuple[str, ...], tuple[str, str]]] = [{}, {}]
        for side, records in zip(sides, (gold, predicted), strict=True):
            for record in records:
                for relation in record.relations:
                    pair = tuple(sorted(a.target for a in relation.arguments))
                    side[(record.doc_id, *pair)] = (relation.label, relation.infons["novelty"])
        pairs = sorted({*sides[0], *sides[1]})
        none = ("None", "None")
        wanted, found = ([side.get(pair, none) for pair in pairs] for side in sides)
        names = sorted({label for label, _ in (*wanted, *found)} - {"None"})
        types = [[label for label, _ in side] for side in (wanted, found)]
        merged = [module.merge_labels(numpy.array(side, dtype=object), names, "Association") for side in types]
        both = [module.merge_labels_with_novelty(side, names, "Association") for side in (wanted, found)]
        novel = module.f1_score_novelty_with_details
        return {
            "pair": float(module.f1_score_with_details(*merged, labels=["Association"])["f1"]),
            "pair_type": float(module.f1_score_with_details(*types, labels=names)["f1"]),
            "pair_novelty": float(novel(*both, ["Association"], "None")["f1"]),
            "all": float(novel(wanted, found, names, "None")["f1"]),
        }

    return score
