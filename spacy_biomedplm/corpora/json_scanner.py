"""JSON as a stream: one value of a list or an object is in memory at a time."""

import codecs
import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from spacy_biomedplm.corpora.files import not_utf8
from spacy_biomedplm.errors import BiomedplmError, coded

_SPACE = re.compile(r"[ \t\r\n]*")
# The parser's position is at most so far before the end where it stopped because the text ended.
_SLACK_CHARS = 16


class JsonScanner:
    """Reads one JSON value after another from a stream.

    chunks (Iterable[bytes]): The stream.
    shown (str): Its name, for messages.

    Whatever is read raises B402 for bytes that are not UTF-8, and B450 for JSON that is malformed or breaks off.
    """

    def __init__(self, chunks: Iterable[bytes], shown: str) -> None:
        self.line = 1
        self.shown = shown
        self._chunks = iter(chunks)
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")()
        self._parser = json.JSONDecoder()
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """Return the next character that is not white space, or nothing at the end."""
        while True:
            match = _SPACE.match(self._text, self._at)
            self._move(self._at if match is None else match.end())
            if self._at < len(self._text) or not self._more(1):
                return self._text[self._at : self._at + 1]

    def skip(self, char: str) -> None:
        """Go past a character that must be there. char (str): Such as a bracket."""
        if self.peek() != char:
            raise self.error(f"'{char}' was expected, not '{self.peek() or 'the end'}'")
        self._at += 1

    def value(self) -> Any:
        """Return the next value."""
        self.peek()
        while True:
            try:
                value, end = self._parser.raw_decode(self._text, self._at)
            except json.JSONDecodeError as err:
                is_cut = err.pos >= len(self._text) - _SLACK_CHARS or err.msg.startswith("Unterminated string")
                if is_cut and self._more(2 * (len(self._text) - self._at)):
                    continue
                line = self.line + self._text.count("\n", self._at, err.pos)
                raise self.error(err.msg, line=line) from err
            except RecursionError as err:
                raise self.error("lists in lists, too deep") from err
            except ValueError as err:
                raise self.error("a number of too many digits") from err
            # A number may go on in the next chunk.
            if end < len(self._text) or not self._more(1):
                self._move(end)
                return value

    def items(self) -> Iterator[Any]:
        """Yield the values of the list that comes next, one in memory at a time."""
        self.skip("[")
        while self.peek() != "]":
            yield self.value()
            if self.peek() != "]":
                self.skip(",")
        self.skip("]")

    def keys(self) -> Iterator[str]:
        """Yield the names of the members of the object that comes next; whoever takes one reads the value."""
        self.skip("{")
        while self.peek() != "}":
            key = self.value()
            if not isinstance(key, str):
                raise self.error("the name of a member is no string")
            self.skip(":")
            yield key
            if self.peek() != "}":
                self.skip(",")
        self.skip("}")

    def end(self) -> None:
        """Make sure that nothing follows."""
        if self.peek():
            raise self.error("something follows the value")

    def error(self, reason: str, *, line: int = 0) -> BiomedplmError:
        """Return the error for a file that is not JSON. reason (str): Why. line (int): Where; 0 for here."""
        return BiomedplmError(coded("B450", path=self.shown, line=line or self.line, format="JSON", reason=reason))

    def _move(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end

    def _more(self, size: int) -> bool:
        """Read on until there are so many characters more, and return whether there are any."""
        if self._ended:
            return False
        parts = [self._text[self._at :]]
        found = 0
        try:
            while found < size and not self._ended:
                chunk = next(self._chunks, b"")
                self._ended = not chunk
                parts.append(self._decoder.decode(chunk, final=self._ended))
                found += len(parts[-1])
        except UnicodeDecodeError as err:
            line = self.line + sum(part.count("\n") for part in parts)
            raise not_utf8(err, self.shown, line) from err
        self._text = "".join(parts)
        self._at = 0
        return found > 0
