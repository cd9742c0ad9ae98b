"""From one format of annotated documents to another."""

import gzip
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.formats import FORMATS, Format, find_format
from spacy_biomedplm.types import DocumentRecord


@dataclass
class Conversion:
    """What a conversion did.

    counts (Counter[str]): Documents, entities, triggers, relations, events … that were read.
    losses (Counter[str]): What the target cannot express, by kind.
    report (Report): What was broken.
    """

    report: Report
    counts: Counter[str] = field(default_factory=Counter)
    losses: Counter[str] = field(default_factory=Counter)

    def to_dict(self) -> dict[str, Any]:
        """Return the conversion as plain data.

        RETURNS (dict[str, Any]): "read", "not_expressed", "problems" (counts) and "listed_problems".
        """
        listed = [
            {"kind": p.kind, "path": p.path, "line": p.line, "document": p.doc_id, "detail": p.detail}
            for p in self.report.problems
        ]
        return {
            "read": dict(self.counts),
            "not_expressed": dict(self.losses),
            "problems": dict(self.report.counts),
            "listed_problems": listed,
        }


def convert(
    source: Path,
    target: Path,
    *,
    source_format: str | None,
    target_format: str | None,
    report: Report,
    progress: Callable[[int], None] = lambda documents: None,
) -> Conversion:
    """Read documents in one format and write them in another.

    source (Path): File or folder.
    target (Path): File or folder; must not exist. It gets its name when it is complete. A file whose name ends in
        ".gz" is compressed.
    source_format, target_format (str | None): Keys of FORMATS; None takes what the name says.
    report (Report): What to do with broken items, and the list of what was done.
    progress (Callable[[int], None]): Called with the number of documents read so far.
    RETURNS (Conversion): Counts.
    RAISES (BiomedplmError): B660 if a format is unknown or cannot be told from the name, B661 if it is only read,
        B662 if the target exists, B663 if it lies inside of the source, B664 for "-", B627 if it cannot be written;
        the errors of the reader and of ``fit``. B408 or B438 if there is no document to write, in every mode.
    """
    for name, path in (("IN", source), ("OUT", target)):
        if str(path) == "-":
            raise BiomedplmError(coded("B664", name=name))
    reading = find_format(source, source_format, option="--from")
    writing = find_format(target, target_format, option="--to")
    if writing.write is None:
        writable = ", ".join(name for name, known in FORMATS.items() if known.write is not None)
        raise BiomedplmError(coded("B661", format=writing.name, known=writable))
    if target.exists():
        raise BiomedplmError(coded("B662", path=target))
    if source.is_dir() and target.resolve().is_relative_to(source.resolve()):
        raise BiomedplmError(coded("B663", path=target))
    done = Conversion(report)
    partial = target.with_name(f".{target.name}.partial")
    try:
        _remove(partial)
        if not target.parent.is_dir():
            raise BiomedplmError(coded("B627", path=target, reason=f"there is no folder '{target.parent}'"))
        writing.write(_records(reading, source, done, progress), partial, done.losses)
        if target.suffix == ".gz" and partial.is_file():
            _compress(partial)
        os.replace(partial, target)
    except OSError as error:
        raise BiomedplmError(coded("B627", path=target, reason=error.strerror or error)) from error
    finally:
        _remove(partial)
    return done


def _records(
    reading: Format, source: Path, done: Conversion, progress: Callable[[int], None]
) -> Iterator[DocumentRecord]:
    for record in reading.read(source, report=done.report):
        fitted = fit(record, done.report)
        done.counts.update(documents=1, entities=sum(not m.is_trigger for m in fitted.mentions))
        done.counts.update(triggers=sum(m.is_trigger for m in fitted.mentions), relations=len(fitted.relations))
        done.counts.update(events=len(fitted.events), attributes=len(fitted.attributes))
        progress(done.counts["documents"])
        yield fitted


def _compress(path: Path) -> None:
    packed = path.with_name(f"{path.name}.gz")
    try:
        # No name and no time in the file: the same input gives the same bytes.
        with path.open("rb") as source, packed.open("wb") as raw:
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as stream:
                shutil.copyfileobj(source, stream)
        os.replace(packed, path)
    finally:
        packed.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
