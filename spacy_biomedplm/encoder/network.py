"""The torch module: piece ids in, one vector per piece out."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Any

import torch
from torch import nn

from spacy_biomedplm.encoder.unpadded import UnpaddedBert
from spacy_biomedplm.encoder.windows import Layout

_LAYER_NUMBER = re.compile(r"\b(?:layers?|block|h)\.(\d+)\.")


class PlmNetwork(nn.Module):
    """A Hugging Face encoder whose layers are read out as one vector per piece.

    plm (nn.Module): The encoder; called with input_ids and attention_mask.
    n_layers (int): Layers of the encoder, the embeddings not counted.
    layer (int | str): Number of the layer to read, 0 for the embeddings, negative from the top; or "mix", a
        learned softmax-weighted sum of all of them times a learned scale (Peters et al., 2018, ELMo, eq. 1).
    """

    def __init__(self, plm: nn.Module, n_layers: int, layer: int | str) -> None:
        super().__init__()
        self.plm = plm
        self.n_layers = n_layers
        self.layer = layer
        self.dtype_wanted = torch.float32
        self._unpadded: UnpaddedBert | None = None
        if layer == "mix":
            self.mix_weights = nn.Parameter(torch.zeros(n_layers + 1))
            self.mix_scale = nn.Parameter(torch.ones(1))

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return one vector per cell.

        ids (Tensor): Piece ids, int64, shape (rows, length).
        mask (Tensor): 1 for a piece, 0 for padding, same shape.
        RETURNS (Tensor): Shape (rows, length, width), in the type of the weights.
        """
        last = self.layer in (-1, self.n_layers)
        output = self.plm(input_ids=ids, attention_mask=mask, output_hidden_states=not last, return_dict=True)
        if last:
            return output.last_hidden_state
        return self._mix(output.hidden_states) if self.layer == "mix" else output.hidden_states[self.layer]

    @property
    def needs_no_padding(self) -> bool:
        """Whether ``read_layout`` may be called: on a CPU, for encoders made of BERT's layers."""
        return UnpaddedBert.fits(self.plm)

    def read_layout(self, ids: torch.Tensor, layout: Layout) -> torch.Tensor:
        """Return one vector per cell of windows that lie end to end.

        ids (Tensor): Piece ids of all cells, int64, shape (cells,); as for ``UnpaddedBert``.
        layout (Layout): Where windows lie.
        RETURNS (Tensor): Shape (cells, width), in the type of the weights.
        """
        if self._unpadded is None:
            self._unpadded = UnpaddedBert(self.plm)
        states = self._unpadded.hidden_states(ids, layout)
        if self.layer == "mix":
            return self._mix(list(states))
        return next(islice(states, int(self.layer) % (self.n_layers + 1), None))

    def __getstate__(self) -> dict[str, Any]:
        # Packed weights can neither be copied nor pickled; they are made anew.
        return {**self.__dict__, "_unpadded": None}

    def _mix(self, states: Sequence[torch.Tensor]) -> torch.Tensor:
        weights = torch.softmax(self.mix_weights.float(), dim=0).to(self.mix_weights.dtype) * self.mix_scale
        mixed = states[0] * weights[0]
        for hidden, weight in zip(states[1:], weights[1:], strict=True):
            mixed = torch.addcmul(mixed, hidden, weight)
        return mixed


def parameter_groups(network: PlmNetwork, *, frozen_layers: int, layer_decay: float) -> list[dict[str, Any]]:
    """Return the parameters that learn, grouped by their share of the learning rate.

    network (PlmNetwork): The network; parameters below `frozen_layers` are switched off in place.
    frozen_layers (int): 0 freezes nothing, 1 the embeddings, k the embeddings and the lowest k - 1 layers.
    layer_decay (float): Factor on the learning rate per layer from the top down, in (0, 1].
    RETURNS (list[dict]): Groups with "params" and "lr_scale"; none if everything is frozen.
    """
    groups: dict[int, list[nn.Parameter]] = {}
    for name, param in network.named_parameters():
        level = layer_of(name, network.n_layers)
        param.requires_grad_(level >= frozen_layers)
        if param.requires_grad:
            groups.setdefault(level, []).append(param)
    top = network.n_layers + 1
    return [{"params": params, "lr_scale": layer_decay ** (top - level)} for level, params in sorted(groups.items())]


def layer_of(name: str, n_layers: int) -> int:
    """Return the level of a parameter: 0 embeddings, 1 to n_layers the layers, n_layers + 1 what is above.

    name (str): Name of the parameter in the network.
    n_layers (int): Layers of the encoder.
    RETURNS (int): What belongs to no layer, such as a last norm or the one layer that ALBERT shares, counts with the
        highest layer: it is frozen only with everything else.
    """
    if name.startswith("mix_"):
        return n_layers + 1
    match = _LAYER_NUMBER.search(name)
    if match:
        return int(match.group(1)) + 1
    if "emb" in name or "shared" in name or "rel_" in name:
        return 0
    return n_layers
