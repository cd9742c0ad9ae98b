"""IOB and CoNLL files: a word and its tag on each line, an empty line between sentences."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.documents import LabelScheme, Mention, Record, make_doc
from spacy_biomedplm.corpora.files import read_lines
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded

DOCSTART = "-DOCSTART-"
_TAG = re.compile(r"([BIESLUMO])(?:-(.+))?")
_STARTS = frozenset("BSU")
_ENDS = frozenset("ESLU")


@dataclass
class _Sentence:
    """Words, and for each the prefix and the label of its tag."""

    first_line: int = 0
    words: list[str] = field(default_factory=list)
    tags: list[tuple[str, str]] = field(default_factory=list)


def read_iob(
    path: Path | str,
    vocab: Vocab,
    *,
    scheme: LabelScheme | None = None,
    report: Report | None = None,
    pack: bool = True,
    max_words: int = 180,
) -> Iterator[Doc]:
    """Stream the documents of an IOB file.

    path (Path | str): Two or more columns, separated by tabs or else by spaces; the first is the word and the
        last the tag: IOB1, IOB2 or BIOES (BILOU), with a type ("B-Gene") or without ("B"). Gzip'd if the
        name ends in ".gz".
    vocab (Vocab): The pipeline's vocabulary.
    scheme (LabelScheme | None): Labels of the corpus; tags without a type have the label "".
    report (Report | None): Collects excluded labels.
    pack (bool): Join consecutive sentences, with a line break between them, to one document: right if the
        sentences stand in the order of their documents. A "-DOCSTART-" line always starts a new one.
    max_words (int): Most words of a packed document; a longer sentence is a document of its own.
    YIELDS (Doc): ``doc.text`` is the words joined by spaces; ``doc._.doc_id`` is the name of the file and a
        running number, or the identifier that stands behind "-DOCSTART-".
    RAISES (BiomedplmError): B401-B403 for an unreadable file, B404 for an unknown label, B409 for a line with
        the wrong number of columns or no word, B410 for a tag that is none, B408 for a file without words.
    """
    path = Path(path)
    stem = path.name.split(".")[0]
    packed: list[_Sentence] = []
    name: str | None = None
    made = 0
    for item in _read_sentences(path):
        if isinstance(item, str) or not _has_room(packed, item, pack=pack, max_words=max_words):
            if packed:
                yield _make_doc(packed, vocab, name or f"{stem}-{made:05d}", str(path), scheme, report)
                packed, made = [], made + 1
        if isinstance(item, str):
            name = item or None
        else:
            packed.append(item)
    if packed:
        yield _make_doc(packed, vocab, name or f"{stem}-{made:05d}", str(path), scheme, report)
        made += 1
    if not made:
        raise BiomedplmError(coded("B408", path=path, wanted="lines of a word, a tab and a tag"))


def _has_room(packed: list[_Sentence], sentence: _Sentence, *, pack: bool, max_words: int) -> bool:
    if not packed:
        return True
    return pack and sum(len(part.words) for part in packed) + len(sentence.words) <= max_words


def _read_sentences(path: Path) -> Iterator[_Sentence | str]:
    """Yield sentences, and for each -DOCSTART- line the identifier behind it (or an empty string)."""
    sentence = _Sentence()
    columns = 0
    for number, line in read_lines(path):
        if not line.strip() or line.startswith(DOCSTART):
            if sentence.words:
                yield sentence
                sentence = _Sentence()
            if line.startswith(DOCSTART):
                yield _find_id(line)
            continue
        fields = line.split("\t") if "\t" in line else line.split()
        columns = columns or len(fields)
        if len(fields) != columns or columns < 2 or not fields[0].strip():
            raise BiomedplmError(
                coded("B409", path=path, line=number, columns=len(fields), wanted=max(columns, 2), found=line[:60])
            )
        if not sentence.words:
            sentence.first_line = number
        sentence.words.append(fields[0].strip())
        sentence.tags.append(_parse_tag(fields[-1].strip(), path, number))
    if sentence.words:
        yield sentence


def _find_id(line: str) -> str:
    match = re.search(r"\(([^)\s]+)\)", line)
    return match.group(1) if match else ""


def _parse_tag(tag: str, path: Path, line: int) -> tuple[str, str]:
    match = _TAG.fullmatch(tag)
    if match is None:
        raise BiomedplmError(coded("B410", path=path, line=line, tag=tag))
    return match.group(1), match.group(2) or ""


def decode_tags(tags: list[tuple[str, str]]) -> list[tuple[int, int, str]]:
    """Return the spans that a sentence's tags stand for.

    tags (list[tuple[str, str]]): Prefix (B, I, O, E, S, L, U, M) and label of each word.
    RETURNS (list[tuple[int, int, str]]): First word, the word after the last, label.

    As conlleval reads them: a span starts at B, S, U, and at any other tag that does not continue a span of the
    same label; it ends before O, before a start, and after E, S, L, U. That covers IOB1, IOB2 and BIOES.
    """
    spans = []
    start = -1
    label = ""
    for index, (prefix, found) in enumerate(tags):
        if start >= 0 and (prefix == "O" or prefix in _STARTS or found != label):
            spans.append((start, index, label))
            start = -1
        if prefix == "O":
            continue
        if start < 0:
            start, label = index, found
        if prefix in _ENDS:
            spans.append((start, index + 1, label))
            start = -1
    if start >= 0:
        spans.append((start, len(tags), label))
    return spans


def _make_doc(
    packed: list[_Sentence], vocab: Vocab, doc_id: str, path: str, scheme: LabelScheme | None, report: Report | None
) -> Doc:
    mentions = []
    texts = []
    offset = 0
    for sentence in packed:
        starts = []
        at = offset
        for word in sentence.words:
            starts.append(at)
            at += len(word) + 1
        for first, after, label in decode_tags(sentence.tags):
            end = starts[after - 1] + len(sentence.words[after - 1])
            mentions.append(Mention(starts[first], end, label, line=sentence.first_line + first))
        texts.append(" ".join(sentence.words))
        offset = at
    return make_doc(vocab, Record(doc_id, "\n".join(texts), mentions, path), scheme=scheme, report=report)
