"""What an adapted encoder says of itself: its model card, in Markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

# Rows of the table of losses.
_ROWS = 12


def count_excluded(records: Sequence[Mapping[str, Any]]) -> Counter[str]:
    """Return how many documents were left out, by reason.

    records (Sequence[Mapping]): Lines of excluded.jsonl.
    """
    return Counter(record["reason"] for record in records)


def loss_curve(log: Sequence[Mapping[str, Any]]) -> list[tuple[int, float, float | None]]:
    """Return a dozen rows of step, mean training loss since the row before, and validation loss.

    log (Sequence[Mapping]): Lines of log.jsonl.
    """
    steps = [(record["step"], record["loss"]) for record in log if "loss" in record]
    held_back = {record["step"]: record["validation_loss"] for record in log if "validation_loss" in record}
    marks = sorted(held_back) or [step for step, _ in steps]
    count = min(_ROWS, len(marks))
    chosen = sorted({marks[(number + 1) * len(marks) // count - 1] for number in range(count)})
    rows = []
    before = 0
    for mark in chosen:
        losses = [loss for step, loss in steps if before < step <= mark]
        if losses:
            rows.append((mark, sum(losses) / len(losses), held_back.get(mark)))
        before = mark
    return rows


def strip_paths(value: Any) -> Any:
    """Return plain data in which every absolute path is its last part: a card names no folder of a machine.

    value (Any): Strings, numbers, lists and dictionaries of them.
    """
    if isinstance(value, Mapping):
        return {key: strip_paths(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [strip_paths(one) for one in value]
    if isinstance(value, str) and (Path(value).is_absolute() or ".." in Path(value).parts):
        return Path(value).name
    return value


def make_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table whose first column is text and whose others are numbers.

    header (Sequence[str]): Names of the columns. rows (Sequence[Sequence]): Cells.
    """
    rule = ["---", *("---:" for _ in header[1:])]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in (header, rule, *rows))


def corpora_table(record: Mapping[str, Any], excluded: Mapping[str, Counter[str]]) -> str:
    """Return a table of what was learned from.

    record (Mapping[str, Any]): pretraining.json. excluded (Mapping[str, Counter[str]]): Left out, by corpus and reason.
    """
    rows = []
    for name, corpus in record["corpora"].items():
        reasons = excluded.get(name, Counter())
        shown = ", ".join(f"{count:,} by {reason}" for reason, count in reasons.most_common()) or "none"
        parts = (corpus["train"]["documents"], corpus["train"]["pieces"], corpus["validation"]["documents"])
        rows.append([name, *(f"{number:,}" for number in parts), shown])
    return make_table(
        ["corpus", "documents", "pieces", "held back for validation", "held-out documents left out"], rows
    )


def make_card(
    *,
    name: str,
    version: str,
    base: Mapping[str, str],
    record: Mapping[str, Any],
    log: Sequence[Mapping[str, Any]],
    excluded: Mapping[str, Counter[str]],
    n_words: int,
    terms: str,
) -> str:
    """Return the model card.

    name, version (str): Of the encoder.
    base (Mapping[str, str]): "name", "licence" and "source" of the encoder it was made from.
    record (Mapping[str, Any]): pretraining.json of the run, without paths.
    log (Sequence[Mapping[str, Any]]): Its log.jsonl.
    excluded (Mapping[str, Counter[str]]): Held-out documents that were left out, by corpus and reason.
    n_words (int): Entries that the vocabulary was extended by.
    terms (str): Under which terms the text is had.
    """
    training, objective = record["config"]["training"], dict(record["config"]["objective"])
    losses = [
        [f"{step:,}", f"{loss:.3f}", "" if held is None else f"{held:.3f}"] for step, loss, held in loss_curve(log)
    ]
    options = ", ".join(f"{key} = {value}" for key, value in objective.items() if key != "name")
    n_pieces = sum(line.get("pieces", 0) for line in log)
    return f"""# {name} {version}

{base["name"]} adapted to biomedical text: {n_words:,} words of the field added to its vocabulary, then trained on with
the objective "{objective["name"]}" ({options or "its defaults"}). Weights in bf16, safetensors; a Hugging Face folder.

```python
from transformers import AutoModel, AutoTokenizer

model, tokenizer = AutoModel.from_pretrained("FOLDER"), AutoTokenizer.from_pretrained("FOLDER")
```

In spacy-biomedplm the folder is the `name` of `spacy-biomedplm.PlmEncoder.v1`.

## Data

{corpora_table(record, excluded)}

A document was left out if it is a test or development document of a corpus of the catalogue or shares text with one:
by identifier, by equal text, by a passage, or because it holds a held-out sentence. Terms of the text, as its source
states them for all of its parts: {terms}.

## Training

{record["steps"]:,} steps of {training["batch"]} sequences, {n_pieces:,} pieces in all; AdamW, highest learning rate
{training["learning_rate"]:g}, schedule "{training["schedule"]}", warm-up {training["warmup"]:g}, weight decay
{training["weight_decay"]:g}, seed {training["seed"]}. All settings are in `pretraining.json`.

{make_table(["step", "training loss", "validation loss"], losses)}

The training loss is the mean of the steps since the row above.

## Origin

| | licence | source |
|---|---|---|
| {base["name"]} | {base["licence"]} | {base["source"]} |

Not for decisions about the care of patients.
"""
