"""PubTator files as input: title and abstract are read, mentions and relations are left aside."""

import re
from collections.abc import Iterator

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.inputs.documents import InputDoc, make_input_doc
from spacy_biomedplm.inputs.files import InputStream

# The identifier holds neither "|" nor a tab; all after the second bar is text, bars and tabs included.
_TEXT_LINE = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)


def read_pubtator(stream: InputStream) -> Iterator[InputDoc]:
    """Yield the documents of a PubTator file.

    stream (InputStream): For each document 'id|t|title' and 'id|a|abstract'; its mentions and relations follow.
    YIELDS (InputDoc): Offsets are those of the format: one character stands between title and abstract, also if the
        title is empty.
    RAISES (BiomedplmError): B607 for a line that is not UTF-8, B611 for a line that does not belong to the
        format, B612 for a document without its second line.
    """
    doc_id, title, start = "", None, 0
    for number, data in stream.lines():
        line = re.sub(r"\r?\n\Z", "", stream.decode(data, line=number))
        match = _TEXT_LINE.fullmatch(line)
        if match is None:
            if line.strip() and not (doc_id and line.startswith(doc_id + "\t")):
                raise _not_pubtator(stream, number, line, "")
            continue
        if match.group(2) == "t":
            _check_complete(stream, start, doc_id, title)
            doc_id, title, start = match.group(1), match.group(3), number
        elif title is None or match.group(1) != doc_id:
            raise _not_pubtator(stream, number, line, "An abstract must follow the title with the same id.")
        else:
            file, position = stream.file.name, stream.position
            yield make_input_doc(doc_id, match.group(3), title=title, source=file, line=start, position=position)
            title = None
    _check_complete(stream, start, doc_id, title)


def _check_complete(stream: InputStream, start: int, doc_id: str, title: str | None) -> None:
    if title is not None:
        raise BiomedplmError(coded("B612", path=stream.file.name, line=start, doc_id=doc_id))


def _not_pubtator(stream: InputStream, number: int, line: str, reason: str) -> BiomedplmError:
    message = coded("B611", path=stream.file.name, line=number, start=line[:40], reason=reason)
    return BiomedplmError(message.strip())
