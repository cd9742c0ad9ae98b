import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import LabelScheme, Mention, Record, Report, make_doc
from spacy_biomedplm.corpora.documents import place, split_words_at
from spacy_biomedplm.errors import BiomedplmError

SCHEME = LabelScheme("toy", ("Drug", "Gene"), {"drug": "Drug", "other": None})


def _record(text: str, *mentions: Mention) -> Record:
    return Record("17", text, mentions, "toy.txt")


def _layer(doc: Doc) -> list[tuple[str, str]]:
    return [(span.text, span.label_) for span in doc.spans["entities"]]


def test_make_doc_splits_a_token_where_a_mention_ends(vocab: Vocab) -> None:
    record = _record("Xelofenamide lowers abcase.", Mention(0, 5, "Drug"), Mention(20, 23, "Gene", "abc"))
    doc = make_doc(vocab, record, scheme=SCHEME)
    assert doc.text == record.text
    assert _layer(doc) == [("Xelof", "Drug"), ("abc", "Gene")]
    assert [ent.text for ent in doc.ents] == ["Xelof", "abc"]


def test_make_doc_says_what_is_annotated(vocab: Vocab) -> None:
    doc = make_doc(vocab, _record("Nothing here."), scheme=SCHEME)
    assert doc._.annotated == {"ner": {"toy": ["Drug", "Gene"]}}
    assert (doc._.doc_id, doc._.corpus) == ("17", "toy")
    assert len(doc.spans["entities"]) == 0


def test_make_doc_without_scheme_leaves_labels_and_attributes(vocab: Vocab) -> None:
    doc = make_doc(vocab, _record("aspirin", Mention(0, 7, "anything")))
    assert _layer(doc) == [("aspirin", "anything")]
    assert doc._.annotated is None


def test_make_doc_keeps_overlaps_in_the_layer_and_the_longest_in_ents(vocab: Vocab) -> None:
    record = _record("toxin C kinase B", Mention(0, 5, "Drug"), Mention(0, 7, "Gene"), Mention(6, 16, "Drug"))
    doc = make_doc(vocab, record, scheme=SCHEME)
    assert len(doc.spans["entities"]) == 3
    assert [ent.text for ent in doc.ents] == ["toxin", "C kinase B"]


def test_make_doc_renames_and_excludes_labels(vocab: Vocab) -> None:
    report = Report()
    record = _record("one two", Mention(0, 3, "drug"), Mention(4, 7, "other"))
    assert _layer(make_doc(vocab, record, scheme=SCHEME, report=report)) == [("one", "Drug")]
    assert report.counts == {"excluded": 1}


def test_make_doc_refuses_an_unknown_label(vocab: Vocab) -> None:
    with pytest.raises(BiomedplmError, match=r"B404.*line 9.*'Cell'.*Drug, Gene, drug, other"):
        make_doc(vocab, _record("HeLa", Mention(0, 4, "Cell", line=9)), scheme=SCHEME)


def test_make_doc_reports_a_mention_it_cannot_place(vocab: Vocab) -> None:
    record = _record("Only words.", Mention(0, 4, "Gene", "BRCA1", line=3))
    report = Report()
    assert _layer(make_doc(vocab, record, report=report)) == []
    assert [(problem.kind, problem.line, problem.doc_id) for problem in report.problems] == [("dropped", 3, "17")]
    with pytest.raises(BiomedplmError, match=r"B405.*line 3, document 17.*'BRCA1'"):
        make_doc(vocab, record)


def test_make_doc_reports_a_mention_that_stands_twice(vocab: Vocab) -> None:
    report = Report()
    doc = make_doc(vocab, _record("p53", Mention(0, 3, "Gene"), Mention(0, 3, "Gene")), report=report)
    assert len(doc.spans["entities"]) == 1
    assert report.counts == {"repaired": 1}


