"""How much a corpus holds, counted by its own reader, beside what was published."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy_biomedplm.corpora.catalogue import is_here, read_corpus
from spacy_biomedplm.corpora.corpus import COUNTED, Corpus
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.types import DocumentRecord


@dataclass
class Statistics:
    """Counts of one split.

    corpus, split (str): What was counted.
    published (Mapping[str, int]): Published counts, as far as there are some.
    counts (Counter[str]): Of COUNTED: documents, sentences (passages of that kind), mentions (entities, without the
        triggers of events), labels of documents that apply, relations and events.
    labels (dict[str, Counter[str]]): Of the mentions, labels, relations and events, by their label.
    report (Report): What was repaired or left out.
    """

    corpus: str
    split: str
    published: dict[str, int]
    counts: Counter[str] = field(default_factory=Counter)
    labels: dict[str, Counter[str]] = field(default_factory=dict)
    report: Report = field(default_factory=lambda: Report(errors="repair"))

    @property
    def differences(self) -> dict[str, tuple[int, int]]:
        """What differs from the published counts: (published, counted)."""
        return {key: (wanted, self.counts[key]) for key, wanted in self.published.items() if wanted != self.counts[key]}

    def add(self, record: DocumentRecord) -> None:
        """Count a document.

        record (DocumentRecord): The document.
        """
        found: dict[str, Iterable[str]] = {
            "mentions": [mention.label for mention in record.mentions if not mention.is_trigger],
            "labels": [label for label, value in record.labels.items() if value > 0],
            "relations": [relation.label for relation in record.relations],
            "events": [event.label for event in record.events],
        }
        self.counts["documents"] += 1
        self.counts["sentences"] += sum(passage.kind == "sentence" for passage in record.passages)
        for key, labels in found.items():
            counter = self.labels.setdefault(key, Counter())
            before = counter.total()
            counter.update(labels)
            self.counts[key] += counter.total() - before

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as plain data."""
        return {
            "corpus": self.corpus,
            "split": self.split,
            "counts": {key: self.counts[key] for key in COUNTED},
            "published": self.published,
            "matches": not self.differences if self.published else None,
            "labels": {key: dict(counter.most_common()) for key, counter in self.labels.items() if counter},
            "problems": dict(self.report.counts),
        }


def count_corpus(
    corpus: Corpus, root: Path, *, progress: Callable[[str, int], None] = lambda split, documents: None
) -> Iterator[Statistics]:
    """Count every split of a corpus whose files are there.

    corpus (Corpus): From the catalogue.
    root (Path): Folder of the corpora.
    progress (Callable[[str, int], None]): Called with the split and the documents so far.
    YIELDS (Statistics): Split by split. Broken items are repaired where that is safe, else left out.
    RAISES (BiomedplmError): B420 if no reader takes the files; the errors of the reader.
    """
    for split in corpus.splits:
        if not is_here(corpus, split, root):
            continue
        found = Statistics(corpus.name, split, dict(corpus.counts.get(split, {})))
        for record in read_corpus(corpus.name, split, root, found.report, allow_noncommercial=True):
            found.add(record)
            progress(split, found.counts["documents"])
        yield found
