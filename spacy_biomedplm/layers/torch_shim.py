"""A Thinc shim for a torch module: safe storage, fused AdamW, averaged weights, resumable training."""

import contextlib
import json
import os
from collections.abc import Callable, Iterator
from typing import Any

import srsly
import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from thinc.api import Model, Optimizer, Shim
from thinc.util import get_torch_default_device
from torch import nn

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.layers.casting import cast_parameters

# Truthy marker in Optimizer.averages: without an entry there, spaCy never enters nlp.use_params.
_AVERAGES_KEY = "biomedplm_averages"


def _go_on_alone() -> None:
    """Keep torch and the tokenizers of a forked process to its one thread.

    It has none of its parent's threads, and OpenMP waits for them for ever: nlp.pipe(n_process=2) would hang. The
    tokenizers go on, with a warning for each process, unless the variable says what they do anyway.
    """
    torch.set_num_threads(1)
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_go_on_alone)


class TorchShim(Shim):
    """Connects a torch module that is rebuilt from a plain config to a Thinc model.

    build (Callable[[dict], nn.Module]): Makes the module of a config, weights not yet filled in.
    groups (Callable[[nn.Module], list[dict]]): Splits the parameters that learn into groups; each group has
        "params" and "lr_scale", the factor on the optimizer's learning rate.
    average_decay (float): Decay of the exponential moving average of the weights, in [0, 1); 0 keeps none.
        Where the optimizer has use_averages = true, `spacy train` evaluates and saves the averaged weights.

    The optimizer of the config ("Adam.v1") gives learning rate, betas, eps, L2 and grad_clip; the step itself
    is torch's fused AdamW on fp32 copies of the weights: Thinc's own step takes several times as long, and bf16
    weights alone would lose small updates.
    """

    def __init__(
        self,
        build: Callable[[dict[str, Any]], nn.Module],
        groups: Callable[[nn.Module], list[dict[str, Any]]],
        *,
        average_decay: float = 0.0,
    ) -> None:
        super().__init__(None)
        self.build = build
        self.groups = groups
        self.average_decay = average_decay
        self.dtype = torch.float32
        self.fast_forward = False
        # Made from the config on first use, by the encoder.
        self.tokenizer: Any = None
        self._adam: torch.optim.AdamW | None = None
        self._masters: list[tuple[nn.Parameter, torch.Tensor]] = []
        self._averages: list[torch.Tensor] = []
        self._awaits_backward = False
        self._deferred: Optimizer | None = None

    @property
    def module(self) -> nn.Module:
        """The torch module. RAISES (BiomedplmError): B002 if the model was neither initialised nor loaded."""
        if self._model is None:
            raise BiomedplmError(coded("B002"))
        return self._model

    @property
    def device(self) -> torch.device:
        """Where the module's weights are."""
        return next(self.module.parameters()).device

    def set_module(self, config: dict[str, Any], module: nn.Module, dtype: torch.dtype) -> None:
        """Take a module as the current one, on Thinc's current device.

        config (dict): Plain data from which ``build`` makes the same module again.
        module (nn.Module): The module, weights filled in.
        dtype (torch.dtype): Floating-point type its weights are kept in.
        """
        self.cfg = config
        self.dtype = dtype
        self.tokenizer = None
        self._model = module.to(get_torch_default_device())
        cast_parameters(module, dtype)
        # Switches off what is frozen, so that not even the first step computes gradients for it.
        self.groups(module)
        self._adam = None
        self._masters, self._averages = [], []

    # Learning

    def begin_backward(self) -> None:
        """Say that a forward pass was made whose backward pass is to come."""
        self._awaits_backward = False
        if self._deferred is not None:
            self.finish_update(self._deferred)
        self._awaits_backward = True

    def end_backward(self) -> None:
        """Say that the backward pass was made."""
        self._awaits_backward = False
        if self._deferred is not None:
            self.finish_update(self._deferred)

    def finish_update(self, optimizer: Optimizer) -> None:
        """Apply the gradients that have come together and clear them.

        optimizer (Optimizer): Source of learning rate, betas, eps, L2 and grad_clip.

        `nlp.update(…, sgd=optimizer)` finishes the encoder's pipe before the heads have sent their gradients. Changing
        the weights then would spoil the backward pass, so the step waits for its end.
        """
        if self._awaits_backward:
            self._deferred = optimizer
            return
        self._deferred = None
        if self._model is None or self.fast_forward:
            return
        if self._adam is None:
            self._start_learning()
        if self._adam is None or all(param.grad is None for param, _ in self._masters):
            return
        for param, master in self._masters:
            master.grad = None if param.grad is None else param.grad.to(torch.float32)
            param.grad = None
        if optimizer.grad_clip:
            nn.utils.clip_grad_norm_([master for _, master in self._masters], optimizer.grad_clip)
        for group in self._adam.param_groups:
            group["lr"] = optimizer.learn_rate * group["lr_scale"]
            group["betas"] = (optimizer.b1, optimizer.b2)
            group["eps"] = optimizer.eps
            group["weight_decay"] = optimizer.L2
        self._adam.step()
        with torch.no_grad():
            for param, master in self._masters:
                if param.data_ptr() != master.data_ptr():
                    param.copy_(master)
            self._update_averages()
        if self._averages and optimizer.averages is not None:
            optimizer.averages[_AVERAGES_KEY] = True  # type: ignore[assignment, index]

    def _start_learning(self) -> None:
        groups = []
        for group in self.groups(self.module):
            pairs = [(param, param.detach().clone().float()) for param in group["params"]]
            self._masters.extend(pairs)
            groups.append({"params": [master for _, master in pairs], "lr_scale": group["lr_scale"]})
        # AdamW refuses an empty list: everything may be frozen.
        if groups:
            self._adam = torch.optim.AdamW(groups, fused=True)
        if self.average_decay:
            self._averages = [master.clone() for _, master in self._masters]

    def _update_averages(self) -> None:
        if not self._averages:
            return
        assert self._adam is not None
        steps = int(next(iter(self._adam.state.values()))["step"].item())
        # The first steps count fully, so that the average does not start from the untrained weights.
        decay = min(self.average_decay, (1 + steps) / (10 + steps))
        masters = [master for _, master in self._masters]
        torch._foreach_lerp_(self._averages, masters, 1 - decay)

    @contextlib.contextmanager
    def use_params(self, params: Any) -> Iterator[None]:
        """Put the averaged weights in place of the current ones while the context lasts.

        params (Any): Thinc's own averages; not used, torch weights are averaged here.
        """
        if not self._averages:
            yield
            return
        with torch.no_grad():
            backup = [param.detach().clone() for param, _ in self._masters]
            for (param, _), average in zip(self._masters, self._averages, strict=True):
                param.copy_(average)
        try:
            yield
        finally:
            with torch.no_grad():
                for (param, _), saved in zip(self._masters, backup, strict=True):
                    param.copy_(saved)

    # Checkpoints of a training

    def checkpoint(self) -> dict[str, torch.Tensor]:
        """Return everything that a training needs to go on: weights, averages and the state of AdamW.

        RETURNS (dict[str, Tensor]): Flat names; empty before the first update.
        """
        if self._adam is None:
            return {}
        state: dict[str, torch.Tensor] = {}
        for i, (_, master) in enumerate(self._masters):
            state[f"{i}.master"] = master
            for key, value in self._adam.state.get(master, {}).items():
                state[f"{i}.adam.{key}"] = value
        for i, average in enumerate(self._averages):
            state[f"{i}.average"] = average
        return {name: tensor.detach().cpu().contiguous() for name, tensor in state.items()}

    def restore(self, state: dict[str, torch.Tensor]) -> None:
        """Go on from a checkpoint; takes effect at once.

        state (dict[str, Tensor]): What ``checkpoint`` returned.
        RAISES (BiomedplmError): B501 if it was made by another model.
        """
        if not state:
            return
        if self._adam is None:
            self._start_learning()
        self._check_fit(state)
        with torch.no_grad():
            for i, (param, master) in enumerate(self._masters):
                master.copy_(state[f"{i}.master"])
                param.copy_(master)
                prefix = f"{i}.adam."
                adam = {n[len(prefix) :]: t.clone() for n, t in state.items() if n.startswith(prefix)}
                if adam and self._adam is not None:
                    self._adam.state[master] = {key: t.to(master.device) for key, t in adam.items()}
            for i, average in enumerate(self._averages):
                average.copy_(state[f"{i}.average"])

    def _check_fit(self, state: dict[str, torch.Tensor]) -> None:
        wanted = {f"{i}.master": master.shape for i, (_, master) in enumerate(self._masters)}
        wanted.update({f"{i}.average": average.shape for i, average in enumerate(self._averages)})
        found = {name: t.shape for name, t in state.items() if name.endswith((".master", ".average"))}
        different = sum(found.get(name) != wanted.get(name) for name in found.keys() | wanted.keys())
        if different:
            raise BiomedplmError(coded("B501", found=len(found), wanted=len(wanted), different=different))

    # Storage

    def to_device(self, device_type: str, device_id: int) -> None:
        """Move the module to "cpu" or to GPU number device_id."""
        if self._model is not None:
            self._model.to("cpu" if device_type == "cpu" else f"cuda:{device_id}")

    def to_bytes(self) -> bytes:
        """Return config and weights; the weights are in safetensors form, nothing is pickled."""
        message: dict[str, Any] = {"config": json.dumps(self.cfg)}
        if self._model is not None:
            state = self._model.state_dict()
            # Tied weights are stored once, under their first name.
            names = dict.fromkeys(_first_names(state).values())
            tensors = {name: state[name].detach().cpu().contiguous() for name in names}
            message["weights"] = save_tensors(tensors)
        return srsly.msgpack_dumps(message)

    def from_bytes(self, bytes_data: bytes) -> "TorchShim":
        """Rebuild the module from what ``to_bytes`` returned.

        RAISES (BiomedplmError): B003 if the data are damaged, B004 if the weights do not fit the config.
        """
        try:
            message = srsly.msgpack_loads(bytes_data)
            config = json.loads(message["config"])
            tensors = load_tensors(message["weights"]) if "weights" in message else None
        except (ValueError, KeyError, TypeError, SafetensorError) as error:
            raise BiomedplmError(coded("B003", reason=error)) from error
        self.cfg = config
        if tensors is not None:
            module = self.build(config)
            fill_module(module, tensors)
            self.set_module(config, module, getattr(module, "dtype_wanted", torch.float32))
        return self

    # For pickle and for copies: what is stored, without the state of a training.
    def __reduce__(self) -> tuple[Callable[..., "TorchShim"], tuple[Any, ...]]:
        return _rebuild, (self.build, self.groups, self.average_decay, self.to_bytes())


