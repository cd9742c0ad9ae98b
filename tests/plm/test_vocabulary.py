import pytest
from transformers import AutoTokenizer

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.sequences import write_kmers
from spacy_biomedplm.plm.vocabulary import (
    LEARNED,
    make_kmer_vocabulary,
    make_residue_vocabulary,
    save_vocabulary,
    train_vocabulary,
)

TEXTS = [f"Aspirin inhibits cyclo-oxygenase {n} in β-cells; lithium inhibits kinase {n}." for n in range(30)]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


@pytest.mark.parametrize("kind", LEARNED)
def test_train_vocabulary_writes_what_transformers_loads(kind, tmp_path):
    made = train_vocabulary(iter(TEXTS), kind, 300)
    assert made.get_vocab_size() <= 300
    assert [made.id_to_token(number) for number in range(5)] == SPECIAL
    save_vocabulary(made, tmp_path / "new")
    loaded = AutoTokenizer.from_pretrained(tmp_path / "new")
    text = "Aspirin inhibits lithium"
    assert loaded(text)["input_ids"] == made.encode(text).ids
    assert loaded.mask_token_id == 4
    assert loaded.is_fast
    assert made.encode(text, "kinase").type_ids[-1] == 1
    assert "[UNK]" not in made.encode(text, add_special_tokens=False).tokens


@pytest.mark.parametrize("kind", LEARNED)
def test_train_vocabulary_gives_offsets_of_the_text(kind):
    text = "Lithium inhibits  β-cells"
    encoded = train_vocabulary(TEXTS, kind, 300).encode(text, add_special_tokens=False)
    covered = {place for start, end in encoded.offsets for place in range(start, end)}
    assert {place for place, character in enumerate(text) if not character.isspace()} <= covered


@pytest.mark.parametrize("kind", ["wordpiece", "bpe", "characters"])
def test_train_vocabulary_keeps_case_if_asked(kind):
    made = train_vocabulary(TEXTS, kind, 400, lowercase=False)
    upper, lower = (made.encode(text, add_special_tokens=False).ids for text in ("Aspirin", "aspirin"))
    assert upper != lower
    folded = train_vocabulary(TEXTS, kind, 400)
    assert folded.encode("Aspirin").ids == folded.encode("aspirin").ids


def test_train_vocabulary_makes_frequent_words_whole():
    made = train_vocabulary(TEXTS, "wordpiece", 200, min_count=10)
    assert made.encode("Aspirin inhibits", add_special_tokens=False).tokens == ["aspirin", "inhibits"]
    assert made.token_to_id("29") is None


def test_train_vocabulary_of_characters_takes_the_frequent_ones():
    made = train_vocabulary(["aaa bb c"], "characters", 7, min_count=1)
    assert made.get_vocab_size() == 7
    assert made.encode("ab\nc", add_special_tokens=False).tokens == ["a", "[UNK]", "[UNK]", "[UNK]"]
    assert made.token_to_id(" ") is not None


@pytest.mark.parametrize("kind", LEARNED)
@pytest.mark.parametrize("texts", [[], ["", "  \n"]], ids=["none", "blank"])
def test_train_vocabulary_needs_text(kind, texts):
    with pytest.raises(BiomedplmError, match="B510"):
        train_vocabulary(texts, kind, 100)


@pytest.mark.parametrize(("kind", "size"), [("wordpiece", 20), ("bpe", 200), ("unigram", 20)])
def test_train_vocabulary_refuses_a_size_below_the_alphabet(kind, size):
    with pytest.raises(BiomedplmError, match="B511"):
        train_vocabulary(TEXTS, kind, size)


@pytest.mark.parametrize(
    ("kind", "size", "options"), [("words", 9, {}), ("bpe", 5, {}), ("bpe", 400, {"min_count": 0})]
)
def test_train_vocabulary_refuses_impossible_options(kind, size, options):
    with pytest.raises(BiomedplmError, match="B517"):
        train_vocabulary(TEXTS, kind, size, **options)


@pytest.mark.parametrize("kind", LEARNED)
def test_train_vocabulary_passes_on_what_reading_raises(kind):
    def broken():
        yield "aspirin"
        raise BiomedplmError("the file is broken")

    with pytest.raises(BiomedplmError, match="the file is broken"):
        train_vocabulary(broken(), kind, 300)


def test_residue_vocabulary_has_31_entries():
    made = make_residue_vocabulary()
    assert made.get_vocab_size() == 20 + 6 + 5
    assert made.encode("MKt x*", add_special_tokens=False).tokens == ["M", "K", "T", "X", "[UNK]"]


@pytest.mark.parametrize("k", [1, 3, 6])
def test_kmer_vocabulary_has_all_kmers(k):
    made = make_kmer_vocabulary(k)
    assert made.get_vocab_size() == 4**k + 5
    sequence = "ACGUTTGCAAC"
    encoded = made.encode(write_kmers(sequence, k), add_special_tokens=False)
    assert len(encoded.ids) == len(sequence) - k + 1
    assert "[UNK]" not in encoded.tokens
    assert made.encode("N" * k, add_special_tokens=False).tokens == ["[UNK]"]


@pytest.mark.parametrize("k", [0, 9, -1])
def test_kmer_vocabulary_refuses_other_lengths(k):
    with pytest.raises(BiomedplmError, match="B517"):
        make_kmer_vocabulary(k)


def test_save_vocabulary_leaves_an_existing_folder_alone(tmp_path):
    (tmp_path / "old.txt").write_text("mine")
    with pytest.raises(BiomedplmError, match="B513"):
        save_vocabulary(make_residue_vocabulary(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["old.txt"]
