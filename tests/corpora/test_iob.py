from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora import LabelScheme, read_iob
from spacy_biomedplm.corpora.iob import decode_tags
from spacy_biomedplm.errors import BiomedplmError

SAMPLE = """\
Kelvanol\tB-Chemical
-\tO
treated\tO
mice\tB-Species

No\tO
new\tO
toxic\tB-Disease
effects\tI-Disease
.\tO
"""


def _ents(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def test_read_iob_packs_sentences_on_lines_of_their_own(vocab: Vocab, write: Callable[..., Path]) -> None:
    (doc,) = read_iob(write("train.tsv", SAMPLE), vocab)
    assert doc.text == "Kelvanol - treated mice\nNo new toxic effects ."
    assert _ents(doc) == [("Kelvanol", "Chemical"), ("mice", "Species"), ("toxic effects", "Disease")]
    assert doc._.doc_id == "train-00000"


@pytest.mark.parametrize(("pack", "max_words"), [(False, 180), (True, 8), (True, 1)])
def test_read_iob_starts_a_document_where_there_is_no_room(
    vocab: Vocab, write: Callable[..., Path], pack: bool, max_words: int
) -> None:
    docs = list(read_iob(write("train.tsv", SAMPLE), vocab, pack=pack, max_words=max_words))
    assert [doc._.doc_id for doc in docs] == ["train-00000", "train-00001"]
    assert [len(doc.ents) for doc in docs] == [2, 1]


def test_read_iob_reads_four_columns_and_document_names(vocab: Vocab, write: Callable[..., Path]) -> None:
    content = "-DOCSTART- (812)\n\nOld NN O I-PAR\nmice NN O I-PAR\nran VB O O\n\n-DOCSTART- (813)\nYoung JJ O I-PAR\n"
    docs = list(read_iob(write("dev.txt", content), vocab))
    assert [(doc._.doc_id, doc.text) for doc in docs] == [("812", "Old mice ran"), ("813", "Young")]
    assert _ents(docs[0]) == [("Old mice", "PAR")]


def test_read_iob_names_tags_without_a_type(vocab: Vocab, write: Callable[..., Path]) -> None:
    scheme = LabelScheme("s800", ("Species",), {"": "Species"})
    (doc,) = read_iob(write("train.tsv", "E.\tB\ncoli\tI\ngrew\tO\n"), vocab, scheme=scheme)
    assert _ents(doc) == [("E. coli", "Species")]


@pytest.mark.parametrize(
    ("tags", "wanted"),
    [
        ("B-X I-X O B-X", [(0, 2, "X"), (3, 4, "X")]),
        ("I-X I-X B-X I-X O", [(0, 2, "X"), (2, 4, "X")]),
        ("B-X I-Y O", [(0, 1, "X"), (1, 2, "Y")]),
        ("S-X S-X B-X E-X I-X", [(0, 1, "X"), (1, 2, "X"), (2, 4, "X"), (4, 5, "X")]),
        ("U-X L-X O", [(0, 1, "X"), (1, 2, "X")]),
        ("B I B", [(0, 2, ""), (2, 3, "")]),
        ("O O", []),
        ("", []),
    ],
)
def test_decode_tags_reads_every_variant(tags: str, wanted: list[tuple[int, int, str]]) -> None:
    assert decode_tags([tuple((tag + "-").split("-")[:2]) for tag in tags.split()]) == wanted  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"B408"),
        ("word\n", r"B409.*line 1: 1 columns, wanted 2"),
        ("one\tO\ntwo\tO\tO\n", r"B409.*line 2: 3 columns, wanted 2"),
        ("one\tO\n\ntw", r"B409.*line 3"),
        ("one\tO\n \tO\n", r"B409.*line 2"),
        ("one\tO\ntwo\tGene\n", r"B410.*line 2: 'Gene'"),
        ("one\tB-Cell\n", r"B404.*line 1.*'Cell'"),
        (b"one\tO\ntw\xff\tO\n", r"B402.*line 2.*0xff"),
    ],
)
def test_read_iob_names_file_and_line_of_a_mistake(
    vocab: Vocab, write: Callable[..., Path], content: str | bytes, message: str
) -> None:
    path = write("broken.tsv", content)
    with pytest.raises(BiomedplmError, match=message) as caught:
        list(read_iob(path, vocab, scheme=LabelScheme("toy", ("Gene",))))
    assert str(path) in str(caught.value)


LABELS = ("Gene", "Drug")


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4), st.sampled_from(LABELS)), max_size=8))
def test_decode_tags_inverts_iob2_and_bioes(chunks: list[tuple[bool, int, str]]) -> None:
    iob2: list[tuple[str, str]] = []
    bioes: list[tuple[str, str]] = []
    wanted = []
    for is_span, size, label in chunks:
        if not is_span:
            iob2 += [("O", "")] * size
            bioes += [("O", "")] * size
            continue
        wanted.append((len(iob2), len(iob2) + size, label))
        iob2 += [("B", label), *[("I", label)] * (size - 1)]
        inner = [("B", label), *[("I", label)] * (size - 2), ("E", label)]
        bioes += [("S", label)] if size == 1 else inner
    assert decode_tags(iob2) == wanted
    assert decode_tags(bioes) == wanted
