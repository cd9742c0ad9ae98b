"""Memory of the process between batches."""

import ctypes
import sys
from functools import lru_cache
from typing import Any

# Numbers of glibc's <malloc.h>.
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX = -1, -2, -4
_LARGEST_INT = 2**31 - 1
# Bytes by which the heap grows beyond what is asked for.
_TOP_PAD = 1 << 27


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


def keep_freed_memory() -> None:
    """Keep memory that is free for later use, where the C library can: for a process that only trains.

    glibc takes every block of 32 MB or more from the operating system and gives it back at once, and each time the
    system fills it with zeros, page by page. A step of training has many such blocks, of the same sizes each time.
    """
    set_option = _mallopt()
    if set_option is not None:
        set_option(_M_MMAP_MAX, 0)
        set_option(_M_TRIM_THRESHOLD, _LARGEST_INT)
        set_option(_M_TOP_PAD, _TOP_PAD)


@lru_cache(maxsize=1)
def _mallopt() -> Any:
    return getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
