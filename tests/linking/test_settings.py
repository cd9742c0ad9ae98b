import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.linking.settings import check_settings, make_filters

GOOD = {"k": 1, "max_entities_per_mention": 1, "threshold": 0.0, "no_definition_threshold": 1.0, "filters": {}}


@pytest.mark.parametrize(
    ("setting", "value"), [("k", 0), ("max_entities_per_mention", 0), ("threshold", 1.1), ("filters", {"kinds": []})]
)
def test_settings_that_cannot_be(setting, value):
    check_settings(GOOD)
    with pytest.raises(BiomedplmError, match=f"B692.*{setting}"):
        check_settings({**GOOD, setting: value})


@pytest.mark.parametrize("filters", [{"types": "T047"}, {"sources": [1]}, {"obsolete": "yes"}])
def test_filters_have_their_kinds_of_values(filters):
    with pytest.raises(BiomedplmError, match=f"B692.*{next(iter(filters))}.*wanted"):
        make_filters(filters)


def test_filters():
    assert make_filters({"types": ["T047"], "obsolete": True}).types == ("T047",)
