"""AdamW over fp32 copies of the weights, layer-wise rates and the schedule (torch only)."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import nn

from spacy_biomedplm.plm.config import TrainingConfig
from spacy_biomedplm.plm.networks import depth_of


def rate_at(step: int, steps: int, training: TrainingConfig) -> float:
    """Return the factor of the learning rate at a step.

    step (int): From 0. steps (int): Of the run.
    training (TrainingConfig): Warm-up and schedule.
    RETURNS (float): In [0, 1]; rises to 1 in the warm-up, then falls to 0 at the end ("constant": stays).
    """
    rising = round(training.warmup * steps)
    if step < rising:
        return (step + 1) / rising
    done = (step - rising) / max(1, steps - rising)
    if training.schedule == "constant":
        return 1.0
    return 1 - done if training.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * done))


class MasterOptimizer:
    """Fused AdamW on fp32 copies ("masters") of weights that may be in bf16 (Micikevicius et al., 2018).

    network (nn.Module): What learns; parameters without ``requires_grad`` are left alone.
    encoder (nn.Module): The part of it whose layers have rates of their own.
    training (TrainingConfig): Rates and decay; vectors (biases, norms) are not decayed.
    """

    def __init__(self, network: nn.Module, encoder: Any, training: TrainingConfig) -> None:
        self.training = training
        self.params = {name: value for name, value in network.named_parameters() if value.requires_grad}
        self.network = network
        self.frozen = {n: value.detach().clone() for n, value in network.named_parameters() if not value.requires_grad}
        self.masters = {name: value.detach().float().clone() for name, value in self.params.items()}
        depths = _depths(network, encoder)
        self.groups: list[dict[str, Any]] = []
        for name, master in self.masters.items():
            factor = training.layer_decay ** depths.get(name, 0)
            decay = training.weight_decay if master.ndim > 1 else 0.0
            self._add(master, factor, decay)
        self.optimizer = torch.optim.AdamW(
            self.groups, lr=training.learning_rate, betas=(0.9, training.beta2), eps=1e-6, fused=True
        )

    def _add(self, master: torch.Tensor, factor: float, decay: float) -> None:
        for group in self.groups:
            if (group["factor"], group["weight_decay"]) == (factor, decay):
                group["params"].append(master)
                return
        self.groups.append({"params": [master], "factor": factor, "weight_decay": decay})

    def gather(self) -> None:
        """Add the gradients of the weights to those of the masters and forget them: bf16 would lose small ones."""
        for name, value in self.params.items():
            if value.grad is None:
                continue
            master = self.masters[name]
            master.grad = value.grad.float() if master.grad is None else master.grad.add_(value.grad)
            value.grad = None

    def gradients(self) -> Iterable[torch.Tensor]:
        """Return the gradients of the masters, for their mean over several processes; zeros where there are none."""
        for master in self.masters.values():
            if master.grad is None:
                master.grad = torch.zeros_like(master)
            yield master.grad

    def step(self, rate: float) -> float:
        """Clip, step and copy the masters to the weights.

        rate (float): Factor from ``rate_at``.
        RETURNS (float): Norm of the gradient before it was clipped.
        """
        norm = torch.nn.utils.clip_grad_norm_(list(self.masters.values()), self.training.clip)
        if not math.isfinite(float(norm)):
            return float(norm)
        for group in self.optimizer.param_groups:
            group["lr"] = self.training.learning_rate * rate * group["factor"]
        self.optimizer.step()
        self.optimizer.zero_grad(set_to_none=True)
        self.publish()
        return float(norm)

    @torch.no_grad()
    def publish(self) -> None:
        """Copy the masters to the weights."""
        torch._foreach_copy_(list(self.params.values()), list(self.masters.values()))

    @torch.no_grad()
    def restore(self) -> None:
        """Bring the network back to fp32: what was learned, and what was frozen, without the rounding of bf16."""
        self.network.float()
        self.publish()
        for name, value in self.network.named_parameters():
            if name in self.frozen:
                value.copy_(self.frozen[name])

    def state(self) -> dict[str, torch.Tensor]:
        """Return all that a checkpoint needs, by name."""
        found = {f"weights/{name}": master for name, master in self.masters.items()}
        for name, master in self.masters.items():
            found |= {f"{key}/{name}": value for key, value in self.optimizer.state.get(master, {}).items()}
        return found

    @torch.no_grad()
    def load(self, state: dict[str, torch.Tensor]) -> None:
        """Take up a state.

        state (dict[str, Tensor]): From ``state``.
        RAISES (KeyError, RuntimeError): If it is of another network.
        """
        for name, master in self.masters.items():
            master.copy_(state[f"weights/{name}"])
            keys = ("step", "exp_avg", "exp_avg_sq")
            if f"exp_avg/{name}" in state:
                self.optimizer.state[master] = {key: state[f"{key}/{name}"].to(master.device) for key in keys}
        self.publish()


def _depths(network: nn.Module, encoder: Any) -> dict[str, int]:
    n_layers = int(getattr(encoder.config, "num_hidden_layers", 0))
    depths = {id(value): depth_of(name, n_layers) for name, value in encoder.named_parameters()}
    return {name: depths.get(id(value), 0) for name, value in network.named_parameters()}
