"""Abstracts with phenotypes as PhenoTagger's gold files have them: identifier, text, mentions, an empty line."""

import re
from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.files import read_lines
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import ConceptRecord, DocumentRecord, MentionRecord

_NUMBER = re.compile(r"[0-9]{1,9}")


def read_hpo_gsc(
    path: Path | str, *, report: Report | None = None, label: str = "Phenotype"
) -> Iterator[DocumentRecord]:
    """Stream the abstracts of a gold file.

    path (Path | str): Blocks with an empty line after each: the identifier, the text, and one line for each mention,
        with tabs between first character, the one after the last, text and concepts; ".gz" too.
    report (Report | None): What to do with broken lines; None stops at the first.
    label (str): Label of the mentions.
    YIELDS (DocumentRecord): Several concepts of a mention stand between bars ("MESH:D001943|MESH:D010051").
    RAISES (BiomedplmError): B401-B403 for an unreadable file, B408 for one without documents, B425 for a line that is
        no mention.
    """
    path = Path(path)
    report = report or Report()
    block: list[tuple[int, str]] = []
    empty = True
    for number, line in read_lines(path):
        if line.strip():
            block.append((number, line))
        elif block:
            empty = False
            yield _parse(block, str(path), report, label)
            block = []
    if block:
        empty = False
        yield _parse(block, str(path), report, label)
    if empty:
        raise BiomedplmError(coded("B408", path=path, wanted="blocks of identifier, text and mentions"))


def _parse(block: list[tuple[int, str]], path: str, report: Report, label: str) -> DocumentRecord:
    (first, doc_id), *rest = block
    if not rest or "\t" in doc_id:
        wanted = "an identifier, a text and mentions"
        raise BiomedplmError(coded("B428", path=path, line=first, wanted=wanted, reason=f"found '{doc_id[:60]}'"))
    mentions: list[MentionRecord] = []
    for number, line in rest[1:]:
        cells = line.split("\t")
        if len(cells) != 4 or not (_NUMBER.fullmatch(cells[0]) and _NUMBER.fullmatch(cells[1])):
            values = {"path": path, "line": number, "columns": len(cells), "wanted": 4, "found": line[:60]}
            message = coded("B425", **values, names="two offsets, text, concepts")
            report.drop(message, path=path, line=number, doc_id=doc_id, label=label)
            continue
        place = (int(cells[0]), int(cells[1]))
        names = [name.strip() for name in cells[3].split("|") if name.strip()]
        concepts = tuple(ConceptRecord(name.partition(":")[0] if ":" in name else "", name) for name in names)
        mentions.append(MentionRecord(f"T{len(mentions) + 1}", label, (place,), cells[2], concepts, line=number))
    return DocumentRecord(doc_id, rest[0][1], tuple(mentions), path=path)
