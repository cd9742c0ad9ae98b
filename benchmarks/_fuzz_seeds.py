"""Small valid files for readers without a writer, and the readers of the catalogue that are no formats."""

import json
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.abbreviations import read_ab3p, read_acronyms
from spacy_biomedplm.corpora.dialogues import read_cmdd, read_consultations, read_dialogue_lists
from spacy_biomedplm.corpora.e3c import read_e3c
from spacy_biomedplm.corpora.fasta import read_binding_residues, read_deeploc
from spacy_biomedplm.corpora.hpo_gsc import read_hpo_cases, read_hpo_gsc
from spacy_biomedplm.corpora.labelled import read_labelled_sentences
from spacy_biomedplm.corpora.mention_tables import read_mention_tables
from spacy_biomedplm.corpora.primock57 import read_primock57
from spacy_biomedplm.corpora.question_xml import read_liveqa, read_mediqa_qa, read_mediqa_rqe, read_medquad
from spacy_biomedplm.corpora.questions import read_bioasq, read_pubmedqa
from spacy_biomedplm.corpora.residues import read_residue_rows, read_residue_tables
from spacy_biomedplm.corpora.summaries import read_mediqa_answers, read_ms2
from spacy_biomedplm.corpora.tables import read_tables
from spacy_biomedplm.formats import Format
from spacy_biomedplm.types import DocumentRecord

Read = Callable[..., Iterator[DocumentRecord]]


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def _grid(*utterances: tuple[float, float, str]) -> bytes:
    lines = ['File type = "ooTextFile"', 'Object class = "TextGrid"', "", "xmin = 0", "xmax = 9", "tiers? <exists>"]
    lines += ["size = 1", "item []:", "item [1]:", 'class = "IntervalTier"', 'name = "Speaker"', "xmin = 0", "xmax = 9"]
    lines.append(f"intervals: size = {len(utterances)}")
    for number, (start, end, text) in enumerate(utterances, 1):
        lines += [f"intervals [{number}]:", f"xmin = {start}", f"xmax = {end}", f'text = "{text}"']
    return "\n".join(lines).encode()


