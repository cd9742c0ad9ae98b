"""brat standoff, and that of the BioNLP shared tasks: a text and files of annotations for each document.

A document is NAME.txt with NAME.ann; or with NAME.a1 (what is given) and perhaps NAME.a2 or NAME.rel (what is asked
for). docs/formats.md lists the lines.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from spacy_biomedplm.corpora.containers import kind_of, list_files, printable, read_chunks
from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.corpora.streams import read_members
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
    NoteRecord,
    RelationRecord,
)

SUFFIXES = (".txt", ".ann", ".a1", ".a2", ".rel")
# A longer number is no offset.
MAX_DIGITS = 15

# What the writer puts for characters that file names cannot hold.
_ESCAPED = re.compile(r"%(25|2E|2F|5C|3A|2A|3F|22|3C|3E|7C|7F|[01][0-9A-F])")
_BREAKS = re.compile(r"[\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029]")
_WANTED = {
    "E": "an event (E1, a tab, Type:T3 Role:T1 …)",
    "R": "a relation (R1, a tab, Type Role:T1 Role:T2)",
    "M": "a modification (M1, a tab, Type E1)",
    "A": "an attribute (A1, a tab, Type E1 and perhaps a value)",
    "N": "a normalisation (N1, a tab, Reference T1 Vocabulary:identifier, and perhaps a tab and a name)",
    "*": "an equivalence (*, a tab, Equiv T1 T2 …)",
    "#": "a note (#1, a tab, Type T1, a tab, text)",
}


def read_brat(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the documents of a standoff corpus.

    path (Path | str): A folder, or an archive (.tar, .tar.gz, .zip), read in place. Hidden files
        and links that lead out of the folder are left out. An empty annotation file says that a text has no mention.
    report (Report | None): What to do with broken lines, and with files that lack their partner or cannot be read;
        None stops at the first.
    YIELDS (DocumentRecord): In the order of the names. Mentions that an event names as its trigger are triggers. An
        infon "file" ("a1" or "a2") says where a mention comes from, unless it is a trigger of .a2 or another of .a1;
        an infon "spacing" keeps the blanks of a relation or an event that are not the usual ones.
    RAISES (BiomedplmError): B401 if there is no such folder or archive, B403 for a damaged archive, B408 without any
        document; if the report says so, B402 for invalid UTF-8, B411 for a text without annotations or the reverse,
        B412 for a broken "T" line, B440 for any other broken line, B441 for a document with .a2 and .rel, B434 and
        B442 for a reference to what is not there or of a wrong kind.
    """
    path = Path(path)
    report = report or Report()
    names, load = _open(path, report)
    groups = list(_group(names, path, report))
    stems = Counter(PurePosixPath(base).name for base, _ in groups)
    empty = True
    for base, suffixes in groups:
        name = PurePosixPath(base).name
        doc_id = printable(_ESCAPED.sub(lambda code: chr(int(code.group(1), 16)), name if stems[name] == 1 else base))
        shown = _shown(path, base)
        with report.leaving_out(shown, doc_id=doc_id):
            record = _read_document(base, suffixes, load, _Standoff(doc_id, shown, report))
            empty = False
            yield record
    if empty:
        raise report.nothing_read(path, "NAME.txt with NAME.ann, or with NAME.a1 and NAME.a2")


def _open(path: Path, report: Report) -> tuple[list[str], Callable[[str], bytes]]:
    """Return the names of the files in a folder or an archive, and what reads one of them."""
    if kind_of(path) == "file":
        contents = read_members(path, SUFFIXES, report)
        return list(contents), contents.pop
    files = dict(list_files(path, lambda name: name.endswith(SUFFIXES), report))
    return list(files), lambda name: b"".join(read_chunks(files[name]))


def _group(names: Iterable[str], path: Path, report: Report) -> Iterator[tuple[str, list[str]]]:
    """Yield the files of each document: what their names have in common, and the endings of its annotations."""
    found: dict[str, set[str]] = defaultdict(set)
    for name in names:
        base, _, ending = name.rpartition(".")
        if not PurePosixPath(name).name.startswith("."):
            found[base].add(f".{ending}")
    for base, endings in sorted(found.items()):
        missing = ""
        if ".txt" not in endings:
            missing = f"{base}.txt"
        elif not endings & {".ann", ".a1"}:
            missing = f"{base}.ann or {base}.a1" if endings == {".txt"} else f"{base}.a1"
        if missing:
            name = printable(base + (".txt" if ".txt" in endings else min(endings)))
            report.drop(coded("B411", path=path, name=name, missing=printable(missing)), path=_shown(path, base))
        elif ".ann" in endings:
            yield base, [".ann"]
        elif {".a2", ".rel"} <= endings:
            report.drop(coded("B441", path=path, name=printable(base)), path=_shown(path, base))
        else:
            yield base, sorted(endings - {".txt"})


