"""PubTator: "id|t|title", "id|a|abstract", then one tab-separated line for each entity."""

import re

from spacy.tokens import Doc

import spacy_biomedplm.attributes  # noqa: F401 (registers doc._.doc_id)
from spacy_biomedplm.errors import BiomedplmError, coded

NO_CONCEPT = "-"
"""Sixth column of an entity without a concept; an empty one would be stripped away by common readers."""

# All that ends a line for some reader, and the tab that divides columns: each becomes one space, so offsets stay.
_BREAKS = dict.fromkeys(map(ord, "\t\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"), " ")


def doc_to_pubtator(doc: Doc, *, source: str | None = None) -> str:
    """Return a document with the entities of ``doc.ents`` in PubTator format.

    doc (Doc): Identifier in ``doc._.doc_id``, title in ``doc.user_data["title"]``. Without a title the first line
        stands for it; one character, which the format does not store, divides title and abstract.
    source (str | None): File it came from, for messages.
    RETURNS (str): Two lines of text, one line per entity (id, start, end, text, label, concept or "-"), an empty
        line. Tabs and line breaks become one space each; all else is kept, so offsets are those of ``doc.text``.
    RAISES (BiomedplmError): B629 for an identifier that is empty or holds a bar, a tab or a line break.
    """
    doc_id = _check_id(doc._.doc_id, source)
    split = _title_length(doc)
    lines = [f"{doc_id}|t|{_flat(doc.text[:split])}", f"{doc_id}|a|{_flat(doc.text[split + 1 :])}"]
    for ent in doc.ents:
        columns = (doc_id, ent.start_char, ent.end_char, ent.text, ent.label_, ent.kb_id_ or NO_CONCEPT)
        lines.append("\t".join(_flat(str(column)) for column in columns))
    return "\n".join(lines) + "\n\n"


def _check_id(doc_id: str | None, source: str | None) -> str:
    reason = "it has no id" if not doc_id or doc_id.isspace() else "its id holds a bar, a tab or a line break"
    if not doc_id or doc_id.isspace() or re.search(r"\|", doc_id) or _flat(doc_id) != doc_id:
        raise BiomedplmError(coded("B629", doc_id=_flat(doc_id or ""), source=source or "no file", reason=reason))
    return doc_id


def _title_length(doc: Doc) -> int:
    title = doc.user_data.get("title")
    text = doc.text
    if title and text.startswith(title) and (len(text) == len(title) or text[len(title)].isspace()):
        return len(title)
    first_break = text.find("\n")
    return len(text) if first_break < 0 else first_break


def _flat(text: str) -> str:
    return text.translate(_BREAKS)
