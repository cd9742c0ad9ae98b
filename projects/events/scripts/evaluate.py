"""Score a trained pipeline as the shared tasks do; entities are given, or it finds them.

python scripts/evaluate.py training/NAME/model-last corpus/bionlp-st-2013-cg/dev metrics/NAME.json
"""

import sys
import time
from pathlib import Path
from typing import Any

import spacy
import typer
from rich.console import Console
from rich.table import Table
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example

from spacy_biomedplm.attributes import Argument, Event, score_key
from spacy_biomedplm.documents import make_record
from spacy_biomedplm.evaluation.bionlp import EVENT_RULES, score_events
from spacy_biomedplm.evaluation.event_scores import EventScores
from spacy_biomedplm.events.component import BiomedEvents
from spacy_biomedplm.events.graph import inner_first
from spacy_biomedplm.events.schemes import annotated_labels
from spacy_biomedplm.events.scorer import KINDS
from spacy_biomedplm.given import find_finders
from spacy_biomedplm.training.starting import start_from

sys.path.append(str(Path(__file__).resolve().parents[2] / "en_biomed_trf" / "scripts"))

from records import provenance, write_json

RULES = {
    "bionlp-st-2009": ("GE09", "1"),
    "bionlp-st-2011-ge": ("GE11", "1"),
    "bionlp-st-2013-ge": ("GE13", "1"),
    "bionlp-st-2011-epi": ("EPI11", "full"),
    "bionlp-st-2011-id": ("ID11", "full"),
    "bionlp-st-2013-cg": ("CG13", "full"),
    "bionlp-st-2013-pc": ("PC13", "full"),
}
"""Rule and task that a corpus is scored by; one's own by equal events."""

console = Console()


def main(
    model: Path = typer.Argument(..., help="Trained pipeline."),
    folder: Path = typer.Argument(..., help="Folder of the documents, a .spacy file for each corpus."),
    output: Path = typer.Argument(..., help="File for the scores."),
    training: str = typer.Option("", help="What the pipeline was trained on; each corpus itself by default."),
    seed: int = typer.Option(1, help="Seed that the pipeline was trained with."),
    given: str = typer.Option("entities", help="What documents have from the start: entities or nothing."),
) -> None:
    """Score a pipeline on the documents of a folder."""
    nlp = spacy.load(model)
    for name in find_finders(nlp) if given == "entities" else ():
        nlp.disable_pipe(name)
    records = []
    for path in sorted(folder.glob("*.spacy")):
        docs = list(DocBin().from_disk(path).get_docs(nlp.vocab))
        scores = evaluate(nlp, docs, path.stem, given)
        record = {
            "corpus": path.stem,
            "training": training or path.stem,
            "given": given,
            "decoder": decoder_of(nlp),
            **provenance(seed),
            "documents": len(docs),
            **scores,
        }
        records.append(record)
        show(record)
    if not records:
        raise typer.BadParameter(f"There is no .spacy file in {folder}: run `prepare` first.")
    write_json(output, {"records": records})


def decoder_of(nlp: Language) -> str:
    """Return which architecture makes events of roles."""
    architecture: str = nlp.config["components"]["events"]["model"]["@architectures"]
    return {"EventExtractor": "templates", "EventTagger": "tags"}[architecture.split(".")[1]]


def evaluate(nlp: Language, docs: list[Doc], corpus: str, given: Any) -> dict[str, Any]:
    """Return the official score of a pipeline on gold documents, and the exact ones of its stages."""
    pipe: Any = nlp.get_pipe("events")
    (guideline,) = {name for doc in docs for name in annotated_labels(doc)}
    pipe.choose_guidelines([guideline])
    start = time.perf_counter()
    found = list(nlp.pipe([start_from(doc, nlp, given) for doc in docs]))
    seconds = time.perf_counter() - start
    for doc in found:
        follow_guideline(doc, pipe, guideline)
    scores = pipe.score([Example(*pair) for pair in zip(found, docs, strict=True)])
    exact = scores["events_per_guideline"][guideline]
    result: dict[str, Any] = {"seconds": round(seconds, 1)}
    if corpus in RULES:
        rule, task = RULES[corpus]
        official = score_events(map(make_record, docs), map(make_record, found), rule=EVENT_RULES[rule], task=task)
        result |= {"rule": f"{rule} {task}", **describe(official)}
    else:
        result |= {"rule": "equal", **{name: exact[name[0]] for name in ("precision", "recall", "f1")}}
    stages = {kind: {key: exact[kind][key] for key in ("p", "r", "f", "labels")} for kind in KINDS[1:]}
    return {**result, "exact": {key: exact[key] for key in ("p", "r", "f", "labels")}, "stages": stages}


def follow_guideline(doc: Doc, pipe: BiomedEvents, guideline: str) -> None:
    """Give the entities of a document the labels that a guideline has for them: each shared task knows its own only."""
    label_of = {score_key(span): node.label for node, span in pipe.given(doc, guideline).items()}

    def relabel(span: Span) -> Span:
        label = label_of.get(score_key(span), span.label_)
        return Span(doc, span.start, span.end, label=label, kb_id=span.kb_id_, span_id=span.id_)

    events: dict[str, Event] = {}
    for event in inner_first(doc._.events):
        arguments = tuple(
            Argument(role, events[one.id] if isinstance(one, Event) else relabel(one) if isinstance(one, Span) else one)
            for role, one in event.arguments
        )
        events[event.id] = event._replace(arguments=arguments)
    doc._.events = list(events.values())
    doc.spans["entities"] = list(map(relabel, doc.spans["entities"]))


def describe(scores: EventScores) -> dict[str, Any]:
    """Return the numbers of an official score."""
    total = scores.total
    return {
        "precision": total.precision,
        "recall": total.recall,
        "f1": total.f1,
        "totals": {name: counts.to_dict() for name, counts in scores.totals.items()},
        "labels": {name: counts.to_dict() for name, counts in scores.by_type.items()},
    }


def show(record: dict[str, Any]) -> None:
    """Print the scores of each type, and those of the stages."""
    title = f"{record['corpus']}, learned from {record['training']}: {record['rule']}"
    table = Table("", "precision", "recall", "F1", title=title)
    for name, row in {**record.get("labels", {}), **record.get("totals", {})}.items():
        table.add_row(name, *(f"{100 * row[key]:.2f}" for key in ("precision", "recall", "f1")))
    for kind, row in {"all, exact": record["exact"], **record["stages"]}.items():
        table.add_row(kind, *(f"{100 * row[key]:.2f}" for key in "prf"), style="dim")
    console.print(table)


if __name__ == "__main__":
    typer.run(main)
