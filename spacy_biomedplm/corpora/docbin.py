"""spaCy's DocBin: documents with all that ``make_doc`` puts on them, or what any pipeline did."""

import re
import struct
import types
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.documents import make_record
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord

SUFFIXES = (".spacy",)
_SPACY_CODE = re.compile(r"\[E\d+\] ")
# What msgpack, numpy and spaCy raise for data that are not theirs; an assertion says that a span is not in its text.
_DAMAGE = (
    *(ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RuntimeError, EOFError, MemoryError),
    *(AssertionError, struct.error, zlib.error),
)


def read_docbin(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the documents of a DocBin as records; it is data only, and nothing in it is run.

    path, report: As for ``read_docs``.
    YIELDS (DocumentRecord): As ``make_record`` returns them.
    RAISES (BiomedplmError): As ``read_docs``.
    """
    return (record for _, record in _read(Path(path), Vocab(), report or Report()))


def read_docs(path: Path | str, vocab: Vocab, *, report: Report | None = None) -> Iterator[Doc]:
    """Stream the documents of a DocBin as they are in it, also with what they are annotated for.

    path (Path | str): A .spacy file; gzip'd if the name ends in ".gz"; or a folder or an archive (.tar, .tar.gz,
        .zip) of them. Each is read into memory as a whole.
    vocab (Vocab): The pipeline's vocabulary.
    report (Report | None): What to do with documents whose annotations cannot be read; None stops at the first.
    YIELDS (Doc): One without identifier gets the name of the file and a number.
    RAISES (BiomedplmError): B401 or B403 for an unreadable file, B408 for one without documents, B463 for one that is
        not a DocBin; as the report decides, B463 for a single document.
    """
    return (doc for doc, _ in _read(Path(path), vocab, report or Report()))


def _read(path: Path, vocab: Vocab, report: Report) -> Iterator[tuple[Doc, DocumentRecord]]:
    found = False
    for name, stem, chunks in read_streams(path, SUFFIXES, report):
        with report.leaving_out(name):
            for number, doc in enumerate(_read_all(b"".join(chunks), name, vocab)):
                try:
                    record = _checked(doc, f"{stem}-{number:05d}", name)
                except _DAMAGE as err:
                    message = coded("B463", path=name, reason=f"document {doc._.doc_id!r:.40}: {_reason(err)}")
                    report.drop(message, path=name, doc_id=str(doc._.doc_id or ""))
                    continue
                found = True
                yield doc, record
    if not found:
        raise report.nothing_read(path, "documents of spaCy")


def _read_all(data: bytes, path: str, vocab: Vocab) -> Iterator[Doc]:
    try:
        yield from DocBin().from_bytes(data).get_docs(vocab)
    except _DAMAGE as err:
        raise BiomedplmError(coded("B463", path=path, reason=_reason(err))) from err


def _checked(doc: Doc, name: str, path: str) -> DocumentRecord:
    """Return the record of a document, which is named if it has no identifier."""
    if isinstance(doc._.doc_id, int):
        doc._.doc_id = str(doc._.doc_id)
    if not doc._.doc_id:
        doc._.doc_id = name
    record = make_record(doc, path=path)
    if not _conforms(record, DocumentRecord):
        raise TypeError("its user data hold values of other types than this package writes")
    return record


def _reason(error: BaseException) -> str:
    text = _SPACY_CODE.sub("", " ".join(str(error).split())).partition(". ")[0]
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
