"""What the tests of scorers share: small documents from lines such as "E1 Binding:T3 Theme:T1"."""

import re
from collections.abc import Callable

import pytest

from spacy_biomedplm.types import (
    ArgumentRecord,
    AttributeRecord,
    DocumentRecord,
    EquivalenceRecord,
    EventRecord,
    MentionRecord,
)

MakeEvents = Callable[..., DocumentRecord]


def make_document(lines: str, text: str = "", doc_id: str = "1") -> DocumentRecord:
    """Make a document of lines; offsets of "T1 Protein IL-2" are those of the next place where the text has it."""
    mentions, events, attributes, equivalences = [], [], [], []
    rows = [line.split() for line in lines.splitlines() if line.strip()]
    triggers = {row[1].partition(":")[2] for row in rows if row[0].startswith("E")}
    for name, first, *rest in rows:
        if name == "*":
            equivalences.append(EquivalenceRecord(tuple(rest)))
        elif name.startswith("T"):
            if len(rest) == 2 and all(number.isdigit() for number in rest):
                start, end = map(int, rest)
            else:
                found = re.search(re.escape(" ".join(rest)), text)
                assert found, f"no '{' '.join(rest)}' in the text"
                start, end = found.span()
            mentions.append(MentionRecord(name, first, ((start, end),), is_trigger=name in triggers))
        elif name.startswith("E"):
            label, _, trigger = first.partition(":")
            arguments = (argument.split(":") for argument in rest)
            events.append(
                EventRecord(
                    name,
                    label,
                    trigger,
                    tuple(ArgumentRecord(role, to, "event" if to[0] == "E" else "mention") for role, to in arguments),
                )
            )
        else:
            attributes.append(AttributeRecord(name, first, rest[0]))
    return DocumentRecord(
        doc_id, text, tuple(mentions), (), tuple(events), tuple(attributes), tuple(equivalences), path="events.a2"
    )


@pytest.fixture
def make_events() -> MakeEvents:
    return make_document
