"""Which floating-point type a model computes in on a device."""

from pathlib import Path
from typing import Literal

import torch

Precision = Literal["auto", "fp32", "bf16"]

_BF16_FLAGS = {"amx_bf16", "avx512_bf16", "bf16"}


def cpu_supports_bf16() -> bool:
    """Return whether the CPU multiplies bf16 matrices in hardware (AMX, AVX512-BF16 or Arm BF16).

    RETURNS (bool): False where the operating system does not list the CPU's features; without hardware,
        bf16 is slower than fp32.
    """
    cpuinfo = Path("/proc/cpuinfo")
    if not cpuinfo.exists():
        return False
    for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.lower().startswith(("flags", "features")):
            return bool(_BF16_FLAGS.intersection(line.split(":", 1)[1].split()))
    return False


def choose_dtype(precision: Precision, device: torch.device) -> torch.dtype:
    """Return the floating-point type for a precision on a device.

    precision (Precision): "fp32", "bf16", or "auto": bf16 where the device has it in hardware, else fp32.
    device (torch.device): CPU or CUDA device.
    RETURNS (torch.dtype): torch.float32 or torch.bfloat16.
    """
    if precision == "fp32":
        return torch.float32
    if precision == "bf16":
        return torch.bfloat16
    # torch.cuda.is_bf16_supported() also counts emulation, which is slow.
    on_cuda = device.type == "cuda"
    supported = torch.cuda.get_device_capability(device) >= (8, 0) if on_cuda else cpu_supports_bf16()
    return torch.bfloat16 if supported else torch.float32
