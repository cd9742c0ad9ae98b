"""How well definitions of abbreviations are found, next to the rules of Schwartz and Hearst (2003), and how fast.

python benchmarks/abbreviations.py
"""

import hashlib
import re
import time
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import typer
from _common import OutputOption, TableOption, markdown_table, provenance, run, save

from spacy_biomedplm.abbreviations.detection import find_definitions
from spacy_biomedplm.abbreviations.scorer import make_pair, record_pairs
from spacy_biomedplm.corpora.abbreviations import LONG, SHORT, read_ab3p, read_acronyms
from spacy_biomedplm.corpora.catalogue import find_files, find_root, get_corpus
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.scoring import PRF, count
from spacy_biomedplm.types import DocumentRecord

Place = tuple[int, int]
Found = list[tuple[Place, Place]]
Detector = Callable[[str], Found]

_BRACKET = re.compile(r"\(([^()]+)\)")
_PART = re.compile(r"[;,]\s")
_BORDER = re.compile(r"(?<=[a-z)][.!?])\s+(?=[A-Z])|\n")


def detect(text: str) -> Found:
    """Return the definitions that the package finds, short and long form."""
    return [(found.short, found.long) for found in find_definitions(text)]


def schwartz_hearst(text: str) -> Found:
    """Return the definitions that the rules of Schwartz and Hearst (2003) find, short and long form.

    text (str): Any text; definitions lie within sentences, which end with a full stop before a capital.
    """
    found: Found = []
    borders = [0, *(match.end() for match in _BORDER.finditer(text)), len(text)]
    for start, end in pairwise(borders):
        for match in _BRACKET.finditer(text, start, end):
            if pair := _read_bracket(text, start, match):
                found.append(pair)
    return found


def _read_bracket(text: str, border: int, match: re.Match[str]) -> tuple[Place, Place] | None:
    inner, place = match.group(1), match.start(1)
    if len(inner.split()) > 2 or len(inner) > 10:  # the long form in the bracket, the short form before it
        first = _PART.split(inner)[0]
        before = text[border : match.start()].split()
        short = before[-1] if before else ""
        shorter = (start := text.rfind(short, border, match.start()), start + len(short))
        return _align(text, shorter, (place, place + len(first))) if _may_be_short(short) else None
    short = _PART.split(inner)[0].strip()
    start = text.index(short, place) if short else place
    if not _may_be_short(short):
        return None
    words = list(re.finditer(r"\S+", text[border : match.start()]))
    most = min(len(short) + 5, 2 * len(short))
    window = words[-most:]
    return _align(text, (start, start + len(short)), (border + window[0].start(), match.start())) if window else None


def _may_be_short(short: str) -> bool:
    return 2 <= len(short) <= 10 and short[0].isalnum() and any(char.isalpha() for char in short)


def _align(text: str, short: Place, window: Place) -> tuple[Place, Place] | None:
    """Match the letters of a short form from its end; the first one must begin a word."""
    start, end = window
    while end > start and text[end - 1].isspace():
        end -= 1
    place = end
    for number in range(short[1] - 1, short[0] - 1, -1):
        char = text[number].lower()
        if not char.isalnum():
            continue
        place -= 1
        while place >= start and (
            text[place].lower() != char or (number == short[0] and place > start and text[place - 1].isalnum())
        ):
            place -= 1
        if place < start:
            return None
    begin = max(text.rfind(" ", start, place) + 1, start)
    long = text[begin:end]
    words, letters = len(re.split(r"[\s-]+", long)), sum(map(str.isalnum, text[slice(*short)]))
    fits = len(long) > short[1] - short[0] and words <= min(letters + 5, letters * 2)
    return (short, (begin, end)) if fits and f" {text[slice(*short)]} " not in f" {long} " else None


def read_gold(corpus: str, split: str, **options: Any) -> list[DocumentRecord]:
    """Return the documents of a split of a corpus, broken definitions left out."""
    (path,) = find_files(get_corpus(corpus), split, find_root())["path"]
    reader = read_ab3p if corpus == "ab3p" else read_acronyms
    return list(reader(path, report=Report(errors="repair"), **options))


def is_development(doc_id: str) -> bool:
    """Return whether a record of MED1250 is of the half that the weights were made with."""
    return hashlib.sha256(doc_id.encode()).digest()[0] % 2 == 0


def score_pairs(records: Sequence[DocumentRecord], detector: Detector) -> dict[str, Any]:
    """Return scores of the different pairs of each document."""
    total = PRF()
    for record in records:
        pairs = {
            make_pair(record.text[slice(*short)], record.text[slice(*long)]) for short, long in detector(record.text)
        }
        total += count(pairs, record_pairs(record))
    return _describe(total, len(records))


def score_long_forms(records: Sequence[DocumentRecord], detector: Detector) -> dict[str, Any]:
    """Return scores of long forms by their characters, in the sentences where there are some and a short form too."""
    total = PRF()
    for record in records:
        gold = {mention.fragments[0] for mention in record.mentions if mention.label == LONG}
        if gold and any(mention.label == SHORT for mention in record.mentions):
            total += count({long for _, long in detector(record.text)}, gold)
    return _describe(total, len(records))


def _describe(total: PRF, documents: int) -> dict[str, Any]:
    scores = {"precision": total.precision, "recall": total.recall, "f1": total.f1}
    return {"documents": documents} | {name: round(100 * (value or 0.0), 2) for name, value in scores.items()}


def measure_speed(texts: Sequence[str], detector: Detector, repeats: int) -> float:
    """Return megabytes (10⁶) of UTF-8 a second of the processor; the best of several runs."""
    size = sum(len(text.encode()) for text in texts)
    seconds = []
    for _ in range(repeats):
        start = time.process_time()
        for text in texts:
            detector(text)
        seconds.append(time.process_time() - start)
    return round(size / min(seconds) / 1e6, 2)


def main(
    repeats: int = typer.Option(3, min=1, help="The shortest time counts."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Score the package and the rules of Schwartz and Hearst on MED1250 and SDU-22."""
    med = read_gold("ab3p", "all", encoding="windows-1252")
    halves = {True: "MED1250, development half", False: "MED1250, test half"}
    sdu = read_gold("sdu22-ae", "dev")
    results: dict[str, dict[str, Any]] = {}
    for name, detector in {"biomedplm_abbreviations": detect, "Schwartz and Hearst": schwartz_hearst}.items():
        scores = {"MED1250": score_pairs(med, detector)}
        for half, label in halves.items():
            scores[label] = score_pairs([record for record in med if is_development(record.doc_id) is half], detector)
        scores["SDU-22, dev, long forms"] = score_long_forms(sdu, detector)
        results[name] = {"scores": scores, "mb_per_second": measure_speed([r.text for r in med], detector, repeats)}
    rows = [
        [name, part, *(f"{score[key]:.2f}" for key in ("precision", "recall", "f1")), f"{result['mb_per_second']:.2f}"]
        for name, result in results.items()
        for part, score in result["scores"].items()
    ]
    record = {"figure": "Definitions of abbreviations", **provenance(None), "systems": results}
    header = ["system", "data", "precision", "recall", "F1", "MB/s on MED1250"]
    save("abbreviations", record, markdown_table(header, rows, left=2), output=output, docs=table)


if __name__ == "__main__":
    run(main)
