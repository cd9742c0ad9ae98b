"""Vocabularies made from raw text, or from an alphabet."""

import string
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.folders import SPECIAL, new_folder, write_tokenizer
from spacy_biomedplm.plm.sequences import AMBIGUOUS, RESIDUES, iter_kmers

LearnedKind = Literal["wordpiece", "bpe", "unigram", "characters"]
LEARNED: tuple[LearnedKind, ...] = ("wordpiece", "bpe", "unigram", "characters")
"""Kinds of vocabulary that are learned from text."""
LONGEST_KMER = 8

_PIECES = list(SPECIAL.values())
_UNKNOWN = SPECIAL["unk_token"]
# Rarer characters are unknown: a few letters of every script would fill the vocabulary.
_MAX_ALPHABET = 1000


def train_vocabulary(
    texts: Iterable[str], kind: LearnedKind, size: int, *, lowercase: bool = True, min_count: int = 2
) -> Tokenizer:
    """Return a vocabulary learned from text.

    texts (Iterable[str]): One text for each document; read once.
    kind (LearnedKind): "wordpiece" as BERT's; "bpe" over bytes as GPT-2's and RoBERTa's; "unigram" as SentencePiece;
        "characters", each by itself.
    size (int): Entries, the five special ones counted; fewer where the text does not have so many.
    lowercase (bool): Whether case is dropped; with WordPiece accents go with it.
    min_count (int): What occurs less often is no entry (but for "unigram", which weighs by itself).
    RAISES (BiomedplmError): B510 without text, B511 for a size that the characters alone exceed, B517 for an
        impossible option.
    """
    for option, value, wanted, is_right in (
        ("kind", kind, " or ".join(LEARNED), kind in LEARNED),
        ("size", size, f"more than {len(_PIECES)}", size > len(_PIECES)),
        ("min_count", min_count, "1 or more", min_count >= 1),
    ):
        if not is_right:
            raise BiomedplmError(coded("B517", option=option, value=value, wanted=wanted))
    source = _Source(texts)
    tokenizer = {
        "wordpiece": _train_wordpiece,
        "bpe": _train_bpe,
        "unigram": _train_unigram,
        "characters": _train_characters,
    }[kind](source, size, lowercase, min_count)
    if not source.n_characters:
        raise BiomedplmError(coded("B510", documents=source.n_documents))
    # Where the characters alone are more than was asked for, the trainers keep just these.
    if tokenizer.get_vocab_size() > size:
        raise BiomedplmError(coded("B511", wanted=size, found=tokenizer.get_vocab_size()))
    return _finish(tokenizer)


def make_residue_vocabulary() -> Tokenizer:
    """Return the vocabulary of proteins: a piece for each of the 20 residues, 6 ambiguous or rare ones, 5 special ones.

    Lower case is read as upper case; white space between residues is ignored.
    """
    tokenizer = _make_word_level([*RESIDUES, *AMBIGUOUS])
    tokenizer.normalizer = _upper_case()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex("."), "isolated")]
    )
    return _finish(tokenizer)


def make_kmer_vocabulary(k: int) -> Tokenizer:
    """Return the vocabulary of DNA and RNA: all 4^k k-mers and 5 special pieces.

    k (int): 1 to 8.
    RETURNS (Tokenizer): Reads what ``sequences.write_kmers`` writes.
    RAISES (BiomedplmError): B517 for another k.
    """
    if not 1 <= k <= LONGEST_KMER:
        raise BiomedplmError(coded("B517", option="k", value=k, wanted=f"1 to {LONGEST_KMER}"))
    tokenizer = _make_word_level(list(iter_kmers(k)))
    tokenizer.normalizer = normalizers.Sequence([_upper_case(), normalizers.Replace("U", "T")])
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    return _finish(tokenizer)


