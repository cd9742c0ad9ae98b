from typing import Any

import pytest

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.relations.coordination import are_alternatives


@pytest.mark.parametrize(
    ("text", "pair", "wanted"),
    [
        ("[a|D] , [b|D] , and [c|D] raise it", (0, 2), True),
        ("[a|D] , [b|D] , and [c|D] raise it", (0, 1), True),
        ("[a|D] and [b|D] raise it", (0, 1), False),
        ("[a|D] raises [b|D]", (0, 1), False),
        ("[aspirin|D] ( [ASA|D] ) is", (0, 1), True),
        ("[aspirin|D] ( with [ASA|D] ) is", (0, 1), False),
        ("[Aspirins|D] and more [aspirin|D]", (0, 1), True),
        ("drugs such as [a|D] , [b|D] / [c|D]", (1, 2), True),
    ],
)
def test_alternatives(text: str, pair: tuple[int, int], wanted: bool, make_doc: Any) -> None:
    doc = make_doc(text)
    mentions = [(span.label_, span.start, span.end) for span in doc.spans[ENTITIES_KEY]]
    assert are_alternatives(doc, mentions, *pair) is wanted
    assert are_alternatives(doc, mentions, *reversed(pair)) is wanted
