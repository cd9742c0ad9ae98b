"""EBM-NLP: the released layout, a folder of texts, tokens and labels; and the four columns of EBM-PICO, one file."""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise
from pathlib import Path

from spacy_biomedplm.documents import split_words_at
from spacy_biomedplm.types import DocumentRecord, Fragment, MentionRecord
from spacy_biomedplm.writers.file_names import FileNames, encode_text
from spacy_biomedplm.writers.losses import count_losses

PHASES = ("starting_spans", "hierarchical_labels")
PARTS = ("train", "test/gold", "test/crowd")
SHORT = {"participants": "PAR", "interventions": "INT", "outcomes": "OUT"}
DETAILS = {
    "participants": ("Age", "Sex", "Sample-size", "Condition"),
    "interventions": ("Surgical", "Physical", "Pharmacological", "Educational", "Psychological", "Other", "Control"),
    "outcomes": ("Physical", "Pain", "Mortality", "Adverse-effects", "Mental", "Other"),
}
NO_POS, NO_CHUNK = "NN", "O"
_LAYERS = {short: layer for layer, short in SHORT.items()}
_PLACE = re.compile("([0-9]{1,9})-([0-9]{1,9})")
_WORD = re.compile("[^ \t\r\n]+")


def write_ebm_nlp(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents in the released layout.

    records (Iterable[DocumentRecord]): Documents, written one after the other. The infon "split" is the part, else it
        is "train"; "tokens" are the characters of the tokens, else the text is split anew.
    path (Path): Folder, made if it is not there: documents and annotations/aggregated.
    losses (Counter[str]): Counts what the layout cannot hold.
    """
    names = FileNames(losses)
    for record in records:
        name = names.take(record.doc_id)
        for file, content in format_ebm_nlp(record, losses, name=name).items():
            (path / file).parent.mkdir(parents=True, exist_ok=True)
            (path / file).write_bytes(encode_text(content))


def format_ebm_nlp(record: DocumentRecord, losses: Counter[str], *, name: str) -> dict[str, str]:
    """Return the files of a document.

    record (DocumentRecord): Labels are those of the layers ("participants" or "PAR"), perhaps with a detail
        ("participants_Age").
    losses (Counter[str]): Counts what the layout cannot hold.
    name (str): Of the files.
    RETURNS (dict[str, str]): Contents by path; files of details only if the document has any.
    """
    count_losses(record, losses, keeps=("document infons",))
    infons = dict(record.infons)
    part = infons.pop("split", PARTS[0])
    if part not in PARTS:
        losses["document infons"] += 1
        part = PARTS[0]
    tokens = _tokens(record, infons.pop("tokens", ""))
    tagged = infons.pop("pos", "")
    files = {
        f"documents/{name}.text": record.text,
        f"documents/{name}.tokens": "\n".join(record.text[start:end] for start, end in tokens),
    }
    if tagged and len(tagged.split(" ")) == len(tokens):
        files[f"documents/{name}.pos"] = tagged.replace(" ", "\n")
    elif tagged:
        losses["document infons"] += 1
    if infons:
        losses["document infons"] += len(infons)
    rows = {(phase, layer): [0] * len(tokens) for phase in PHASES for layer in DETAILS}
    groups: dict[tuple[str, str], list[tuple[MentionRecord, int]]] = {key: [] for key in rows}
    for mention in record.mentions:
        layer, _, detail = mention.label.partition("_")
        layer = _LAYERS.get(layer, layer)
        if layer not in DETAILS or (detail and detail not in DETAILS[layer]):
            losses["mentions of other labels"] += 1
        elif detail:
            groups[PHASES[1], layer].append((mention, DETAILS[layer].index(detail) + 1))
        else:
            groups[PHASES[0], layer].append((mention, 1))
    detailed = any(groups[PHASES[1], layer] for layer in DETAILS)
    for (phase, layer), row in rows.items():
        _paint(groups[phase, layer], tokens, row, losses)
        if phase == PHASES[0] or detailed:
            file = f"annotations/aggregated/{phase}/{layer}/{part}/{name}.AGGREGATED.ann"
            files[file] = "\n".join(map(str, row))
    return files


def _tokens(record: DocumentRecord, given: str) -> list[Fragment]:
    """Return the tokens that a document came with, if its mentions fit them, or else new ones."""
    matches = [_PLACE.fullmatch(place) for place in given.split()]
    places = [(int(match[1]), int(match[2])) for match in matches if match is not None]
    ends = [0, *(end for _, end in places)]
    ordered = all(last <= start <= end for last, (start, end) in zip(ends, places, strict=False))
    cuts = {offset for mention in record.mentions for fragment in mention.fragments for offset in fragment}
    if places and len(places) == len(matches) and ordered and ends[-1] <= len(record.text):
        between = [record.text[last:start] for last, (start, _) in zip(ends, places, strict=False)]
        inside = any(record.text[start:end].strip() != record.text[start:end] for start, end in places)
        complete = not "".join([*between, record.text[ends[-1] :]]).strip() and not inside
        if complete and cuts <= {offset for place in places for offset in place}:
            return places
    words, _, starts = split_words_at(record.text, cuts)
    return [(start, start + len(word)) for word, start in zip(words, starts, strict=True) if word.strip()]


def _paint(
    mentions: Iterable[tuple[MentionRecord, int]],
    tokens: Sequence[Fragment],
    row: list[int],
    losses: Counter[str],
    *,
    begins: Container[int] = (),
) -> list[tuple[int, int]]:
    """Put the numbers of mentions into a row, and return first token and the one after the last of those put there.

    begins: Tokens before which no mention goes on.
    """
    starts = [start for start, _ in tokens]
    put = []
    for mention, number in mentions:
        if len(mention.fragments) != 1:
            losses["discontinuous mentions"] += 1
            continue
        first, last = bisect_left(starts, mention.start), bisect_left(starts, mention.end)
        if first > 0 and tokens[first - 1][1] > mention.start:
            first -= 1
        if first >= last:
            losses["mentions without a token"] += 1
        elif any(row[first:last]):
            losses["overlapping mentions"] += 1
        else:
            if (tokens[first][0], tokens[last - 1][1]) != mention.fragments[0]:
                losses["mentions that begin or end inside tokens or with a space"] += 1
            touches = (first > 0 and first not in begins and row[first - 1] == number) or (
                last < len(row) and last not in begins and row[last] == number
            )
            if touches:
                losses["adjacent mentions of one label"] += 1
            row[first:last] = [number] * (last - first)
            put.append((first, last))
    return put


def write_ebm_nlp_columns(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as the four columns of EBM-PICO.

    records (Iterable[DocumentRecord]): Documents, written one after the other.
    path (Path): The file.
    losses (Counter[str]): Counts what the columns cannot hold.
    """
    with path.open("w", encoding="utf-8", newline="\n") as stream:
        for record in records:
            stream.write(format_ebm_nlp_columns(record, losses))


def format_ebm_nlp_columns(record: DocumentRecord, losses: Counter[str]) -> str:
    """Return a document as the four columns of EBM-PICO.

    record (DocumentRecord): Passages of the kind "sentence" are the sentences, else the lines of the text are; tokens
        are what spaces divide, or finer where mentions do not fit those.
    losses (Counter[str]): Counts what the columns cannot hold.
    """
    count_losses(record, losses, keeps=("passages",))
    doc_id = re.sub(r"[\r\n]", " ", record.doc_id)
    losses.update({"document identifiers with line breaks": 1} if doc_id != record.doc_id else {})
    words = [match.span() for match in _WORD.finditer(record.text)]
    cuts = {offset for mention in record.mentions for fragment in mention.fragments for offset in fragment}
    if not cuts <= {offset for word in words for offset in word}:
        words = _tokens(record, "")
    row = [0] * len(words)
    labels = list(dict.fromkeys(mention.label for mention in record.mentions))
    sentences = _sentences(record, words, losses)
    numbered = [(mention, labels.index(mention.label) + 1) for mention in record.mentions]
    put = _paint(numbered, words, row, losses, begins={begin for begin, _, _, _ in sentences})
    tags = ["O", *(f"I-{_short(label, losses)}" for label in labels)]
    lines = [f"-DOCSTART- ({doc_id})\n\n"]
    rebuilt = []
    for first, last, pos, chunk in sentences:
        texts = [record.text[start:end] for start, end in words[first:last]]
        rebuilt.append(" ".join(texts))
        columns = zip(texts, pos, chunk, row[first:last], strict=True)
        lines += [f"{text} {tag} {piece} {tags[number]}\n" for text, tag, piece, number in columns]
        lines.append("\n")
    crossing = sum(first < begin < last for first, last in put for begin, _, _, _ in sentences)
    for kind, count in (
        ("mentions across sentences", crossing),
        ("spaces of texts", "\n".join(rebuilt) != record.text),
    ):
        if count:
            losses[kind] += int(count)
    return "".join(lines) + "\n"


def _short(label: str, losses: Counter[str]) -> str:
    short = SHORT.get(label, label)
    safe = re.sub(r"\s", "_", short) or "_"
    if safe != short:
        losses["labels with spaces"] += 1
    return safe


def _sentences(
    record: DocumentRecord, words: Sequence[Fragment], losses: Counter[str]
) -> list[tuple[int, int, list[str], list[str]]]:
    """Return first word and the one after the last of each sentence, and what stands in columns 2 and 3."""
    starts = [start for start, _ in words]
    passages = [passage for passage in record.passages if passage.kind == "sentence"]
    ends = [0, *(passage.end for passage in passages)]
    ordered = all(last <= passage.start for last, passage in zip(ends, passages, strict=False))
    spans = [(bisect_left(starts, p.start), bisect_left(starts, p.end), p.infons) for p in passages]
    reached = [0, *(last for _, last, _ in spans), len(words)]
    begins = [*(first for first, _, _ in spans), len(words)]
    if not ordered or any(first != last for first, last in zip(begins, reached, strict=False)):
        spans, passages = [], []
    if len(record.passages) > len(passages):
        losses["passages"] += len(record.passages) - len(passages)
    if not spans:
        breaks = [-1, *(match.start() for match in re.finditer("\n", record.text)), len(record.text)]
        lines = [(bisect_left(starts, a), bisect_left(starts, b)) for a, b in pairwise(breaks)]
        spans = [(first, last, {}) for first, last in lines]
    found: list[tuple[int, int, list[str], list[str]]] = []
    for first, last, infons in spans:
        columns: list[list[str]] = []
        for key, default in (("pos", NO_POS), ("chunk", NO_CHUNK)):
            values = infons[key].split(" ") if key in infons else [default] * (last - first)
            if len(values) != last - first or not all(map(_WORD.fullmatch, values)):
                losses["passage infons"] += 1
                values = [default] * (last - first)
            columns.append(values)
        if infons.keys() - {"pos", "chunk"}:
            losses["passage infons"] += len(infons.keys() - {"pos", "chunk"})
        if first < last:
            found.append((first, last, columns[0], columns[1]))
    return found
