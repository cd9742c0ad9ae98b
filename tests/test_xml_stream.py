import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.xml_stream import XmlHandler, XmlProblem, stream_xml


class Events(XmlHandler):
    def __init__(self) -> None:
        self.seen: list[object] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "refused":
            raise BiomedplmError("refused")
        self.seen.append((tag, attributes))

    def data(self, data: str) -> None:
        self.seen.append(data)

    def end(self, tag: str) -> None:
        self.seen.append(f"/{tag}")


def run(xml: str | bytes, **options: object) -> list[object]:
    events = Events()
    for _ in stream_xml([xml.encode() if isinstance(xml, str) else xml, b""], events, **options):  # type: ignore[arg-type]
        pass
    return events.seen


def test_stream_xml_takes_namespaces_away() -> None:
    assert run('<a xmlns="u" xmlns:x="v" x:b="1" c="2">t<x:d/></a>') == [
        ("a", {"b": "1", "c": "2"}),
        "t",
        ("d", {}),
        "/d",
        "/a",
    ]


@pytest.mark.parametrize(
    "head", ["", '<!DOCTYPE a PUBLIC "p" "no-such-file.dtd">', '<!DOCTYPE a SYSTEM "file:///etc/x">']
)
def test_stream_xml_knows_names_that_it_is_told(head: str) -> None:
    assert run(f"{head}<a>x&mu;&amp;y</a>", entities={"mu": "μ"}) == [("a", {}), "x", "μ", "&y", "/a"]
    with pytest.raises(XmlProblem, match="undefined entity &nu;"):
        run(f"{head}<a>x&nu;</a>", entities={"mu": "μ"})


@pytest.mark.parametrize(
    ("xml", "options", "reason", "entity"),
    [
        ("<a>", {}, "no element found, column 4", None),
        ("<a></b>", {}, "mismatched tag, column 6", None),
        ('<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', {}, "it declares the entity 'e'", "e"),
        ('<!DOCTYPE a [<!ENTITY % e SYSTEM "x"> %e;]><a/>', {}, "it declares the entity 'e'", "e"),
        ("<!DOCTYPE a><a/>", {"forbid_dtd": True}, "it has a document type declaration", None),
        (b'<?xml version="1.0" encoding="x-none"?><a/>', {}, "unknown encoding: x-none", None),
        (b"<a>\xff</a>", {}, r"not well-formed \(invalid token\), column 4", None),
    ],
)
def test_stream_xml_says_what_is_wrong(
    xml: str | bytes, options: dict[str, object], reason: str, entity: str | None
) -> None:
    with pytest.raises(XmlProblem, match=reason) as problem:
        run(xml, **options)
    assert (problem.value.line, problem.value.entity) == (1, entity)


def test_stream_xml_passes_errors_of_the_handler_on() -> None:
    with pytest.raises(BiomedplmError, match="refused"):
        run("<refused/>")
