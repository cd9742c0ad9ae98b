"""The callback "spacy-biomedplm.checkpoint.v1": a training that was cut off goes on where it was."""

import json
import os
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from spacy.language import Language
from thinc.api import Model

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.layers.torch_shim import TorchShim

_STATE = "checkpoint.safetensors"


def create_checkpoint_callback(path: Path | None, minutes: float = 10.0) -> Callable[[Language, dict[str, Any]], None]:
    """Return a callback for [training.before_update] that saves, and takes up, the state of a training.

    path (Path | None): Folder of the checkpoint; None keeps none. If it holds one when the training starts, it goes
        on from it: the batches that were already learned from are passed over without computing, and weights, averages,
        optimizer and random numbers are as they were. The config must be the same. Evaluations among the batches
        passed over score the weights of the checkpoint; what ends up in model-last is the same as without a break.
    minutes (float): Least time between two checkpoints. One more is not written at the end; the pipeline itself is.
    RETURNS (Callable[[Language, dict], None]): To be called before every step with {"step": …, "epoch": …}. It raises
        B501 or B507 if the checkpoint is of another model or config, B504 if it is damaged, B505 for a pipe it would
        not cover.
    """
    if path is None:
        return lambda nlp, info: None
    folder = Path(path)
    last = time.monotonic()
    resume: dict[str, Any] | None = None

    def before_update(nlp: Language, info: dict[str, Any]) -> None:
        nonlocal last, resume
        step = int(info["step"])
        shims = dict(named_shims(nlp))
        if step == 0:
            _check_pipes(nlp)
            resume = _read(folder)
            for shim in shims.values():
                shim.fast_forward = resume is not None and resume["step"] > 0
            if resume is not None:
                _check_config(folder, resume, nlp)
                _restore_weights(shims, resume["tensors"])
        if resume is not None and step >= resume["step"]:
            _restore_random(resume)
            for shim in shims.values():
                shim.fast_forward = False
            resume = None
        if resume is None and time.monotonic() - last >= 60 * minutes:
            _write(folder, step, shims, nlp)
            last = time.monotonic()

    return before_update


def named_shims(nlp: Language) -> Iterator[tuple[str, TorchShim]]:
    """Yield the torch shims of a pipeline, each with a name that is the same in every run.

    nlp (Language): The pipeline.
    """
    for pipe_name, pipe in nlp.pipeline:
        model = getattr(pipe, "model", None)
        if isinstance(model, Model):
            for i, node in enumerate(model.walk()):
                for j, shim in enumerate(node.shims):
                    if isinstance(shim, TorchShim):
                        yield f"{pipe_name}.{i}.{j}", shim


def _check_pipes(nlp: Language) -> None:
    frozen = nlp.config["training"].get("frozen_components", [])
    for name, pipe in nlp.pipeline:
        model = getattr(pipe, "model", None)
        if name in frozen or not isinstance(model, Model):
            continue
        for node in model.walk():
            others = [shim for shim in node.shims if not isinstance(shim, TorchShim)]
            if others or any(node.has_param(param) for param in node.param_names):
                raise BiomedplmError(coded("B505", name=name))


def _settings(nlp: Language) -> dict[str, str]:
    """Return the sections of the config that decide the course of a training, each as a string."""
    config = nlp.config.copy()
    config.pop("paths", None)
    return {section: json.dumps(values, sort_keys=True, default=str) for section, values in config.items()}


def _check_config(folder: Path, state: dict[str, Any], nlp: Language) -> None:
    now = _settings(nlp)
    different = sorted(
        name for name in now.keys() | state["config"].keys() if now.get(name) != state["config"].get(name)
    )
    if different:
        raise BiomedplmError(coded("B507", folder=folder, sections=", ".join(different)))


def _write(folder: Path, step: int, shims: dict[str, TorchShim], nlp: Language) -> None:
    tensors = {f"{name}/{key}": t for name, shim in shims.items() for key, t in shim.checkpoint().items()}
    tensors["random.torch"] = torch.get_rng_state()
    # The state that spaCy itself seeds and draws from.
    kind, keys, *rest = np.random.get_state(legacy=True)
    state = {
        "step": step,
        "config": _settings(nlp),
        "python": random.getstate(),
        "numpy": [kind, np.asarray(keys).tolist(), *rest],
    }
    folder.mkdir(parents=True, exist_ok=True)
    partial = folder / (_STATE + ".partial")
    save_file(tensors, partial, metadata={"state": json.dumps(state)})
    os.replace(partial, folder / _STATE)


def _read(folder: Path) -> dict[str, Any] | None:
    file = folder / _STATE
    if not file.exists():
        return None
    from safetensors import safe_open

    try:
        tensors = load_file(file)
        with safe_open(file, framework="pt") as opened:
            state = json.loads(opened.metadata()["state"])
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise BiomedplmError(coded("B504", file=file, reason=error)) from error
    return {**state, "tensors": tensors}


def _restore_weights(shims: dict[str, TorchShim], tensors: dict[str, torch.Tensor]) -> None:
    found = {key.split("/")[0] for key in tensors if "/" in key}
    if found - shims.keys():
        raise BiomedplmError(coded("B501", found=len(found), wanted=len(shims), different=len(found - shims.keys())))
    for name, shim in shims.items():
        prefix = name + "/"
        shim.restore({key[len(prefix) :]: t for key, t in tensors.items() if key.startswith(prefix)})


def _restore_random(state: dict[str, Any]) -> None:
    torch.set_rng_state(state["tensors"]["random.torch"])
    version, numbers, gauss = state["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
