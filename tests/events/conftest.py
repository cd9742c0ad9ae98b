from collections.abc import Callable
from pathlib import Path

import pytest
import spacy
from spacy.tokens import Doc

from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.documents import make_doc

# "IL-4 up-regulates the phosphorylation of STAT6 and JAK1 at Y641, but no binding of STAT6 to JAK1 was seen."
TEXT = "IL-4 increases phosphorylation of STAT6 and JAK1 at Y641 . STAT6 may bind JAK1 but not IL-4 .\n"
GIVEN = """T1\tProtein 0 4\tIL-4
T2\tProtein 34 39\tSTAT6
T3\tProtein 44 48\tJAK1
T4\tProtein 59 64\tSTAT6
T5\tProtein 74 78\tJAK1
T6\tProtein 87 91\tIL-4
"""
FOUND = """T7\tPositive_regulation 5 14\tincreases
T8\tPhosphorylation 15 30\tphosphorylation
T9\tEntity 52 56\tY641
T10\tBinding 69 73\tbind
E1\tPhosphorylation:T8 Theme:T2 Site:T9
E2\tPhosphorylation:T8 Theme:T3
E3\tPositive_regulation:T7 Theme:E1 Cause:T1
E4\tPositive_regulation:T7 Theme:E2 Cause:T1
E5\tBinding:T10 Theme:T4 Theme2:T5
E6\tBinding:T10 Theme:T4 Theme2:T6
M1\tSpeculation E5
M2\tNegation E6
"""


@pytest.fixture
def make_gold(tmp_path: Path) -> Callable[..., Doc]:
    """A gold document of texts in the format of the shared tasks."""

    def make(text: str = TEXT, given: str = GIVEN, found: str = FOUND) -> Doc:
        for ending, content in (("txt", text), ("a1", given), ("a2", found)):
            (tmp_path / f"one.{ending}").write_text(content, encoding="utf8")
        (record,) = read_brat(tmp_path)
        return make_doc(spacy.blank("en").vocab, record)

    return make
