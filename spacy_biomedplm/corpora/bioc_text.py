"""The passages of a BioC document at their offsets in one text."""

from collections.abc import Callable, Iterator
from typing import Any

from spacy_biomedplm.bioc_model import (
    GAP,
    MAX_GAP_CHARS,
    SENTENCE,
    UNMARKED,
    Annotation,
    Area,
    Document,
    Unit,
    unescape,
)
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import Fragment, PassageRecord

# Encoding and bytes of one unit, for offsets that count something else than characters.
_UNITS = {"bytes": ("utf-8", 1), "UTF-16 code units": ("utf-16-le", 2)}


def place_passages(document: Document, shown: str, report: Report) -> tuple[str, list[Area], list[PassageRecord]]:
    """Return the text of a document, and where its passages lie in it.

    document (Document): Passages that cannot be placed are taken out of it, offsets that are mended are changed in it.
    shown (str): The file, for messages.
    report (Report): Decides about passages that overlap or lie far apart, and about offsets that count bytes.
    RETURNS (tuple[str, list[Area], list[PassageRecord]]): The text, in which every offset is an index: stretches
        between passages are filled with spaces, or with what the infon ``GAP`` of the document says. The areas of
        the passages. The passages and sentences as records, but for those that only hold what no passage of a record
        held.
    RAISES (BiomedplmError): B453-B455, if the report's mode is "raise".
    """
    placer = _Placer(document, shown, report)
    document.passages = [passage for passage in document.passages if placer.add(passage)]
    for passage, text, area in zip(document.passages, placer.parts[1::2], placer.areas, strict=True):
        placer.recount(passage, text, area.start)
    return "".join(placer.parts), placer.areas, placer.records


class _Placer:
    """Puts the passages of one document one after the other."""

    def __init__(self, document: Document, shown: str, report: Report) -> None:
        gap = document.infons.pop(GAP, " ")
        self.gap = gap if len(gap) == 1 else " "
        self.doc_id = document.id
        self.shown = shown
        self.report = report
        # What fills the stretch before a passage and the text of the passage, by turns.
        self.parts: list[str] = []
        self.size = 0
        self.areas: list[Area] = []
        self.records: list[PassageRecord] = []

    def add(self, passage: Unit) -> bool:
        """Add a passage, and return whether it could be placed."""
        if passage.offset < self.size and not self._move(passage, "passage", self.size):
            return False
        if passage.offset - self.size > MAX_GAP_CHARS:
            self._drop(passage, "a passage", f"begins at {passage.offset}, after {self.size} characters of text")
            return False
        sentences = self._place_sentences(passage)
        text = passage.text if passage.text is not None else self._join(passage.offset, sentences)
        self.parts += [self.gap * (passage.offset - self.size), text]
        self.size = passage.offset + len(text)
        places = [(s.offset, min(s.offset + len(s.text or ""), self.size)) for s in sentences]
        self.areas.append(Area(passage.offset, self.size, places))
        if passage.infons.get("type") != UNMARKED:
            self.records.append(_record(passage, passage.offset, self.size))
        for sentence, (start, end) in zip(sentences, places, strict=True):
            self.records.append(PassageRecord(start, end, SENTENCE, sentence.infons))
        passage.sentences = sentences
        return True

    def _place_sentences(self, passage: Unit) -> list[Unit]:
        """Return the sentences that lie one after the other in their passage."""
        kept = []
        at = passage.offset
        limit = MAX_GAP_CHARS + at if passage.text is None else at + len(passage.text)
        for sentence in passage.sentences:
            if sentence.offset < at and not self._move(sentence, "sentence", at):
                continue
            if sentence.offset > limit or (passage.text is not None and not self._fits(sentence, passage)):
                self._drop(sentence, "a sentence", f"at {sentence.offset} does not lie in its passage")
                continue
            kept.append(sentence)
            at = sentence.offset + len(sentence.text or "")
            limit = max(limit, at + MAX_GAP_CHARS) if passage.text is None else limit
        return kept

    def _fits(self, sentence: Unit, passage: Unit) -> bool:
        start = sentence.offset - passage.offset
        return (passage.text or "").startswith(sentence.text or "", start)

    def _join(self, start: int, sentences: list[Unit]) -> str:
        parts = []
        for sentence in sentences:
            text = sentence.text or ""
            parts += [self.gap * (sentence.offset - start), text]
            start = sentence.offset + len(text)
        return "".join(parts)

    def _move(self, unit: Unit, what: str, start: int) -> bool:
        """Move a unit that begins before the one before it ends, with all that is in it, if that may be."""
        values: dict[str, Any] = {"path": self.shown, "line": unit.line, "doc_id": self.doc_id}
        message = coded("B454", **values, what=what, found=unit.offset, wanted=start)
        if not self.report.mend(message, f"it is moved to {start + 1}, with all that is in it", **values):
            return False
        shift = start + 1 - unit.offset
        for part in (unit, *unit.sentences):
            part.offset += shift
            for annotation in part.annotations:
                annotation.locations = [(offset + shift, length) for offset, length in annotation.locations]
        return True

    def _drop(self, unit: Unit, what: str, reason: str) -> None:
        values: dict[str, Any] = {"path": self.shown, "line": unit.line, "doc_id": self.doc_id}
        self.report.drop(coded("B453", **values, what=what, reason=reason), **values)

    def recount(self, passage: Unit, text: str, start: int) -> None:
        """Turn offsets that count bytes or UTF-16 code units into characters, where the annotations' texts tell."""
        if text.isascii() or self.report.errors == "skip":
            return
        told = [annotation for annotation in _annotations_of(passage) if annotation.text and annotation.locations]
        if all(_is_right(annotation, text, start, lambda at: at) for annotation in told):
            return
        for unit, (encoding, width) in _UNITS.items():
            convert = _make_converter(text, encoding, width)
            if all(_is_right(annotation, text, start, convert) for annotation in told):
                values: dict[str, Any] = {"path": self.shown, "line": passage.line, "doc_id": self.doc_id}
                message = coded("B455", **values, start=start, unit=unit)
                if self.report.mend(message, "they are converted to characters", **values):
                    for annotation in _annotations_of(passage):
                        annotation.locations = list(_converted(annotation, start, convert))
                return


def _record(passage: Unit, start: int, end: int) -> PassageRecord:
    infons = dict(passage.infons)
    kind = infons.get("type", "")
    if kind:
        del infons["type"]
    return PassageRecord(start, end, kind, unescape(infons))


def _annotations_of(passage: Unit) -> Iterator[Annotation]:
    yield from passage.annotations
    for sentence in passage.sentences:
        yield from sentence.annotations


def _is_right(annotation: Annotation, text: str, start: int, convert: Callable[[int], int]) -> bool:
    """Return whether the characters at the offsets of an annotation are those that it gives."""
    places = _converted(annotation, start, convert)
    found = (text[offset - start : offset - start + length] for offset, length in places)
    return " ".join(found) == annotation.text


def _converted(annotation: Annotation, start: int, convert: Callable[[int], int]) -> Iterator[Fragment]:
    for offset, length in annotation.locations:
        first = convert(max(offset - start, 0))
        yield start + first, convert(max(offset - start, 0) + length) - first


def _make_converter(text: str, encoding: str, width: int) -> Callable[[int], int]:
    """Return the function from units of an encoding to characters of a text."""
    ends = [0]
    for char in text:
        ends.append(ends[-1] + len(char.encode(encoding, "surrogatepass")) // width)
    places = {end: place for place, end in enumerate(ends)}
    return lambda at: places.get(at, len(text))
