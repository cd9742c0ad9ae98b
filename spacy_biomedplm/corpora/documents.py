"""From a text and its gold mentions to a reference ``Doc``; every reader ends here."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from spacy.tokens import Doc, Span
from spacy.util import filter_spans
from spacy.vocab import Vocab

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.corpora.problems import Problem, ProblemKind, Report, tell
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.tokenization import split_words

# A mention whose offsets are wrong is looked for this many characters to either side.
MAX_SHIFT_CHARS = 24
# Shorter mentions are only found as whole words.
MIN_PART_CHARS = 3


@dataclass(frozen=True)
class LabelScheme:
    """What one corpus annotates and under which names.

    corpus (str): Name of the corpus, which is the name of its annotation guideline.
    labels (tuple[str, ...]): Labels of the documents, all of them annotated exhaustively.
    label_map (Mapping[str, str | None]): From a label in the file to one of ``labels``; None leaves mentions of
        that label out. A label that is in ``labels`` needs no entry.
    """

    corpus: str
    labels: tuple[str, ...]
    label_map: Mapping[str, str | None] = field(default_factory=dict)

    def rename(self, raw: str, *, path: str, line: int) -> str | None:
        """Return the label that stands for a label of the file, or None if it is left out.

        raw (str): The label in the file; empty if the file has tags without a type.
        path (str): The file, for the error.
        line (int): The line, for the error.
        RAISES (BiomedplmError): B404 if the label is not known.
        """
        if raw in self.label_map:
            return self.label_map[raw]
        if raw in self.labels:
            return raw
        known = ", ".join(sorted({*self.labels, *self.label_map}))
        raise BiomedplmError(coded("B404", path=path, line=line, label=raw, corpus=self.corpus, known=known))


@dataclass(frozen=True)
class Mention:
    """A gold mention as it stands in a file.

    start (int): First character in the text of the document.
    end (int): Character after the last one.
    label (str): Label in the file.
    text (str | None): The characters the file gives for it, to check the offsets; None if it gives none.
    line (int): Line number in the file, 0 if there is none.
    """

    start: int
    end: int
    label: str
    text: str | None = None
    line: int = 0


@dataclass(frozen=True)
class Record:
    """A document as it stands in a file, before it is tokenised.

    doc_id (str): Identifier in the source.
    text (str): The text that the offsets of the mentions refer to.
    mentions (Sequence[Mention]): In any order, possibly overlapping.
    path (str): The file, for messages.
    """

    doc_id: str
    text: str
    mentions: Sequence[Mention]
    path: str


def make_doc(vocab: Vocab, record: Record, *, scheme: LabelScheme | None = None, report: Report | None = None) -> Doc:
    """Return the reference document of a record.

    vocab (Vocab): The pipeline's vocabulary.
    record (Record): Text and mentions.
    scheme (LabelScheme | None): Renames labels and says what is annotated; None keeps every label of the file
        and leaves ``doc._.annotated`` unset.
    report (Report | None): Collects mentions that were repaired or left out.
    RETURNS (Doc): ``doc.text`` equals the text. ``doc.spans["entities"]`` holds every mention with exactly its
        characters (a token is split where a mention starts or ends in it) and ``doc.ents`` the same spans, or
        the longest non-overlapping ones of them if some overlap.
    RAISES (BiomedplmError): B404 for an unknown label, B405 if a mention cannot be placed and there is no
        report.
    """
    placed = sorted(_place_all(record, scheme, report))
    cuts = {offset for start, end, _ in placed for offset in (start, end)}
    words, spaces, starts = split_words_at(record.text, cuts)
    doc = Doc(vocab, words=words, spaces=spaces)
    token_at = {start: index for index, start in enumerate(starts)}
    ends = {start + len(word): index + 1 for index, (start, word) in enumerate(zip(starts, words, strict=True))}
    spans = [Span(doc, token_at[start], ends[end], label=label) for start, end, label in placed]
    doc.spans[ENTITIES_KEY] = spans
    doc.set_ents(filter_spans(spans))
    doc._.doc_id = record.doc_id
    if scheme is not None:
        doc._.corpus = scheme.corpus
        doc._.annotated = {"ner": {scheme.corpus: list(scheme.labels)}}
    return doc


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


def _place_all(record: Record, scheme: LabelScheme | None, report: Report | None) -> set[tuple[int, int, str]]:
    seen: set[tuple[int, int, str]] = set()
    for mention in record.mentions:
        label: str | None = mention.label
        if scheme is not None:
            label = scheme.rename(mention.label, path=record.path, line=mention.line)
        if label is None:
            tell(report, _problem("excluded", record, mention, f"label '{mention.label}' is left out"))
            continue
        found = place(record.text, mention)
        if found is None:
            shown = record.text[mention.start : mention.end]
            detail = f"'{mention.text}' at {mention.start}-{mention.end} does not fit the text '{shown}'"
            tell(report, _problem("dropped", record, mention, detail))
            continue
        if found != (mention.start, mention.end):
            shown = record.text[found[0] : found[1]]
            detail = f"'{mention.text}' moved from {mention.start}-{mention.end} to {found[0]}-{found[1]} ('{shown}')"
            tell(report, _problem("repaired", record, mention, detail))
        if (*found, label) in seen:
            tell(report, _problem("repaired", record, mention, f"'{mention.text}' stands in the file twice"))
        seen.add((*found, label))
    return seen


def _problem(kind: ProblemKind, record: Record, mention: Mention, detail: str) -> Problem:
    return Problem(kind, record.path, mention.line, record.doc_id, detail)


def place(text: str, mention: Mention) -> tuple[int, int] | None:
    """Return the offsets that a mention really has in a text, or None if they cannot be told.

    text (str): The text of the document.
    mention (Mention): Its offsets and, if the file gives them, its characters.
    RETURNS (tuple[int, int] | None): First character and the one after the last.

    In this order: (1) the characters at the offsets are those of the mention, but for white space, case and
    punctuation: the offsets stand; (2) the mention's characters occur nearby, at most 24 characters away, and no
    two places are equally near: they are moved there. Whole words are looked for first, then whole words with
    case ignored, then any place if there is just one; (3) the characters at the offsets are whole words with
    which the mention's text starts: the offsets stand; (4) none. Outer white space is trimmed.
    """
    start, end = mention.start, mention.end
    if not 0 <= start < end <= len(text):
        return None if mention.text is None else _search(text, mention)
    if mention.text is None or _same(text[start:end], mention.text):
        return _trim(text, start, end)
    found = _search(text, mention)
    if found is not None:
        return found
    inside = _skeleton(text[start:end])
    if inside and _skeleton(mention.text).startswith(inside) and not _splits_word(text, end):
        return _trim(text, start, end)
    return None


def _search(text: str, mention: Mention) -> tuple[int, int] | None:
    wanted = (mention.text or "").strip()
    if not wanted:
        return None
    begin = max(0, mention.start - MAX_SHIFT_CHARS)
    window = text[begin : mention.start + MAX_SHIFT_CHARS + len(wanted)]
    for where, what in ((window, wanted), (_lower(window), _lower(wanted))):
        places = [begin + place for place in _find_all(where, what)]
        whole = [at for at in places if not (_splits_word(text, at) or _splits_word(text, at + len(what)))]
        whole.sort(key=lambda at: abs(at - mention.start))
        if len(whole) == 1 or (whole and abs(whole[0] - mention.start) < abs(whole[1] - mention.start)):
            return whole[0], whole[0] + len(what)
        if len(places) == 1 and len(what) >= MIN_PART_CHARS:
            return places[0], places[0] + len(what)
    return None


def _find_all(text: str, wanted: str) -> Iterator[int]:
    at = text.find(wanted)
    while at >= 0:
        yield at
        at = text.find(wanted, at + 1)


def _lower(text: str) -> str:
    # str.lower can change the length ("İ"); offsets must not.
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _same(left: str, right: str) -> bool:
    return left == right or (bool(skeleton := _skeleton(left)) and skeleton == _skeleton(right))


def _skeleton(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalnum())


def _splits_word(text: str, offset: int) -> bool:
    return 0 < offset < len(text) and text[offset - 1].isalnum() and text[offset].isalnum()


def _trim(text: str, start: int, end: int) -> tuple[int, int] | None:
    inside = text[start:end]
    start += len(inside) - len(inside.lstrip())
    end -= len(inside) - len(inside.rstrip())
    return (start, end) if start < end else None
