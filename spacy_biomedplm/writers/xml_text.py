"""Text in XML: what must be written another way, and what cannot be written at all."""

import re
from collections import Counter
from collections.abc import Mapping
from xml.sax.saxutils import escape, quoteattr

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def xml_content(text: str, losses: Counter[str]) -> str:
    """Return text as the content of an element.

    text (str): Any text.
    losses (Counter[str]): Counts characters that XML has no way to write; they become U+FFFD.
    """
    return escape(_legal(text, losses), {"\r": "&#13;"})


def xml_attributes(attributes: Mapping[str, str], losses: Counter[str]) -> str:
    """Return attributes as they stand in a tag, each after a space.

    attributes (Mapping[str, str]): Values by name; names must be names of XML.
    losses (Counter[str]): As in ``xml_content``.
    """
    return "".join(f" {name}={quoteattr(_legal(value, losses))}" for name, value in attributes.items())


def is_xml_name(name: str) -> bool:
    """Return whether a string can name an attribute.

    name (str): Names with a colon or with letters outside of ASCII are not taken, and none that begins with "xml".
    """
    return _NAME.fullmatch(name) is not None and not name.lower().startswith("xml")


def _legal(text: str, losses: Counter[str]) -> str:
    if _ILLEGAL.search(text) is None:
        return text
    losses["characters that XML cannot hold"] += len(_ILLEGAL.findall(text))
    return _ILLEGAL.sub("\ufffd", text)
