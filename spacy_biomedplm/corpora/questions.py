"""Questions with their contexts and answers in JSON: BioASQ and PubMedQA."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args

from spacy_biomedplm.corpora.files import decode
from spacy_biomedplm.corpora.json_rows import parse_json
from spacy_biomedplm.corpora.parts import Part, join_parts, write_summaries
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.rows import show
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord

QuestionType = Literal["yesno", "factoid", "list", "summary"]
YES_NO = ("yes", "no")
DECISIONS = ("yes", "no", "maybe")


def read_bioasq(
    path: Path | str, *, report: Report | None = None, type: QuestionType | None = None
) -> Iterator[DocumentRecord]:
    """Stream the questions of a BioASQ task B file.

    path (Path | str): JSON with "questions", or a folder or archive of such; ".gz" too.
    report (Report | None): What to do with broken questions; None stops at the first.
    type (QuestionType | None): Read only questions of this type.
    YIELDS (DocumentRecord): Passages "question" and "snippet" (its source and offsets are infons). The exact answer of
        a yes/no question is the label "yes" or "no"; of the others it is in the answers, each with its synonyms; a
        factoid whose answer is a flat list has one answer with synonyms. "ideal_answers" is a JSON list in the infons.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without questions, B428 for what is no such JSON or no
        such question, B429 for an unknown type.
    """
    path = Path(path)
    report = report or Report()
    if type is not None and type not in get_args(QuestionType):
        raise BiomedplmError(coded("B429", option="type", value=type, wanted=", ".join(get_args(QuestionType))))
    empty = True
    for name, data in _read_json(path, report):
        questions = data.get("questions") if isinstance(data, dict) else None
        if not isinstance(questions, list):
            message = coded("B428", path=name, line=1, wanted="BioASQ JSON", reason="no 'questions'")
            report.drop(message, path=name, line=1)
            continue
        for number, question in enumerate(questions, start=1):
            reason = _wrong_question(question)
            if reason:
                wanted = f"a BioASQ question (number {number})"
                report.drop(coded("B428", path=name, line=0, wanted=wanted, reason=reason), path=name)
                continue
            empty = False
            if type is None or question["type"] == type:
                yield _make_bioasq(question, name)
    if empty:
        raise report.nothing_read(path, "BioASQ questions")


def _wrong_question(question: Any) -> str:
    if not isinstance(question, dict):
        return f"it is {question.__class__.__name__}"
    for key in ("id", "body", "type"):
        if not isinstance(question.get(key), str):
            return f"no '{key}'"
    if question["type"] not in get_args(QuestionType):
        return f"the type is '{question['type']}'"
    snippets = question.get("snippets") or []
    if not isinstance(snippets, list) or not all(
        isinstance(s, dict) and isinstance(s.get("text"), str) for s in snippets
    ):
        return "a snippet has no text"
    return ""


def _make_bioasq(question: Mapping[str, Any], path: str) -> DocumentRecord:
    parts = [Part("question", question["body"])]
    for snippet in question.get("snippets") or []:
        parts.append(Part("snippet", snippet["text"], {k: show(v) for k, v in snippet.items() if k != "text"}))
    text, passages = join_parts(parts)
    infons = {
        key: show(value)
        for key, value in question.items()
        if key not in ("id", "body", "snippets", "exact_answer", "ideal_answer")
    }
    ideal = question.get("ideal_answer")
    if ideal:
        infons |= write_summaries([ideal] if isinstance(ideal, str) else ideal)
    exact = question.get("exact_answer")
    labels: dict[str, float] = {}
    answers: tuple[tuple[str, ...], ...] = ()
    if question["type"] == "yesno" and exact:
        said = show(exact).lower()
        labels = dict.fromkeys(YES_NO, 0.0)
        labels.update({found: 1.0 for found in YES_NO if found in said[:3]})
    elif question["type"] in ("factoid", "list"):
        answers = read_answers(exact, one=question["type"] == "factoid")
    return DocumentRecord(
        question["id"], text, passages=passages, labels=labels, answers=answers, infons=infons, path=path
    )


def read_answers(exact: Any, *, one: bool) -> tuple[tuple[str, ...], ...]:
    """Return the answers of a BioASQ question, each with its synonyms.

    exact (Any): A string, a list of strings or a list of lists of strings.
    one (bool): A list of strings is one answer with its synonyms, not several answers.
    """
    if isinstance(exact, str):
        return ((exact,),) if exact else ()
    if not isinstance(exact, list):
        return ()
    if exact and one and all(isinstance(item, str) for item in exact):
        return (tuple(exact),)
    groups = [[item] if isinstance(item, str) else item for item in exact]
    found = (tuple(show(name) for name in group) for group in groups if isinstance(group, list))
    return tuple(group for group in found if group)


def read_pubmedqa(
    path: Path | str,
    *,
    report: Report | None = None,
    ids: Path | str | None = None,
    exclude: Path | str | None = None,
) -> Iterator[DocumentRecord]:
    """Stream the questions of a PubMedQA file.

    path (Path | str): JSON object of questions by PMID; ".gz" too.
    report (Report | None): What to do with broken questions; None stops at the first.
    ids (Path | str | None): JSON whose keys (or items) are the PMIDs of the questions to read; None reads all.
    exclude (Path | str | None): JSON whose keys (or items) are PMIDs to leave out.
    YIELDS (DocumentRecord): Passages "question" and "context" (its section as "label" among the infons); labels "yes",
        "no" and "maybe" unless nobody decided; the conclusion is the infon "LONG_ANSWER".
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without questions, B428 for what is no such JSON or no
        such question.
    """
    path = Path(path)
    report = report or Report()
    wanted = None if ids is None else _read_ids(Path(ids))
    left_out = frozenset() if exclude is None else _read_ids(Path(exclude))
    empty = True
    for name, data in _read_json(path, report):
        if not isinstance(data, dict):
            message = coded("B428", path=name, line=1, wanted="PubMedQA JSON", reason="not an object")
            report.drop(message, path=name, line=1)
            continue
        for pmid, entry in data.items():
            if (wanted is not None and pmid not in wanted) or pmid in left_out:
                continue
            record = _make_pubmedqa(pmid, entry, name)
            if isinstance(record, str):
                message = coded("B428", path=name, line=0, wanted=f"a PubMedQA question ({pmid})", reason=record)
                report.drop(message, path=name, doc_id=pmid)
            else:
                empty = False
                yield record
    if empty:
        raise report.nothing_read(path, "PubMedQA questions with the identifiers that are asked")


def _make_pubmedqa(pmid: str, entry: Any, path: str) -> DocumentRecord | str:
    if not isinstance(entry, dict) or not isinstance(entry.get("QUESTION"), str):
        return "no 'QUESTION'"
    contexts = entry.get("CONTEXTS")
    if not isinstance(contexts, list) or not all(isinstance(context, str) for context in contexts):
        return "no 'CONTEXTS'"
    sections = entry.get("LABELS")
    sections = [*map(show, sections)] if isinstance(sections, list) else []
    sections += [""] * (len(contexts) - len(sections))
    parts = [Part("question", entry["QUESTION"])]
    for context, section in zip(contexts, sections, strict=False):
        parts.append(Part("context", context, {"label": section} if section else {}))
    text, passages = join_parts(parts)
    decision = entry.get("final_decision")
    if decision is not None and decision not in DECISIONS:
        return f"the decision is '{decision}'"
    labels = {name: float(name == decision) for name in DECISIONS} if decision else {}
    used = ("QUESTION", "CONTEXTS", "LABELS", "final_decision")
    infons = {key: show(value) for key, value in entry.items() if key not in used}
    return DocumentRecord(pmid, text, passages=passages, labels=labels, infons=infons, path=path)


def _read_ids(path: Path) -> frozenset[str]:
    found: set[str] = set()
    for name, data in _read_json(path, Report()):
        if not isinstance(data, (dict, list)):
            raise BiomedplmError(coded("B428", path=name, line=1, wanted="JSON of identifiers", reason="no list"))
        found.update(map(show, data))
    return frozenset(found)


def _read_json(path: Path, report: Report) -> Iterator[tuple[str, Any]]:
    for name, _, chunks in read_streams(path, (".json",), report):
        with report.leaving_out(name):
            text = decode(b"".join(chunks), path=name, line=1)
            yield name, parse_json(text, path=name, line=1, wanted="questions")
