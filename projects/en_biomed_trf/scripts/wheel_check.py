"""What must not be in a wheel: paths of the machine that built it, and pickles."""

import re
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

_TEXT = {".cfg", ".json", ".md", ".txt", ".py", ""}
_HOMES = re.compile(rb"(?<![\w.])(?:/home/|/Users/|/root/|[A-Za-z]:\\\\?Users\\\\?)[\w.~-]")
_PICKLE_NAMES = re.compile(r"\.(pkl|pickle|pt|pth|bin|joblib)$")
# What a pickle or an archive of torch.save anywhere in a file would hold.
_PICKLE_MARKS = (
    b"/data.pkl",
    b"torch._utils",
    b"numpy.core.multiarray",
    b"numpy._core.multiarray",
    b"copy_reg\n",
    b"copyreg",
)
_PICKLE_HEADS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
# spaCy's empty tables end in .bin; they are MessagePack.
_MESSAGE_PACK = {"lookups.bin"}
# Raw arrays of a knowledge base and its indexes, which are mapped, never unpickled.
_ARRAYS = re.compile(r"/linker/base/(?:[a-z]+/)?\w+\.bin$")


def find_paths(wheel: Path) -> Iterator[tuple[str, str]]:
    """Yield the files of a wheel that hold a path of this machine, with the path.

    wheel (Path): The wheel.
    RETURNS (Iterator[tuple[str, str]]): The folders of the user, the interpreter, the current process and temporary
        files, in any file; what looks like a user's folder on any machine, in text files.
    """
    folders = {Path.home(), Path.cwd(), Path(__file__).resolve().parents[3], Path(sys.prefix), Path(sys.base_prefix)}
    folders |= {Path(tempfile.gettempdir())}
    needles = {f"{folder}/".encode() for folder in folders if len(folder.parts) > 1 and folder != Path("/usr")}
    for name, content in _members(wheel):
        found = [needle.decode() for needle in sorted(needles) if needle in content]
        if Path(name).suffix in _TEXT:
            found += [match.group().decode() for match in _HOMES.finditer(content)]
        if found:
            yield name, found[0]


def find_pickles(wheel: Path) -> Iterator[str]:
    """Yield the files of a wheel that are, or hold, a pickle.

    wheel (Path): The wheel.
    """
    for name, content in _members(wheel):
        is_known = Path(name).name in _MESSAGE_PACK or _ARRAYS.search(name)
        is_named = _PICKLE_NAMES.search(name) and not is_known
        # A pickle of protocol 2 or later: a version byte in front, a full stop at the end.
        is_pickle = content[:2] in _PICKLE_HEADS and content[-1:] == b"."
        if is_named or is_pickle or any(mark in content for mark in _PICKLE_MARKS):
            yield name


def _members(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)
