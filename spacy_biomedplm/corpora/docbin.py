"""spaCy's DocBin: documents with all that ``make_doc`` puts on them, or what any pipeline did."""

import struct
import types
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord

SUFFIXES = (".spacy",)
# What msgpack, numpy and spaCy raise for data that are not theirs; an assertion says that a span is not in its text.
_DAMAGE = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, EOFError, MemoryError),
    *(AssertionError, struct.error, zlib.error),
)


def read_docbin(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the documents of a DocBin; it is data only, and nothing in it is run.

    path (Path | str): A .spacy file; gzip'd if the name ends in ".gz"; or a folder or an archive (.tar, .tar.gz) of
        them. Each is read into memory as a whole.
    report (Report | None): What to do with documents whose annotations cannot be read; None stops at the first.
    YIELDS (DocumentRecord): As ``make_record`` returns them. Without identifier, the name of the file and a number.
    RAISES (BiomedplmError): B401 or B403 for an unreadable file, B408 for one without documents, B463 for one that is
        not a DocBin; as the report decides, B463 for a single document.
    """
    report = report or Report()
    found = False
    for name, stem, chunks in read_streams(Path(path), SUFFIXES):
        data = b"".join(chunks)
        for number, record in enumerate(_read(data, name, report)):
            found = True
            yield record if record.doc_id else replace(record, doc_id=f"{stem}-{number:05d}")
    if not found:
        raise BiomedplmError(coded("B408", path=path, wanted="documents of spaCy"))


def _read(data: bytes, path: str, report: Report) -> Iterator[DocumentRecord]:
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    from spacy_biomedplm.documents import make_record

    try:
        docs = iter(DocBin().from_bytes(data).get_docs(Vocab()))
    except _DAMAGE as err:
        raise BiomedplmError(coded("B463", path=path, reason=_reason(err))) from err
    while True:
        try:
            doc = next(docs, None)
        except _DAMAGE as err:
            raise BiomedplmError(coded("B463", path=path, reason=_reason(err))) from err
        if doc is None:
            return
        try:
            if isinstance(doc._.doc_id, int):
                doc._.doc_id = str(doc._.doc_id)
            record = make_record(doc, path=path)
            if not _conforms(record, DocumentRecord):
                raise TypeError("its user data hold values of other types than this package writes")
        except _DAMAGE as err:
            message = coded("B463", path=path, reason=f"document {doc._.doc_id!r:.40}: {_reason(err)}")
            report.drop(message, path=path, doc_id=str(doc._.doc_id or ""))
            continue
        yield record


def _reason(error: BaseException) -> str:
    text = " ".join(str(error).split()).removeprefix("[").partition(". ")[0]
    return f"{type(error).__name__}: {text[:100]}" if text else type(error).__name__


def _conforms(value: object, wanted: Any) -> bool:
    """Return whether a value has the type that a field of a record is declared with."""
    origin, arguments = get_origin(wanted), get_args(wanted)
    if origin is Literal:
        return value in arguments
    if origin in (Union, types.UnionType):
        return any(_conforms(value, argument) for argument in arguments)
    if origin is tuple:
        if not isinstance(value, tuple):
            return False
        if arguments[-1] is Ellipsis:
            return all(_conforms(item, arguments[0]) for item in value)
        return len(value) == len(arguments) and all(map(_conforms, value, arguments))
    if origin is not None and issubclass(origin, Mapping):
        key, content = arguments
        pairs = value.items() if isinstance(value, Mapping) else ()
        return isinstance(value, Mapping) and all(_conforms(k, key) and _conforms(v, content) for k, v in pairs)
    if is_dataclass(wanted):
        hints = get_type_hints(wanted)
        return type(value) is wanted and all(
            _conforms(getattr(value, field.name), hints[field.name]) for field in fields(wanted)
        )
    if wanted is float:
        return isinstance(value, (int, float))
    return isinstance(value, wanted) and not (wanted is int and isinstance(value, bool))
