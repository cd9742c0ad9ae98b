"""Documents that bring their entities with them, and pipes that leave these as they are."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.formats import FORMATS, Format, find_format
from spacy_biomedplm.given import find_finders, given_mentions
from spacy_biomedplm.inputs import InputDoc
from spacy_biomedplm.types import DocumentRecord

Place = tuple[int, int, str]
OPTION = "--from"
_STANDOFF = (".a1", ".ann")


@dataclass(frozen=True)
class GivenInput:
    """A file, folder or archive of documents with entities.

    path (Path): Where it is. format (Format): How it is read.
    """

    path: Path
    format: Format


def find_given(paths: Iterable[str], name: str | None) -> list[GivenInput]:
    """Return what paths name, each with its format.

    paths (Iterable[str]): Files, folders and archives.
    name (str | None): Key of ``formats.FORMATS``; None takes what the names of files say.
    RAISES (BiomedplmError): B601 if there is no such path, B660 if the format is unknown.
    """
    found = []
    for path in map(Path, paths):
        if not path.exists():
            raise BiomedplmError(coded("B601", path=path, folder=Path.cwd()))
        is_guessed = name is None and path.is_dir()
        found.append(GivenInput(path, _format_of(path) if is_guessed else find_format(path, name, option=OPTION)))
    return found


def _format_of(folder: Path) -> Format:
    names = {file.name.lower() for file in folder.rglob("*") if not file.name.startswith(".")}
    if any(name.endswith(_STANDOFF) for name in names):
        return FORMATS["brat"]
    plain = {name.removesuffix(".gz") for name in names}
    known = {form.name for form in FORMATS.values() for name in plain if form.suffixes and name.endswith(form.suffixes)}
    if len(known) == 1:
        return FORMATS[known.pop()]
    reason = "its files have the formats " + ", ".join(sorted(known)) if known else "no name of its files says it"
    raise BiomedplmError(coded("B660", path=folder, reason=reason, option=OPTION, known=", ".join(FORMATS)))


def read_given(inputs: Sequence[GivenInput], report: Report) -> Iterator[InputDoc]:
    """Yield documents with their entities, and nothing else that the files say of them.

    inputs (Sequence[GivenInput]): From ``find_given``.
    report (Report): What to do with broken items.
    YIELDS (InputDoc): Each with a record: text, passages, and the entities with their concepts.
    RAISES (BiomedplmError): As the readers, and ``fit``.
    """
    for given in inputs:
        for record in given.format.read(given.path, report=report):
            yield _make(fit(_only_entities(record), report))


def _only_entities(record: DocumentRecord) -> DocumentRecord:
    mentions = tuple(given_mentions(record))
    kept = {name: () for name in ("relations", "events", "attributes", "equivalences", "notes")}
    return replace(record, mentions=mentions, **kept)  # type: ignore[arg-type]


def _make(record: DocumentRecord) -> InputDoc:
    mentions = tuple(replace(m, is_trigger=False) for m in record.mentions if "group" not in m.infons)
    infons = {name: text for name, text in record.infons.items() if name not in ("source", "title")}
    title = record.infons.get("title")
    if title is None:
        first = next((p for p in record.passages if p.kind == "title" and p.start == 0), None)
        title = None if first is None else record.text[: first.end]
    kept = DocumentRecord(record.doc_id, record.text, mentions, passages=record.passages, infons=infons)
    return InputDoc(record.doc_id, record.text, title, record.path, 1, record=kept)


def leave_given(nlp: Language) -> None:
    """Switch off the pipes of a pipeline that would put other entities in place of given ones.

    nlp (Language): The pipeline; stays so.
    """
    for name in find_finders(nlp):
        nlp.disable_pipe(name)


def read_batch(nlp: Language, batch: Sequence[InputDoc]) -> Iterator[Doc]:
    """Yield what a pipeline makes of documents, in order.

    nlp (Language): The pipeline. Linkers do not read documents whose entities have concepts already.
    batch (Sequence[InputDoc]): Documents, with entities if they have a record.
    RAISES (BiomedplmError): B651 if given entities are not there any more.
    """
    linked = [_has_concepts(doc.record) for doc in batch]
    linkers = [name for name in find_finders(nlp, "concepts") if name not in find_finders(nlp)]
    found: dict[int, Doc] = {}
    before: dict[int, tuple[set[Place], list[Place]]] = {}
    for is_linked in sorted(set(linked)):
        numbers = [number for number, own in enumerate(linked) if own == is_linked]
        with nlp.select_pipes(disable=linkers) if is_linked else nullcontext():
            docs = [_start(nlp, batch[number]) for number in numbers]
            before.update({n: _entities(doc) for n, doc in zip(numbers, docs, strict=True) if isinstance(doc, Doc)})
            found.update(zip(numbers, nlp.pipe(docs, batch_size=len(docs)), strict=True))
    for number, origin in enumerate(batch):
        doc = found.pop(number)
        if number in before:
            (given, flat), (group, ents) = before[number], _entities(doc)
            if flat != ents or not given <= group:
                raise BiomedplmError(coded("B651", doc_id=origin.doc_id, pipes=", ".join(nlp.pipe_names)))
        yield doc


def _has_concepts(record: DocumentRecord | None) -> bool:
    return record is not None and any(mention.concepts for mention in record.mentions)


def _start(nlp: Language, origin: InputDoc) -> Doc | str:
    return origin.text if origin.record is None else make_doc(nlp.vocab, origin.record)


def _entities(doc: Doc) -> tuple[set[Place], list[Place]]:
    """Return the places and labels of all entities, and of those that do not overlap."""
    group, ents = (
        [(span.start_char, span.end_char, span.label_) for span in spans]
        for spans in (doc.spans.get(ENTITIES_KEY, ()), doc.ents)
    )
    return set(group), ents
