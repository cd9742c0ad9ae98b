"""The passages of a record as those of BioC, which lie one after the other and hold sentences and nothing else."""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from spacy_biomedplm.bioc_model import GAP, MAX_GAP_CHARS, PASSAGES, SENTENCE, UNMARKED, Area, Unit, escape
from spacy_biomedplm.types import DocumentRecord, PassageRecord

_Group = tuple[PassageRecord, list[PassageRecord]]


def make_units(record: DocumentRecord) -> tuple[list[Unit], list[Area], dict[str, str]]:
    """Return the text of a record in passages.

    record (DocumentRecord): Its passages may lie in each other, overlap, and leave out parts of the text.
    RETURNS (tuple[list[Unit], list[Area], dict[str, str]]): Passages of BioC, in which every character of the text
        is, but for uniform white space between two of them; their areas; infons of the document that tell what they do
        not: what fills the stretches between, and the passages of the record where BioC has no such structure.
    """
    groups, is_exact = _group(record.passages)
    infons = {}
    if not is_exact:
        rows = [[p.start, p.end, p.kind, dict(p.infons)] for p in record.passages]
        infons[PASSAGES] = json.dumps(rows, ensure_ascii=False)
    text = record.text
    gap = _find_gap(text, groups)
    if gap != " ":
        infons[GAP] = gap
    units: list[Unit] = []
    areas: list[Area] = []
    at = 0
    for passage, sentences in groups:
        if text[at : passage.start] != gap * (passage.start - at) or passage.start - at > MAX_GAP_CHARS:
            units.append(Unit(at, {"type": UNMARKED}, text[at : passage.start]))
            areas.append(Area(at, passage.start))
        units.append(_make_unit(text, passage, sentences, gap))
        areas.append(Area(passage.start, passage.end, [(s.start, s.end) for s in sentences]))
        at = passage.end
    if at < len(text) or (not units and text):
        units.append(Unit(at, {"type": UNMARKED}, text[at:]))
        areas.append(Area(at, len(text)))
    return units, areas, infons


def _group(passages: Sequence[PassageRecord]) -> tuple[list[_Group], bool]:
    """Return passages one after the other, each with its sentences, and whether these are all there are."""
    groups, is_exact = _pack(passages)
    if not is_exact:
        # Of passages in passages, the innermost: their texts are those that other tools expect.
        ordered = sorted((p for p in passages if p.kind != SENTENCE), key=lambda p: (p.start, -p.end))
        outer = {id(p) for p, q in pairwise(ordered) if p.start < q.end <= p.end != p.start}
        inner = [p for p in passages if id(p) not in outer]
        groups, _ = _pack(sorted(inner, key=lambda p: (p.start, p.kind == SENTENCE, -p.end)))
    return groups, is_exact


def _pack(passages: Sequence[PassageRecord]) -> tuple[list[_Group], bool]:
    groups: list[_Group] = []
    is_exact = True
    for passage in passages:
        holder, sentences = groups[-1] if groups else (None, [])
        free = sentences[-1].end if sentences else (holder.start if holder is not None else 0)
        if holder is not None and passage.kind == SENTENCE and free <= passage.start <= passage.end <= holder.end:
            sentences.append(passage)
        elif passage.start >= (holder.end if holder is not None else 0) and passage.kind != UNMARKED:
            groups.append((passage, []))
        else:
            is_exact = False
    return groups, is_exact


def _find_gap(text: str, groups: Sequence[_Group]) -> str:
    """Return the character that most stretches between passages consist of."""
    counts: Counter[str] = Counter()
    for (before, _), (after, _) in pairwise(groups):
        between = text[before.end : after.start]
        if len(set(between)) == 1 and between[0] in " \t\n":
            counts[between[0]] += 1
    return counts.most_common(1)[0][0] if counts else " "


def _make_unit(text: str, passage: PassageRecord, sentences: Sequence[PassageRecord], gap: str) -> Unit:
    infons = escape(passage.infons, {"type"} if passage.kind or passage.infons.get("type") else ())
    if passage.kind:
        infons = {"type": passage.kind, **infons}
    unit = Unit(passage.start, infons)
    unit.sentences = [Unit(s.start, dict(s.infons), text[s.start : s.end]) for s in sentences]
    at = passage.start
    parts = []
    for sentence in sentences:
        parts += [gap * (sentence.start - at), text[sentence.start : sentence.end]]
        at = sentence.end
    # Sentences that leave out something else than white space do not tell the text of their passage.
    if not sentences or "".join(parts) != text[passage.start : passage.end]:
        unit.text = text[passage.start : passage.end]
    return unit
