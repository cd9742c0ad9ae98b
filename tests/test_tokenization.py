import itertools
import pickle
from pathlib import Path

import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from spacy.vocab import Vocab

from spacy_biomedplm.tokenization import BiomedTokenizer, create_max_length_callback, create_tokenizer, split_words

TOKENIZER = BiomedTokenizer(Vocab())


def join(words: list[str], spaces: list[bool]) -> str:
    return "".join(word + " " * space for word, space in zip(words, spaces, strict=True))


@pytest.fixture(scope="module")
def nlp() -> Language:
    return spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-biomedplm.BiomedTokenizer.v1"}}})


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("", []),
        ("IL-2-induced", ["IL", "-", "2", "-", "induced"]),
        ("(TNFα)/5-HT1A.", ["(", "TNFα", ")", "/", "5", "-", "HT", "1", "A", "."]),
        ("c.35G>A 10 µg", ["c", ".", "35", "G", ">", "A", "10", "µg"]),
        ("a_b  c\n\nd ", ["a", "_", "b", " ", "c", "\n\n", "d"]),
        (" a", [" ", "a"]),
        ("😀中文e\u0301", ["😀", "中文e", "\u0301"]),
    ],
)
def test_split_words(text: str, wanted: list[str]) -> None:
    words, spaces = split_words(text)
    assert words == wanted
    assert join(words, spaces) == text


@given(st.text(max_size=60) | st.text(alphabet=" \n\tab1-_.α\u00a0\x1f\x85", max_size=60))
def test_split_words_joined_are_the_text(text: str) -> None:
    words, spaces = split_words(text)
    assert join(words, spaces) == text
    assert all(words)
    for word, other in itertools.pairwise(words):
        assert not (word.isspace() and other.isspace()), "runs of white space stay together"


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_document_has_the_text(text: str) -> None:
    doc = TOKENIZER(text)
    assert doc.text == text
    assert [text[token.idx : token.idx + len(token)] for token in doc] == [token.text for token in doc]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a \ud800 b", "a \ufffd b"),
        ("x\udfffy", "x\ufffdy"),
        ("\ud83d\ude00", "\ufffd\ufffd"),
        ("\ud800" * 3, "\ufffd" * 3),
    ],
)
def test_lone_surrogates_are_replaced_with_a_warning(text: str, wanted: str, nlp: Language) -> None:
    with pytest.warns(UserWarning, match="W002"):
        doc = nlp(text)
    assert doc.text == wanted
    assert len(doc.text) == len(text)


def test_ordinary_text_gives_no_warning(nlp: Language) -> None:
    assert nlp("\ufffd 😀 \U0010ffff").text == "\ufffd 😀 \U0010ffff"


def test_tokenizer_survives_storage(nlp: Language, tmp_path: Path) -> None:
    nlp.to_disk(tmp_path)
    others = [spacy.load(tmp_path).tokenizer, pickle.loads(pickle.dumps(nlp.tokenizer)), create_tokenizer()(nlp)]
    for tokenizer in others:
        assert [token.text for token in tokenizer("IL-2")] == ["IL", "-", "2"]


def test_max_length_callback() -> None:
    nlp = spacy.blank("en", config={"nlp": {"after_creation": {"@callbacks": "spacy-biomedplm.max_length.v1"}}})
    assert nlp.max_length == 100_000_000
    assert create_max_length_callback(5)(nlp).max_length == 5
    with pytest.raises(ValueError, match="E088"):
        nlp("123456")
