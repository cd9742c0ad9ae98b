"""What a corpus annotates, and under which names."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from spacy_biomedplm.corpora.problems import Problem, Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import AttributeRecord, DocumentRecord, EventRecord, NoteRecord, RelationRecord


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
    """Return a document without what refers to something that is gone, and what refers to that, and so on.

    record (DocumentRecord): Its mentions are those that stay.
    gone (set[str]): Identifiers of what was taken out of it.
    report (Report): Collects what goes with it, as "excluded".
    """
    if not gone:
        return record
    gone = set(gone)
    kept: dict[str, list[Any]] = {name: list(getattr(record, name)) for name in _REFERRING}
    while True:
        before = len(gone)
        for name, items in kept.items():
            kept[name] = [item for item in items if not _goes(record, item, gone, report)]
        if len(gone) == before:
            break
    groups = []
    for group in record.equivalences:
        targets = tuple(target for target in group.targets if target not in gone)
        if len(targets) < len(group.targets):
            lost = ", ".join(target for target in group.targets if target in gone)
            _exclude(record, report, group.line, f"{group.label} loses {lost}, which is left out", group.label)
        if len(targets) > 1:
            groups.append(replace(group, targets=targets))
    return replace(
        record,
        relations=tuple(kept["relations"]),
        events=tuple(kept["events"]),
        attributes=tuple(kept["attributes"]),
        notes=tuple(kept["notes"]),
        equivalences=tuple(groups),
    )


_REFERRING = ("events", "relations", "attributes", "notes")


def references(item: RelationRecord | EventRecord | AttributeRecord | NoteRecord) -> list[str]:
    """Return the identifiers that an item refers to; concepts, which are outside of the document, are not among them.

    item (RelationRecord | EventRecord | AttributeRecord | NoteRecord): Of a document.
    """
    if isinstance(item, AttributeRecord | NoteRecord):
        return [item.target] if item.target else []
    targets = [argument.target for argument in item.arguments if argument.kind != "concept"]
    return [item.trigger, *targets] if isinstance(item, EventRecord) else targets


def _goes(record: DocumentRecord, item: Any, gone: set[str], report: Report) -> bool:
    missing = sorted(set(references(item)) & gone)
    if missing:
        gone.add(item.id)
        _exclude(record, report, item.line, f"{item.id} refers to {', '.join(missing)}, which is left out", item.label)
    return bool(missing)


def _exclude(record: DocumentRecord, report: Report, line: int, detail: str, label: str) -> None:
    report.add(Problem("excluded", record.path, line, record.doc_id, detail, label, is_mention=False))
