"""Checkpoints of a pre-training: one safetensors file, replaced in one step."""

import json
import os
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from spacy_biomedplm.errors import BiomedplmError, coded

CHECKPOINT_FILE = "checkpoint.safetensors"


def write_checkpoint(folder: Path, step: int, tensors: dict[str, torch.Tensor], made_of: dict[str, Any]) -> None:
    """Write a checkpoint; one that is there stays until the new one is on the disk.

    folder (Path): The folder of the run.
    step (int): Steps that are done.
    tensors (dict[str, Tensor]): The state of the optimizer, with the weights.
    made_of (dict[str, Any]): Settings and data that decide the course of the run.
    RAISES (BiomedplmError): B524 if the disk is full or cannot be written.
    """
    partial = folder / f"{CHECKPOINT_FILE}.partial"
    try:
        save_file(tensors, partial, {"step": str(step), "made_of": json.dumps(made_of, sort_keys=True)})
        with partial.open("rb") as stream:
            os.fsync(stream.fileno())
        os.replace(partial, folder / CHECKPOINT_FILE)
    except (OSError, SafetensorError) as error:
        partial.unlink(missing_ok=True)
        raise BiomedplmError(coded("B524", path=partial, reason=error)) from error


def read_checkpoint(folder: Path, made_of: dict[str, Any]) -> tuple[int, dict[str, torch.Tensor]] | None:
    """Return steps and state of a checkpoint, or None if there is none.

    folder (Path): The folder of the run.
    made_of (dict[str, Any]): As in ``write_checkpoint``; must be the same.
    RAISES (BiomedplmError): B528 if the file is damaged, B529 if it is of another config, other data or vocabulary.
    """
    file = folder / CHECKPOINT_FILE
    if not file.exists():
        return None
    try:
        with safe_open(file, framework="pt") as stream:
            metadata = stream.metadata()
            step, found = int(metadata["step"]), json.loads(metadata["made_of"])
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise BiomedplmError(coded("B528", file=file, reason=error)) from error
    wanted = json.loads(json.dumps(made_of))
    different = sorted(_differences(found, wanted))
    if different:
        raise BiomedplmError(coded("B529", file=file, names="; ".join(different[:5])))
    return step, tensors


def _differences(found: Any, wanted: Any, name: str = "") -> list[str]:
    if isinstance(found, dict) and isinstance(wanted, dict):
        keys = sorted(found.keys() | wanted.keys())
        return [
            line
            for key in keys
            for line in _differences(found.get(key), wanted.get(key), f"{name}.{key}" if name else key)
        ]
    return [] if found == wanted else [f"{name} was {found!r} and is {wanted!r}"]
