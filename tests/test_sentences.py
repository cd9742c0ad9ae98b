from itertools import pairwise

import pytest

from spacy_biomedplm.sentences import sentence_ends


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("One sentence.", []),
        ("One. Two! Three? Four", ["One.", " Two!", " Three?", " Four"]),
        ('Is it (so?) Yes. "Quoted." Next', ["Is it (so?)", " Yes.", ' "Quoted."', " Next"]),
        ("Given i.v. 5 mg vs. A in E. coli, e.g. BRCA1 (Fig. 1) by Smith et al. (2001). Then", None),
        ("p < 0.05. 12 patients", ["p < 0.05.", " 12 patients"]),
        ("no capital. after it", []),
    ],
)
def test_sentence_ends(text: str, wanted: list[str] | None) -> None:
    places = [0, *sentence_ends(text), len(text)]
    parts = [text[a:b] for a, b in pairwise(places)]
    if wanted is None:
        assert parts == [text.removesuffix(" Then"), " Then"]
    else:
        assert parts == (wanted or [text])