_XMI = (
    b'<xmi:XMI xmlns:xmi="http://www.omg.org/XMI" xmlns:cas="http:///uima/cas.ecore" '
    b'xmlns:custom="http:///webanno/custom.ecore" '
    b'xmlns:type4="http:///de/tudarmstadt/ukp/dkpro/core/api/segmentation/type.ecore">\n'
    b'<type4:Sentence xmi:id="31" sofa="1" begin="0" end="14"/>\n'
    b'<custom:METADATA xmi:id="2" sofa="1" begin="0" end="14" docName="case"/>\n'
    b'<custom:EVENT xmi:id="5" sofa="1" begin="9" end="13" TLINK="8" polarity="POS"/>\n'
    b'<custom:CLINENTITY xmi:id="6" sofa="1" begin="3" end="8" entityID="C0015967"/>\n'
    b'<custom:EVENTTLINKLink xmi:id="8" role="BEFORE" target="6"/>\n'
    b'<cas:Sofa xmi:id="1" sofaNum="1" sofaString="&#x1F642; fever came."/>\n</xmi:XMI>\n'
)
_BOOK = {
    "xl/_rels/workbook.xml.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>'
    b'<Relationship Id="rId2" Type="http://x/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>',
    "xl/sharedStrings.xml": b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>text</t></si>'
    b"<si><t>label</t></si><si><r><t>It </t></r><r><t>is_x000D_flu.</t></r><rPh><t>x</t></rPh></si></sst>",
    "xl/worksheets/sheet1.xml": b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    b'<dimension ref="A1:B3"/><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    b'<row r="2"><c r="A2" t="s"><v>2</v></c><c r="B2"><f>1+1</f><v>2</v></c></row>'
    b'<row r="4"><c r="A4" t="inlineStr"><is><t>No flu.</t></is></c><c t="b"><v>1</v></c></row>'
    b"</sheetData></worksheet>",
}
_BIOASQ = {
    "questions": [
        {"id": "q1", "body": "Is it flu?", "type": "yesno", "exact_answer": "yes", "ideal_answer": ["It is."]},
        {"id": "q2", "body": "What is it?", "type": "factoid", "exact_answer": [["flu", "influenza"]]},
        {"id": "q3", "body": "Why?", "type": "summary", "snippets": [{"text": "So.", "beginSection": "title"}]},
    ]
}
_PUBMEDQA = {
    "77": {"QUESTION": "Is it?", "CONTEXTS": ["It is.", "Or not."], "LABELS": ["AIM", "END"], "final_decision": "yes"}
}
_CMDD = {
    "example-id": "1",
    "dialogue-content": [
        {"speaker": "医生", "sentence": "咳嗽么", "label": "BIO", "normalized": ["咳嗽"], "type": ["3"]},
        {"speaker": "患者", "sentence": "有", "label": "O", "normalized": [], "type": []},
    ],
}
_STUDY = {"references": [{"title": "A trial", "abstract": "It <int> helped </int> .", "pmid": "78"}]}
_MS2 = {
    "docid": "7",
    "title": "Trials",
    "pmid": 77,
    "structured_abstract": [["GOAL", "To <out> see </out> .", {"GOAL": 0.9}], ["EFFECT", "It helps .", {"EFFECT": 1}]],
    "included_studies": [_STUDY],
}
_SENTENCES = [{"ID": "1", "text": "A red fern (RF).", "acronyms": [[12, 14]], "long-forms": [[2, 10]]}]
_ANSWERS = {
    "answers.csv": b'question,id,answer\n3,3_1,"Rest, and tea."\n3,3_2,Sleep.\n4,4_1,None.\n',
    "questions.txt": b"3||What helps?\n4||What else?\n",
    "summaries.txt": b"3||Rest helps.\n4||Nothing.\n",
}
_QA = (
    b'<set><Question QID="4"><QuestionText>What is flu?</QuestionText><AnswerList><Answer AID="1" SystemRank="1">'
    b"<AnswerURL>http://x</AnswerURL><AnswerText>A virus.</AnswerText></Answer></AnswerList></Question></set>"
)
_MEDQUAD = (
    b'<Document id="02" source="GARD"><Focus>Flu</Focus><FocusAnnotations><UMLS><CUIs><CUI>C1</CUI></CUIs></UMLS>'
    b'</FocusAnnotations><QAPairs><QAPair pid="1"><Question qid="02-1" qtype="cause">Why?</Question>'
    b"<Answer>So.</Answer></QAPair></QAPairs></Document>"
)
_LIVE = (
    b'<set><NLM-QUESTION qid="TQ1"><Original-Question><SUBJECT>Flu</SUBJECT><MESSAGE>Is it bad?</MESSAGE>'
    b"</Original-Question><NIST-PARAPHRASE>Is flu bad?</NIST-PARAPHRASE><ANNOTATIONS>"
    b'<FOCUS fid="F1">flu</FOCUS></ANNOTATIONS><ReferenceAnswers><ReferenceAnswer aid="A1"><ANSWER>Yes.</ANSWER>'
    b"</ReferenceAnswer></ReferenceAnswers></NLM-QUESTION></set>"
)
_SAMPLES: dict[str, tuple[Read, dict[str, bytes]]] = {
    "ab3p": (
        read_ab3p,
        {"a.txt": b"11\nGrowth of fern spores (FS).\nFern spores grew.\n  FS|fern spores\n//!ord\n\n22\nNo.\nNone.\n"},
    ),
    "acronyms": (read_acronyms, {"a.json": _json(_SENTENCES)}),
    "binding-residues": (
        lambda path, report: read_binding_residues(path, report=report, metal=path.with_name("metal.txt")),
        {"a.fasta": b">P1 x\nMKV\nLLA\n>P2\nMKT\n", "metal.txt": b"P1\t2,3,6\nP2\t1\nP3\t5\n"},
    ),
    "bioasq": (read_bioasq, {"a.json": _json(_BIOASQ)}),
    "cmdd": (read_cmdd, {"a.json": _json(_CMDD)}),
    "consultations": (
        read_consultations,
        {"a.txt": b"id=1\nhttps://x.org/1\n\nDescription\nA cough.\n\nDialogue\nPatient:\nHelp.\nDoctor:\nTea.\n"},
    ),
    "deeploc": (read_deeploc, {"a.fasta": b">P1 Nucleus-U test\nMKV\nLLA\n\n>P2 Plastid-M\nMKT\n"}),
    "dialogue-lists": (read_dialogue_lists, {"a.json": _json([["病人：咳嗽。", "医生：喝水。"], ["Patient: Help."]])}),
    "e3c": (read_e3c, {"a.xml": _XMI}),
    "hpo-cases": (
        lambda path, report: read_hpo_cases(path, gold=path.with_name("gold.json"), report=report),
        {
            "texts/77.txt": b"Short fingers.",
            "texts/78.txt": b"None.",
            "gold.json": _json({"77": {"HP:1": "x"}, "78": {}}),
        },
    ),
    "hpo-gsc": (
        read_hpo_gsc,
        {"a.tsv": b"77\nShort fingers and nail loss.\n0\t13\tShort fingers\tHP:1|HP:2\n18\t27\tnail loss\tMESH:D9\n\n"},
    ),
    "labelled-sentences": (
        read_labelled_sentences,
        {"a/text/7.txt": b"One cell .\nTwo cells .\n", "a/labels/7.txt": b"<Growth--Cycle AND Death<NULL"},
    ),
    "liveqa": (read_liveqa, {"a.xml": _LIVE}),
    "medquad": (read_medquad, {"a.xml": _MEDQUAD}),
    "mediqa-answers": (
        lambda path, report: read_mediqa_answers(
            path,
            report=report,
            questions=path.with_name("questions.txt"),
            summaries=path.with_name("summaries.txt"),
        ),
        _ANSWERS,
    ),
    "mediqa-qa": (read_mediqa_qa, {"a.xml": _QA}),
    "mediqa-rqe": (
        read_mediqa_rqe,
        {"a.xml": b'<set><pair pid="1" value="true"><chq>Is it flu?</chq><faq>What is flu?</faq></pair></set>'},
    ),
    "mention-tables": (
        partial(
            read_mention_tables,
            doc_id="id",
            mentions=(
                {"label": "Drug", "text": "drug", "start": "start", "end": "end", "concept": "code", "resource": "X"},
                {"label": "Sign", "text": "sign", "start": "start2", "end": "end2"},
            ),
            relation={"label": "Causes"},
        ),
        {
            "a.tsv": b"id\ttext\tdrug\tstart\tend\tcode\tsign\tstart2\tend2\n"
            b"1\tTea led to rash.\tTea\t0\t3\tD1\trash\t11\t15\n"
        },
    ),
    "ms2": (read_ms2, {"a.json": _json(_MS2)}),
    "primock57": (
        lambda path, report: read_primock57(path, report=report, notes=path.with_name("notes")),
        {
            "grids/c1_doctor.TextGrid": _grid((0, 2.5, "Hello."), (2.5, 4, ""), (4, 9, 'A ""cold"".')),
            "grids/c1_patient.TextGrid": _grid((0, 2, ""), (2, 4, "I cough.")),
            "notes/c1.json": _json({"day": 1, "note": "Cough.", "highlights": ["Cough"]}),
        },
    ),
    "pubmedqa": (read_pubmedqa, {"a.json": _json(_PUBMEDQA)}),
    "residue-rows": (read_residue_rows, {"a.txt": b"# x\n<>\nG _\nV e\nT e\n<end>\n<>\nM h\nK h\nend\n<>\nM _\n"}),
    "residue-tables": (read_residue_tables, {"a.csv": b"sequence,states,mask\nMKVL,CHHE,1\nMK,CC,2\n"}),
    "tables": (
        partial(read_tables, doc_id="id", labels="labels", flags=True, names={"1": "A", "2": "B"}, group=r"(.+)_s\d+"),
        {"a.tsv": b"id\ttext\tlabels\n7_s1\tOne cell .\t1_0,2_1\n7_s2\tTwo cells .\t1_1,2_0\n8_s1\tNone .\t1_0,2_0\n"},
    ),
}
_KINDS: dict[str, tuple[Read, dict[str, bytes]]] = {
    "tables-csv": (
        partial(read_tables, text2="b", score="score", summary="note"),
        {"a.csv": b'text,b,score,note\n"One, cell","Two ""cells""",3.5,"Cells\ngrow"\nA,B,0,C\n'},
    ),
    "tables-jsonl": (partial(read_tables, label="label"), {"a.jsonl": b'{"text": "A cell", "label": "x", "n": [1]}\n'}),
    "tables-json": (partial(read_tables, label="label"), {"a.json": _json([{"text": "A cell", "label": "x"}])}),
}