def _read_document(
    base: str, suffixes: Sequence[str], load: Callable[[str], bytes], standoff: "_Standoff"
) -> DocumentRecord:
    raw = load(f"{base}.txt")
    text = decode(raw, path=f"{standoff.path}.txt", line=1)
    for suffix in suffixes:
        standoff.read(decode(load(base + suffix), path=standoff.path + suffix, line=1), suffix)
    if raw.startswith(b"\xef\xbb\xbf"):
        # To brat a byte order mark is a character of the text, to other tools it is not: the mentions tell.
        marked = f"\ufeff{text}"
        text = text if standoff.count_fitting(text) > standoff.count_fitting(marked) else marked
    ending = suffixes[0] if len(suffixes) == 1 else ".{" + ",".join(suffix[1:] for suffix in suffixes) + "}"
    return standoff.finish(text, standoff.path + ending)


class _Standoff:
    """The annotations of one document while its files are read.

    doc_id (str): Identifier of the document. path (str): Its files without their endings, for messages.
    """

    def __init__(self, doc_id: str, path: str, report: Report) -> None:
        self.doc_id = doc_id
        self.path = path
        self.report = report
        self.file = path
        self.suffix = ""
        self.mentions: list[tuple[MentionRecord, str]] = []
        self.relations: list[RelationRecord] = []
        self.events: list[EventRecord] = []
        self.attributes: list[AttributeRecord] = []
        self.equivalences: list[EquivalenceRecord] = []
        self.notes: list[NoteRecord] = []
        self.named: set[tuple[str, str]] = set()
        self.normalisations: list[tuple[str, str, ConceptRecord, str, int]] = []
        self.readers: dict[str, Callable[[str, str, int], bool]] = {
            "T": self._read_mention,
            "E": self._read_event,
            "R": self._read_relation,
            "M": self._read_attribute,
            "A": self._read_attribute,
            "N": self._read_normalisation,
            "*": self._read_equivalence,
            "#": self._read_note,
        }

    def read(self, annotations: str, suffix: str) -> None:
        """Take in the lines of a file; only a line feed ends a line, perhaps after a carriage return."""
        self.file, self.suffix = self.path + suffix, suffix
        for number, line in enumerate(annotations.split("\n"), start=1):
            line = line.removesuffix("\r")
            if not line.strip():
                continue
            name, _, body = line.partition("\t")
            read = self.readers.get(line[0])
            if read is None or len(name.split()) != 1 or not read(name, body, number):
                wanted = _WANTED.get(line[0], "a line of standoff, which begins with T, E, R, M, A, N, # or *")
                values: dict[str, Any] = {"path": self.file, "line": number}
                code = "B412" if line[0] == "T" else "B440"
                message = coded(code, **values, wanted=wanted, found=line[:60])
                self.report.drop(message, **values, doc_id=self.doc_id, is_mention=line[0] == "T")

    def count_fitting(self, text: str) -> int:
        """Return how many mentions have the characters of a text."""
        return sum(_characters(text, mention) == mention.text for mention, _ in self.mentions)

    def finish(self, text: str, path: str) -> DocumentRecord:
        """Return the document."""
        triggers = {event.trigger for event in self.events}
        known = {mention.id for mention, _ in self.mentions}
        concepts: dict[str, list[ConceptRecord]] = defaultdict(list)
        for name, target, concept, path_of_line, line in self.normalisations:
            concepts[target].append(concept)
            if target not in known:
                values: dict[str, Any] = {"path": path_of_line, "line": line, "doc_id": self.doc_id}
                self.report.drop(coded("B434", **values, id=name, target=target), **values)
        mentions = []
        for mention, suffix in self.mentions:
            is_trigger = mention.id in triggers or (mention.id, mention.label) in self.named
            file = {".a1": "a1", ".a2": "a2", ".rel": "a2"}.get(suffix)
            infons = {"file": file} if file is not None and file != ("a2" if is_trigger else "a1") else {}
            shown = _characters(text, mention)
            flat = mention.text != shown and mention.text == _BREAKS.sub(" ", shown) and mention.end <= len(text)
            mentions.append(
                replace(
                    mention,
                    text=None if flat else mention.text,
                    concepts=tuple(concepts[mention.id]),
                    infons=infons,
                    is_trigger=is_trigger,
                )
            )
        return DocumentRecord(
            self.doc_id,
            text,
            tuple(mentions),
            tuple(self.relations),
            tuple(self.events),
            tuple(self.attributes),
            tuple(self.equivalences),
            tuple(self._placed_notes()),
            path=path,
        )

    def _placed_notes(self) -> Iterator[NoteRecord]:
        targets = {name: target for name, target, *_ in self.normalisations}
        for note in self.notes:
            if note.target in targets:
                target = targets[note.target]
                detail = f"{note.id} is a note on {note.target}; it is taken as one on {target}, which that is about"
                self.report.add(Problem("repaired", self.path, note.line, self.doc_id, detail, note.label))
                note = replace(note, target=target)
            yield note

    def _read_mention(self, name: str, body: str, line: int) -> bool:
        place, tab, text = body.partition("\t")
        label, _, places = place.partition(" ")
        fragments = [fragment.split() for fragment in places.split(";")]
        if not tab or not label or not all(len(pair) == 2 and all(map(_is_offset, pair)) for pair in fragments):
            return False
        offsets = tuple((int(start), int(end)) for start, end in fragments)
        self.mentions.append((MentionRecord(name, label, offsets, text, line=line), self.suffix))
        return True

    def _read_event(self, name: str, body: str, line: int) -> bool:
        words, gaps = _split(body)
        pairs = [word.partition(":")[::2] for word in words]
        if pairs:
            # The trigger of an event that is left out is no entity for that.
            self.named.add(pairs[0][::-1])
        if not pairs or not all(role and target for role, target in pairs):
            return False
        (label, trigger), *roles = pairs
        arguments = self._arguments(name, roles, line)
        if not trigger.startswith("T"):
            self._refuse(name, trigger, "a mention (T1)", line)
        elif arguments is not None:
            infons = _spacing(gaps, ["", " "][len(gaps) == 1])
            self.events.append(EventRecord(name, label, trigger, arguments, infons, line=line))
        return True

    def _read_relation(self, name: str, body: str, line: int) -> bool:
        words, gaps = _split(body)
        roles = [word.partition(":")[::2] for word in words[1:]]
        if len(roles) != 2 or not all(role and target for role, target in roles):
            return False
        arguments = self._arguments(name, roles, line)
        if arguments is not None:
            self.relations.append(RelationRecord(name, words[0], arguments, _spacing(gaps, ""), line=line))
        return True

    def _arguments(self, name: str, roles: Iterable[tuple[str, ...]], line: int) -> tuple[ArgumentRecord, ...] | None:
        arguments = []
        for role, target in roles:
            if target[0] not in "TE":
                self._refuse(name, target, "a mention (T1) or an event (E1)", line)
                return None
            arguments.append(ArgumentRecord(role, target, "mention" if target[0] == "T" else "event"))
        return tuple(arguments)

    def _read_attribute(self, name: str, body: str, line: int) -> bool:
        words = body.split(None, 2)
        if len(words) < 2:
            return False
        label, target, *value = words
        self.attributes.append(AttributeRecord(name, label, target, "".join(value), line))
        return True

    def _read_normalisation(self, name: str, body: str, line: int) -> bool:
        columns = body.split("\t", 1)
        words = columns[0].split(None, 2)
        if len(words) != 3:
            return False
        kind, target, reference = words
        if target.startswith("Annotation:") and reference.startswith("Referent:"):
            # As in the tasks on bacteria biotopes: the type is the vocabulary.
            concept = ConceptRecord(kind, reference.partition(":")[2])
            target = target.partition(":")[2]
        elif kind == "Reference":
            resource, colon, entry = reference.partition(":")
            concept = ConceptRecord(resource, entry) if colon else ConceptRecord("", reference)
        else:
            return False
        if not target.startswith("T"):
            self._refuse(name, target, "a mention (T1)", line)
        else:
            concept = replace(concept, name="".join(columns[1:]))
            self.normalisations.append((name, target, concept, self.file, line))
        return True

    def _read_equivalence(self, name: str, body: str, line: int) -> bool:
        label, *targets = body.split() or [""]
        if name == "*" and len(targets) > 1:
            self.equivalences.append(EquivalenceRecord(tuple(targets), label, line=line))
            return True
        return False

    def _read_note(self, name: str, body: str, line: int) -> bool:
        place, _, text = body.partition("\t")
        words = place.split()
        if len(words) != 2:
            return False
        self.notes.append(NoteRecord(name, words[0], words[1], text, line))
        return True

    def _refuse(self, name: str, target: str, wanted: str, line: int) -> None:
        values: dict[str, Any] = {"path": self.file, "line": line, "doc_id": self.doc_id}
        self.report.drop(coded("B442", **values, id=name, target=target, wanted=wanted), **values)


def _characters(text: str, mention: MentionRecord) -> str:
    return " ".join(text[start:end] for start, end in mention.fragments)


def _is_offset(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= MAX_DIGITS


def _split(body: str) -> tuple[list[str], list[str]]:
    """Return the words of a line and the blanks after each."""
    pieces = re.split(r"(\s+)", body.lstrip())
    words, gaps = pieces[::2], pieces[1::2]
    if words[-1]:
        gaps.append("")
    else:
        words.pop()
    return words, gaps


def _spacing(gaps: Sequence[str], last: str) -> dict[str, str]:
    """Return the infon for blanks that are not one space between two words, and the usual ones after the last."""
    unusual = list(gaps) != [" "] * (len(gaps) - 1) + [last]
    return {"spacing": "|".join(gaps)} if unusual and not "".join(gaps).strip(" \t") else {}


def _shown(path: Path, base: str) -> str:
    """Return a file, without its ending, as messages name it."""
    return printable(f"{path}/{base}" if path.is_dir() else f"{path}:{base}")
