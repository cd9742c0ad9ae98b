"""brat standoff, and that of the BioNLP shared tasks: a text and files of annotations for each document."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EventRecord,
    MentionRecord,
    RelationRecord,
)
from spacy_biomedplm.writers.losses import count_infons

MAX_NAME_BYTES = 250

# All that ends a line for some reader of standoff.
_BREAKS = re.compile(r"[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
# What a file name cannot hold on some system, or means something in a path; and what would be read as an escape.
_UNFIT = re.compile(r'^\.|[/\\:*?"<>|\x00-\x1f\x7f]|%(?=25|2E|2F|5C|3A|2A|3F|22|3C|3E|7C|7F|[01][0-9A-F])')


def write_brat(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write a NAME.txt and a NAME.ann for each document.

    records (Iterable[DocumentRecord]): NAME is the identifier; a dot at its start, control characters and those that
        file names cannot hold on some system (docs/formats.md) become "%" and two hexadecimal digits.
    path (Path): Folder, empty or not yet there.
    losses (Counter[str]): Counts what cannot be expressed.
    RAISES (BiomedplmError): B443 for a folder that is not empty, B444 for an identifier that makes no file name or
        the name of another document, B432 for a text with half of a surrogate pair.
    """
    for record, base in _named(records, path):
        _write(base, record, {".txt": record.text, ".ann": format_ann(record, losses)})


