"""CoNLL: a word and its tag on each line, columns between them as they were read, an empty line after a sentence."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal

from spacy_biomedplm.documents import split_words_at
from spacy_biomedplm.types import DocumentRecord, Fragment, MentionRecord, PassageRecord
from spacy_biomedplm.writers.losses import count_losses

Scheme = Literal["IOB2", "BIOES"]
DOCSTART = "-DOCSTART-"
FILLER = "_"
"""What stands in a column for which a document has no value."""

_SPACED = re.compile("[^ \n\t]+")
_UNSAFE = re.compile(r"[\t\r\n]|^\s|\s$")


@dataclass(frozen=True, slots=True)
class _Word:
    """A word: its characters, and what stands in the columns between it and its tag."""

    start: int
    end: int
    columns: Sequence[str] = ()


def write_conll(
    records: Iterable[DocumentRecord], path: Path, losses: Counter[str], *, scheme: Scheme = "IOB2"
) -> None:
    """Write documents as one CoNLL file.

    records (Iterable[DocumentRecord]): Documents. The first says how many columns there are.
    path (Path): The file.
    losses (Counter[str]): What the format cannot express, by kind; added to.
    scheme (Scheme): How mentions of several words are tagged.
    """
    columns: int | None = None
    with path.open("w", encoding="utf-8", errors="replace", newline="\n") as stream:
        for record in records:
            text = format_conll(record, losses, scheme=scheme, columns=columns)
            if columns is None:
                columns = _count_columns(record)
                # A reader takes one byte order mark away.
                stream.write("\ufeff" if text.startswith("\ufeff") else "")
            stream.write(text)


def format_conll(
    record: DocumentRecord, losses: Counter[str], *, scheme: Scheme = "IOB2", columns: int | None = None
) -> str:
    """Return a document in CoNLL format, columns divided by tabs.

    record (DocumentRecord): One that was read from CoNLL has the words and the sentences of its file. Any other is
        divided by ``split_words``, and a word is divided further where a mention begins or ends in it; its sentences
        are its passages "sentence", or else a block for each passage; its identifier stands in brackets behind
        "-DOCSTART-".
    losses (Counter[str]): What the format cannot express, by kind; added to. Of mentions that overlap, the longest is
        kept; one in several fragments is kept if only white space divides them.
    scheme (Scheme): "IOB2": B-X I-X I-X; "BIOES": B-X I-X E-X, and S-X for a single word.
    columns (int | None): How many columns the file has, at least 2; None takes those of the document.
    """
    count_losses(record, losses, keeps=("document infons", "mention texts", "passages", "triggers"))
    columns = _count_columns(record) if columns is None else columns
    if columns < _count_columns(record):
        losses["documents with more columns than the first"] += 1
    mentions = _flat(record, losses)
    breaks = _find_breaks(record, mentions, losses)
    words = _find_words(record, {*breaks, *(offset for start, end, _ in mentions for offset in (start, end))})
    lines: list[str] = []
    texts = [""]
    block = -1
    for word, tag in zip(words, _tag(words, mentions, scheme, losses), strict=True):
        here = bisect_right(breaks, word.start)
        text = record.text[word.start : word.end]
        if here == block:
            texts += " ", text
        else:
            lines += [""] * bool(lines)
            texts += "\n" * bool(lines), text
        block = here
        lines.append("\t".join((text, *[*word.columns, *[FILLER] * columns][: columns - 2], tag)))
    if "".join(texts) != record.text:
        losses["texts with other white space than between words and sentences"] += 1
    start = _docstart(record, columns, losses)
    return "".join(f"{line}\n" for line in (*start, *lines, *[""] * bool(lines)))


def _is_spaced(record: DocumentRecord) -> bool:
    """Return whether the words of a document are what single spaces divide: it was read from CoNLL."""
    return record.infons.get("words") == "space-separated"


def _docstart(record: DocumentRecord, columns: int, losses: Counter[str]) -> list[str]:
    """Return the lines that begin a document: those of its file, if it was read from CoNLL."""
    is_spaced = _is_spaced(record)
    mark = record.infons.get("docstart", "") if is_spaced else ""
    is_kept = mark.startswith(DOCSTART) and not re.search(r"[\r\n]", mark)
    if lost := len(record.infons) - is_spaced - is_kept:
        losses["document infons"] += lost
    if is_spaced:
        return [mark, ""] if is_kept else []
    doc_id = re.sub(r"[\t\r\n]", "_", record.doc_id)
    if doc_id != record.doc_id:
        losses["line breaks in document identifiers"] += 1
    return ["\t".join((f"{DOCSTART} ({doc_id})", *[FILLER] * (columns - 2), "O")), ""]


def _count_columns(record: DocumentRecord) -> int:
    return 2 + max((len(_column_names(record, passage)) for passage in record.passages), default=0)


def _column_names(record: DocumentRecord, passage: PassageRecord) -> list[str]:
    """Return the names of the columns between word and tag, from the second on without a gap."""
    names: list[str] = []
    while _is_spaced(record) and (name := f"column {len(names) + 2}") in passage.infons:
        names.append(name)
    return names


def _flat(record: DocumentRecord, losses: Counter[str]) -> list[tuple[int, int, str]]:
    """Return first character, the one after the last and label of each mention that can be written, in order."""
    kept: list[tuple[int, int, str]] = []
    for mention in sorted(record.mentions, key=lambda m: (_size(m), -m.start if m.fragments else 0), reverse=True):
        if mention.is_trigger:
            losses["triggers"] += 1
        elif not _size(mention):
            losses["mentions without a word"] += 1
        elif _is_torn(record.text, mention):
            losses["discontinuous mentions"] += 1
        elif (at := bisect_left(kept, (mention.start,))) and kept[at - 1][1] > mention.start:
            losses["overlapping mentions"] += 1
        elif at < len(kept) and kept[at][0] < mention.end:
            losses["overlapping mentions"] += 1
        else:
            if mention.text is not None:
                losses["mention texts"] += 1
            kept.insert(at, (mention.start, mention.end, mention.label))
    return kept


def _size(mention: MentionRecord) -> int:
    return mention.end - mention.start if mention.fragments else 0


def _is_torn(text: str, mention: MentionRecord) -> bool:
    """Return whether anything but white space stands between the fragments of a mention."""
    fragments: list[Fragment] = sorted(mention.fragments)
    return any(text[end:start].strip() or end > start for (_, end), (start, _) in pairwise(fragments))


def _find_breaks(record: DocumentRecord, mentions: list[tuple[int, int, str]], losses: Counter[str]) -> list[int]:
    """Return where blocks of lines begin: nowhere inside a mention."""
    sentences = [passage for passage in record.passages if passage.kind == "sentence"]
    others = len(record.passages) - len(sentences)
    infons = sum(len(passage.infons) - len(_column_names(record, passage)) for passage in sentences)
    for kind, count in (("passages that are no sentences", others), ("passage infons", infons)):
        if count:
            losses[kind] += count
    offsets = {offset for passage in sentences or record.passages for offset in (passage.start, passage.end)}
    inside = set()
    for offset in offsets:
        at = bisect_left(mentions, (offset,)) - 1
        if at >= 0 and mentions[at][1] > offset:
            inside.add(offset)
    if inside:
        losses["sentence breaks inside mentions"] += len(inside)
    return sorted(offsets - inside)


def _find_words(record: DocumentRecord, cuts: set[int]) -> list[_Word]:
    if not _is_spaced(record):
        words, _, starts = split_words_at(record.text, cuts)
        return [
            _Word(start, start + len(word)) for start, word in zip(starts, words, strict=True) if not word.isspace()
        ]
    places = sorted(cuts)
    values = _read_columns(record)
    found = []
    for match in _SPACED.finditer(record.text):
        first, end = match.span()
        columns = values.get(first, ())
        for cut in (*places[bisect_right(places, first) : bisect_left(places, end)], end):
            found.append(_Word(first, cut, columns))
            first = cut
    return found


def _read_columns(record: DocumentRecord) -> dict[int, tuple[str, ...]]:
    """Return what stands in the columns between word and tag, by the first character of the word."""
    found: dict[int, tuple[str, ...]] = {}
    for passage in record.passages:
        names = _column_names(record, passage)
        if names:
            rows = list(zip(*(passage.infons[name].split("\t") for name in names), strict=False))
            words = _SPACED.finditer(record.text, passage.start, passage.end)
            found.update((word.start(), row) for word, row in zip(words, rows, strict=False))
    return found


def _tag(
    words: Sequence[_Word], mentions: Iterable[tuple[int, int, str]], scheme: Scheme, losses: Counter[str]
) -> list[str]:
    """Return the tag of each word."""
    tags = ["O"] * len(words)
    starts = [word.start for word in words]
    for start, end, label in mentions:
        first, after = bisect_left(starts, start), bisect_left(starts, end)
        if first == after:
            losses["mentions without a word"] += 1
            continue
        if (words[first].start, words[after - 1].end) != (start, end):
            losses["white space at the ends of mentions"] += 1
        safe = _UNSAFE.sub("_", label)
        if safe != label:
            losses["labels with white space at their ends, tabs or line breaks"] += 1
        for index, prefix in zip(range(first, after), _prefixes(after - first, scheme), strict=True):
            tags[index] = f"{prefix}-{safe}" if safe else prefix
    return tags


def _prefixes(size: int, scheme: Scheme) -> Iterator[str]:
    if scheme == "IOB2":
        yield from "B" + "I" * (size - 1)
    else:
        yield from "S" if size == 1 else "B" + "I" * (size - 2) + "E"
