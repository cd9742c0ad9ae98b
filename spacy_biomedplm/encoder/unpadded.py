"""BERT-like encoders on CPUs, almost without padding: windows of any length lie end to end in one matrix."""

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

# Rows of the whole matrix are a multiple of this: kernels for matrix products are compiled per shape.
_ROW_STEP = 128


class UnpaddedBert:
    """Reads windows with the layers of a Hugging Face encoder, each window alone in attention only.

    plm (nn.Module): An encoder that ``fits``; weights and gradients are its own.

    Everything but attention works on single pieces and does not care which window they are of, so windows need not be
    brought to one length (Zeng et al., 2022, arXiv:2208.08124). No dropout.
    """

    def __init__(self, plm: Any) -> None:
        self.plm = plm
        self.layers = [_Layer(layer, plm.config.num_attention_heads) for layer in plm.encoder.layer]

    @staticmethod
    def fits(plm: Any) -> bool:
        """Return whether an encoder is made of BERT's layers and its weights are on the CPU.

        plm (nn.Module): Any Hugging Face encoder.
        """
        config = plm.config
        absolute = getattr(config, "position_embedding_type", "absolute") == "absolute"
        return plm.device.type == "cpu" and config.model_type in _MODEL_TYPES and absolute and not config.is_decoder

    def hidden_states(self, ids: torch.Tensor, layout: Layout) -> Iterator[torch.Tensor]:
        """Yield the vectors after the embeddings and after each layer.

        ids (Tensor): Piece ids of all cells, special tokens included, int64, shape (cells,). What is in the gaps does
            not matter, as long as it is the id of some piece.
        layout (Layout): Where windows lie.
        RETURNS (Iterator[Tensor]): Shape (cells, width) each, in the type of the weights.
        """
        places = [(block, gap_mask(block, self.plm.dtype)) for block in layout.blocks]
        hidden = self._embed(ids, layout)
        yield hidden[: layout.n_cells]
        for layer in self.layers:
            hidden = layer(hidden, places)
            yield hidden[: layout.n_cells]

    def _embed(self, ids: torch.Tensor, layout: Layout) -> torch.Tensor:
        padded = torch.cat([ids, ids.new_zeros(-len(ids) % _ROW_STEP)])
        positions = torch.zeros_like(padded)
        for block in layout.blocks:
            for start, length in zip(block.starts, block.lengths, strict=True):
                positions[start : start + length] = self._positions(ids[start : start + length])
        types = torch.zeros_like(padded)
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


class _Layer:
    """One layer: attention within each window, then the feed-forward network."""

    def __init__(self, layer: Any, n_heads: int) -> None:
        self.n_heads = n_heads
        attention = layer.attention.self
        self.query_key_value = _Product(attention.query, attention.key, attention.value)
        self.attention_output = _Product(layer.attention.output.dense)
        self.attention_norm = layer.attention.output.LayerNorm
        self.up = _Product(layer.intermediate.dense)
        self.activation = layer.intermediate.intermediate_act_fn
        self.down = _Product(layer.output.dense)
        self.norm = layer.output.LayerNorm

    def __call__(self, hidden: torch.Tensor, places: list[Place]) -> torch.Tensor:
        context = attend(self.query_key_value(hidden), places, self.n_heads)
        hidden = self.attention_norm(self.attention_output(context, plus=hidden))
        return self.norm(self.down(self.activation(self.up(hidden)), plus=hidden))


class _Product:
    """The product with the weights of linear layers side by side; in prediction laid out for the CPU's matrix unit.

    modules (nn.Linear): The layers; their outputs stand side by side in the result.
    """

    def __init__(self, *modules: nn.Linear) -> None:
        self.modules = modules
        self.made_of: list[tuple[int, int]] = []

    def __call__(self, inputs: torch.Tensor, plus: torch.Tensor | None = None) -> torch.Tensor:
        if torch.is_grad_enabled():
            return _plain_product(inputs, *self._side_by_side(), plus)
        made_of = [(p.data_ptr(), p._version) for module in self.modules for p in module.parameters()]
        if made_of != self.made_of:
            self._lay_out()
            self.made_of = made_of
        if not self.packed:
            return _plain_product(inputs, self.weight, self.bias, plus)
        if plus is None:
            return torch.ops.mkldnn._linear_pointwise(inputs, self.weight, self.bias, "none", [], "")
        return torch.ops.mkldnn._linear_pointwise.binary(inputs, plus, self.weight, self.bias, "add")

    def _lay_out(self) -> None:
        self.weight, self.bias = self._side_by_side()
        self.packed = self.weight.dtype == torch.bfloat16 and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        if self.packed:
            self.weight = torch.ops.mkldnn._reorder_linear_weight(self.weight)

    def _side_by_side(self) -> tuple[torch.Tensor, torch.Tensor]:
        if len(self.modules) == 1:
            return self.modules[0].weight, self.modules[0].bias
        return torch.cat([m.weight for m in self.modules]), torch.cat([m.bias for m in self.modules])


def _plain_product(
    inputs: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, plus: torch.Tensor | None
) -> torch.Tensor:
    product = linear(inputs, weight, bias)
    return product if plus is None else product.add_(plus)
