"""JSON from files that nobody vouches for: strict syntax, and fields of the types that are wanted."""

import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded

_SURROGATE = re.compile("[\ud800-\udfff]")
_KINDS = {str: "text", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}


Item = TypeVar("Item")


class _BadPair(ValueError):
    """A key that is there twice, or a number that is none."""


def _make_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise _BadPair(f"the key '{next(name for name in names if names.count(name) > 1)}' is there twice")
    return found


def _refuse(name: str) -> Any:
    raise _BadPair(f"{name} is no number")


DECODER = json.JSONDecoder(object_pairs_hook=_make_object, parse_constant=_refuse)
"""Refuses objects with a key twice, NaN and Infinity."""


def parse_json(text: str, *, path: str, line: int, wanted: str) -> Any:
    """Return the value of a text.

    text (str): JSON, and nothing else but white space.
    path (str): The file, for the error. line (int): Where the text begins. wanted (str): What it should be.
    RAISES (BiomedplmError): B460 if it is not JSON, an object has a key twice, a number is none or has thousands of
        digits, or it is nested too deeply.
    """
    try:
        return DECODER.decode(text)
    except (ValueError, RecursionError) as err:
        raise bad_json(err, path=path, line=line, wanted=wanted) from err


def bad_json(error: ValueError | RecursionError, *, path: str, line: int, wanted: str) -> BiomedplmError:
    """Return the error for a text that DECODER refuses.

    error (ValueError | RecursionError): What it raised.
    path, line, wanted: As in parse_json.
    """
    if isinstance(error, json.JSONDecodeError):
        line += error.lineno - 1
        reason = f"{error.msg}, column {error.colno}"
    elif isinstance(error, RecursionError):
        reason = "nested too deeply"
    else:
        reason = str(error) if isinstance(error, _BadPair) else "a number is too long"
    return BiomedplmError(coded("B460", path=path, line=line, reason=_printable(reason), wanted=wanted))


