"""What a corpus annotates, and under which names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord, EventRecord, RelationRecord


@dataclass(frozen=True)
class LabelScheme:
    """What one corpus annotates and under which names.

    corpus (str): Name of the corpus, which is the name of its annotation guideline.
    labels (tuple[str, ...]): Labels of the entities, all of them annotated exhaustively.
    label_map (Mapping[str, str | None]): From a label in the file to one of ``labels``; None leaves mentions of
        that label out. A label that is in ``labels`` needs no entry. "*" stands for every other label.
    """

    corpus: str
    labels: tuple[str, ...]
    label_map: Mapping[str, str | None] = field(default_factory=dict)

    def rename(self, raw: str, *, path: str, line: int) -> str | None:
        """Return the label that stands for a label of the file, or None if it is left out.

        raw (str): The label in the file; empty if the file has tags without a type.
        path (str): The file, for the error.
        line (int): The line, for the error.
        RAISES (BiomedplmError): B404 if the label is not known.
        """
        if raw in self.label_map:
            return self.label_map[raw]
        if raw in self.labels:
            return raw
        if "*" in self.label_map:
            return self.label_map["*"]
        known = ", ".join(sorted({*self.labels, *self.label_map}))
        raise BiomedplmError(coded("B404", path=path, line=line, label=raw, corpus=self.corpus, known=known))

    def apply(self, record: DocumentRecord, report: Report) -> DocumentRecord:
        """Return a document with the labels of the scheme on its entities.

        record (DocumentRecord): As it stands in the file.
        report (Report): Collects the mentions that the label map leaves out, and the relations and events that
            refer to one of them.
        RAISES (BiomedplmError): B404 for a label that is not known.
        """
        mentions = []
        gone: set[str] = set()
        for mention in record.mentions:
            label: str | None = mention.label
            if not mention.is_trigger:
                label = self.rename(mention.label, path=record.path, line=mention.line)
            if label is None:
                gone.add(mention.id)
                detail = f"label '{mention.label}' is left out"
                report.add(Problem("excluded", record.path, mention.line, record.doc_id, detail, mention.label))
            else:
                mentions.append(mention if label == mention.label else replace(mention, label=label))
        return without(replace(record, mentions=tuple(mentions)), gone, report)


def without(record: DocumentRecord, gone: set[str], report: Report) -> DocumentRecord:
    """Return a document without what refers to something that is gone.

    record (DocumentRecord): Its mentions are those that stay.
    gone (set[str]): Identifiers of what was taken out of it.
    report (Report): Collects what goes with it, as "excluded".
    """
    if not gone:
        return record
    gone = set(gone)

    def stays(item: RelationRecord | EventRecord) -> bool:
        trigger = item.trigger if isinstance(item, EventRecord) else ""
        missing = {trigger, *(a.target for a in item.arguments if a.kind != "concept")} & gone
        if missing:
            gone.add(item.id)
            detail = f"{item.id} refers to {', '.join(sorted(missing))}, which is left out"
            report.add(Problem("excluded", record.path, item.line, record.doc_id, detail, item.label))
        return not missing

    events = record.events
    while True:
        kept = tuple(event for event in events if stays(event))
        if len(kept) == len(events):
            break
        events = kept
    equivalences = (replace(e, targets=tuple(t for t in e.targets if t not in gone)) for e in record.equivalences)
    return replace(
        record,
        events=events,
        relations=tuple(relation for relation in record.relations if stays(relation)),
        attributes=tuple(a for a in record.attributes if a.target not in gone),
        equivalences=tuple(e for e in equivalences if len(e.targets) > 1),
        notes=tuple(n for n in record.notes if n.target not in gone),
    )
