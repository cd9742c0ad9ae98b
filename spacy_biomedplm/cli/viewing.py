"""From documents to a page, and to rows for the terminal."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc

from spacy_biomedplm.cli.batches import make_batches, memory_errors
from spacy_biomedplm.cli.pipeline import load_pipeline
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.inputs import InputDoc, find_inputs, make_input_doc, read_documents
from spacy_biomedplm.visual.events import describe_events
from spacy_biomedplm.visual.page import GENERATOR, name_of_end, render_doc, render_page

STDIN = "-"
_BATCH_DOCS = 32
_SNIFFED_CHARS = 2048


@dataclass(frozen=True)
class SeenEntity:
    """A distinct entity of a document.

    label (str): Label. text (str): Its characters. count (int): How often it occurs with this label.
    score (float | None): The highest of its scores.
    """

    label: str
    text: str
    count: int
    score: float | None


@dataclass(frozen=True)
class SeenRelation:
    """A relation of a document: what it joins, its label, and its score if it has one."""

    head: str
    label: str
    tail: str
    score: float | None


@dataclass(frozen=True)
class SeenEvent:
    """An event of a document.

    number (int): As on the page. text (str): The event in words, with those inside it. trigger (str): Its words.
    score (float | None): Its score.
    """

    number: int
    text: str
    trigger: str
    score: float | None


@dataclass(frozen=True)
class SeenDoc:
    """What a document holds, for a short listing.

    doc_id (str): Identifier. title (str): Title, or the beginning of the text.
    entities (tuple[SeenEntity, ...]): By label, then in the order of the text.
    relations (tuple[SeenRelation, ...]): All of them. events (tuple[SeenEvent, ...]): In the order of the text.
    """

    doc_id: str
    title: str
    entities: tuple[SeenEntity, ...]
    relations: tuple[SeenRelation, ...] = ()
    events: tuple[SeenEvent, ...] = ()


@dataclass(frozen=True)
class View:
    """A page and what is on it.

    docs (tuple[SeenDoc, ...]): The documents. counts (Counter[str]): All their entities, by label.
    more (bool): Whether the input has more documents than were asked for.
    replaced (int): Lone surrogates replaced; replaced_documents (int): in so many documents.
    """

    docs: tuple[SeenDoc, ...]
    counts: Counter[str]
    more: bool = False
    replaced: int = 0
    replaced_documents: int = 0


def view(
    inputs: Iterable[str],
    output: Path,
    *,
    model: str,
    guideline: str | None = None,
    device: str = "cpu",
    limit: int | None = None,
) -> View:
    """Write a page with the entities of documents.

    inputs (Iterable[str]): Files and folders; "-" alone for text on stdin.
    output (Path): The page. An older page of this command is replaced, other files are not.
    model (str): Installed package, or folder.
    guideline (str | None): Corpus whose annotation guideline the entities follow.
    device (str): "cpu" or "cuda:N".
    limit (int | None): Number of documents to show; None for all.
    RETURNS (View): What is on the page.
    RAISES (BiomedplmError): As load_pipeline and the readers; B627 if the page cannot be written, B650 if another
        file is in its place.
    """
    check_page(output)
    if limit is not None and limit < 1:
        raise BiomedplmError(coded("B635", name="--limit", wanted="1 or more", found=limit))
    names = list(inputs)
    source = _read_stdin() if names == [STDIN] else read_documents(find_inputs(names).files)
    nlp = load_pipeline(model, device=device, guideline=guideline)
    sections: list[str] = []
    seen: list[SeenDoc] = []
    counts: Counter[str] = Counter()
    damaged = Counter[bool]()
    replaced = 0
    for batch in make_batches(islice(source, limit), _BATCH_DOCS):
        replaced += sum(doc.replaced for doc in batch)
        damaged.update(doc.replaced > 0 for doc in batch)
        with memory_errors(), nlp.memory_zone():
            for doc, origin in zip(nlp.pipe([doc.text for doc in batch]), batch, strict=True):
                _describe(doc, origin)
                sections.append(render_doc(doc))
                seen.append(summarise(doc))
                counts.update(ent.label_ for ent in doc.ents)
    more = next(source, None) is not None
    name = f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']}"
    number = f"{len(seen):,} document{'' if len(seen) == 1 else 's'}"
    note = f"{number}{' (the input has more)' if more else ''}, found by {name}"
    if guideline is not None:
        note += f", as {guideline} annotates"
    page = render_page(sections, counts, heading="Biomedical entities", notes=[note])
    _write_page(output, page)
    return View(tuple(seen), counts, more, replaced, damaged[True])


def check_page(output: Path) -> None:
    """Find out that a page cannot be written before any work is done.

    output (Path): The page.
    RAISES (BiomedplmError): B627, B650.
    """
    if output.is_dir() or not output.parent.is_dir():
        reason = "it is a folder" if output.is_dir() else f"there is no folder '{output.parent}'"
        raise BiomedplmError(coded("B627", path=output, reason=reason))
    if not output.exists():
        return
    try:
        with output.open(encoding="utf8", errors="replace") as stream:
            is_page = GENERATOR in stream.read(_SNIFFED_CHARS)
    except OSError as error:
        raise BiomedplmError(coded("B627", path=output, reason=error.strerror)) from error
    if not is_page:
        raise BiomedplmError(coded("B650", path=output))


def summarise(doc: Doc) -> SeenDoc:
    """Return what a document holds.

    doc (Doc): With entities, relations and events, as far as it has them.
    """
    groups: dict[tuple[str, str], list[float | None]] = {}
    for ent in doc.ents:
        groups.setdefault((ent.label_, ent.text), []).append(ent._.score)
    entities = []
    for (label, text), scores in sorted(groups.items(), key=lambda item: item[0][0]):  # stable: order of the text
        known = [score for score in scores if score is not None]
        entities.append(SeenEntity(label, text, len(scores), max(known, default=None)))
    title = doc.user_data.get("title") or doc.text[:80]
    relations = (
        SeenRelation(name_of_end(doc, found.head), found.label, name_of_end(doc, found.tail), found.score)
        for found in doc._.relations
    )
    events = (SeenEvent(line.number, line.text, line.trigger, line.score) for line in describe_events(doc._.events))
    return SeenDoc(str(doc._.doc_id or ""), title, tuple(entities), tuple(relations), tuple(events))


def _describe(doc: Doc, origin: InputDoc) -> None:
    doc._.doc_id = origin.doc_id
    if origin.title is not None:
        doc.user_data["title"] = origin.title


def _read_stdin() -> Iterator[InputDoc]:
    data = sys.stdin.buffer.read()
    try:
        text = data.decode("utf8").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        values = {"line": line, "byte": error.start + 1, "unit": "input", "value": data[error.start]}
        raise BiomedplmError(coded("B607", path="stdin", **values)) from error
    yield make_input_doc("stdin", text, source="stdin")


def _write_page(output: Path, page: str) -> None:
    temporary = output.with_name(f"{output.name}.{os.getpid()}.new")
    try:
        temporary.write_text(page, encoding="utf8")
        os.replace(temporary, output)
    except OSError as error:
        raise BiomedplmError(coded("B627", path=output, reason=error.strerror)) from error
    finally:
        temporary.unlink(missing_ok=True)
