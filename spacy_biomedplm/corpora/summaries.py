"""Several texts and one summary of them: studies of a review (MS²), answers to a question (MEDIQA 2021)."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.files import decode, read_lines
from spacy_biomedplm.corpora.json_rows import Row, parse_json
from spacy_biomedplm.corpora.parts import Part, join_parts, write_summaries
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.rows import read_rows
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord

BACKGROUND = ("BACKGROUND", "GOAL")
"""Sentences of a review that a summary is written for; the ones that it is made of are TARGET."""
TARGET = ("CONCLUSION", "EFFECT")
_MARKS = re.compile(r"\s*</?(?:int|out|pop)>")


def read_ms2(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the reviews of MS².

    path (Path | str): JSON, one review or a list of them: "docid", "title", "structured_abstract" (sentences with their
        classes) and "included_studies" (with "references"). A file, a folder or an archive; ".gz" too.
    report (Report | None): What to do with broken reviews; None stops at the first.
    YIELDS (DocumentRecord): Passages "background" (sentences of the classes BACKGROUND and GOAL), and "title" and
        "abstract" of the studies, with their "pmid". The sentences CONCLUSION and EFFECT are the reference summary,
        the infon "ideal_answers"; "title" and "pmid" of the review are infons too. The marks of a tagger (<int>, <out>,
        <pop>) are taken out. Nothing else of the file is read: other sentences, other references, findings that were
        extracted by machine.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without reviews, B460 for what is not JSON, B461 for
        fields of other types.
    """
    path = Path(path)
    report = report or Report()
    empty = True
    for name, _, chunks in read_streams(path, (".json",), report):
        with report.leaving_out(name):
            data = parse_json(decode(b"".join(chunks), path=name, line=1), path=name, line=1, wanted="reviews")
            reviews = data if isinstance(data, list) else [data]
            for row in Row({"reviews": reviews}, "", name, 1, "").rows("reviews"):
                with report.leaving_out(name, 1, row.text("docid", "")):
                    record = _make_review(row)
                    empty = False
                    yield record
    if empty:
        raise report.nothing_read(path, "reviews with 'structured_abstract' and 'included_studies'")


def _make_review(row: Row) -> DocumentRecord:
    doc_id = row.text("docid")
    review = Row(row.values, "", row.path, row.line, doc_id)
    parts, target = [], []
    for number, item in enumerate(review.items("structured_abstract")):
        name = f"structured_abstract[{number}]"
        if not isinstance(item, list) or len(item) < 2:
            raise review.fail(name, item, "a list of a class and a sentence")
        kind, sentence = review.as_text(item[0], name), _clean(review.as_text(item[1], name))
        if kind in BACKGROUND:
            parts.append(Part("background", sentence))
        elif kind in TARGET:
            target.append(sentence)
    for study in review.rows("included_studies"):
        for reference in study.rows("references"):
            infons = {"pmid": reference.text("pmid", "")} if reference.has("pmid") else {}
            for kind in ("title", "abstract"):
                if reference.has(kind):
                    parts.append(Part(kind, _clean(reference.text(kind)), infons))
    text, passages = join_parts(parts)
    infons = {name: review.text(name) for name in ("title", "pmid") if review.has(name)}
    infons |= write_summaries([" ".join(target)] if target else [])
    return DocumentRecord(doc_id, text, passages=passages, infons=infons, path=row.path)


def _clean(text: str) -> str:
    return _MARKS.sub("", text).strip()


def read_mediqa_answers(
    path: Path | str,
    *,
    report: Report | None = None,
    questions: Path | str,
    summaries: Path | str | None = None,
    extracts: Path | str | None = None,
) -> Iterator[DocumentRecord]:
    """Stream the questions of MEDIQA 2021, task 2, each with several answers and a summary of them.

    path (Path | str): A table of identifier of the question, identifier of the answer, answer; see ``read_rows``.
    report (Report | None): What to do with broken questions; None stops at the first.
    questions, summaries, extracts (Path | str | None): Lines of identifier, "||", and the question, its summary, or the
        summary out of sentences of the answers; None for the summaries: there are none.
    YIELDS (DocumentRecord): In the order of the table. Passages "question" and "answer" (its identifier is the infon
        "id"). The summary is the infon "ideal_answers", the one out of sentences "extractive_summary".
    RAISES (BiomedplmError): As ``read_rows``; B402 and B403 for unreadable lists; as the report decides, B427 for
        a question that is not in all of the files, B471 for lines of another form.
    """
    path = Path(path)
    report = report or Report()
    given = {"question": questions, "summary": summaries, "extract": extracts}
    lists = {kind: _read_list(Path(file), report) for kind, file in given.items() if file is not None}
    answers: dict[str, list[Part]] = {}
    lines: dict[str, int] = {}
    for row in read_rows(path, report):
        cells = list(row.values.values())
        if len(cells) < 3:
            values: dict[str, Any] = {"path": row.path, "line": row.line, "found": " ".join(cells)[:60]}
            raise BiomedplmError(coded("B425", **values, columns=len(cells), wanted=3, names="question, id, answer"))
        answers.setdefault(cells[0], []).append(Part("answer", cells[2], {"id": cells[1]}))
        lines.setdefault(cells[0], row.line)
    for doc_id in dict.fromkeys([*answers, *(name for found in lists.values() for name in found)]):
        missing = [kind for kind, found in lists.items() if doc_id not in found]
        missing += [] if doc_id in answers else ["answer"]
        if missing:
            where: dict[str, Any] = {"path": str(path), "line": lines.get(doc_id, 0), "doc_id": doc_id}
            report.drop(coded("B427", **where, found=f"no {' and no '.join(missing)}", wanted="one"), **where)
            continue
        text, passages = join_parts([Part("question", lists["question"][doc_id]), *answers[doc_id]])
        infons = write_summaries([lists["summary"][doc_id]] if "summary" in lists else [])
        infons |= {"extractive_summary": lists["extract"][doc_id]} if "extract" in lists else {}
        yield DocumentRecord(doc_id, text, passages=passages, infons=infons, path=str(path))


def _read_list(path: Path, report: Report) -> dict[str, str]:
    found: dict[str, str] = {}
    with report.leaving_out(str(path)):
        for line, text in read_lines(path):
            doc_id, mark, said = text.partition("||")
            if mark and doc_id.strip() and said.strip() and doc_id.strip() not in found:
                found[doc_id.strip()] = said.strip()
            elif text.strip():
                wanted = "an identifier that is not yet there, ||, a text"
                message = coded("B471", path=str(path), line=line, wanted=wanted, found=text[:60])
                report.drop(message, path=str(path), line=line)
    return found
