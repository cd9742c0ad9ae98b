"""Words per second of the shipped pipeline and of spaCy's own `transformer` + `ner` on the same encoder weights.

python benchmarks/speed.py
"""

import statistics
import tempfile
import time
from collections import deque
from pathlib import Path
from typing import Any

import spacy
import torch
import typer
from _common import (
    ModelOption,
    OutputOption,
    TableOption,
    abstracts,
    console,
    count_words,
    encoder_of,
    gold_docs,
    markdown_table,
    provenance,
    run,
    save,
    stock_config,
)
from spacy.language import Language
from spacy.training import Example

from spacy_biomedplm.encoder.architecture import read_pieces
from spacy_biomedplm.encoder.loading import piece_tokenizer, save_plm
from spacy_biomedplm.encoder.network import layer_of
from spacy_biomedplm.encoder.windows import split_windows

SEED = 1
NAMES = {
    "auto": "en_biomed_trf, entities",
    "whole": "en_biomed_trf, with abbreviations and concepts",
    "fp32": "en_biomed_trf, entities, precision fp32",
    "stock": "spaCy transformer + ner (spacy-transformers)",
}


def load_ours(model: str, precision: str) -> Language:
    """Return the encoder and the entity recogniser of a pipeline.

    model (str): Installed pipeline, or folder.
    precision (str): As for the encoder.
    """
    nlp = spacy.load(model, config={"components": {"tok2vec": {"model": {"precision": precision}}}})
    for name in nlp.pipe_names:
        if name not in ("tok2vec", "ner", "doc_cleaner"):
            nlp.remove_pipe(name)
    return nlp


def load_stock(nlp: Language, *, limit: int | None) -> Language:
    """Return spaCy's own `transformer` and `ner`, initialised with the labels of BC5CDR.

    nlp (Language): Pipeline that gives the weights of the encoder.
    limit (int | None): Documents that the labels are taken from; None for all of the training set.
    """
    with tempfile.TemporaryDirectory() as folder:
        save_plm(*encoder_of(nlp), Path(folder))
        stock = spacy.util.load_model_from_config(stock_config(Path(folder)), auto_fill=True)
        examples = [Example(stock.make_doc(doc.text), doc) for doc in gold_docs("train", limit)]
        stock.initialize(lambda: examples)
    return stock


def seconds_for(nlp: Language, texts: list[str]) -> float:
    """Return how long a pipeline takes for all texts."""
    begin = time.perf_counter()
    deque(nlp.pipe(texts), maxlen=0)
    return time.perf_counter() - begin


def peak_flops(dtype: torch.dtype, *, size: int, repeats: int = 5) -> float:
    """Return the floating-point operations per second of one large matrix product, the best of some.

    dtype (torch.dtype): Type of the matrices.
    size (int): Rows and columns.
    repeats (int): How often it is measured, after one that is not.
    """
    left, right = torch.rand(size, size).to(dtype), torch.rand(size, size).to(dtype)
    times = []
    for _ in range(repeats + 1):
        begin = time.perf_counter()
        torch.mm(left, right)
        times.append(time.perf_counter() - begin)
    return 2 * size**3 / min(times[1:])


def flops_of(nlp: Language, texts: list[str]) -> dict[str, float]:
    """Return the operations that texts need in the layers of a pipeline's encoder, no padding counted.

    nlp (Language): The pipeline.
    texts (list[str]): Any texts.
    RETURNS (dict[str, float]): "pieces" without special ones, "parameters" of the layers, "flops": for each piece of a
        window two for each parameter of the layers, and for each pair of pieces two products over the width, in each
        layer, for the attention.
    """
    stored, network = encoder_of(nlp)
    settings = nlp.config["components"]["tok2vec"]["model"]
    named = network.named_parameters()
    parameters = sum(p.numel() for name, p in named if 0 < layer_of(name, network.n_layers) <= network.n_layers)
    tokenizer = piece_tokenizer(stored)
    special = sum(len(side) for side in tokenizer.frame)
    longest = (settings["window"] or min(512, stored["max_pieces"])) - special
    reading = read_pieces([nlp.make_doc(text) for text in texts], tokenizer, "mean")
    lengths = [
        window.end - window.start + special
        for number, ids in enumerate(reading.ids)
        for window in split_windows(number, len(ids), longest, settings["overlap"])
    ]
    attention = sum(4 * network.n_layers * stored["width"] * length**2 for length in lengths)
    pieces = sum(len(ids) for ids in reading.ids)
    return {"pieces": pieces, "parameters": parameters, "flops": 2.0 * parameters * sum(lengths) + attention}


