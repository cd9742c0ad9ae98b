"""IOB and CoNLL files: a word and its tag on each line, an empty line between sentences."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path
from typing import Any, TypeAlias

from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import DocumentRecord, MentionRecord, PassageRecord

DOCSTART = "-DOCSTART-"
SUFFIXES = (".tsv", ".conll", ".iob", ".iob2", ".bio", ".bioes", ".txt")
FILLER = "_"
"""What stands in a column of a line that lacks it."""

_TAG = re.compile(r"O|([BIESLUM])(?:[-_](.+))?")
_STARTS = frozenset("BSU")
_ENDS = frozenset("ESLU")
_MARK = DOCSTART.encode()
_NO_BREAKS = bytes(set(range(256)) - set(b"\t\n\r "))
_BLANK_LINE = re.compile(rb"\n[ \t\r]*\n")
# The writer finds the words again by this; see docs/formats.md.
_WORDS = {"words": "space-separated"}
_OUTSIDE = ("O", "")


_Span: TypeAlias = tuple[int, int, str, int]


@dataclass(slots=True)
class _Sentence:
    """What a sentence says.

    line (int): Of its first word. text (str): Words joined by spaces. size (int): How many there are.
    spans (list[_Span]): First character, the one after the last, label, and number of the first word.
    columns (list[list[str]]): Those between word and tag.
    """

    line: int
    text: str
    size: int
    spans: list[_Span]
    columns: list[list[str]]


@dataclass(slots=True)
class _Rows:
    """The lines of a sentence, as far as they are read: words, prefix and label of each tag, other columns."""

    line: int
    words: list[str] = field(default_factory=list)
    tags: list[tuple[str, str]] = field(default_factory=list)
    columns: list[list[str]] = field(default_factory=list)

    def sentence(self) -> _Sentence:
        """Return the sentence."""
        # Where each word ends, if one character follows each.
        ends = list(accumulate(map(len, self.words), lambda end, size: end + size + 1, initial=-1))
        spans = [(ends[first] + 1, ends[after], label, first) for first, after, label in decode_tags(self.tags)]
        return _Sentence(self.line, " ".join(self.words), len(self.words), spans, self.columns)


@dataclass(slots=True)
class _Docstart:
    """A line that begins a document."""

    line: str

    @property
    def doc_id(self) -> str | None:
        """The identifier in brackets behind the mark, if there is one."""
        match = re.search(r"\((.+)\)", self.line.split("\t")[0])
        return match.group(1) if match else None


def read_iob(
    path: Path | str,
    *,
    report: Report | None = None,
    pack: bool = True,
    max_words: int = 180,
) -> Iterator[DocumentRecord]:
    """Stream the documents of an IOB file.

    path (Path | str): Two or more columns, separated by tabs or else by spaces; the first is the word and the
        last the tag: IOB1, IOB2, BIOES or BILOU, with a type ("B-Gene", "B_Gene") or without ("B"). Gzip'd if the
        name ends in ".gz"; or a folder or an archive (.tar, .tar.gz, .zip) of .tsv, .conll, .iob, .bio, .txt.
    report (Report | None): What to do with broken lines; None stops at the first. Mended are a line with columns
        too many or too few whose last is a tag, and a word with spaces in it, which becomes several.
    pack (bool): Join consecutive sentences, with a line break between them, to one document: right if the
        sentences stand in the order of their documents. A "-DOCSTART-" line always starts a new one.
    max_words (int): Most words of a packed document; a longer sentence is a document of its own, and a document
        with an identifier is never divided.
    YIELDS (DocumentRecord): The text is the words joined by spaces. Sentences are passages; columns between word
        and tag are kept with them ("column 2" and so on, joined by tabs). The identifier is the name of the file and
        a running number, or what stands in brackets behind "-DOCSTART-". Tags without a type have the label "".
    RAISES (BiomedplmError): B401-B403 for an unreadable file, B408 for a file without words; as the report decides,
        B409 for a line with the wrong number of columns or no word, B410 for a tag that is none, B464 for a word with
        a space.
    """
    report = report or Report()
    path = Path(path)
    found = False
    for name, stem, chunks in read_streams(path, SUFFIXES, report):
        parser = _Parser(name, report)
        with report.leaving_out(name):
            for record in _pack(parser.read(chunks), name, stem, max_words if pack else 0):
                found = found or bool(record.text)
                yield record
    if not found:
        raise report.nothing_read(path, "lines of a word, a tab and a tag")


def _pack(items: Iterable[_Sentence | _Docstart], path: str, stem: str, max_words: int) -> Iterator[DocumentRecord]:
    """Yield documents; 0 for max_words makes each sentence one."""
    packed: list[_Sentence] = []
    start: _Docstart | None = None
    doc_id: str | None = None
    words = made = part = 0

    def take() -> DocumentRecord:
        nonlocal packed, start, words, made, part
        part += 1
        name = f"{stem}-{made:05d}" if doc_id is None else doc_id if max_words else f"{doc_id}-{part}"
        record = _make_record(packed, name, path, start)
        packed, start, words, made = [], None, 0, made + 1
        return record

    for item in items:
        if isinstance(item, _Docstart):
            if packed or start is not None:
                yield take()
            start, doc_id, part = item, item.doc_id, 0
            continue
        if packed and (not max_words or (doc_id is None and words + item.size > max_words)):
            yield take()
        packed.append(item)
        words += item.size
    if packed or start is not None:
        yield take()


class _Parser:
    """Reads one file; what is broken goes to the report.

    Sentences whose separators are those of a table are divided as a whole, which is several times as fast as line by
    line; all others go through ``_read_lines``, which knows every exception and every message.
    """

    def __init__(self, path: str, report: Report) -> None:
        self.path = path
        self.report = report
        self.columns = 0
        self.separator = ""
        self.row = b""
        self.known: dict[str, tuple[str, str]] = {"O": _OUTSIDE}
        self.marks: dict[str, tuple[bool, bool, str]] = {}

    def read(self, chunks: Iterable[bytes]) -> Iterator[_Sentence | _Docstart]:
        """Yield sentences and starts of documents."""
        line = 1
        for block in _cut_at_blank_lines(chunks):
            if line == 1:
                block = block.removeprefix(b"\xef\xbb\xbf")
            if b"\r\n" in block:
                block = block.replace(b"\r\n", b"\n")
            is_table = self._is_table(block)
            is_marked = _MARK in block
            for part in block.split(b"\n\n"):
                rows = part.count(b"\n") + 1
                if part:
                    is_plain = (is_table or self._is_table(part)) and not (is_marked and _MARK in part)
                    sentence = self._read_table(part, line, rows) if is_plain else None
                    if sentence is None:
                        yield from self._read_lines(part, line)
                    else:
                        yield sentence
                line += rows + 1
            line -= 2

    def _is_table(self, part: bytes) -> bool:
        """Return whether all lines have the columns of the file."""
        if not self.separator:
            return False
        breaks = part.translate(None, _NO_BREAKS)
        rest = (breaks if part.endswith(b"\n") else breaks + b"\n").replace(self.row, b"")
        # What is left are empty lines, and as many as stand between sentences.
        return len(rest) == part.count(b"\n\n") == rest.count(b"\n")

    def _read_table(self, part: bytes, line: int, rows: int) -> _Sentence | None:
        """Return the sentence of a table, or None if an empty line or word, a tag or a byte in it is out of order."""
        if part.endswith(b"\n"):
            return None
        try:
            table = part.decode() + "\n"
        except UnicodeDecodeError:
            return None
        if self.columns == 2:
            return self._read_pairs(table.replace(" ", "\t") if self.separator == " " else table, line, rows)
        fields = table.replace("\n", self.separator).split(self.separator)[:-1]
        words = fields[:: self.columns]
        tags = fields[self.columns - 1 :: self.columns]
        if "" in words or table[0] == "\n" or not all(tag in self.known or self._learn(tag) for tag in set(tags)):
            return None
        columns = [fields[n :: self.columns] for n in range(1, self.columns - 1)]
        return _Rows(line, words, [self.known[tag] for tag in tags], columns).sentence()

    def _read_pairs(self, table: str, line: int, rows: int) -> _Sentence | None:
        """Return the sentence of lines of a word, a tab and a tag, as ``_read_table`` does."""
        # Words outside of mentions are nine of ten: one replacement joins them, and only the others are looked at.
        joined = table.replace("\tO\n", " ")
        if "  " in joined or joined[0] in " \t\n":
            return None
        if "\t" not in joined:
            return _Sentence(line, joined[:-1], rows, [], [])
        if "\n " in joined:
            return None
        pieces = joined.replace("\n", "\t").split("\t")
        texts = pieces[::2]
        spans: list[_Span] = []
        label: str | None = None
        end = -1
        start = first = number = 0
        marks = self.marks
        for piece, tag in zip(texts, pieces[1::2], strict=False):
            if tag not in marks and self._learn(tag) is None:
                return None
            is_start, is_end, found = marks[tag]
            gap = piece.rfind(" ") + 1
            size = len(piece)
            if gap == size:
                return None
            if gap or is_start or found != label:
                if label is not None:
                    spans.append((start, end, label, first))
                if gap:
                    number += piece.count(" ")
                start, first, label = end + gap + 1, number, found
            number += 1
            end += size + 1
            if is_end:
                spans.append((start, end, label, first))
                label = None
        if label is not None:
            spans.append((start, end, label, first))
        return _Sentence(line, " ".join(texts)[:-1], rows, spans, [])

    def _learn(self, tag: str) -> tuple[str, str] | None:
        match = _TAG.fullmatch(tag)
        if match is not None:
            prefix, label = match.group(1) or "O", match.group(2) or ""
            self.known[tag] = prefix, label
            self.marks[tag] = prefix in _STARTS, prefix in _ENDS, label
        return self.known.get(tag)

    def _read_lines(self, part: bytes, first: int) -> Iterator[_Sentence | _Docstart]:
        sentence = _Rows(first)
        for number, line in enumerate(decode(part, path=self.path, line=first).split("\n"), start=first):
            is_start = line.startswith(DOCSTART)
            if is_start or not line.strip(" \t\r"):
                if sentence.words:
                    yield sentence.sentence()
                    sentence = _Rows(number)
                if is_start:
                    yield _Docstart(line.rstrip("\r"))
                continue
            if not sentence.words:
                sentence.line = number
            self._read_line(line, number, sentence)
        if sentence.words:
            yield sentence.sentence()

    def _read_line(self, line: str, number: int, sentence: _Rows) -> None:
        """Add the words of a line to a sentence: none if it is broken, several if the word holds spaces."""
        where: dict[str, Any] = {"path": self.path, "line": number}
        separator = "\t" if "\t" in line else " "
        fields = [part.strip(" \r") for part in line.split(separator)]
        if separator == " ":
            fields = [part for part in fields if part]
        wanted = max(self.columns, 2)
        tag = fields[-1]
        if len(fields) < 2 or not fields[0] or (self.columns and len(fields) != self.columns):
            message = coded("B409", **where, columns=len(fields), wanted=wanted, found=line[:60])
            mendable = len(fields) > 1 and fields[0] and (tag in self.known or self._learn(tag))
            if not mendable:
                self.report.drop(message, **where)
                return
            if not self.report.mend(message, "the first column is the word, the last is the tag", **where):
                return
        if not self.columns:
            self.columns, self.separator = len(fields), separator
            self.row = separator.encode() * (len(fields) - 1) + b"\n"
        if tag not in self.known and not self._learn(tag):
            self.report.drop(coded("B410", **where, tag=tag), **where, is_mention=True)
            tag = "O"
        words = [word for word in fields[0].split(" ") if word]
        if len(words) > 1:
            message = coded("B464", **where, word=fields[0], count=len(words))
            if not self.report.mend(message, "each is a word of its own", **where):
                return
        prefix, label = self.known[tag]
        sentence.words += words
        sentence.tags += [(prefix, label)] if len(words) == 1 else _spread(prefix, label, len(words))
        middle = (fields[1:-1] + [FILLER] * self.columns)[: self.columns - 2]
        sentence.columns = sentence.columns or [[] for _ in middle]
        for column, value in zip(sentence.columns, middle, strict=True):
            column += [value] * len(words)


def _spread(prefix: str, label: str, size: int) -> list[tuple[str, str]]:
    """Return the tags of several words that stand for the tag of one."""
    if prefix == "O":
        return [_OUTSIDE] * size
    first = "B" if prefix in _STARTS else "I"
    last = "E" if prefix in _ENDS else "I"
    return [(first, label), *[("I", label)] * (size - 2), (last, label)]


def _cut_at_blank_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes in blocks that end with an empty line, but for the last."""
    pending: list[bytes] = []
    for chunk in chunks:
        cut = max(chunk.rfind(b"\n\n") + 2, chunk.rfind(b"\n\r\n") + 3)
        if cut < 3:
            cut = max((match.end() for match in _BLANK_LINE.finditer(chunk)), default=0)
        if cut:
            yield b"".join([*pending, chunk[:cut]])
            pending = []
        pending.append(chunk[cut:])
    yield b"".join(pending)


