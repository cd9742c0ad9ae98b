"""Files of documents: a name for each that is safe on every system, and the bytes of its text."""

import re
from collections import Counter

MAX_BYTES = 150
# Separators of folders, what Windows forbids, control characters; a dot in front would hide the file.
_UNSAFE = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f\ud800-\udfff]|^\.+|[. ]+$')


class FileNames:
    """Gives each document a file name of its own: its identifier, if that can be one.

    losses (Counter[str]): Counts identifiers that had to be changed.
    """

    def __init__(self, losses: Counter[str]) -> None:
        self.losses = losses
        self.taken: set[str] = set()

    def take(self, doc_id: str) -> str:
        """Return the name of the next document, without an ending.

        doc_id (str): Its identifier; another one of the same name gets a number behind it.
        """
        safe = shorten(_UNSAFE.sub("_", doc_id)) or "document"
        name = safe
        number = 1
        while name.casefold() in self.taken:
            number += 1
            name = f"{safe}-{number}"
        self.taken.add(name.casefold())
        if name != doc_id:
            self.losses["document identifiers that cannot name a file"] += 1
        return name


def is_safe(name: str) -> bool:
    """Return whether a name can name a file or a folder on every system.

    name (str): Such as a label.
    """
    return bool(name) and _UNSAFE.search(name) is None and shorten(name) == name


def shorten(name: str) -> str:
    """Return as much of a name as file systems take with an ending and a number behind it.

    name (str): Any name.
    """
    return name.encode("utf-8")[:MAX_BYTES].decode("utf-8", errors="ignore")


def encode_text(text: str) -> bytes:
    """Return the bytes of a text file.

    text (str): If it begins with a byte order mark, the file gets another: readers take one away.
    """
    return text.encode("utf-8-sig" if text.startswith("\ufeff") else "utf-8")
