"""JSON lines: one object with a "text", and perhaps "id" and "title", per line."""

import json
from collections.abc import Iterator
from typing import Any

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.inputs.documents import InputDoc, make_input_doc
from spacy_biomedplm.inputs.files import InputStream

_KINDS = {str: "a string", bool: "true or false", int: "a number", float: "a number", list: "a list", dict: "an object"}


def read_jsonl(stream: InputStream) -> Iterator[InputDoc]:
    """Yield a document for each line that is not blank.

    stream (InputStream): Each line an object with "text" (string), and perhaps "id" (string or whole number; else
        the name of the file, a colon and the line) and "title" (string). Other keys are not read.
    YIELDS (InputDoc): In the order of the lines.
    RAISES (BiomedplmError): B607 for a line that is not UTF-8, B608 not JSON, B609 no object or no text, B610 a field
        of the wrong type.
    """
    for number, data in stream.lines():
        line = stream.decode(data, line=number)
        if not line.strip():
            continue
        found = _parse(line, stream, number)
        doc_id = _field(found, "id", (str, int), stream, number)
        title = _field(found, "title", (str,), stream, number)
        yield make_input_doc(
            f"{stream.file.stem}:{number}" if doc_id is None else str(doc_id),
            found["text"],
            title=title,
            whole=True,
            source=stream.file.name,
            line=number,
            position=stream.position,
        )


def _parse(line: str, stream: InputStream, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:  # ValueError also for a number with thousands of digits
        hint = "" if line.endswith("\n") else " The file ends within this line: it may be half-written."
        if isinstance(error, json.JSONDecodeError):
            reason = f"{error.msg}, column {error.colno}"
        else:
            reason = "nested too deeply" if isinstance(error, RecursionError) else "a number is too long"
        raise BiomedplmError(coded("B608", path=stream.file.name, line=number, reason=reason, hint=hint)) from error
    if not isinstance(found, dict):
        what = f"the line is {_kind(found)}"
    elif "text" not in found:
        what = 'there is no "text"'
    elif not isinstance(found["text"], str):
        what = f'"text" is {_kind(found["text"])}'
    else:
        return found
    raise BiomedplmError(coded("B609", path=stream.file.name, line=number, found=what))


def _field(found: dict[str, Any], name: str, wanted: tuple[type, ...], stream: InputStream, number: int) -> Any:
    value = found.get(name)
    if value is None or (isinstance(value, wanted) and not isinstance(value, bool)):
        return value
    kinds = " or ".join(_KINDS[kind] for kind in wanted)
    message = coded("B610", path=stream.file.name, line=number, field=name, found=_kind(value), wanted=kinds)
    raise BiomedplmError(message)


def _kind(value: object) -> str:
    return "null" if value is None else _KINDS[type(value)]
