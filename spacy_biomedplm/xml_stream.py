"""XML as a stream of events, with entities and external references refused and one clear error for the rest."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.etree.ElementTree import Element

from defusedxml.common import DefusedXmlException, DTDForbidden, EntitiesForbidden, ExternalReferenceForbidden
from defusedxml.ElementTree import DefusedXMLParser, ParseError

from spacy_biomedplm.errors import BiomedplmError

# ValueError and LookupError: an encoding that Python does not know, or that has several bytes for a character.
_FAULTS = (DefusedXmlException, ParseError, ValueError, LookupError)
_POSITION = re.compile(r": line \d+, column \d+\Z")


class XmlProblem(Exception):
    """Why XML cannot be read further; whoever reads it makes an error of the package of it.

    line (int): Line of the file. reason (str): What is wrong there.
    entity (str | None): Name of the entity that the file declares or fetches, None for any other fault.
    """

    def __init__(self, line: int, reason: str, entity: str | None = None) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason
        self.entity = entity


class XmlHandler:
    """Receives the events of XML. Names of elements and attributes have lost their namespace's address.

    parser: Set by ``stream_xml``; tells the current line.
    """

    parser: Any = None

    def line(self) -> int:
        """Return the current line of the file."""
        return 0 if self.parser is None else int(self.parser.CurrentLineNumber)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take note of a start tag."""
        raise NotImplementedError

    def data(self, data: str) -> None:
        """Take note of characters."""
        raise NotImplementedError

    def end(self, tag: str) -> None:
        """Take note of an end tag."""
        raise NotImplementedError


def stream_xml(
    chunks: Iterable[bytes],
    handler: XmlHandler,
    *,
    forbid_dtd: bool = False,
    entities: Mapping[str, str] | None = None,
) -> Iterator[None]:
    """Give XML to a handler, chunk by chunk.

    chunks (Iterable[bytes]): The file.
    handler (XmlHandler): Receives the events.
    forbid_dtd (bool): Refuse a document type declaration. Where it is allowed, it is neither fetched nor expanded.
    entities (Mapping[str, str] | None): Texts of names that may stand after "&" beside those of XML itself.
    YIELDS (None): After each chunk, for the caller to fetch what the handler has gathered; also before an error.
    RAISES (XmlProblem): For XML that is not well-formed or breaks off, declares entities or fetches something.
        Whatever the chunks or the handler raise as BiomedplmError comes out as it is.
    """
    parser = DefusedXMLParser(target=handler, forbid_dtd=forbid_dtd)
    parser.entity = entities or {}
    handler.parser = expat = parser.parser
    # The events go to the handler itself: the detour over ElementTree's own methods takes half of the time.
    expat.ordered_attributes = False
    expat.StartElementHandler = _localised(handler)
    expat.EndElementHandler = lambda tag: handler.end(tag.rpartition("}")[2] if "}" in tag else tag)
    expat.CharacterDataHandler = handler.data
    if entities:
        # Without a document type declaration, names would be errors before anyone could look them up.
        expat.UseForeignDTD(True)
    for chunk in _with_end(chunks):
        problem = _feed(parser, chunk, handler)
        yield
        if problem is not None:
            raise problem


def _localised(handler: XmlHandler) -> Any:
    """Return what calls the handler with names without namespaces."""
    names: dict[str, str] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        name = names.get(tag)
        if name is None:
            name = tag.rpartition("}")[2]
            if len(names) < 1000:
                names[tag] = name
        for key in attributes:
            if "}" in key:
                attributes = {key.rpartition("}")[2]: value for key, value in attributes.items()}
                break
        handler.start(name, attributes)

    return start


def _with_end(chunks: Iterable[bytes]) -> Iterator[bytes]:
    yield from (chunk for chunk in chunks if chunk)
    yield b""


def _feed(parser: Any, chunk: bytes, handler: XmlHandler) -> XmlProblem | BiomedplmError | None:
    """Give bytes to the parser and return what is wrong with them, so that what stands before can be fetched."""
    try:
        if chunk:
            parser.feed(chunk)
        else:
            parser.close()
    except BiomedplmError as error:
        return error
    except _FAULTS as error:
        return _explain(error, handler.line())
    return None


def parse_xml(content: bytes) -> Element:
    """Return the outermost element of a small file.

    content (bytes): The file.
    RAISES (XmlProblem): For XML that is not well-formed, or that has a document type declaration.
    """
    parser = DefusedXMLParser(forbid_dtd=True)
    try:
        parser.feed(content)
        root: Element = parser.close()
    except _FAULTS as error:
        raise _explain(error, int(parser.parser.CurrentLineNumber)) from error
    return root


def _explain(error: Exception, line: int) -> XmlProblem:
    if isinstance(error, DTDForbidden):
        return XmlProblem(line, "it has a document type declaration")
    if isinstance(error, EntitiesForbidden):
        return XmlProblem(line, f"it declares the entity '{error.name}'", error.name)
    if isinstance(error, ExternalReferenceForbidden):
        return XmlProblem(line, f"it fetches '{error.sysid}'", str(error.sysid))
    if isinstance(error, ParseError):
        line, column = error.position
        return XmlProblem(line, f"{_POSITION.sub('', str(error))}, column {column + 1}")
    return XmlProblem(line, str(error))
