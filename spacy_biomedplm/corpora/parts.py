"""One text out of several: a question and its snippets, two sentences, the turns of a dialogue."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from spacy_biomedplm.types import PassageRecord

SEPARATOR = "\n"
SUMMARIES = "ideal_answers"
"""Infon with a JSON list of texts: the reference summaries of a document, which are no part of its text."""


class Part(NamedTuple):
    """A part of a document: what it is, its text, and what else the file says of it."""

    kind: str
    text: str
    infons: Mapping[str, str] = {}


def join_parts(parts: Iterable[Part]) -> tuple[str, tuple[PassageRecord, ...]]:
    """Return a text with a line break between its parts, and where each part is in it.

    parts (Iterable[Part]): In order; a part may be empty.
    """
    texts: list[str] = []
    passages: list[PassageRecord] = []
    start = 0
    for part in parts:
        texts.append(part.text)
        passages.append(PassageRecord(start, start + len(part.text), part.kind, dict(part.infons)))
        start += len(part.text) + len(SEPARATOR)
    return SEPARATOR.join(texts), tuple(passages)


def write_summaries(summaries: Sequence[str]) -> dict[str, str]:
    """Return reference summaries as the infon of a document; without any there is none.

    summaries (Sequence[str]): Each is a whole summary.
    """
    return {SUMMARIES: json.dumps(summaries, ensure_ascii=False)} if summaries else {}