@pytest.mark.parametrize(
    ("text", "mention", "wanted"),
    [
        ("the ABC1 gene", Mention(4, 8, "G", "ABC1"), (4, 8)),
        ("the Abc1 gene", Mention(4, 8, "G", "ABC1"), (4, 8)),
        ('the "TATA" box', Mention(4, 14, "G", " TATA  box"), (4, 14)),
        ("the ABC1  gene", Mention(4, 10, "G", "ABC1  "), (4, 8)),
        ("the ABC1 gene", Mention(5, 9, "G", "ABC1"), (4, 8)),
        ("the abc1 gene", Mention(6, 10, "G", "ABC1"), (4, 8)),
        ("the ABC1gene", Mention(5, 9, "G", "ABC1"), (4, 8)),
        ("ABC1 or ABC1", Mention(6, 10, "G", "ABC1"), (8, 12)),
        ("ABC1ABC1", Mention(3, 7, "G", "ABC1"), None),
        ("AN y AN", Mention(1, 3, "G", "AN"), (0, 2)),
        ("death domain here", Mention(0, 12, "G", "death domain (DD) protein"), (0, 12)),
        ("death domain here", Mention(0, 9, "G", "death domain (DD) protein"), None),
        ("short", Mention(2, 99, "G", None), None),
        ("short", Mention(90, 95, "G", "short"), None),
        ("a  b", Mention(1, 3, "G", None), None),
        ("a b", Mention(2, 2, "G", ""), None),
    ],
)
def test_place_repairs_only_what_is_certain(text: str, mention: Mention, wanted: tuple[int, int] | None) -> None:
    assert place(text, mention) == wanted


def test_place_drops_a_mention_between_two_equally_near_places() -> None:
    assert place("TP53 ab TP53", Mention(4, 8, "G", "TP53")) is None


def test_place_keeps_offsets_where_lower_case_is_longer() -> None:
    assert place("İİİ abc1", Mention(5, 9, "G", "ABC1")) == (4, 8)


@given(st.text(max_size=60), st.lists(st.integers(0, 60), max_size=12))
def test_split_words_at_keeps_the_text_and_makes_every_cut(text: str, cuts: list[int]) -> None:
    words, spaces, starts = split_words_at(text, cuts)
    assert "".join(word + " " * space for word, space in zip(words, spaces, strict=True)) == text
    assert [text[start : start + len(word)] for start, word in zip(starts, words, strict=True)] == words
    borders = {*starts, *(start + len(word) for start, word in zip(starts, words, strict=True))}
    assert {cut for cut in cuts if 0 < cut < len(text)} <= borders


@given(st.data())
def test_docs_keep_every_mention_through_a_doc_bin(data: st.DataObject) -> None:
    text = data.draw(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=50))
    offsets = st.tuples(st.integers(0, len(text) - 1), st.integers(1, len(text))).filter(lambda pair: pair[0] < pair[1])
    pairs = {pair for pair in data.draw(st.lists(offsets, max_size=6)) if text[pair[0] : pair[1]].strip()}
    pairs = {pair for pair in pairs if text[pair[0] : pair[1]] == text[pair[0] : pair[1]].strip()}
    vocab = Vocab()
    doc = make_doc(vocab, _record(text, *(Mention(start, end, "Gene") for start, end in pairs)), scheme=SCHEME)
    assert doc.text == text
    stored = DocBin(attrs=["ORTH", "SPACY", "ENT_IOB", "ENT_TYPE"], store_user_data=True, docs=[doc]).to_bytes()
    copy = next(iter(DocBin().from_bytes(stored).get_docs(vocab)))
    for found in (doc, copy):
        assert found.text == text
        assert {(span.start_char, span.end_char) for span in found.spans["entities"]} == pairs
        assert all(span.label_ == "Gene" for span in found.spans["entities"])
    assert [(ent.start, ent.end) for ent in copy.ents] == [(ent.start, ent.end) for ent in doc.ents]
    assert (copy._.doc_id, copy._.corpus) == ("17", "toy")