def save_vocabulary(tokenizer: Tokenizer, output: Path) -> None:
    """Write a vocabulary as a folder that transformers' AutoTokenizer loads.

    tokenizer (Tokenizer): From one of the functions above. output (Path): New folder.
    RAISES (BiomedplmError): B513 if it exists, B524 if it cannot be written.
    """
    with new_folder(output) as folder:
        write_tokenizer(tokenizer, folder)


class _Source:
    """Texts that are counted while they are read."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._texts = texts
        self.n_documents = 0
        self.n_characters = 0

    def __iter__(self) -> Iterator[str]:
        for text in self._texts:
            self.n_documents += 1
            self.n_characters += len(text.strip())
            yield text


def _train_wordpiece(source: _Source, size: int, lowercase: bool, min_count: int) -> Tokenizer:
    tokenizer = Tokenizer(models.WordPiece(unk_token=_UNKNOWN))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    settings = _settings(size, min_frequency=min_count, limit_alphabet=_MAX_ALPHABET)
    tokenizer.train_from_iterator(source, trainers.WordPieceTrainer(**settings))
    return tokenizer


def _train_bpe(source: _Source, size: int, lowercase: bool, min_count: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    if lowercase:
        tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    # All 256 bytes, so that nothing is unknown.
    settings = _settings(size, min_frequency=min_count, initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(source, trainers.BpeTrainer(**settings))
    return tokenizer


def _train_unigram(source: _Source, size: int, lowercase: bool, min_count: int) -> Tokenizer:
    tokenizer = Tokenizer(models.Unigram())
    steps = [normalizers.NFKC(), *([normalizers.Lowercase()] if lowercase else [])]
    tokenizer.normalizer = normalizers.Sequence(steps)
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    trainer = trainers.UnigramTrainer(**_settings(size, unk_token=_UNKNOWN))
    tokenizer.train_from_iterator(_watch_alphabet(source, tokenizer.normalizer, size), trainer)
    return tokenizer


def _watch_alphabet(source: _Source, normalizer: Any, size: int) -> Iterator[str]:
    """Yield texts, until there are more characters than entries: the trainer of Unigram raises the bare class then."""
    seen: set[str] = set()
    for text in source:
        seen.update(normalizer.normalize_str(text))
        if len(seen) + len(_PIECES) > size:
            raise BiomedplmError(coded("B511", wanted=size, found=len(seen) + len(_PIECES)))
        yield text


def _train_characters(source: _Source, size: int, lowercase: bool, min_count: int) -> Tokenizer:
    steps = [normalizers.NFC(), *([normalizers.Lowercase()] if lowercase else [])]
    normalizer = normalizers.Sequence(steps)
    counts: Counter[str] = Counter()
    for text in source:
        counts.update(normalizer.normalize_str(text))
    ranked = sorted(counts, key=lambda character: (-counts[character], character))
    frequent = [character for character in ranked if counts[character] >= min_count]
    tokenizer = _make_word_level(frequent[: size - len(_PIECES)])
    tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return tokenizer


def _settings(size: int, **further: Any) -> Mapping[str, Any]:
    return {"vocab_size": size, "special_tokens": _PIECES, "show_progress": False, **further}


def _make_word_level(words: list[str]) -> Tokenizer:
    vocab = {word: number for number, word in enumerate([*_PIECES, *words])}
    return Tokenizer(models.WordLevel(vocab, unk_token=_UNKNOWN))


def _upper_case() -> Any:
    return normalizers.Sequence([normalizers.Replace(c, c.upper()) for c in string.ascii_lowercase])


def _finish(tokenizer: Tokenizer) -> Tokenizer:
    tokenizer.add_special_tokens([AddedToken(piece, special=True) for piece in _PIECES])
    cls, sep = SPECIAL["cls_token"], SPECIAL["sep_token"]
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{cls} $A {sep}",
        pair=f"{cls} $A {sep} $B:1 {sep}:1",
        special_tokens=[(piece, tokenizer.token_to_id(piece)) for piece in (cls, sep)],
    )
    return tokenizer
