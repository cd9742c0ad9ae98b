"""What a corpus annotates, and under which names."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Any

from spacy_biomedplm.corpora.problems import Problem, ProblemKind, Report
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
        if any(kept is not mention for kept, mention in zip_longest(mentions, record.mentions)):
            record = replace(record, mentions=tuple(mentions))
        return without(record, gone, report, "excluded")


def without(record: DocumentRecord, gone: set[str], report: Report, kind: ProblemKind) -> DocumentRecord:
    """Return a document without what refers to something that is gone, and what refers to that, and so on.

    record (DocumentRecord): Its mentions are those that stay.
    gone (set[str]): Identifiers of what was taken out of it.
    report (Report): Collects what goes with it.
    kind (ProblemKind): "excluded" if it was left out on purpose, "dropped" if it was broken.
    """
    if not gone:
        return record
    items = [item for name in _REFERRING for item in getattr(record, name)]
    referring: dict[str, list[Any]] = defaultdict(list)
    for item in items:
        for target in references(item):
            referring[target].append(item)
    gone, lost = set(gone), set()
    waiting = sorted(gone)
    while waiting:
        target = waiting.pop()
        for item in referring[target]:
            if id(item) not in lost:
                lost.add(id(item))
                detail = f"{item.id} refers to {target}, which is left out"
                report.add(Problem(kind, record.path, item.line, record.doc_id, detail, item.label))
            if item.id not in gone:
                gone.add(item.id)
                waiting.append(item.id)
    kept: dict[str, Any] = {
        name: tuple(item for item in getattr(record, name) if id(item) not in lost) for name in _REFERRING
    }
    groups = []
    for group in record.equivalences:
        targets = tuple(target for target in group.targets if target not in gone)
        if len(targets) < len(group.targets):
            missing = ", ".join(target for target in group.targets if target in gone)
            detail = f"{group.label} loses {missing}, which is left out"
            report.add(Problem(kind, record.path, group.line, record.doc_id, detail, group.label))
        if len(targets) > 1:
            groups.append(replace(group, targets=targets))
    return replace(record, **kept, equivalences=tuple(groups))


_REFERRING = ("events", "relations", "attributes", "notes")


def references(item: RelationRecord | EventRecord | AttributeRecord | NoteRecord) -> list[str]:
    """Return the identifiers that an item refers to; concepts, which are outside of the document, are not among them.

    item (RelationRecord | EventRecord | AttributeRecord | NoteRecord): Of a document.
    """
    if isinstance(item, AttributeRecord | NoteRecord):
        return [item.target] if item.target else []
    targets = [argument.target for argument in item.arguments if argument.kind != "concept"]
    return [item.trigger, *targets] if isinstance(item, EventRecord) else targets
