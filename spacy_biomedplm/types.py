"""What a document and its annotations are between a file and a ``Doc``: plain records, no spaCy.

Every reader makes these, every writer takes these; ``documents.py`` turns them into a ``Doc`` and back. Offsets are
characters of ``DocumentRecord.text``, the end exclusive, as they stand in the file. Identifiers are unique within
a document, whatever they name: an entity, a trigger, a relation or an event.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Fragment: TypeAlias = tuple[int, int]
Infons: TypeAlias = Mapping[str, str]
ArgumentKind: TypeAlias = Literal["mention", "event", "concept"]


@dataclass(frozen=True, slots=True)
class ConceptRecord:
    """An entry of a vocabulary that a mention stands for.

    resource (str): Vocabulary, such as "MESH"; empty if the file does not say.
    id (str): Identifier in it, as the file writes it.
    name (str): Name that the file gives it, or empty.
    """

    resource: str
    id: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class MentionRecord:
    """A text-bound annotation: an entity, or the trigger of events.

    id (str): Such as "T1".
    label (str): Label in the file; may be empty.
    fragments (tuple[Fragment, ...]): One or more stretches of the text, in the order of the file.
    text (str | None): The characters that the file gives for it; None if it gives none or they are those of the text
        (fragments joined by a space).
    concepts (tuple[ConceptRecord, ...]): What it stands for, in the order of the file.
    infons (Infons): Everything else that the file says of it.
    score (float | None): Probability, if the file gives one.
    is_trigger (bool): Whether it is the trigger of an event rather than an entity.
    line (int): Line in the file, 0 if there is none; not compared.
    """

    id: str
    label: str
    fragments: tuple[Fragment, ...]
    text: str | None = None
    concepts: tuple[ConceptRecord, ...] = ()
    infons: Infons = field(default_factory=dict)
    score: float | None = None
    is_trigger: bool = False
    line: int = field(default=0, compare=False)

    @property
    def start(self) -> int:
        """First character of all fragments."""
        return min(start for start, _ in self.fragments)

    @property
    def end(self) -> int:
        """Character after the last one of all fragments."""
        return max(end for _, end in self.fragments)


@dataclass(frozen=True, slots=True)
class ArgumentRecord:
    """What takes part in a relation or an event, and how.

    role (str): Such as "Theme", "Arg1" or "Chemical"; may be empty.
    target (str): Identifier of a mention or an event of the document, or of a concept.
    kind (ArgumentKind): Which of them.
    """

    role: str
    target: str
    kind: ArgumentKind = "mention"


@dataclass(frozen=True, slots=True)
class RelationRecord:
    """A relation between mentions, or between concepts anywhere in the document.

    id (str): Such as "R1". label (str): Such as "CID".
    arguments (tuple[ArgumentRecord, ...]): Two as a rule; the first is the head of a directed relation.
    infons (Infons): Everything else that the file says of it, such as {"novelty": "Novel"}.
    score (float | None): Probability, if the file gives one.
    """

    id: str
    label: str
    arguments: tuple[ArgumentRecord, ...]
    infons: Infons = field(default_factory=dict)
    score: float | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event: a trigger and its arguments, which may be events.

    id (str): Such as "E1". label (str): Type of the event, as a rule that of its trigger.
    trigger (str): Identifier of the trigger.
    arguments (tuple[ArgumentRecord, ...]): In the order of the file; a role may come several times.
    """

    id: str
    label: str
    trigger: str
    arguments: tuple[ArgumentRecord, ...] = ()
    infons: Infons = field(default_factory=dict)
    score: float | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class AttributeRecord:
    """Something said of a mention, a relation or an event: Negation and Speculation of events, or any other.

    id (str): Such as "M1" or "A1". label (str): Such as "Negation".
    target (str): Identifier of what it is said of.
    value (str): Value of an attribute that has several, else empty.
    """

    id: str
    label: str
    target: str
    value: str = ""
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class NoteRecord:
    """A free remark on a mention, a relation, an event, or on the document (an empty target)."""

    id: str
    label: str
    target: str
    text: str
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class EquivalenceRecord:
    """Mentions that name one thing, such as a protein and its synonym; label is "Equiv" in brat."""

    targets: tuple[str, ...]
    label: str = "Equiv"
    line: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class PassageRecord:
    """A part of the text: a title, an abstract, a section, a sentence, a question, one of two sentences.

    start, end (int): Characters; a passage may be empty.
    kind (str): Such as "title", "abstract", "sentence", "question", "sentence1".
    infons (Infons): Everything else that the file says of it.
    """

    start: int
    end: int
    kind: str
    infons: Infons = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocumentRecord:
    """A document with everything that a file says of it.

    doc_id (str): Identifier in the source.
    text (str): The text that all offsets refer to.
    mentions (tuple[MentionRecord, ...]): Entities and triggers, in the order of the file.
    labels (Mapping[str, float]): Labels of the whole document and how far each applies: 1 or 0 for classes, a number
        such as {"similarity": 3.4} for graded ones.
    answers (tuple[tuple[str, ...], ...]): Right answers to the question among the passages, each with its synonyms.
    passages (tuple[PassageRecord, ...]): Parts of the text, outer ones before inner ones.
    infons (Infons): Everything else that the file says of the document.
    path (str): The file, or "archive.tar.gz:member", for messages; not compared.
    """

    doc_id: str
    text: str
    mentions: tuple[MentionRecord, ...] = ()
    relations: tuple[RelationRecord, ...] = ()
    events: tuple[EventRecord, ...] = ()
    attributes: tuple[AttributeRecord, ...] = ()
    equivalences: tuple[EquivalenceRecord, ...] = ()
    notes: tuple[NoteRecord, ...] = ()
    passages: tuple[PassageRecord, ...] = ()
    labels: Mapping[str, float] = field(default_factory=dict)
    answers: tuple[tuple[str, ...], ...] = ()
    infons: Infons = field(default_factory=dict)
    path: str = field(default="", compare=False)

    def text_of(self, mention: MentionRecord) -> str:
        """Return the characters of a mention: fragments joined by a space."""
        return " ".join(self.text[start:end] for start, end in mention.fragments)
