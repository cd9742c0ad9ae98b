import pytest

from spacy_biomedplm.inputs import make_input_doc


@pytest.mark.parametrize(
    ("title", "body", "text", "kept"),
    [
        ("T", "Body", "T\nBody", "T"),
        ("T", "", "T", "T"),
        ("", "Body", "Body", None),
        (None, "Body", "Body", None),
        ("T", "T\nBody", "T\nBody", "T"),
        ("T", "T", "T", "T"),
        ("T", "T is a title", "T\nT is a title", "T"),
        ("", "", "", None),
        ("", "\nBody", "\nBody", ""),
    ],
)
def test_document_joins_title_and_body(title, body, text, kept):
    doc = make_input_doc("1", body, title=title, whole=True)
    assert (doc.text, doc.title) == (text, kept)


def test_document_replaces_lone_surrogates_one_for_one():
    doc = make_input_doc("\udfff", "a\ud800b\udc00", title="\ud83d")
    assert doc.text == "\ufffd\na\ufffdb\ufffd"
    assert doc.doc_id == "\ufffd"
    assert doc.replaced == 4
