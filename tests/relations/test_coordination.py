from typing import Any

import pytest

from spacy_biomedplm.attributes import ENTITIES_KEY
from spacy_biomedplm.relations.coordination import Coordination


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
        ("[Ras|D] and not [RA|D]", (0, 1), False),
        ("[aspirin|D] ( [COX|G] ) is", (0, 1), True),
    ],
)
def test_alternatives(text: str, pair: tuple[int, int], wanted: bool, make_doc: Any) -> None:
    doc = make_doc(text)
    mentions = [(span.start, span.end) for span in doc.spans[ENTITIES_KEY]]
    first, second = (mentions[number] for number in pair)
    coordination = Coordination(doc, mentions)
    assert coordination.are_alternatives(first, second) is wanted
    assert coordination.are_alternatives(second, first) is wanted
