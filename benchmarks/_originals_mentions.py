"""The tasks' own programs for mentions and concepts as functions; see _originals.py."""

import re
import subprocess
import warnings
from collections.abc import Callable

from _originals import Folder, Numbers, Records

from spacy_biomedplm.evaluation.concepts import concept_ids
from spacy_biomedplm.types import DocumentRecord


def tags(record: DocumentRecord) -> list[str]:
    """Return the IOB2 tags of the words of a document whose mentions do not overlap."""
    starts = {mention.start: mention for mention in record.mentions}
    found, current = [], None
    for match in re.finditer(r"\S+", record.text):
        if match.start() in starts:
            current = starts[match.start()]
            found.append(f"B-{current.label}")
        else:
            found.append(f"I-{current.label}" if current and match.start() < current.end else "O")
    return found


def conlleval(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return conlleval.pl: mentions in gold, predicted and right."""
    program = folder.path("conlleval.pl")

    def score(gold: Records, predicted: Records) -> Numbers:
        lines = [
            "\n".join(f"w {one} {other}" for one, other in zip(tags(g), tags(p), strict=True))
            for g, p in zip(gold, predicted, strict=True)
        ]
        text = "\n\n".join(lines) + "\n"
        done = subprocess.run(["perl", str(program)], input=text, capture_output=True, text=True, check=True)
        match = re.search(r"with (\d+) phrases; found: (\d+) phrases; correct: (\d+)", done.stdout)
        assert match is not None, done.stdout
        return dict(zip(("gold", "predicted", "tp"), map(float, match.groups()), strict=True))

    return score


def seqeval(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return seqeval: precision, recall and F1."""
    module = folder.load("seqeval", "seqeval.metrics")

    def score(gold: Records, predicted: Records) -> Numbers:
        sides = [*map(tags, gold)], [*map(tags, predicted)]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            names = ("precision", "recall", "f1")
            return {name: float(getattr(module, f"{name}_score")(*sides)) for name in names}

    return score


def eval_iob2(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return evalIOB2.pl of JNLPBA: mentions that are right, and whose left or right end is."""
    program = folder.path("evalIOB2.pl")

    def score(gold: Records, predicted: Records) -> Numbers:
        paths = []
        for name, side in (("gold.iob2", gold), ("answer.iob2", predicted)):
            paths.append(folder.write(name, "".join("\n".join(f"w\t{t}" for t in tags(r)) + "\n\n" for r in side)))
        shown = folder.call("perl", str(program), *paths)
        found = re.findall(r"(?:FULLY CORRECT|correct LEFT|correct RIGHT)[^:]*: (\d+)", shown)
        return dict(zip(("exact", "left", "right"), map(float, found[:3]), strict=True))

    return score


def pubtator(records: Records) -> str:
    """Return documents as PubTator, with the concepts of a mention between bars."""
    lines = []
    for record in records:
        text = record.text.replace("\n", " ")
        lines += [f"{record.doc_id}|t|{text}", f"{record.doc_id}|a|"]
        for mention in record.mentions:
            ids = "|".join(concept.id for concept in mention.concepts) or "-1"
            start, end = mention.fragments[0]
            lines.append("\t".join((record.doc_id, str(start), str(end), text[start:end], mention.label, ids)))
        for relation in record.relations:
            lines.append("\t".join((record.doc_id, relation.label, *(a.target for a in relation.arguments))))
        lines.append("")
    return "\n".join(lines) + "\n"


def bc5cdr(folder: Folder, kind: str, label: str) -> Callable[[Records, Records], Numbers]:
    """Return the BC5CDR kit: "mention", "id" or "relation", and what of."""
    jar = folder.path("BC5CDR evaluation kit 0.0.3")

    def score(gold: Records, predicted: Records) -> Numbers:
        paths = [folder.write("gold.txt", pubtator(gold)), folder.write("answer.txt", pubtator(predicted))]
        java = ("java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", str(jar))
        shown = folder.call(*java, "ncbi.bc5cdr_eval.Evaluate", kind, label, "PubTator", *paths)
        found = dict(re.findall(r"^(TP|FP|FN): (\d+)", shown, re.MULTILINE))
        return {name.lower(): float(number) for name, number in found.items()}

    return score


def biosyn(folder: Folder) -> Callable[[Records, Records], Numbers]:
    """Return accuracy@k of BioSyn, where a mention has one concept with alternative identifiers."""
    module = folder.load("BioSyn utils.py", "utils")

    def score(gold: Records, predicted: Records) -> Numbers:
        queries = []
        for wanted, found in zip(gold, predicted, strict=True):
            for mention, answer in zip(wanted.mentions, found.mentions, strict=True):
                right = "|".join(concept_ids(mention.concepts, None))
                labels = [{"label": module.check_label(c.id, right)} for c in answer.concepts]
                queries.append({"mentions": [{"candidates": labels}]})
        data = module.evaluate_topk_acc({"queries": queries})
        return {f"accuracy@{k}": float(data[f"acc{k}"]) for k in (1, 5)}

    return score
