import json

from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.writers import doc_to_dict, doc_to_jsonl


def test_jsonl_holds_everything(make_doc):
    doc = make_doc("Title\nIL-2 gene", [(2, 3, "GENE")], title="Title", spans=[(2, 3, "GENE"), (2, 4, "DNA")])
    doc.ents[0]._.score = 0.123456
    doc.spans["entities"][1]._.score = 1.0
    assert doc_to_dict(doc, source="a.txt") == {
        "id": "1",
        "source": "a.txt",
        "title": "Title",
        "text": "Title\nIL-2 gene",
        "entities": [
            {"start": 6, "end": 10, "text": "IL-2", "label": "GENE", "score": 0.1235, "guideline": None, "kb_id": None}
        ],
        "spans": {
            "entities": [
                {
                    "start": 6,
                    "end": 10,
                    "text": "IL-2",
                    "label": "GENE",
                    "score": None,
                    "guideline": "toy",
                    "kb_id": None,
                },
                {
                    "start": 6,
                    "end": 15,
                    "text": "IL-2 gene",
                    "label": "DNA",
                    "score": 1.0,
                    "guideline": "toy",
                    "kb_id": None,
                },
            ]
        },
    }


def test_jsonl_of_an_empty_document(empty_doc):
    wanted = {"id": None, "source": None, "title": None, "text": "", "entities": [], "spans": {}}
    assert json.loads(doc_to_jsonl(empty_doc)) == wanted


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_jsonl_is_one_line_for_every_reader(text):
    doc = Doc(Vocab(), words=[text], spaces=[False])
    line = doc_to_jsonl(doc)
    assert len(line.splitlines()) == 1
    assert line.endswith("}\n")
    assert json.loads(line)["text"] == text