def write_a2(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write a NAME.txt, a NAME.a1 with what is given and a NAME.a2 with what is asked for, for each document.

    records, path, losses: As in ``write_brat``.
    RAISES (BiomedplmError): As ``write_brat``.
    """
    for record, base in _named(records, path):
        given, asked = format_a1_a2(record, losses)
        _write(base, record, {".txt": record.text, ".a1": given, ".a2": asked})


def format_ann(record: DocumentRecord, losses: Counter[str]) -> str:
    """Return the lines of a .ann file.

    record (DocumentRecord): Identifiers that are not brat's (T1, E1, R1, A1 or M1, #1) are replaced.
    losses (Counter[str]): Counts what cannot be expressed.
    """
    return "".join(f"{line}\n" for _, line in _Lines(record, losses, shared_task=False))


def format_a1_a2(record: DocumentRecord, losses: Counter[str]) -> tuple[str, str]:
    """Return the lines of a .a1 and of a .a2 file.

    record (DocumentRecord): Its entities are given, unless their infon "file" is "a2"; all the rest is asked for.
    losses (Counter[str]): Counts what cannot be expressed.
    """
    lines = list(_Lines(record, losses, shared_task=True))
    given, asked = ("".join(f"{line}\n" for file, line in lines if file == name) for name in ("a1", "a2"))
    return given, asked


def _named(records: Iterable[DocumentRecord], path: Path) -> Iterator[tuple[DocumentRecord, Path]]:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise BiomedplmError(coded("B443", path=path))
    path.mkdir(parents=True, exist_ok=True)
    for record in records:
        name = file_name_of(record.doc_id)
        if (path / f"{name}.txt").exists():
            raise same_name(record.doc_id)
        yield record, path / name


def file_name_of(doc_id: str) -> str:
    """Return the name of a document's files without an ending; ``read_brat`` finds the identifier in it.

    doc_id (str): Its identifier.
    RAISES (BiomedplmError): B444 if it makes no file name.
    """
    name = _UNFIT.sub(lambda char: f"%{ord(char.group()):02X}", doc_id)
    if not name:
        raise _no_file(doc_id, "the identifier is empty")
    if any("\ud800" <= char <= "\udfff" for char in name):
        raise _no_file(doc_id, "half of a surrogate pair is in it")
    if len(name.encode()) > MAX_NAME_BYTES:
        raise _no_file(doc_id, f"a file name has at most {MAX_NAME_BYTES} bytes and an ending")
    return name


def same_name(doc_id: str) -> BiomedplmError:
    """Return the error B444 for two documents of one name. doc_id (str): Identifier of the second."""
    return _no_file(doc_id, "another document has that name (some systems take upper and lower case for the same)")


def _no_file(doc_id: str, reason: str) -> BiomedplmError:
    shown = doc_id.encode("utf-8", "replace").decode()[:60]
    return BiomedplmError(coded("B444", doc_id=shown, reason=reason))


def _write(base: Path, record: DocumentRecord, contents: Mapping[str, str]) -> None:
    for suffix, content in contents.items():
        try:
            data = content.encode()
        except UnicodeEncodeError as err:
            found = f"U+{ord(content[err.start]):04X}"
            raise BiomedplmError(coded("B432", path=record.path, doc_id=record.doc_id, found=found)) from err
        with base.with_name(base.name + suffix).open("xb") as stream:
            stream.write(data)


class _Lines:
    """The lines of a document, each with the file of a shared task that it belongs to.

    record (DocumentRecord): The document. losses (Counter[str]): Counts what is left out.
    shared_task (bool): Whether attributes are modifications, and normalisations are those of the shared tasks.
    """

    def __init__(self, record: DocumentRecord, losses: Counter[str], *, shared_task: bool) -> None:
        self.record = record
        self.losses = losses
        self.shared_task = shared_task
        self.ids: dict[str, str] = {}

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Yield file and line."""
        record = self.record
        mentions = dict(zip(_number([mention.id for mention in record.mentions], "T"), record.mentions, strict=True))
        for name, mention in mentions.items():
            self.ids.setdefault(mention.id, name)
        for name, mention in mentions.items():
            usual = "a2" if mention.is_trigger else "a1"
            file = mention.infons.get("file", usual)
            yield file if file in ("a1", "a2") else usual, self._mention(name, mention)
        for lines in (
            self._events(),
            self._relations(),
            self._equivalences(),
            self._attributes(),
            self._normalisations(),
            self._notes(),
        ):
            yield from (("a2", line) for line in lines)
        self._count_rest()

    def _lose(self, what: str, count: int = 1) -> None:
        if count:
            self.losses[what] += count

    def _mention(self, name: str, mention: MentionRecord) -> str:
        text = self.record.text_of(mention) if mention.text is None else mention.text
        places = ";".join(f"{start} {end}" for start, end in mention.fragments)
        return f"{name}\t{self._word(mention.label, 'Entity')} {places}\t{_BREAKS.sub(' ', text)}"

    def _events(self) -> Iterator[str]:
        whole = self._whole_events()
        self._lose("events that refer to nothing", len(self.record.events) - len(whole))
        names = _number([event.id for event in whole], "E")
        for event, name in zip(whole, names, strict=True):
            self.ids.setdefault(event.id, name)
        for event, name in zip(whole, names, strict=True):
            arguments = [argument for argument in event.arguments if argument.kind != "concept"]
            self._lose("arguments that are concepts", len(event.arguments) - len(arguments))
            head = f"{self._word(event.label, 'Event', colon=False)}:{self.ids[event.trigger]}"
            words = [head, *self._arguments(arguments, ["Argument"] * len(arguments))]
            yield f"{name}\t{_join(words, event.infons, ' ' if len(words) == 1 else '')}"

    def _whole_events(self) -> list[EventRecord]:
        """Return the events of which everything is there."""
        ids = {event.id for event in self.record.events}
        users: dict[str, list[str]] = defaultdict(list)
        gone = []
        for event in self.record.events:
            targets = [argument.target for argument in event.arguments if argument.kind != "concept"]
            if event.trigger not in self.ids or not all(target in self.ids or target in ids for target in targets):
                gone.append(event.id)
            for target in targets:
                users[target].append(event.id)
        for name in gone:
            gone.extend(users.pop(name, ()))
        left_out = set(gone)
        return [event for event in self.record.events if event.id not in left_out]

    def _relations(self) -> Iterator[str]:
        kept = []
        for relation in self.record.relations:
            if any(argument.kind == "concept" for argument in relation.arguments):
                self._lose("relations between concepts")
            elif len(relation.arguments) != 2:
                self._lose("relations of one, or of more than two")
            elif not all(argument.target in self.ids for argument in relation.arguments):
                self._lose("relations that refer to nothing")
            else:
                kept.append(relation)
        for relation, name in zip(kept, _number([relation.id for relation in kept], "R"), strict=True):
            words = [self._word(relation.label, "Relation"), *self._arguments(relation.arguments, ["Arg1", "Arg2"])]
            self.ids.setdefault(relation.id, name)
            yield f"{name}\t{_join(words, relation.infons, '')}"

    def _arguments(self, arguments: Sequence[ArgumentRecord], roles: Sequence[str]) -> list[str]:
        return [
            f"{self._word(argument.role or role, role, colon=False)}:{self.ids[argument.target]}"
            for argument, role in zip(arguments, roles, strict=True)
        ]

    def _equivalences(self) -> Iterator[str]:
        for group in self.record.equivalences:
            targets = [self.ids[target] for target in group.targets if target in self.ids]
            if len(targets) > 1:
                yield f"*\t{self._word(group.label, 'Equiv')} {' '.join(targets)}"
            else:
                self._lose("equivalences that refer to nothing")

    def _attributes(self) -> Iterator[str]:
        kept: list[tuple[AttributeRecord, str]] = []
        for attribute in self.record.attributes:
            if attribute.target not in self.ids:
                self._lose("attributes of what is left out")
            elif self.shared_task and attribute.value:
                self._lose("attributes with a value")
            else:
                kept.append((attribute, self.ids[attribute.target]))
        kinds = ("M",) if self.shared_task else ("A", "M")
        names = _number([attribute.id for attribute, _ in kept], *kinds)
        for (attribute, target), name in zip(kept, names, strict=True):
            self.ids.setdefault(attribute.id, name)
            value = _BREAKS.sub(" ", attribute.value)
            yield f"{name}\t{self._word(attribute.label, 'Attribute')} {target}{' ' if value else ''}{value}"

    def _normalisations(self) -> Iterator[str]:
        number = 0
        for mention in self.record.mentions:
            for concept in mention.concepts:
                number += 1
                yield f"N{number}\t{self._concept(concept, self.ids[mention.id])}"

    def _concept(self, concept: ConceptRecord, target: str) -> str:
        entry = self._word(concept.id, "-")
        if not self.shared_task:
            prefix = f"{self._word(concept.resource, '', colon=False)}:" if concept.resource else ""
            name = f"\t{_BREAKS.sub(' ', concept.name)}" if concept.name else ""
            return f"Reference {target} {prefix}{entry}{name}"
        self._lose("names of concepts", bool(concept.name))
        resource = self._word(concept.resource, "Reference") if concept.resource else "Reference"
        return f"{resource} Annotation:{target} Referent:{entry}"

    def _notes(self) -> Iterator[str]:
        notes = [note for note in self.record.notes if note.target in self.ids]
        placeless = sum(not note.target for note in self.record.notes)
        self._lose("notes on the document", placeless)
        self._lose("notes on what is left out", len(self.record.notes) - placeless - len(notes))
        for note, name in zip(notes, _number([note.id for note in notes], "#"), strict=True):
            label = self._word(note.label, "AnnotatorNotes")
            yield f"{name}\t{label} {self.ids[note.target]}\t{_BREAKS.sub(' ', note.text)}"

    def _word(self, name: str, otherwise: str, *, colon: bool = True) -> str:
        """Return a name as one word, which is what standoff has names for."""
        if not name:
            self._lose("empty names")
            return otherwise
        word = re.sub(r"\s" if colon else r"[\s:]", "_", name)
        self._lose("names with spaces or colons", word != name)
        return word

    def _count_rest(self) -> None:
        record = self.record
        annotated: list[MentionRecord | RelationRecord | EventRecord]
        annotated = [*record.mentions, *record.relations, *record.events]
        scores = [item.score for item in annotated if item.score is not None]
        for what, count in (
            ("document labels", len(record.labels)),
            ("answers", len(record.answers)),
            ("passages", len(record.passages)),
            ("infons", len(record.infons) + sum(count_infons(item.infons) for item in annotated)),
            ("scores", len(scores)),
        ):
            self._lose(what, count)


def _number(ids: Iterable[str], *kinds: str) -> list[str]:
    """Return identifiers of brat: those that are some stay, the first time; others get the next free number.

    kinds (str): Letters that they may begin with; new ones have the first.
    """
    fit = re.compile(f"[{''.join(kinds)}][0-9]+")
    ids = list(ids)
    taken = {name for name in ids if fit.fullmatch(name)}
    used: set[str] = set()
    named = []
    number = 1
    for name in ids:
        if name in used or name not in taken:
            while f"{kinds[0]}{number}" in taken:
                number += 1
            name = f"{kinds[0]}{number}"
            taken.add(name)
        used.add(name)
        named.append(name)
    return named


def _join(words: Sequence[str], infons: Mapping[str, str], last: str) -> str:
    """Return words with the blanks of the source after each, or the usual ones if it had another number of words."""
    gaps = infons.get("spacing", "no").split("|")
    if len(gaps) != len(words) or "".join(gaps).strip(" \t") or not all(gaps[:-1]):
        gaps = [" "] * (len(words) - 1) + [last]
    return "".join(word + gap for word, gap in zip(words, gaps, strict=True))
