import pytest
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.deduplication import deduplicate, fingerprint
from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.fingerprints import hash_text, hash_windows, hash_words, normalize_words
from spacy_biomedplm.held_out import Fingerprint, HeldOut, tabulate
from spacy_biomedplm.types import DocumentRecord

ABSTRACT = (
    "We treated forty rats with kelvanol for six weeks and weighed their livers at the end. "
    "The treated animals lost more weight than those that had been given water, and none of them died."
)


def _print(text: str, corpus: str = "toy/test", doc_id: str = "1", public_id: str | None = None) -> Fingerprint:
    return Fingerprint(corpus, doc_id, public_id, hash_words(normalize_words(text)))


def _reason(text: str, *held_out: str, public_id: str | None = None) -> str | None:
    index = HeldOut([_print(held, doc_id=str(number)) for number, held in enumerate(held_out)])
    match = index.match(_print(text, "toy/train", public_id=public_id))
    return match.reason if match else None


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("TNF-α binds", "TNF - alpha binds"),
        ("IL-2 (p53)", "il 2 p 53"),
        ("Sjögren's", "Sjogren 's"),
        ("5 µM", "5 μM"),
        ("λ phage", "Lambda phage"),
    ],
)
def test_normalize_words_forgets_how_a_text_was_tokenised(left: str, right: str) -> None:
    assert normalize_words(left) == normalize_words(right)


@given(st.lists(st.text("abcxyz", min_size=1), max_size=20), st.integers(1, 8))
def test_hash_windows_tells_equal_windows(words: list[str], size: int) -> None:
    hashes = hash_windows(hash_words(words), size)
    windows = [tuple(words[start : start + size]) for start in range(len(words) - size + 1)]
    assert len(hashes) == len(windows)
    assert len(set(hashes.tolist())) == len(set(windows))


def test_hashes_are_the_same_in_every_process() -> None:
    assert hash_words(["kelvanol"]).tolist() == [7016134470807748554]
    assert hash_text(hash_words(["a", "b"])) != hash_text(hash_words(["b", "a"]))


def test_match_finds_the_same_text_in_another_tokenisation() -> None:
    assert _reason(ABSTRACT.replace(",", " , ").upper(), ABSTRACT) == "text"


def test_match_finds_a_held_out_sentence_inside_an_abstract() -> None:
    sentence = ABSTRACT.split(". ")[0] + " ."
    assert _reason("An introduction comes first. " + ABSTRACT, sentence) == "passage"


def test_match_finds_a_held_out_short_sentence_inside_an_abstract() -> None:
    assert _reason("Before. " + ABSTRACT, "Forty rats with kelvanol for six weeks") == "sentence"


def test_match_finds_a_training_sentence_inside_a_held_out_abstract() -> None:
    assert _reason(ABSTRACT.split(". ")[1], "Something else was before. " + ABSTRACT) == "passage"


@pytest.mark.parametrize("words", [5, 12])
def test_match_leaves_a_few_shared_words(words: int) -> None:
    shared = " ".join(ABSTRACT.split()[:words])
    assert _reason(f"{shared} something entirely new was written by others here", ABSTRACT) is None


def test_match_leaves_short_texts() -> None:
    assert _reason("Materials and methods", "Materials and methods") is None
    assert _reason("", "") is None


def test_match_finds_the_same_identifier() -> None:
    index = HeldOut([_print("One text here", public_id="pmid:1")])
    match = index.match(_print("Another", "toy/train", "9", public_id="pmid:1"))
    assert match is not None
    assert (match.reason, match.held_out, match.held_out_id) == ("id", "toy/test", "1")
    assert index.match(_print("Another", public_id="medline-ui:1")) is None


def test_split_leaves_boilerplate_of_the_training_corpus() -> None:
    phrase = "Error bars show the standard error of the mean of three independent experiments done in duplicate. "
    documents = [_print(phrase + f"Panel {name} shows it", "toy/train", name) for name in "abcd"]
    held_out = HeldOut([_print(phrase + "A panel of another figure")])
    assert held_out.split(documents[:3])[0] == []
    assert held_out.split(documents)[0] == [0, 1, 2, 3]


def test_split_leaves_boilerplate_of_the_held_out_corpora() -> None:
    phrase = "The authors declare that they have no competing interests and that all of them read the text. "
    held_out = HeldOut([_print(phrase + f"Report {name}", doc_id=name) for name in "abcd"])
    assert held_out.split([_print(phrase + "Something new", "toy/train")])[0] == [0]


def test_held_out_of_nothing_keeps_everything() -> None:
    documents = [_print(ABSTRACT, "toy/train")]
    assert HeldOut([]).split(documents) == ([0], [])
    assert HeldOut([_print("")]).split(documents) == ([0], [])


def test_deduplicate_returns_kept_documents_and_a_table(vocab: Vocab) -> None:
    def doc_of(corpus: str, name: str, text: str) -> Doc:
        doc = make_doc(vocab, DocumentRecord(name, text))
        doc._.corpus = corpus
        return doc

    test = doc_of("bc5cdr", "42", ABSTRACT)
    texts = {"42": "Corrected text.", "43": ABSTRACT, "44": "A text about quite another matter altogether."}
    train = [doc_of("biored", name, text) for name, text in texts.items()]
    kept, matches = deduplicate(train, HeldOut([fingerprint(test, "test")]), split="train")
    assert [doc._.doc_id for doc in kept] == ["44"]
    assert tabulate(matches) == [("biored/train", "bc5cdr/test", "id", 1), ("biored/train", "bc5cdr/test", "text", 1)]
