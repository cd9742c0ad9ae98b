"""ChemProt: the tables of the task, or one sentence a line with marks around two entities."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.containers import is_archive, kind_of
from spacy_biomedplm.corpora.drugprot import read_drugprot
from spacy_biomedplm.corpora.files import decode_lines
from spacy_biomedplm.corpora.json_rows import DECODER
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, Fragment, MentionRecord, RelationRecord

_MARKS = (("<< ", " >>"), ("[[ ", " ]]"))
_WANTED = "a sentence with << one >> and [[ another ]] entity under 'text', and a string under 'label'"


def read_chemprot(
    path: Path | str,
    *,
    entities: Path | str | None = None,
    relations: Path | str | None = None,
    report: Report | None = None,
) -> Iterator[DocumentRecord]:
    """Stream the documents of ChemProt, in either layout.

    path (Path | str): A .jsonl file (also gzip'd), an archive, or a folder that has no table of abstracts is read by
        ``read_chemprot_jsonl``, anything else by ``read_drugprot``, which takes the other arguments.
    RAISES (BiomedplmError): As these do.
    """
    path = Path(path)
    if kind_of(path) == "folder":
        has_tables = any("abstrac" in file.name.lower() for file in path.iterdir())
    else:
        has_tables = not path.name.lower().removesuffix(".gz").endswith(".jsonl") and not is_archive(path)
    if has_tables:
        return read_drugprot(path, entities=entities, relations=relations, report=report)
    return read_chemprot_jsonl(path, report=report)


def read_chemprot_jsonl(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream sentences with two marked entities.

    path (Path | str): Lines such as {"text": "<< A >> blocks [[ B ]].", "label": "INHIBITOR", "metadata": []}; also
        gzip'd, a folder or an archive of such files.
    report (Report | None): What to do with broken lines; None stops at the first.
    YIELDS (DocumentRecord): One for each line, named by file and line. The text is without the marks and the space
        inside of them; the mentions T1 (in << >>) and T2 (in [[ ]]) have no label, the relation R1 goes from T1 to T2.
        Other fields are infons; what is no string there is kept as JSON under its name and ":json".
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 for one without a document; if the report's mode is
        "raise", B485 for a line of another form.
    """
    path = Path(path)
    report = report or Report()
    empty = True
    for shown, stem, chunks in read_streams(path, (".jsonl",), report):
        with report.leaving_out(shown):
            for number, line in decode_lines(chunks, shown):
                record = _read_line(line, f"{stem}:{number}", shown, number) if line.strip() else None
                if record is not None:
                    empty = False
                    yield record
                elif line.strip():
                    message = coded("B485", path=shown, line=number, wanted=_WANTED, found=line.strip()[:60])
                    report.drop(message, path=shown, line=number)
    if empty:
        raise report.nothing_read(path, "lines of JSON, each with " + _WANTED)


def _read_line(line: str, doc_id: str, shown: str, number: int) -> DocumentRecord | None:
    try:
        found = DECODER.decode(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    rest: dict[str, Any] = dict(found)
    text, label = rest.pop("text", None), rest.pop("label", None)
    marked = _unmark(text) if isinstance(text, str) else None
    if marked is None or not isinstance(label, str):
        return None
    if rest.get("metadata") == []:
        del rest["metadata"]
    infons = {
        name if isinstance(value, str) else f"{name}:json": value
        if isinstance(value, str)
        else json.dumps(value, ensure_ascii=False)
        for name, value in rest.items()
    }
    plain, fragments = marked
    mentions = tuple(
        MentionRecord(f"T{place}", "", (fragment,), line=number) for place, fragment in enumerate(fragments, start=1)
    )
    relation = RelationRecord("R1", label, (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Arg2", "T2")), line=number)
    return DocumentRecord(doc_id, plain, mentions, (relation,), infons=infons, path=shown)


def _unmark(text: str) -> tuple[str, list[Fragment]] | None:
    """Return a text without its marks, and what was between them; None if the marks are not clear."""
    places: list[tuple[int, int]] = []
    inner: list[tuple[int, int]] = []
    for opening, closing in _MARKS:
        first = text.find(opening)
        start = first + len(opening)
        # A text may hold ">>" of its own; the first one after the opening mark closes it.
        end = text.find(closing, start)
        if first < 0 or end < 0 or text.find(opening, start) >= 0:
            return None
        places += [(first, len(opening)), (end, len(closing))]
        inner.append((start, end))

    def moved(offset: int) -> int:
        return offset - sum(size for place, size in places if place < offset)

    plain = text
    for place, size in sorted(places, reverse=True):
        plain = plain[:place] + plain[place + size :]
    return plain, [(moved(start), moved(end)) for start, end in inner]
