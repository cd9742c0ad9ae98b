import pytest

from spacy_biomedplm.attributes import ABBREVIATIONS_KEY, DETAILS_KEY, ENTITIES_KEY, score_key
from spacy_biomedplm.linking.mentions import MAX_CHARACTERS, find_mentions


def found(doc, labels=None, write_out=True):
    return [(m.label, m.text, m.name) for m in find_mentions([doc], [doc.text], labels, write_out=write_out)]


@pytest.mark.parametrize(
    ("entity", "name"),
    [
        ("APC", "adenomatous polyposis coli"),
        ("APC carriers", "adenomatous polyposis coli carriers"),
        ("adenomatous polyposis coli (APC)", "adenomatous polyposis coli"),
        ("polyposis coli (APC) carriers", "polyposis coli (adenomatous polyposis coli) carriers"),
    ],
)
def test_abbreviations_are_written_out(make_doc, entity, name):
    text = f"With adenomatous polyposis coli (APC) carriers. Then {entity}."
    doc = make_doc(text, ("Disease", entity))
    start = text.index("adenomatous")
    short = text.index("APC")
    again = text.rindex("APC")
    doc.user_data[ABBREVIATIONS_KEY] = {
        f"{place}:{place + 3}:0::": f"{start}:{start + 26}:0::" for place in sorted({short, again})
    }
    assert found(doc) == [("Disease", entity, name)]
    assert found(doc, write_out=False) == [("Disease", entity, entity)]


def test_abbreviations_are_found_where_no_pipe_has_looked(make_doc):
    doc = make_doc("Tumor necrosis factor (TNF) is high. TNF fell.", ("Gene", "TNF"), ("Gene", "TNF"))
    assert {name for _, _, name in found(doc)} == {"Tumor necrosis factor"}


def test_entities_of_both_places_are_taken_once(make_doc):
    doc = make_doc("breast cancer in mice", ("Disease", "breast cancer"))
    doc.spans[ENTITIES_KEY] = [doc.ents[0], doc.char_span(7, 13, "Disease"), doc.char_span(17, 21, "Species")]
    assert [text for _, text, _ in found(doc)] == ["breast cancer", "cancer", "mice"]
    assert [text for _, text, _ in found(doc, labels=["Species"])] == ["mice"]


def test_fragments_are_joined(make_doc):
    doc = make_doc("breast and ovarian cancer", ("Disease", "breast and ovarian cancer"))
    doc.user_data[DETAILS_KEY] = {score_key(doc.ents[0]): {"fragments": [[0, 6], [19, 25]]}}
    assert found(doc)[0][1:] == ("breast cancer", "breast cancer")


def test_a_long_mention_is_left_out_with_a_warning(make_doc):
    text = "cancer " * 1000 + "end"
    with pytest.warns(UserWarning, match=r"W603\] A mention of 7,003 characters \('cancer cancer"):
        assert not found(make_doc(text, ("Disease", text)))
    assert found(make_doc("x" * MAX_CHARACTERS, ("Disease", "x" * MAX_CHARACTERS)))
