from typing import Any

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.concepts import Name
from spacy_biomedplm.kb.filters import Filters, is_term_type


@pytest.mark.parametrize(
    ("filters", "admitted"),
    [
        (Filters(), True),
        (Filters(sources=("MSH",)), True),
        (Filters(sources=("NCI",)), False),
        (Filters(languages=("en", "de")), True),
        (Filters(languages=("de",)), False),
        (Filters(term_types=("EXACT",)), True),
        (Filters(term_types=("EXACT:lay",)), True),
        (Filters(term_types=("EXACT:other",)), False),
    ],
)
def test_filters_admit_names(filters: Filters, admitted: bool) -> None:
    assert filters.admits(Name("cold", "MSH", "EXACT:lay")) is admitted


def test_filters_leave_out_suppressed_and_obsolete_names_unless_they_are_wanted() -> None:
    suppressed, obsolete = Name("a", "M", suppressed=True), Name("a", "M", obsolete=True)
    assert not Filters().admits(suppressed)
    assert not Filters().admits(obsolete)
    assert Filters(suppressed=True).admits(suppressed)
    assert not Filters(suppressed=True).admits(obsolete)
    assert Filters(obsolete=True).admits(obsolete)


def test_filters_know_the_languages_of_the_umls() -> None:
    filters = Filters(languages=("ENG",))
    assert [filters.admits(Name("cold", "M", language=one)) for one in ("en", "ENG", "de")] == [True, True, False]


def test_filters_take_lists() -> None:
    filters = Filters(groups=["CHEM"], sources=["MSH"])  # type: ignore[arg-type]
    assert filters == Filters(groups=("CHEM",), sources=("MSH",))
    assert hash(filters)


def test_filters_groups_stand_for_their_types() -> None:
    assert Filters().wanted_types() is None
    found = Filters(types=("T999",), groups=("DISO",)).wanted_types()
    assert found is not None
    assert {"T047", "T191", "T999"} <= found
    assert "T121" not in found


def test_filters_of_an_unknown_group_is_an_error() -> None:
    with pytest.raises(BiomedplmError, match=r"B572.*DISORDERS.*DISO"):
        Filters(groups=("DISORDERS",)).wanted_types()


def test_filters_to_dict_has_what_differs_from_the_defaults() -> None:
    assert Filters(sources=("MSH",), obsolete=True).to_dict() == {"sources": ["MSH"], "obsolete": True}


def test_is_term_type_knows_the_part_before_the_colon() -> None:
    assert is_term_type("EXACT:lay", ("EXACT",))
    assert not is_term_type("EXACT", ("EXACT:lay",))


@pytest.mark.parametrize("values", [{"groups": "CHEM"}, {"types": [1]}, {"suppressed": "no"}, {"languages": None}])
def test_filters_of_another_type_are_errors(values: dict[str, Any]) -> None:
    with pytest.raises(BiomedplmError, match=f"B584.*{next(iter(values))}"):
        Filters(**values)