def decode_tags(tags: Sequence[tuple[str, str]]) -> list[tuple[int, int, str]]:
    """Return the spans that a sentence's tags stand for.

    tags (Sequence[tuple[str, str]]): Prefix (B, I, O, E, S, L, U, M) and label of each word.
    RETURNS (list[tuple[int, int, str]]): First word, the word after the last, label.

    As conlleval reads them: a span starts at B, S, U, and at any other tag that does not continue a span of the
    same label; it ends before O, before a start, and after E, S, L, U. That covers IOB1, IOB2 and BIOES.
    """
    spans = []
    start = -1
    label = ""
    for index, (prefix, found) in enumerate(tags):
        if prefix == "O":
            if start >= 0:
                spans.append((start, index, label))
                start = -1
            continue
        if start >= 0 and (prefix in _STARTS or found != label):
            spans.append((start, index, label))
            start = -1
        if start < 0:
            start, label = index, found
        if prefix in _ENDS:
            spans.append((start, index + 1, label))
            start = -1
    if start >= 0:
        spans.append((start, len(tags), label))
    return spans


def _make_record(packed: list[_Sentence], doc_id: str, path: str, docstart: _Docstart | None) -> DocumentRecord:
    mentions: list[MentionRecord] = []
    passages = []
    texts = []
    offset = 0
    for sentence in packed:
        texts.append(sentence.text)
        for number, (start, end, label, first) in enumerate(sentence.spans, start=len(mentions) + 1):
            place, line = ((offset + start, offset + end),), sentence.line + first
            mentions.append(MentionRecord(f"T{number}", label, place, None, (), {}, None, False, line))
        columns = _name_columns(sentence.columns) if sentence.columns else {}
        end = offset + len(sentence.text)
        passages.append(PassageRecord(offset, end, "sentence", columns))
        offset = end + 1
    return DocumentRecord(
        doc_id,
        "\n".join(texts),
        tuple(mentions),
        passages=tuple(passages),
        infons=_WORDS if docstart is None else {**_WORDS, "docstart": docstart.line},
        path=path,
    )


def _name_columns(columns: Iterable[list[str]]) -> dict[str, str]:
    return {f"column {number}": "\t".join(column) for number, column in enumerate(columns, start=2)}
