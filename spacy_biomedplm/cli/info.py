"""``biomedplm info``: what is installed and what the machine can do."""

import json
from typing import Any

import typer

from spacy_biomedplm.cli.console import handle_errors, out_console


def collect_info() -> dict[str, Any]:
    """Return versions, devices, precision, models and the folder of corpora, as plain data.

    RETURNS (dict[str, Any]): "versions" (None for what is not installed), "platform", "cpu" (cores, threads, whether
        it multiplies bf16), "gpus" (names), "precision" (what "auto" chooses, by device), "models" (installed, with
        version) and "corpora" (folder, and the known corpora found there).
    """
    import os
    import platform

    import torch

    from spacy_biomedplm.cli.pipeline import installed_models
    from spacy_biomedplm.encoder.precision import choose_dtype, cpu_supports_bf16

    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    devices = ["cpu", *(f"cuda:{index}" for index in range(len(gpus)))]
    names = {torch.float32: "fp32", torch.bfloat16: "bf16"}
    return {
        "versions": _versions(),
        "platform": platform.platform(),
        "cpu": {"cores": os.cpu_count(), "torch_threads": torch.get_num_threads(), "bf16": cpu_supports_bf16()},
        "gpus": gpus,
        "precision": {device: names[choose_dtype("auto", torch.device(device))] for device in devices},
        "models": installed_models(),
        "corpora": _corpora(),
    }


def _versions() -> dict[str, str | None]:
    import platform
    from importlib.metadata import PackageNotFoundError, version

    from spacy_biomedplm.about import __title__, __version__

    found: dict[str, str | None] = {__title__: __version__, "python": platform.python_version()}
    for name in ("spacy", "thinc", "torch", "transformers", "tokenizers", "safetensors", "numpy", "cupy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return found


def _corpora() -> dict[str, Any]:
    import os
    from pathlib import Path

    from spacy_biomedplm.corpora.catalogue import ROOT_VARIABLE, read_catalogue

    folder = os.environ.get(ROOT_VARIABLE)
    found = [name for name, known in read_catalogue().items() if folder and Path(folder, known.folder).is_dir()]
    exists = folder is not None and Path(folder).is_dir()
    return {"folder": folder, "variable": ROOT_VARIABLE, "exists": exists, "found": found}


@handle_errors
def info_command(as_json: bool = typer.Option(False, "--json", help="Print JSON instead of a table.")) -> None:
    """Show versions, devices, precision, installed models and the folder of corpora."""
    info = collect_info()
    if as_json:
        typer.echo(json.dumps(info, indent=2))
        return
    _print_info(info)


def _print_info(info: dict[str, Any]) -> None:
    from rich.markup import escape
    from rich.table import Table

    table = Table(show_header=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, version in info["versions"].items():
        table.add_row(name, version or "not installed")
    table.add_section()
    cpu = info["cpu"]
    bf16 = "multiplies bf16" if cpu["bf16"] else "no bf16"
    table.add_row("platform", escape(info["platform"]))
    table.add_row("cpu", f"{cpu['cores']} cores, {cpu['torch_threads']} torch threads, {bf16}")
    table.add_row("gpu", escape(", ".join(info["gpus"])) or "none")
    table.add_row("precision (auto)", ", ".join(f"{name} on {device}" for device, name in info["precision"].items()))
    table.add_section()
    models = ", ".join(f"{name} {version}" for name, version in sorted(info["models"].items()))
    table.add_row("models", escape(models) or "none; install one with pip install <wheel>")
    table.add_row("corpora", escape(_describe_corpora(info["corpora"])))
    out_console().print(table)


def _describe_corpora(corpora: dict[str, Any]) -> str:
    if not corpora["folder"]:
        return f"{corpora['variable']} is not set"
    if not corpora["exists"]:
        return f"{corpora['folder']} (not there)"
    return f"{corpora['folder']}: {', '.join(corpora['found']) or 'none of the known ones'}"
