"""The XML of i2b2 and n2c2: one file for each record, its text in <TEXT> and what is said of it in <TAGS>.

``<NAME id="P0" start="16" end="29" text="Dana Whitfield" TYPE="PATIENT" comment="" />``

======================================  =====================================================================
2014 de-identification (``deIdi2b2``)   tags with first character and the one after the last, and a TYPE
2012 temporal relations                 ``EVENT``, ``TIMEX3`` with a type; ``TLINK`` from one of them to another
2018 track 1 (``PatientMatching``)      ``<ABDOMINAL met="not met" />``: labels of the document
2014 risk factors                       tags without a place: what the record says of the patient
======================================  =====================================================================

Described in Stubbs, Kotfila and Uzuner (2015), Automated systems for the de-identification of longitudinal clinical
narratives, J Biomed Inform 58:S11-S19; Sun, Rumshisky and Uzuner (2013), Evaluating temporal relations in clinical
text, J Am Med Inform Assoc 20:806-813; Stubbs et al. (2019), Cohort selection for clinical trials: n2c2 2018 shared
task track 1, J Am Med Inform Assoc 26:1163-1171.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element

from spacy_biomedplm.corpora.beside import is_hidden
from spacy_biomedplm.corpora.containers import holds_gzip, is_archive, kind_of, read_chunks
from spacy_biomedplm.corpora.i2b2_lines import own_text
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_members
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import ArgumentRecord, DocumentRecord, MentionRecord, NoteRecord, RelationRecord
from spacy_biomedplm.xml_stream import XmlProblem, parse_xml

_MET = {"met": 1.0, "not met": 0.0}
_NUMBER = re.compile("[0-9]{1,9}")
_SPANS = re.compile("[0-9]{1,9}~[0-9]{1,9}(,[0-9]{1,9}~[0-9]{1,9})*")


def read_i2b2_xml(path: Path | str, *, report: Report | None = None) -> Iterator[DocumentRecord]:
    """Stream the records of a corpus of i2b2 or n2c2 in XML.

    path (Path | str): A folder, an archive (.tar, .tar.gz, .zip), read in place, or one XML file.
    report (Report | None): What to do with broken items; None stops at the first.
    YIELDS (DocumentRecord): In the order of the names. A tag with a place is a mention whose label is its TYPE, or
        else its name, a tag from one tag to another is a relation, a tag that is "met" or "not met" a label of the
        document, 1 or 0; any other tag is a note on the document. The name of the tag is the infon "tag", its other
        attributes are infons too.
    RAISES (BiomedplmError): B401-B403 for a missing or damaged folder or archive, B408 without any document, B474 for
        a file that is not such XML (also one that declares entities), B475 for a tag with half a place.
    """
    report = report or Report()
    path = Path(path)
    if kind_of(path) == "file" and not is_archive(path):
        contents = {path.name: b"".join(read_chunks(path, unpack=holds_gzip(path)))}
        shown = {path.name: str(path)}
    else:
        contents = read_members(path, (".xml",), report)
        shown = {name: f"{path}:{name}" for name in contents}
    empty = True
    for name in sorted(contents):
        if is_hidden(name):
            continue
        record = _parse(contents[name], PurePosixPath(name).stem, shown[name], report)
        if record is not None:
            empty = False
            yield record
    if empty:
        raise report.nothing_read(path, "XML files with <TEXT> and <TAGS>")


def _parse(content: bytes, doc_id: str, path: str, report: Report) -> DocumentRecord | None:
    reason = "it has no <TEXT> of its own"
    try:
        root = parse_xml(content)
        text = root.find("TEXT")
    except XmlProblem as problem:
        reason, text = f"line {problem.line}: {problem.reason}", None
    if text is None:
        report.drop(coded("B474", path=path, reason=reason), path=path, doc_id=doc_id)
        return None
    record = _Record(doc_id, "".join(text.itertext()), path, report)
    for tag in root.iterfind("TAGS/*"):
        record.add(tag)
    return DocumentRecord(
        doc_id,
        record.text,
        tuple(record.mentions),
        relations=tuple(record.relations),
        notes=tuple(record.notes),
        labels=record.labels,
        infons={"root": root.tag},
        path=path,
    )


@dataclass
class _Record:
    """Collects what the tags of one file say."""

    doc_id: str
    text: str
    path: str
    report: Report
    mentions: list[MentionRecord] = field(default_factory=list)
    relations: list[RelationRecord] = field(default_factory=list)
    notes: list[NoteRecord] = field(default_factory=list)
    labels: dict[str, float] = field(default_factory=dict)

    def add(self, tag: Element) -> None:
        values = dict(tag.attrib)
        met = _MET.get(values.get("met", ""))
        if met is not None and len(values) == 1:
            self.labels[tag.tag] = met
            return
        name = values.pop("id", "")
        if (values.get("start"), values.get("end")) == ("-1", "-1"):
            # The annotation tool MAE writes so what has no place in the text.
            del values["start"], values["end"]
        if "start" in values or "end" in values or "spans" in values:
            self._add_mention(tag.tag, name or f"T{len(self.mentions) + 1}", values)
        elif "fromID" in values and "toID" in values:
            label = _label(tag.tag, values)
            ends = ArgumentRecord("from", values.pop("fromID")), ArgumentRecord("to", values.pop("toID"))
            relation = RelationRecord(name or f"R{len(self.relations) + 1}", label, ends, {"tag": tag.tag, **values})
            self.relations.append(relation)
        else:
            said = " ".join(f'{key}="{value}"' for key, value in values.items())
            self.notes.append(NoteRecord(name or f"N{len(self.notes) + 1}", tag.tag, "", said))

    def _add_mention(self, tag: str, name: str, values: dict[str, str]) -> None:
        start, end, spans = values.pop("start", ""), values.pop("end", ""), values.get("spans", "")
        if _NUMBER.fullmatch(start) and _NUMBER.fullmatch(end):
            fragments: tuple[tuple[int, int], ...] = ((int(start), int(end)),)
        elif _SPANS.fullmatch(spans):
            pairs = (span.split("~") for span in values.pop("spans").split(","))
            fragments = tuple((int(first), int(last)) for first, last in pairs)
        else:
            message = coded("B475", path=self.path, doc_id=self.doc_id, id=name, missing="start and end")
            self.report.drop(message, path=self.path, doc_id=self.doc_id, label=tag, is_mention=True)
            return
        given = values.pop("text", None)
        shown = " ".join(self.text[first:last] for first, last in fragments)
        label = _label(tag, values)
        text = None if given is None else own_text(shown, given)
        self.mentions.append(MentionRecord(name, label, fragments, text, infons={"tag": tag, **values}))


def _label(tag: str, values: dict[str, str]) -> str:
    return values.pop("TYPE", "") or values.pop("type", "") or tag