@dataclass(frozen=True, slots=True)
class Row:
    """An object of a file, whose fields are read one by one.

    values (Mapping[str, Any]): The object.
    name (str): How messages name it, such as "relations[2]"; empty for the document itself.
    path, line, doc_id: Where it stands.
    """

    values: Mapping[str, Any]
    name: str
    path: str
    line: int
    doc_id: str

    def fail(self, field: str, value: object, wanted: str) -> BiomedplmError:
        """Return the error for a field of the wrong type.

        field (str): Its name. value (object): What it is. wanted (str): What it should be.
        """
        name = _printable(f"{self.name}.{field}" if self.name and field else self.name or field)
        values: dict[str, Any] = {"path": self.path, "line": self.line, "doc_id": self.doc_id}
        return BiomedplmError(coded("B461", **values, field=name, found=describe(value), wanted=wanted))

    def has(self, field: str) -> bool:
        """Return whether there is a field that is not null.

        field (str): Its name.
        """
        return self.values.get(field) is not None

    def text(self, field: str, default: str | None = None) -> str:
        """Return a text; a whole number, as identifiers may be, becomes one.

        field (str): Its name. default (str | None): What it is if it is missing or null; None if it must be there.
        RAISES (BiomedplmError): B461.
        """
        value = self.values.get(field)
        if value is None and default is not None:
            return default
        return self.as_text(value, field)

    def as_text(self, value: Any, field: str) -> str:
        """Return a value that must be a text.

        value (Any): The value. field (str): How messages name it.
        RAISES (BiomedplmError): B461.
        """
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str):
            raise self.fail(field, value, "text")
        if not value.isascii() and _SURROGATE.search(value):
            raise self.fail(field, value, "text without halves of surrogate pairs")
        return value

    def number(self, field: str) -> float | None:
        """Return a number, or None if it is missing or null.

        field (str): Its name.
        RAISES (BiomedplmError): B461, also for one that is too large.
        """
        value = self.values.get(field)
        return None if value is None else self.as_number(value, field)

    def as_number(self, value: Any, field: str) -> float:
        """Return a value that must be a finite number.

        value (Any): The value. field (str): How messages name it.
        RAISES (BiomedplmError): B461.
        """
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.fail(field, value, "a number")
        try:
            number = float(value)
        except OverflowError as err:
            raise self.fail(field, value, "a number below 1e308") from err
        if not math.isfinite(number):
            raise self.fail(field, value, "a number below 1e308")
        return number

    def whole(self, field: str) -> int:
        """Return a whole number.

        field (str): Its name.
        RAISES (BiomedplmError): B461.
        """
        return self.as_whole(self.values.get(field), field)

    def as_whole(self, value: Any, field: str) -> int:
        """Return a value that must be a whole number.

        value (Any): The value. field (str): How messages name it.
        RAISES (BiomedplmError): B461.
        """
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.fail(field, value, "a whole number")
        return value

    def items(self, field: str) -> list[Any]:
        """Return a list; missing or null is an empty one.

        field (str): Its name.
        RAISES (BiomedplmError): B461.
        """
        value = self.values.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.fail(field, value, "a list")
        return value

    def texts(self, field: str) -> list[str]:
        """Return a list of texts; missing or null is an empty one.

        field (str): Its name.
        RAISES (BiomedplmError): B461.
        """
        return [self.as_text(value, f"{field}[{number}]") for number, value in enumerate(self.items(field))]

    def row(self, field: str) -> "Row":
        """Return an object; missing or null is an empty one.

        field (str): Its name.
        RAISES (BiomedplmError): B461.
        """
        return self.as_row(self.values.get(field) or {}, field)

    def rows(self, field: str) -> list["Row"]:
        """Return a list of objects; missing or null is an empty one.

        field (str): Its name.
        RAISES (BiomedplmError): B461.
        """
        return [self.as_row(value, f"{field}[{number}]") for number, value in enumerate(self.items(field))]

    def as_row(self, value: Any, field: str) -> "Row":
        """Return a value that must be an object.

        value (Any): The value. field (str): How messages name it.
        RAISES (BiomedplmError): B461.
        """
        if not isinstance(value, dict):
            raise self.fail(field, value, "an object")
        return Row(value, f"{self.name}.{field}" if self.name else field, self.path, self.line, self.doc_id)

    def pairs(self, field: str) -> list[tuple[int, int]]:
        """Return a list of pairs of whole numbers; missing or null is an empty one.

        field (str): Its name.
        RAISES (BiomedplmError): B461.
        """
        found = []
        for value in self.items(field):
            if not isinstance(value, list) or len(value) != 2:
                raise self.fail(field, value, "a list of [first character, the one after the last]")
            found.append((self.as_whole(value[0], field), self.as_whole(value[1], field)))
        return found

    def infons(self, known: Iterable[str]) -> dict[str, str]:
        """Return the texts of "infons", and every field that is not known: a text as it is, others as JSON.

        known (Iterable[str]): Names of fields that have a meaning.
        RAISES (BiomedplmError): B461 if one of both has the name of the other.
        """
        given = self.row("infons")
        found = {self.as_text(name, "infons"): given.text(name) for name in given.values}
        for name in self.values.keys() - {"infons", *known}:
            value = self.values[name]
            if name in found:
                raise self.fail(name, value, "a name that is not among the infons too")
            if not isinstance(value, str):
                try:
                    value = json.dumps(value, ensure_ascii=False)
                except RecursionError as err:
                    raise self.fail(name, value, "a value that is not nested so deeply") from err
            found[self.as_text(name, "infons")] = self.as_text(value, name)
        return found


def collect(rows: Iterable[Row], make: Callable[[Row], Item], report: Report) -> list[Item | None]:
    """Return an item for each row, and None for each broken one.

    rows (Iterable[Row]): Objects of a file.
    make (Callable[[Row], Item]): What makes an item of one; raises if it is broken.
    report (Report): What to do then.
    """
    found: list[Item | None] = []
    for row in rows:
        item = None
        with report.leaving_out(row.path, row.line, row.doc_id):
            item = make(row)
        found.append(item)
    return found


def sound(rows: Iterable[Row], make: Callable[[Row], Item], report: Report) -> tuple[Item, ...]:
    """Return the items that are not broken; see collect."""
    return tuple(item for item in collect(rows, make, report) if item is not None)


def identifiers(values: object) -> Iterator[str]:
    """Yield the identifiers of the objects in a list.

    values (object): From JSON; whatever is not as it should be has none.
    """
    for item in values if isinstance(values, list) else ():
        if isinstance(item, dict) and isinstance(item.get("id"), (str, int)):
            yield str(item["id"])


def describe(value: object) -> str:
    """Return what a value is, for messages.

    value (object): From JSON.
    """
    if value is None:
        return "missing or null"
    if isinstance(value, (str, bool, int, float)):
        shown = _printable(f"{value!r:.40}") if not isinstance(value, int) or abs(value) < 1 << 64 else "too large"
        return f"{_KINDS[type(value)]} ({shown})"
    return _KINDS.get(type(value), "something else")


def _printable(text: str) -> str:
    return _SURROGATE.sub("\ufffd", text)
