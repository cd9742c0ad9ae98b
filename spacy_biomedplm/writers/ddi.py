"""XML of documents, sentences, entities and pairs of them, as the DDI and the PPI corpora have it."""

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path

from spacy_biomedplm.pairs import CORPUS, DDI, ELEMENT, NEGATIVE_PAIRS, PPI, ROLES, SENTENCE, Layout, unpack_pairs
from spacy_biomedplm.types import DocumentRecord, Infons, MentionRecord, PassageRecord, RelationRecord
from spacy_biomedplm.writers.file_names import FileNames
from spacy_biomedplm.writers.losses import count_losses
from spacy_biomedplm.writers.xml_text import is_xml_name, xml_attributes

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write_ddi(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as the DDI corpus has them.

    records (Iterable[DocumentRecord]): Documents.
    path (Path): Folder, made if it is not there; each document is a file, named by its identifier.
    losses (Counter[str]): Counts what the format cannot hold.
    """
    names = FileNames(losses)
    path.mkdir(parents=True, exist_ok=True)
    for record in records:
        file = path / f"{names.take(record.doc_id)}.xml"
        file.write_text(_HEAD + format_ddi(record, losses), encoding="utf-8", newline="\n")


def write_ppi(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as the PPI corpora have them.

    records (Iterable[DocumentRecord]): Documents. Infons "corpus.NAME" of the first are attributes of <corpus>.
    path (Path): The file.
    losses (Counter[str]): Counts what the format cannot hold.
    """
    rest = iter(records)
    first = next(rest, None)
    said = {} if first is None else _corpus_infons(first)
    corpus = {name: value for name, value in said.items() if is_xml_name(name)}
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(f"{_HEAD}<corpus{xml_attributes(corpus, losses)}>\n")
        for record in chain([] if first is None else [first], rest):
            own = _corpus_infons(record)
            lost = len(own.items() ^ corpus.items())
            if lost:
                losses["infons of the corpus"] += lost
            stream.write(_Document(record, PPI, losses).format())
        stream.write("</corpus>\n")


def format_ddi(record: DocumentRecord, losses: Counter[str]) -> str:
    """Return a document as <document> of the DDI corpus.

    record (DocumentRecord): Its passages "sentence" are the sentences; of a document without them, its lines. A
        relation between two mentions of a sentence is a pair with ddi="true".
    losses (Counter[str]): Counts what the format cannot hold.
    """
    return _Document(record, DDI, losses).format()


def _corpus_infons(record: DocumentRecord) -> dict[str, str]:
    return {name.removeprefix(CORPUS): value for name, value in record.infons.items() if name.startswith(CORPUS)}


class _Document:
    """Writes one document."""

    def __init__(self, record: DocumentRecord, layout: Layout, losses: Counter[str]) -> None:
        self.record = record
        self.layout = layout
        self.losses = losses
        self.sentences = self._divide()
        self.homes: dict[str, int] = {}
        self.entities: dict[int, list[MentionRecord]] = defaultdict(list)

    def format(self) -> str:
        """Return the element."""
        record = self.record
        count_losses(
            record, self.losses, keeps=("document infons", "mention infons", "mention texts", "passages", "relations")
        )
        self._place_mentions()
        relations: dict[int, list[RelationRecord]] = defaultdict(list)
        for relation in record.relations:
            home = self._home(relation)
            if home is not None:
                relations[home].append(relation)
        infons = {name: value for name, value in record.infons.items() if not name.startswith(CORPUS)}
        if not self.layout.has_places:
            infons = dict(record.infons)
        attributes = xml_attributes({"id": record.doc_id, **self._extra(infons, {"id"}, "document")}, self.losses)
        lines = [f"  <document{attributes}>\n" if self.layout.has_places else f"<document{attributes}>\n"]
        for number, sentence in enumerate(self.sentences):
            lines.append(self._sentence(number, sentence, relations[number]))
        lines.append("  </document>\n" if self.layout.has_places else "</document>\n")
        return "".join(lines)

    def _divide(self) -> list[PassageRecord]:
        """Return the sentences in order; text between them is a sentence too, and what overlaps is counted."""
        record = self.record
        found = [passage for passage in record.passages if passage.kind == SENTENCE]
        lost = len(record.passages) - len(found)
        if not found:
            self._count("passages", lost)
            return _lines(record.text, 0, len(record.text)) if record.text else []
        sentences: list[PassageRecord] = []
        end = 0
        for passage in sorted(found, key=lambda passage: (passage.start, passage.end)):
            if passage.start < end:
                lost += 1
                continue
            sentences += self._between(end, passage.start, first=not sentences)
            sentences.append(passage)
            end = passage.end
        if record.text[end:]:
            sentences += self._between(end, len(record.text), first=False)
        self._count("passages", lost)
        return sentences

    def _between(self, start: int, end: int, *, first: bool) -> list[PassageRecord]:
        """Return the sentences of a stretch of text that is in none."""
        gap = self.record.text[start:end]
        if gap == ("" if first else "\n"):
            return []
        if gap.strip():
            return _lines(self.record.text, start, end)
        self.losses["spaces between sentences"] += 1
        return []

    def _place_mentions(self) -> None:
        starts = [sentence.start for sentence in self.sentences]
        for mention in self.record.mentions:
            home = bisect_right(starts, mention.start) - 1
            if mention.is_trigger:
                continue
            if home < 0 or mention.end > self.sentences[home].end:
                self.losses["mentions across sentences"] += 1
            elif self.layout.ends_inside and any(start == end for start, end in mention.fragments):
                self.losses["mentions without characters"] += 1
            else:
                self.homes[mention.id] = home
                self.entities[home].append(mention)

    def _home(self, relation: RelationRecord) -> int | None:
        """Return the sentence that both arguments of a relation are in."""
        homes = {self.homes.get(a.target) if a.kind == "mention" else None for a in relation.arguments}
        if len(relation.arguments) != len(ROLES) or None in homes:
            self.losses["relations"] += 1
            return None
        if len(homes) > 1:
            self.losses["relations across sentences"] += 1
            return None
        if tuple(argument.role for argument in relation.arguments) != ROLES:
            self.losses["roles of relations"] += 1
        return homes.pop()

    def _sentence(self, number: int, sentence: PassageRecord, relations: list[RelationRecord]) -> str:
        infons = dict(sentence.infons)
        attributes = {"id": infons.pop("id", f"{self.record.doc_id}.s{number}")}
        text = self.record.text[sentence.start : sentence.end]
        if self.layout.has_places:
            attributes["charOffset"] = infons.pop("charOffset", f"{sentence.start}-{sentence.end}")
        negative = infons.pop(NEGATIVE_PAIRS, None)
        attributes.update(text=text, **self._extra(infons, {"id", "charOffset", "text"}, "passage"))
        rows = [self._entity(mention, sentence.start) for mention in self.entities[number]]
        places = {mention.id: place for place, mention in enumerate(self.entities[number])}
        pairs = [(*self._ends(item, places), self._relation(item)) for item in relations]
        pairs += self._negative(negative, places)
        # The corpora number the pairs of a sentence in the order of its entities.
        rows += [row for _, _, row in sorted(pairs, key=lambda pair: pair[:2])]
        indent = "    "
        head = f"{indent}<sentence{xml_attributes(attributes, self.losses)}"
        if not rows:
            return f"{head}/>\n"
        return f"{head}>\n{''.join(f'{indent}  {row}' for row in rows)}{indent}</sentence>\n"

    def _ends(self, relation: RelationRecord, places: Mapping[str, int]) -> tuple[int, int]:
        first, second = relation.arguments
        return places[first.target], places[second.target]

    def _entity(self, mention: MentionRecord, start: int) -> str:
        last = 1 if self.layout.ends_inside else 0
        parts = (f"{first - start}-{end - start - last}" for first, end in mention.fragments)
        attributes = {"id": mention.id, "charOffset": self.layout.separator.join(parts)}
        if mention.label:
            attributes["type"] = mention.label
        attributes["text"] = self.record.text_of(mention) if mention.text is None else mention.text
        attributes |= self._extra(mention.infons, {"id", "charOffset", "type", "text"}, "mention")
        return f"<entity{xml_attributes(attributes, self.losses)}/>\n"

    def _relation(self, relation: RelationRecord) -> str:
        infons = dict(relation.infons)
        layout = self.layout
        attributes = {"id": relation.id, **dict(zip(("e1", "e2"), (a.target for a in relation.arguments), strict=True))}
        reserved = {"id", "e1", "e2", layout.flag}
        tag = "pair"
        if not layout.has_places:
            attributes[layout.flag] = layout.flags[1]
        elif relation.label == "PPI" and infons.get(ELEMENT) == "pair":
            attributes[layout.flag] = layout.flags[1]
            del infons[ELEMENT]
        else:
            tag = "interaction"
            reserved.remove(layout.flag)
        if tag == "interaction" or not layout.has_places:
            reserved.add("type")
            if relation.label:
                attributes["type"] = relation.label
        attributes |= self._extra(infons, reserved, "relation")
        return f"<{tag}{xml_attributes(attributes, self.losses)}/>\n"

    def _negative(self, value: str | None, places: Mapping[str, int]) -> Iterable[tuple[int, int, str]]:
        if value is None:
            return
        pairs = unpack_pairs(value)
        if pairs is None:
            self.losses["passage infons"] += 1
            return
        flag = {self.layout.flag: self.layout.flags[0]}
        for pair in pairs:
            if pair.first not in places or pair.second not in places:
                self.losses["pairs that do not interact"] += 1
                continue
            said = {"id": pair.id} if pair.id else {}
            extra = self._extra(pair.infons, {"id", "e1", "e2", self.layout.flag}, "pair")
            attributes = said | {"e1": pair.first, "e2": pair.second} | flag | extra
            yield places[pair.first], places[pair.second], f"<pair{xml_attributes(attributes, self.losses)}/>\n"

    def _extra(self, infons: Infons, reserved: Collection[str], owner: str) -> dict[str, str]:
        """Return the infons that can be attributes; the others are counted."""
        extra = {name: value for name, value in infons.items() if is_xml_name(name) and name not in reserved}
        self._count(f"{owner} infons", len(infons) - len(extra))
        return extra

    def _count(self, kind: str, number: int) -> None:
        if number:
            self.losses[kind] += number


def _lines(text: str, start: int, end: int) -> list[PassageRecord]:
    """Return the lines of a stretch of text as sentences."""
    if text[start:end].startswith("\n") and start:
        start += 1
    if text[start:end].endswith("\n") and end < len(text):
        end -= 1
    sentences = []
    for line in text[start:end].split("\n"):
        sentences.append(PassageRecord(start, start + len(line), SENTENCE))
        start += len(line) + 1
    return sentences
