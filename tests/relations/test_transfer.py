from typing import Any

from spacy.tokens import Doc

from spacy_biomedplm.relations.candidates import create_pair_candidates
from spacy_biomedplm.relations.schemes import Scheme
from spacy_biomedplm.relations.transfer import transfer


def test_pairs_move_to_other_tokens(make_doc: Any) -> None:
    source = make_doc("the [a|A] - [b c|B] .")
    scheme = Scheme("toy", ("X",), (("A", "B"),))
    pairs = create_pair_candidates()(source, scheme, {"A": "A", "B": "B"}).pairs
    target = Doc(source.vocab, words=["the", "a -", "b", "c ."], spaces=[True, True, True, True])
    assert target.text.strip() == source.text.strip()
    (moved,) = transfer(pairs, source, target)
    assert (moved.head.mentions, moved.tail.mentions, moved.context) == (((1, 2),), ((2, 4),), (0, 4))
    assert moved.head.target is pairs[0].head.target
