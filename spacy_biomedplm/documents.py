"""Between the records of a file and a ``Doc``: ``make_doc`` and ``make_record``, each the other's inverse.

What has a place of its own on a ``Doc`` goes there (see docs/data-model.md); what has none is kept beside it in
``doc.user_data`` as plain data, so that a document can be written again without loss.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc, Span
from spacy.util import filter_spans
from spacy.vocab import Vocab

from spacy_biomedplm.attributes import (
    DETAILS_KEY,
    ENTITIES_KEY,
    EVENTS_KEY,
    GUIDELINES_KEY,
    MENTIONS_KEY,
    PASSAGES_KEY,
    RECORD_KEY,
    RELATIONS_KEY,
    SCORES_KEY,
    TRIGGERS_KEY,
    get_links,
    score_key,
    span_of_key,
)
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.sentences import sentence_ends
from spacy_biomedplm.tokenization import split_words
from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    ConceptRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
    NoteRecord,
    PassageRecord,
    RelationRecord,
)


def make_doc(vocab: Vocab, record: DocumentRecord) -> Doc:
    """Return the document of a record.

    vocab (Vocab): The pipeline's vocabulary.
    record (DocumentRecord): Its offsets must lie in the text; ``corpora/placement.py`` sees to that.
    RETURNS (Doc): ``doc.text`` equals the text. ``doc.spans["entities"]`` holds every entity, ``doc.ents`` the longest
        of those that do not overlap, ``doc.spans["triggers"]`` the triggers, ``doc.spans["passages"]`` the parts of
        the text that are not empty, ``doc.cats`` its labels. A token is split where a mention starts or ends in it;
        where that cannot be, inside white space, the span is the smallest around the mention, and the characters of
        the file are kept beside it.
    RAISES (BiomedplmError): B430 for offsets outside of the text, B431 for an identifier that is there twice.
    """
    _check(record)
    cuts = {offset for mention in record.mentions for fragment in mention.fragments for offset in fragment}
    words, spaces, starts = split_words_at(record.text, cuts)
    doc = Doc(vocab, words=words, spaces=spaces)
    ends = [start + len(word) for start, word in zip(starts, words, strict=True)]
    place = _Places(starts, ends)
    keys: dict[str, str] = {}
    groups: dict[str, list[Span]] = {ENTITIES_KEY: [], TRIGGERS_KEY: []}
    details: dict[str, dict[str, Any]] = {}
    scores: dict[str, float] = {}
    for mention in record.mentions:
        first, last = place.around(mention.start, mention.end)
        concept = mention.concepts[0].id if mention.concepts else ""
        span = Span(doc, first, last, label=mention.label, span_id=mention.id, kb_id=concept)
        key = keys[mention.id] = score_key(span)
        groups[TRIGGERS_KEY if mention.is_trigger else ENTITIES_KEY].append(span)
        found = _details(mention, span)
        if found:
            details[key] = found
        if mention.score is not None:
            scores[key] = mention.score
    doc.spans[ENTITIES_KEY] = groups[ENTITIES_KEY]
    doc.set_ents(filter_spans(groups[ENTITIES_KEY]))
    if groups[TRIGGERS_KEY]:
        doc.spans[TRIGGERS_KEY] = groups[TRIGGERS_KEY]
    if record.passages:
        filled = [p for p in record.passages if record.text[p.start : p.end].strip()]
        doc.spans[PASSAGES_KEY] = [Span(doc, *place.around(p.start, p.end), label=p.kind) for p in filled]
    doc.cats = dict(record.labels)
    doc._.doc_id = record.doc_id
    if record.answers:
        doc._.answers = [list(synonyms) for synonyms in record.answers]
    if record.infons:
        doc._.metadata = dict(record.infons)
    for name, value in (
        (DETAILS_KEY, details),
        (SCORES_KEY, scores),
        (RELATIONS_KEY, [_store(relation, keys) for relation in record.relations]),
        (EVENTS_KEY, [_store(event, keys) for event in record.events]),
        (RECORD_KEY, _store_rest(record, keys)),
    ):
        if value:
            doc.user_data[name] = value
    return doc


def make_record(doc: Doc, *, path: str = "") -> DocumentRecord:
    """Return everything that a document holds, ready for a writer.

    doc (Doc): Made by ``make_doc``, or read by a pipeline.
    path (str): The file it came from, for messages.
    RETURNS (DocumentRecord): The mentions of ``doc.spans["entities"]`` and ``doc.spans["triggers"]`` as they are now,
        and of ``doc.ents`` those that are in neither; entities before triggers. Mentions whose ``span.id_`` is no
        identifier (a pipeline keeps the guideline there) are numbered T1, T2 … in the order of the text; their
        guideline is an infon. What a relation or an event refers to is there too, even if its span was taken off.
    """
    mentions, ids = _read_mentions(doc)
    stored = doc.user_data.get(RECORD_KEY, {})
    return DocumentRecord(
        doc_id=doc._.doc_id or "",
        text=doc.text,
        mentions=tuple(mentions),
        relations=tuple(
            RelationRecord(row["id"], row["label"], _read_arguments(row, ids), dict(row["infons"]), row["score"])
            for row in doc.user_data.get(RELATIONS_KEY, ())
        ),
        events=tuple(
            EventRecord(
                row["id"],
                row["label"],
                ids[row["trigger"]],
                _read_arguments(row, ids),
                dict(row["infons"]),
                row["score"],
            )
            for row in doc.user_data.get(EVENTS_KEY, ())
        ),
        attributes=tuple(
            AttributeRecord(name, label, ids.get(target, target), value)
            for name, label, target, value in stored.get("attributes", ())
        ),
        equivalences=tuple(
            EquivalenceRecord(tuple(ids.get(target, target) for target in targets), label)
            for targets, label in stored.get("equivalences", ())
        ),
        notes=tuple(
            NoteRecord(name, label, ids.get(target, target), text)
            for name, label, target, text in stored.get("notes", ())
        ),
        passages=tuple(
            PassageRecord(start, end, kind, dict(infons)) for start, end, kind, infons in stored.get("passages", ())
        ),
        labels=dict(doc.cats),
        answers=tuple(tuple(synonyms) for synonyms in doc._.answers or ()),
        infons=dict(doc._.metadata or {}),
        path=path,
    )


def split_words_at(text: str, cuts: Iterable[int]) -> tuple[list[str], list[bool], list[int]]:
    """Split a text as the biomedical tokenizer does, and also at the given characters.

    text (str): Any text.
    cuts (Iterable[int]): Character offsets at which a token must start or end.
    RETURNS (tuple[list[str], list[bool], list[int]]): Words, whether one space follows each, first characters.
    """
    remaining = sorted(set(cuts), reverse=True)
    words: list[str] = []
    spaces: list[bool] = []
    starts: list[int] = []
    begin = 0
    for word, space in zip(*split_words(text), strict=True):
        end = begin + len(word)
        first = begin
        while remaining and remaining[-1] < end:
            cut = remaining.pop()
            if cut > first:
                words.append(text[first:cut])
                spaces.append(False)
                starts.append(first)
                first = cut
        words.append(text[first:end])
        spaces.append(space)
        starts.append(first)
        begin = end + space
    return words, spaces, starts


class _Places:
    """Finds the tokens of characters."""

    def __init__(self, starts: list[int], ends: list[int]) -> None:
        self.starts = starts
        self.ends = ends

    def around(self, start: int, end: int) -> tuple[int, int]:
        """Return the first token and the one after the last of the smallest stretch around characters."""
        first = min(bisect_right(self.ends, start), len(self.ends) - 1)
        return first, max(bisect_left(self.starts, end), first + 1)


def _check(record: DocumentRecord) -> None:
    size = len(record.text)
    ids: set[str] = set()
    items: tuple[MentionRecord | RelationRecord | EventRecord, ...]
    items = (*record.mentions, *record.relations, *record.events)
    for item in items:
        if item.id in ids:
            raise BiomedplmError(coded("B431", path=record.path, line=item.line, doc_id=record.doc_id, id=item.id))
        ids.add(item.id)
    for mention in record.mentions:
        if not mention.fragments or not all(0 <= start <= end <= size for start, end in mention.fragments) or not size:
            values = {"path": record.path, "line": mention.line, "doc_id": record.doc_id, "id": mention.id}
            raise BiomedplmError(coded("B430", **values, found=_shown(mention.fragments), size=size))
    for passage in record.passages:
        if not 0 <= passage.start <= passage.end <= size:
            values = {"path": record.path, "line": 0, "doc_id": record.doc_id, "id": passage.kind}
            raise BiomedplmError(coded("B430", **values, found=f"{passage.start}-{passage.end}", size=size))
    surrogate = next((char for char in record.text if "\ud800" <= char <= "\udfff"), None)
    if surrogate is not None:
        raise BiomedplmError(coded("B432", path=record.path, doc_id=record.doc_id, found=f"U+{ord(surrogate):04X}"))


def _shown(fragments: Iterable[tuple[int, int]]) -> str:
    return ";".join(f"{start}-{end}" for start, end in fragments) or "no offsets"


def _details(mention: MentionRecord, span: Span) -> dict[str, Any]:
    """Return what a span itself cannot hold."""
    found: dict[str, Any] = {}
    if mention.fragments != ((span.start_char, span.end_char),):
        found["fragments"] = [list(fragment) for fragment in mention.fragments]
    if mention.text is not None:
        found["text"] = mention.text
    if mention.concepts:
        found["concepts"] = [[concept.resource, concept.id, concept.name] for concept in mention.concepts]
    if mention.infons:
        found["infons"] = dict(mention.infons)
    return found


def _store(item: RelationRecord | EventRecord, keys: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        "id": item.id,
        "label": item.label,
        "arguments": [[a.role, a.kind, _key(a, keys)] for a in item.arguments],
        "infons": dict(item.infons),
        "score": item.score,
    }
    return row if isinstance(item, RelationRecord) else {**row, "trigger": keys[item.trigger]}


def _key(argument: ArgumentRecord, keys: Mapping[str, str]) -> str:
    # A concept may be called "12" as a mention is.
    return keys.get(argument.target, argument.target) if argument.kind == "mention" else argument.target


def _store_rest(record: DocumentRecord, keys: Mapping[str, str]) -> dict[str, Any]:
    rest = {
        "attributes": [[a.id, a.label, keys.get(a.target, a.target), a.value] for a in record.attributes],
        "equivalences": [[[keys.get(t, t) for t in e.targets], e.label] for e in record.equivalences],
        "notes": [[n.id, n.label, keys.get(n.target, n.target), n.text] for n in record.notes],
        "passages": [[p.start, p.end, p.kind, dict(p.infons)] for p in record.passages],
    }
    return {name: rows for name, rows in rest.items() if rows}


def _read_mentions(doc: Doc) -> tuple[list[MentionRecord], dict[str, str]]:
    """Return the mentions of a document, and the identifier of each by the key of its span."""
    spans: dict[str, tuple[Span, bool]] = {}
    for group, is_trigger in ((ENTITIES_KEY, False), (TRIGGERS_KEY, True)):
        for span in doc.spans.get(group, ()):
            spans.setdefault(score_key(span), (span, is_trigger))
    for ent in doc.ents:
        # A linker may have written the concept on the tokens only, which the group's span of the same entity lacks.
        known = spans.get(score_key(ent))
        if known is None or (ent.kb_id_ and not known[0].kb_id_):
            spans[score_key(ent)] = (ent, known is not None and known[1])
    for key, is_trigger in _referred(doc):
        if key not in spans:
            spans[key] = (span_of_key(doc, key), is_trigger)
    stored = doc.user_data.get(DETAILS_KEY, {})
    scores = doc.user_data.get(SCORES_KEY, {})
    guidelines = {*doc.user_data.get(MENTIONS_KEY, ()), *doc.user_data.get(GUIDELINES_KEY, ())}
    times = Counter(span.id_ for span, _ in spans.values())
    own = {name for name, count in times.items() if name and count == 1 and name not in guidelines}
    ids: dict[str, str] = {}
    mentions = []
    number = 0
    for key, (span, is_trigger) in spans.items():
        name = span.id_
        infons = dict(stored.get(key, {}).get("infons", {}))
        if name not in own:
            number += 1
            while f"T{number}" in own:
                number += 1
            if name:
                infons.setdefault("guideline", name)
            name = f"T{number}"
        ids[key] = name
        details = stored.get(key, {})
        fragments = details.get("fragments") or [(span.start_char, span.end_char)]
        concepts = tuple(ConceptRecord(*row) for row in details.get("concepts", ()))
        if get_links(span) or (not concepts and span.kb_id_):
            concepts = tuple(ConceptRecord("", id) for id in span.kb_id_.split("|") if id)
        mentions.append(
            MentionRecord(
                name,
                span.label_,
                tuple((start, end) for start, end in fragments),
                details.get("text"),
                concepts,
                infons,
                scores.get(key),
                is_trigger,
            )
        )
    return mentions, ids


def _referred(doc: Doc) -> Iterator[tuple[str, bool]]:
    """Yield the keys of the spans that relations, events and the rest refer to, and whether each is a trigger."""
    for row in doc.user_data.get(EVENTS_KEY, ()):
        yield row["trigger"], True
    for name in (RELATIONS_KEY, EVENTS_KEY):
        for row in doc.user_data.get(name, ()):
            yield from ((target, False) for _, kind, target in row["arguments"] if kind == "mention")


def _read_arguments(row: Mapping[str, Any], ids: Mapping[str, str]) -> tuple[ArgumentRecord, ...]:
    return tuple(
        ArgumentRecord(role, ids[target] if kind == "mention" else target, kind)
        for role, kind, target in row["arguments"]
    )


def sentence_starts(doc: Doc) -> NDArray[np.int64]:
    """Return the first token of each sentence.

    doc (Doc): A document. Its sentences are those that a pipe has set; else the passages that are sentences; else those
        that punctuation tells within each passage.
    """
    if not len(doc):
        return np.zeros(0, dtype=np.int64)
    if doc.has_annotation("SENT_START"):
        return np.array([sentence.start for sentence in doc.sents], dtype=np.int64)
    passages = doc.spans.get(PASSAGES_KEY, ())
    starts = {0, *(passage.start for passage in passages)}
    if not any(passage.label_ == "sentence" for passage in passages):
        offsets = doc.to_array(["IDX"]).astype(np.int64).reshape(-1)
        starts.update(np.searchsorted(offsets, sentence_ends(doc.text)).tolist())
    return np.array(sorted(starts - {len(doc)}), dtype=np.int64)
