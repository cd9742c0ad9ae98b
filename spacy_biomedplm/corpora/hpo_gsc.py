"""Texts with phenotypes as PhenoTagger's gold files have them: abstracts with mentions, and articles with a list."""

import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from spacy_biomedplm.corpora.files import decode, read_lines
from spacy_biomedplm.corpora.json_rows import Row, parse_json
from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import ConceptRecord, DocumentRecord, MentionRecord

_NUMBER = re.compile(r"[0-9]{1,9}")
_LISTS = "an object of phenotypes for each PMID"


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
    with report.leaving_out(str(path)):
        for number, line in chain(read_lines(path), ((0, ""),)):
            if line.strip():
                block.append((number, line))
            elif block:
                with report.leaving_out(str(path), block[0][0]):
                    yield _parse(block, str(path), report, label)
                    empty = False
                block = []
    if empty:
        raise report.nothing_read(path, "blocks of identifier, text and mentions")


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
            report.drop(message, path=path, line=number, doc_id=doc_id, label=label, is_mention=True)
            continue
        place = (int(cells[0]), int(cells[1]))
        names = [name.strip() for name in cells[3].split("|") if name.strip()]
        concepts = tuple(ConceptRecord(name.partition(":")[0] if ":" in name else "", name) for name in names)
        mentions.append(MentionRecord(f"T{len(mentions) + 1}", label, (place,), cells[2], concepts, line=number))
    return DocumentRecord(doc_id, rest[0][1], tuple(mentions), path=path)


def read_hpo_cases(path: Path | str, *, gold: Path | str, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the articles of the JAX corpus, whose phenotypes are known without their places.

    path (Path | str): The texts, "PMID.txt", in a folder or an archive.
    gold (Path | str): JSON, an object with an object for each PMID: {"HP:0000256": "Macrocephaly", …}.
    report (Report | None): What to do with broken items; None stops at the first.
    YIELDS (DocumentRecord): In the order of the texts. Phenotypes are labels of the document, 1, and infons with their
        names. Articles of the list without a text are listed as excluded.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without texts, B411 for a text that the list does not
        have, B460 for a list that is not JSON, B461 for one of other types.
    """
    path = Path(path)
    report = report or Report()
    shown = str(gold)
    content = "\n".join(line for _, line in read_lines(Path(gold)))
    lists = Row({}, "", shown, 1, "").as_row(parse_json(content, path=shown, line=1, wanted=_LISTS), "")
    wanted = dict.fromkeys(lists.values)
    empty = True
    for name, doc_id, chunks in read_streams(path, (".txt",), report):
        with report.leaving_out(name, doc_id=doc_id):
            if doc_id not in lists.values:
                raise BiomedplmError(coded("B411", path=name, name=doc_id, missing=f"{shown}: {doc_id}"))
            found = lists.row(doc_id)
            infons = {phenotype: found.text(phenotype) for phenotype in found.values}
            text = decode(b"".join(chunks), path=name, line=1)
            yield DocumentRecord(doc_id, text, labels=dict.fromkeys(infons, 1.0), infons=infons, path=name)
            wanted.pop(doc_id, None)
            empty = False
    if empty:
        raise report.nothing_read(path, "texts that are named PMID.txt")
    for doc_id in wanted:
        report.add(Problem("excluded", shown, 0, doc_id, f"the list names '{doc_id}', of which there is no text"))
