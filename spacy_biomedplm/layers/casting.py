"""Number types of a network's weights (torch only)."""

import torch
from torch import nn


def cast_parameters(module: nn.Module, dtype: torch.dtype) -> None:
    """Bring the parameters of a network to a type, and leave its buffers.

    module (nn.Module): The network.
    dtype (torch.dtype): A floating-point type.

    Rotary position encodings keep their frequencies in buffers; in bf16 these are wrong by up to a radian at position
    500.
    """
    for param in module.parameters():
        param.data = param.data.to(dtype)
