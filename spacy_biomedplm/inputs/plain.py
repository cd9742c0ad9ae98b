"""Text files: one document each."""

from collections.abc import Iterator

from spacy_biomedplm.inputs.documents import InputDoc, make_input_doc
from spacy_biomedplm.inputs.files import InputStream


def read_text(stream: InputStream) -> Iterator[InputDoc]:
    """Yield the one document of a text file; it is named like the file and keeps every character.

    stream (InputStream): UTF-8, with or without a byte order mark; may be empty.
    YIELDS (InputDoc): One document without a title.
    RAISES (BiomedplmError): B607 if it is not UTF-8.
    """
    text = stream.decode(stream.read(), line=1, unit="file").removeprefix("\ufeff")
    yield make_input_doc(stream.file.stem, text, source=stream.file.name, position=stream.position)
