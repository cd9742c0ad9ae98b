"""What is given where entities are not looked for: which of a document's, and the pipes that must not run then."""

from collections.abc import Iterator
from typing import Literal

from spacy.language import Language

from spacy_biomedplm.types import DocumentRecord, MentionRecord

FILE = "file"
"""Infon of mentions of the shared tasks: the file that they stand in, where it is not the usual one of their kind."""

_LINKS = "span._.links"
_ENTITIES = "doc.ents"


def find_finders(nlp: Language, given: Literal["entities", "concepts"] = "entities") -> list[str]:
    """Return the names of the pipes that would put something else in place of what is given.

    nlp (Language): The pipeline.
    given ("entities" | "concepts"): With entities, the pipes that declare to write ``doc.ents``, but for linkers; with
        their concepts, linkers too.
    """
    found = []
    for name in nlp.pipe_names:
        assigns = nlp.get_pipe_meta(name).assigns
        is_linker = _LINKS in assigns
        if (given == "concepts" and is_linker) or (_ENTITIES in assigns and not is_linker):
            found.append(name)
    return found


def given_mentions(record: DocumentRecord) -> Iterator[MentionRecord]:
    """Yield the mentions of a document that shared tasks give: entities, but for those that are found with the events.

    record (DocumentRecord): As a reader has it.
    """
    for mention in record.mentions:
        file = mention.infons.get(FILE)
        # An entity of .a2 is asked for; what stands in .a1 is given, also if an event of .a2 has it as its trigger.
        if file == "a1" or not (mention.is_trigger or file == "a2"):
            yield mention
