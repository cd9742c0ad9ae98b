"""Memory of the process between batches."""

import ctypes
import sys
from functools import lru_cache
from typing import Any


def return_freed_memory() -> None:
    """Give memory that is free back to the operating system, where the C library can.

    glibc keeps freed blocks of less than 32 MB for later use. Those of a batch lie between others that live longer,
    so that the next batch finds holes that are too small, and a process that reads many documents grows.
    """
    trim = _malloc_trim()
    if trim is not None:
        trim(0)


@lru_cache(maxsize=1)
def _malloc_trim() -> Any:
    return getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None