def measure(systems: dict[str, Language], texts: list[str], *, repeats: int, size: int) -> dict[str, Any]:
    """Return the seconds of each system and the peaks, measured in turns.

    systems (dict[str, Language]): Pipelines by name.
    texts (list[str]): The texts.
    repeats (int): Turns that count; one more before them does not.
    size (int): Rows and columns of the matrix product.
    """
    first = {name: seconds_for(nlp, texts) for name, nlp in systems.items()}
    seconds: dict[str, list[float]] = {name: [] for name in systems}
    peaks: dict[str, list[float]] = {"bf16": [], "fp32": []}
    for turn in range(repeats):
        for name, nlp in systems.items():
            seconds[name].append(seconds_for(nlp, texts))
            console.print(f"turn {turn + 1}/{repeats}: {name} {seconds[name][-1]:.1f} s")
        peaks["bf16"].append(peak_flops(torch.bfloat16, size=size))
        peaks["fp32"].append(peak_flops(torch.float32, size=size))
    return {"first_pass_seconds": first, "seconds": seconds, "peak_flops": {k: max(v) for k, v in peaks.items()}}


def summarise(measured: dict[str, Any], *, words: int, flops: float, dtypes: dict[str, str]) -> dict[str, Any]:
    """Return words per second, the ratio to the stock system, and the share of the limit of each system.

    measured (dict[str, Any]): What ``measure`` returned.
    words (int): Words of all texts.
    flops (float): Operations that the texts need.
    dtypes (dict[str, str]): "bf16" or "fp32" of each system.
    """
    speeds = {name: words / statistics.median(values) for name, values in measured["seconds"].items()}
    summary = {}
    for name, speed in speeds.items():
        limit = measured["peak_flops"][dtypes[name]] * words / flops
        summary[name] = {
            "words_per_second": round(speed, 1),
            "times_stock": round(speed / speeds["stock"], 3) if "stock" in speeds else None,
            "precision": dtypes[name],
            "limit_words_per_second": round(limit, 1),
            "share_of_limit": round(speed / limit, 4),
        }
    return summary


def table_of(systems: dict[str, dict[str, Any]], peaks: dict[str, float]) -> str:
    """Return the table of a run."""
    rows = []
    for name, row in systems.items():
        ratio = "" if row["times_stock"] is None else f"{row['times_stock']:.2f}"
        share = f"{100 * row['share_of_limit']:.0f} % of {row['limit_words_per_second']:,.0f}"
        rows.append([NAMES[name], row["precision"], f"{row['words_per_second']:,.0f}", ratio, share])
    header = ["system", "precision", "words/s", "times stock", "share of the limit in words/s"]
    peak = ", ".join(f"{name} {value / 1e9:,.0f} GFLOP/s" for name, value in peaks.items())
    return f"{markdown_table(header, rows)}\n\nLargest speed of the matrix product: {peak}."


def main(
    model: str = ModelOption,
    repeats: int = typer.Option(3, min=1, help="Turns; the median counts."),
    docs: int | None = typer.Option(None, min=1, help="Only so many abstracts, for a trial."),
    stock: bool = typer.Option(True, help="Measure the stock system too (spacy-transformers must be installed)."),
    size: int = typer.Option(4096, help="Rows and columns of the matrix product."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure the speed of prediction."""
    spacy.util.fix_random_seed(SEED)
    texts = abstracts(docs)
    words = count_words(texts)
    console.print(f"{len(texts)} abstracts, {words:,} words")
    systems = {precision: load_ours(model, precision) for precision in ("auto", "fp32")}
    dtypes = {name: str(encoder_of(nlp)[1].plm.dtype).replace("torch.", "") for name, nlp in systems.items()}
    dtypes = {name: {"bfloat16": "bf16", "float32": "fp32"}[dtype] for name, dtype in dtypes.items()}
    systems["whole"], dtypes["whole"] = spacy.load(model), dtypes["auto"]
    if stock:
        systems["stock"] = load_stock(systems["fp32"], limit=docs)
        dtypes["stock"] = "fp32"
    needed = flops_of(systems["auto"], texts)
    measured = measure(systems, texts, repeats=repeats, size=size)
    summary = summarise(measured, words=words, flops=needed["flops"], dtypes=dtypes)
    record = {
        "figure": "Words per second of nlp.pipe over whole abstracts, median of the turns",
        "corpus": "BC5CDR test",
        "abstracts": len(texts),
        "words": words,
        **provenance(SEED),
        "model": {key: systems["auto"].meta[key] for key in ("name", "version")},
        "batch_size": {name: nlp.batch_size for name, nlp in systems.items()},
        "work": {**needed, "flops_per_piece": needed["flops"] / needed["pieces"]},
        **measured,
        "systems": summary,
    }
    save("speed", record, table_of(summary, measured["peak_flops"]), output=output, docs=table)


if __name__ == "__main__":
    run(main)
