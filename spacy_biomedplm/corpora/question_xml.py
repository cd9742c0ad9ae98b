"""Questions and answers in XML: MEDIQA (entailment, ranking of answers), MedQuAD and LiveQA."""

from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree.ElementTree import Element

from spacy_biomedplm.corpora.parts import Part, join_parts
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.corpora.tables import unique_ids
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.xml_stream import XmlProblem, parse_xml

VALUES = ("true", "false")
_Make = Callable[[Element, str], "DocumentRecord | str"]


def read_mediqa_rqe(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the pairs of questions of MEDIQA's entailment task.

    path (Path | str): XML with <pair>, or a folder or archive of such; ".gz" too.
    report (Report | None): What to do with broken pairs; None stops at the first.
    YIELDS (DocumentRecord): Passages "question1" (the consumer's) and "question2" (of the list), labels "true" and
        "false" unless the file does not tell. White space around texts is left out.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without pairs, B428 for what is no such XML.
    """
    return unique_ids(_read(path, ("pair",), _make_pair, report or Report()))


def read_mediqa_qa(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the questions of MEDIQA's ranking task, each with its candidate answers.

    path, report: As for ``read_mediqa_rqe``, with <Question>.
    YIELDS (DocumentRecord): Passages "question" and "answer"; "AID", "SystemRank", "ReferenceRank", "ReferenceScore"
        and "AnswerURL" are infons of the answers.
    RAISES (BiomedplmError): As ``read_mediqa_rqe``.
    """
    return unique_ids(_read(path, ("Question",), _make_ranking, report or Report()))


def read_medquad(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the pairs of question and answer of MedQuAD.

    path, report: As for ``read_mediqa_rqe``, with <QAPair> (or <pair>) in each <Document> (or <doc>).
    YIELDS (DocumentRecord): Passages "question" and "answer" (which upstream removed from some); focus, its type, and
        the source are infons.
    RAISES (BiomedplmError): As ``read_mediqa_rqe``.
    """
    return unique_ids(_read_medquad(path, report or Report()))


def read_liveqa(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the questions of the TREC 2017 LiveQA medical task.

    path, report: As for ``read_mediqa_rqe``, with <NLM-QUESTION>.
    YIELDS (DocumentRecord): Passages "subject" and "message", and where there are such "paraphrase", "summary" and
        "answer" (with its identifier, address and comment); focus, type and keywords are infons.
    RAISES (BiomedplmError): As ``read_mediqa_rqe``.
    """
    return unique_ids(_read(path, ("NLM-QUESTION",), _make_live, report or Report()))


def _read(path: Path | str, tags: tuple[str, ...], make: _Make, report: Report) -> Iterator[DocumentRecord]:
    path = Path(path)
    empty = True
    for name, root in _read_roots(path, report):
        for tag in tags:
            for element in root.iter(tag):
                record = make(element, name)
                if isinstance(record, str):
                    report.drop(coded("B428", path=name, line=0, wanted=f"<{tag}>", reason=record), path=name)
                else:
                    empty = False
                    yield record
    if empty:
        raise report.nothing_read(path, f"<{tags[0]}>")


def _read_roots(path: Path, report: Report) -> Iterator[tuple[str, Element]]:
    for name, _, chunks in read_streams(path, (".xml",), report):
        with report.leaving_out(name):
            try:
                root = parse_xml(b"".join(chunks))
            except XmlProblem as problem:
                values = {"path": name, "line": problem.line, "wanted": "XML without a DTD", "reason": problem.reason}
                raise BiomedplmError(coded("B428", **values)) from problem
            yield name, root


def _text(element: Element | None) -> str:
    return "" if element is None else "".join(element.itertext()).strip()


def _make_pair(element: Element, path: str) -> DocumentRecord | str:
    questions = [_text(element.find("chq")), _text(element.find("faq"))]
    if not any(questions):
        return "neither <chq> nor <faq> has text"
    text, passages = join_parts([Part("question1", questions[0]), Part("question2", questions[1])])
    value = element.get("value")
    if value is not None and value not in VALUES:
        return f"the value is '{value}'"
    labels = {} if value is None else {name: float(name == value) for name in VALUES}
    infons = {key: said for key, said in element.attrib.items() if key not in ("pid", "value")}
    return DocumentRecord(element.get("pid", ""), text, passages=passages, labels=labels, infons=infons, path=path)


def _make_ranking(element: Element, path: str) -> DocumentRecord | str:
    parts = [Part("question", _text(element.find("QuestionText")))]
    if not parts[0].text:
        return "no <QuestionText>"
    for answer in element.iter("Answer"):
        url = _text(answer.find("AnswerURL"))
        infons = {**answer.attrib, **({"AnswerURL": url} if url else {})}
        parts.append(Part("answer", _text(answer.find("AnswerText")), infons))
    text, passages = join_parts(parts)
    return DocumentRecord(element.get("QID", ""), text, passages=passages, path=path)


def _read_medquad(path: Path | str, report: Report) -> Iterator[DocumentRecord]:
    path = Path(path)
    empty = True
    for name, root in _read_roots(path, report):
        about = _about(root)
        for pair in root.iter():
            if not isinstance(pair.tag, str) or pair.tag.lower() not in ("qapair", "pair"):
                continue
            children = {child.tag.lower(): child for child in pair if isinstance(child.tag, str)}
            question = children.get("question")
            if question is None or not _text(question):
                reason = "no <Question>"
                report.drop(coded("B428", path=name, line=0, wanted="<QAPair>", reason=reason), path=name)
                continue
            parts = [Part("question", _text(question)), Part("answer", _text(children.get("answer")))]
            text, passages = join_parts(parts)
            doc_id = question.get("qid") or f"{root.get('id', '')}-{pair.get('pid', '')}"
            infons = {**about, **({"qtype": question.get("qtype", "")} if question.get("qtype") else {})}
            source = about.get("source", "")
            doc_id = f"{source}:{doc_id}" if source else doc_id
            empty = False
            yield DocumentRecord(doc_id, text, passages=passages, infons=infons, path=name)
    if empty:
        raise report.nothing_read(path, "<QAPair>")


def _about(root: Element) -> dict[str, str]:
    """Return what a MedQuAD document says of all its pairs."""
    about = {key: value for key, value in root.attrib.items() if key != "id"}
    names = {"focus": "focus", "doctitle-focus": "focus", "category": "category", "cui": "cui"}
    names.update({"semantictype": "semantic_type", "semanticgroup": "semantic_group", "synonym": "synonym"})
    found: dict[str, list[str]] = {}
    for element in root.iter():
        key = names.get(element.tag.lower()) if isinstance(element.tag, str) else None
        if key is not None and _text(element):
            found.setdefault(key, []).append(_text(element))
    return {**about, **{key: "; ".join(values) for key, values in found.items()}}


def _make_live(element: Element, path: str) -> DocumentRecord | str:
    parts = []
    for kind, tag in (
        ("subject", "Original-Question/SUBJECT"),
        ("message", "Original-Question/MESSAGE"),
        ("paraphrase", "NIST-PARAPHRASE"),
        ("summary", "NLM-Summary"),
    ):
        found = element.find(tag)
        if found is not None:
            parts.append(Part(kind, _text(found)))
    if not any(part.text for part in parts):
        return "no question"
    for answers in element.iter("ReferenceAnswers"):
        for answer in answers:
            infons = dict(answer.attrib)
            infons |= {tag: _text(answer.find(tag)) for tag in ("AnswerURL", "COMMENT") if _text(answer.find(tag))}
            parts.append(Part("answer", _text(answer.find("ANSWER")), infons))
    text, passages = join_parts(parts)
    infons = {}
    for tag, key in (("FOCUS", "focus"), ("TYPE", "type"), ("KEYWORD", "keyword")):
        said = [" ".join([*item.attrib.values(), _text(item)]) for item in element.iter(tag)]
        if said:
            infons[key] = "; ".join(said)
    return DocumentRecord(element.get("qid", ""), text, passages=passages, infons=infons, path=path)