def _rebuild(build: Any, groups: Any, average_decay: float, bytes_data: bytes) -> TorchShim:
    return TorchShim(build, groups, average_decay=average_decay).from_bytes(bytes_data)


def torch_shim(model: Model[Any, Any]) -> TorchShim:
    """Return the shim of a Thinc model that wraps a torch module.

    model (Model): The encoder, or the output layer of a head.
    """
    shim = model.shims[0]
    assert isinstance(shim, TorchShim)
    return shim


def _first_names(state: dict[str, torch.Tensor]) -> dict[str, str]:
    """Return for every weight the first name under which the same memory occurs."""
    firsts: dict[tuple[Any, ...], str] = {}
    names = {}
    for name, tensor in state.items():
        place = (tensor.data_ptr(), tensor.shape, tensor.stride()) if tensor.numel() else (name,)
        names[name] = firsts.setdefault(place, name)
    return names


def fill_module(module: nn.Module, tensors: dict[str, torch.Tensor]) -> None:
    """Fill a module with weights; every weight must be there and have its shape.

    module (nn.Module): The module to fill, changed in place.
    tensors (dict[str, Tensor]): Weights by name, of any floating-point type.
    RAISES (BiomedplmError): B004, naming the first weights that are missing, left over or of another shape.
    """
    wanted = module.state_dict()
    firsts = _first_names(wanted)
    given = {firsts[name] for name in tensors if name in firsts}
    wrong = [f"{name} is missing" for name in wanted if firsts[name] not in given]
    wrong += [f"{name} is unknown" for name in tensors if name not in wanted]
    wrong += [
        f"{name} has shape {tuple(tensor.shape)}, not {tuple(wanted[name].shape)}"
        for name, tensor in tensors.items()
        if name in wanted and wanted[name].shape != tensor.shape
    ]
    if wrong:
        raise BiomedplmError(coded("B004", count=len(wrong), examples="; ".join(wrong[:3])))
    module.load_state_dict(tensors, strict=False)