def _read_book(path: Path, *, report: Any) -> Iterator[DocumentRecord]:
    """Read the parts of a workbook: broken bytes of the archive itself would never get past its checksums."""
    book = path.with_name("book.xlsx")
    with zipfile.ZipFile(book, "w") as archive:
        for file in sorted(path.rglob("*.*")):
            archive.write(file, f"xl/{file.relative_to(path).as_posix()}")
    return read_tables(book, report=report, label="label")


_KINDS["tables-xlsx"] = (_read_book, _BOOK)
_ONLY_READ = {
    "i2b2-xml": {
        "sample.xml": b'<?xml version="1.0" ?>\n<deIdi2b2>\n<TEXT><![CDATA[\nSeen on 2081-03-01 by Dr. Lee.\n]]></TEXT>'
        b'\n<TAGS>\n<DATE id="P0" start="9" end="19" text="2081-03-01" TYPE="DATE" comment="" />\n<NAME id="P1" '
        b'start="27" end="30" text="Lee" TYPE="DOCTOR" comment="" />\n</TAGS>\n</deIdi2b2>\n'
    },
    "jats": {
        "sample.nxml": b'<?xml version="1.0"?><!DOCTYPE article><article><front><article-meta>'
        b'<article-id pub-id-type="pmcid">PMC1</article-id><title-group><article-title>Of <italic>mice</italic> '
        b"&amp; men</article-title></title-group>"
        b"<abstract><sec><title>Aim</title><p>To see.</p></sec></abstract></article-meta></front><body><sec><title>"
        b"Methods</title><p>We <xref>1</xref> did.</p><fig><label>1</label><caption><p>Seen.</p></caption></fig></sec>"
        b"</body></article>"
    },
}
SEEDS = _ONLY_READ | {name: files for name, (_, files) in (_SAMPLES | _KINDS).items()}
"""Files by name, for each reader; the first one is, or lies in, what is read."""
READERS = {name: Format(name, read, None) for name, (read, _) in (_SAMPLES | _KINDS).items()}
"""Readers of the catalogue that are no formats, by their names there; of tables one for each kind of file."""
