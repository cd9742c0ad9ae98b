"""BERT-like encoders on CPUs: windows of any length lie end to end in one matrix of pieces."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.functional import linear

from spacy_biomedplm.encoder.attention import Place, attend, gap_mask
from spacy_biomedplm.encoder.windows import Layout

# Encoders that Hugging Face builds from the layers of BERT.
_POSITIONS_FROM_ZERO = {"bert", "electra"}
_MODEL_TYPES = {*_POSITIONS_FROM_ZERO, "roberta", "xlm-roberta", "camembert"}

# Rows of a matrix with more than so many are a multiple of the step. Kernels for matrix products are compiled per shape
# and kept: with steps of 128 throughout, a process that reads many abstracts grows
# (benchmarks/results/memory.json has what it does now).
_ROW_STEPS = ((1024, 512), (128, 128), (0, 32))


class UnpaddedBert:
    """Reads windows with the layers of a Hugging Face encoder, each window alone in attention only.

    plm (nn.Module): An encoder that ``fits``; weights and gradients are its own.

    Everything but attention works on single pieces and does not care which window they are of, so windows need not be
    brought to one length (Zeng et al., 2022, arXiv:2208.08124). No dropout. Prediction in bf16 holds the weights of the
    layers a second time, packed for the CPU.
    """

    def __init__(self, plm: Any) -> None:
        self.plm = plm
        self.layers = [_Layer(layer) for layer in plm.encoder.layer]

    @staticmethod
    def fits(plm: Any) -> bool:
        """Say whether an encoder can be read so.

        plm (nn.Module): Any Hugging Face encoder.
        RETURNS (bool): True if it is made of BERT's layers, with absolute positions and plain linear layers (no
            adapters, no quantised ones), and its weights are on the CPU.
        """
        config = plm.config
        if plm.device.type != "cpu" or config.model_type not in _MODEL_TYPES or config.is_decoder:
            return False
        if getattr(config, "position_embedding_type", "absolute") != "absolute":
            return False
        return all(type(module) is nn.Linear for layer in plm.encoder.layer for module in _linear_layers(layer))

    def hidden_states(
        self, ids: torch.Tensor, layout: Layout, types: torch.Tensor | None = None
    ) -> Iterator[torch.Tensor]:
        """Yield the vectors after the embeddings and after each layer.

        ids (Tensor): Piece ids of all cells, special tokens included, int64, shape (cells,). What is in the gaps does
            not matter, as long as it is the id of some piece.
        layout (Layout): Where windows lie.
        types (Tensor | None): Which segment each piece is of, same shape as ``ids``; None for the first.
        RETURNS (Iterator[Tensor]): Shape (cells, width) each, in the type of the weights.
        """
        places = [(block, gap_mask(block, self.plm.dtype)) for block in layout.blocks]
        hidden = self._embed(ids, layout, torch.zeros_like(ids) if types is None else types)
        yield hidden[: layout.n_cells]
        for layer in self.layers:
            hidden = layer(hidden, places)
            yield hidden[: layout.n_cells]

    def _embed(self, ids: torch.Tensor, layout: Layout, types: torch.Tensor) -> torch.Tensor:
        step = next(step for rows, step in _ROW_STEPS if len(ids) > rows or not rows)
        gap = ids.new_zeros(-len(ids) % step)
        padded, types = torch.cat([ids, gap]), torch.cat([types, gap])
        positions = torch.zeros_like(padded)
        for block in layout.blocks:
            for start, length in zip(block.starts, block.lengths, strict=True):
                positions[start : start + length] = self._positions(ids[start : start + length])
        hidden = self.plm.embeddings(input_ids=padded[None], position_ids=positions[None], token_type_ids=types[None])
        if hasattr(self.plm, "embeddings_project"):
            hidden = self.plm.embeddings_project(hidden)
        return hidden[0]

    def _positions(self, window: torch.Tensor) -> torch.Tensor:
        if self.plm.config.model_type in _POSITIONS_FROM_ZERO:
            return torch.arange(len(window))
        # RoBERTa counts from the id of its padding piece, and does not count that piece, which a text may spell out.
        padding = self.plm.config.pad_token_id
        counted = (window != padding).long()
        return counted.cumsum(0) * counted + padding


def _linear_layers(layer: Any) -> tuple[nn.Linear, ...]:
    """Return query, key, value, attention output, the way up and the way down of one of BERT's layers."""
    attention = layer.attention
    projections = (attention.self.query, attention.self.key, attention.self.value, attention.output.dense)
    return (*projections, layer.intermediate.dense, layer.output.dense)


