"""One input document, whatever file it came from."""

import re
from dataclasses import dataclass

from spacy_biomedplm.types import DocumentRecord

TITLE_END = "\n"
"""Stands between title and body: one character, so offsets are those of the PubTator format."""

_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class InputDoc:
    """A document to read, not yet seen by a pipeline.

    doc_id (str): Identifier in its source (PMID, "id" of a JSON object, name of a text file).
    text (str): All of it: title, one line break and body; the title alone if the body is empty.
    title (str | None): The title, with which the text then begins; None if the source names none. It is empty only
        if the text begins with the line break after it.
    source (str): The file, as the user named it.
    line (int): Line of the file at which the document begins, from 1.
    position (int): Bytes of all the input read when the document was complete, for a progress bar.
    replaced (int): Lone surrogates that were replaced by U+FFFD because UTF-8 cannot hold them.
    record (DocumentRecord | None): The same document with its entities, if these are given.
    """

    doc_id: str
    text: str
    title: str | None
    source: str
    line: int
    position: int = 0
    replaced: int = 0
    record: DocumentRecord | None = None


def make_input_doc(
    doc_id: str,
    body: str,
    *,
    title: str | None = None,
    whole: bool = False,
    source: str = "",
    line: int = 1,
    position: int = 0,
) -> InputDoc:
    """Return the document of a title and a body.

    doc_id (str): Identifier.
    body (str): Text after the title.
    title (str | None): Title, or None for a text without one. An empty one is followed by the line break too, so
        that offsets stay those of the source.
    whole (bool): The body may be the whole text: one that is the title, or begins with it and a line break, is
        kept as it is, and an empty title adds nothing. So output of ``biomedplm extract`` can be read again.
    source (str): The file.
    line (int): Line at which the document begins.
    position (int): Bytes of the input read so far.
    RETURNS (InputDoc): Lone surrogates are replaced one for one, so offsets stay.
    """
    doc_id, in_id = _SURROGATE.subn("\ufffd", doc_id)
    body, in_body = _SURROGATE.subn("\ufffd", body)
    start, in_title = _SURROGATE.subn("\ufffd", title or "")
    if title is None or (whole and (body.startswith(start + TITLE_END) or start in ("", body))):
        text = body
    else:
        text = start + TITLE_END + body if body else start
    named = title is not None and (start or text.startswith(TITLE_END))
    replaced = in_id + in_body + in_title
    return InputDoc(doc_id, text, start if named else None, source, line, position, replaced)