class _Layer:
    """One layer: attention within each window, then the feed-forward network."""

    def __init__(self, layer: Any) -> None:
        *query_key_value, attention_output, up, down = _linear_layers(layer)
        # Of this layer: heads may have been pruned.
        self.n_heads = layer.attention.self.num_attention_heads
        self.query_key_value = _Product(*query_key_value)
        self.attention_output = _Product(attention_output)
        self.attention_norm = layer.attention.output.LayerNorm
        self.up = _Product(up)
        self.activation = layer.intermediate.intermediate_act_fn
        self.down = _Product(down)
        self.norm = layer.output.LayerNorm

    def __call__(self, hidden: torch.Tensor, places: list[Place]) -> torch.Tensor:
        context = attend(self.query_key_value(hidden), places, self.n_heads)
        hidden = self.attention_norm(self.attention_output(context, plus=hidden))
        return self.norm(self.down(self.activation(self.up(hidden)), plus=hidden))


class _Product:
    """The product with the weights of linear layers side by side; in prediction packed for the CPU's matrix unit.

    modules (nn.Linear): The layers; their outputs stand side by side in the result.

    Weights are packed anew when their memory or torch's count of their changes is another one; what is written through
    ``.data`` is not counted.
    """

    def __init__(self, *modules: nn.Linear) -> None:
        self.modules = modules
        self.packed: _Packed | None = None

    def __call__(self, inputs: torch.Tensor, plus: torch.Tensor | None = None) -> torch.Tensor:
        """Return the product, bias added.

        inputs (Tensor): Shape (rows, width of the inputs).
        plus (Tensor | None): Added to the result, shape (rows, width of the outputs).
        """
        if torch.is_grad_enabled():
            return _plain_product(inputs, *self._side_by_side(), plus)
        made_of = [(p.data_ptr(), p._version) for module in self.modules for p in module.parameters()]
        packed = self.packed
        if packed is None or packed.made_of != made_of:
            packed = self.packed = _Packed(made_of, *self._side_by_side())
        return packed.product(inputs, plus)

    def _side_by_side(self) -> tuple[torch.Tensor, torch.Tensor]:
        if len(self.modules) == 1:
            return self.modules[0].weight, self.modules[0].bias
        return torch.cat([m.weight for m in self.modules]), torch.cat([m.bias for m in self.modules])


class _Packed:
    """Weights as the CPU wants them, and what they were made of.

    made_of (list[tuple[int, int]]): Place in memory and count of changes of each parameter.
    weight, bias (Tensor): Shape (outputs, inputs) and (outputs,).
    """

    def __init__(self, made_of: list[tuple[int, int]], weight: torch.Tensor, bias: torch.Tensor) -> None:
        self.made_of = made_of
        self.bias = bias
        self.is_packed = weight.dtype == torch.bfloat16 and can_pack()
        self.weight = torch.ops.mkldnn._reorder_linear_weight(weight) if self.is_packed else weight

    def product(self, inputs: torch.Tensor, plus: torch.Tensor | None) -> torch.Tensor:
        """Return the product, bias and ``plus`` added."""
        if not self.is_packed:
            return _plain_product(inputs, self.weight, self.bias, plus)
        if plus is None:
            return torch.ops.mkldnn._linear_pointwise(inputs, self.weight, self.bias, "none", [], "")
        return torch.ops.mkldnn._linear_pointwise.binary(inputs, plus, self.weight, self.bias, "add")


def can_pack() -> bool:
    """Return whether this torch and this CPU have the product with packed bf16 weights.

    RETURNS (bool): The operators are not documented; where one is missing, the plain product does the same.
    """
    names = ("_reorder_linear_weight", "_linear_pointwise", "_is_mkldnn_bf16_supported")
    return all(hasattr(torch.ops.mkldnn, name) for name in names) and torch.ops.mkldnn._is_mkldnn_bf16_supported()


def _plain_product(
    inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, plus: torch.Tensor | None
) -> torch.Tensor:
    product = linear(inputs, weight, bias)
    return product if plus is None else product.add_(plus)
