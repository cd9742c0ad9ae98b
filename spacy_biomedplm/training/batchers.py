"""The batcher "spacy-biomedplm.batch_by_wordpieces.v1": steps of equal work, made of documents of like length."""

import random
from collections.abc import Callable, Iterable, Iterator

from spacy.training import Example
from tokenizers import Tokenizer

from spacy_biomedplm.encoder.loading import load_tokenizer


def create_wordpiece_batcher(
    encoder: str, pieces: int = 2048, groups: int = 3, buffer: int = 2000, seed: int = 0
) -> Callable[[Iterable[Example]], Iterator[list[Example]]]:
    """Return a batcher that counts wordpieces.

    encoder (str): Name or folder of the encoder whose tokenizer counts.
    pieces (int): Wordpieces of a group of documents of like length. A longer document is a group of its own.
    groups (int): Groups whose gradients add up to one step; drawn at random, so that a step mixes lengths and
        corpora while each group fills a matrix without much padding.
    buffer (int): Examples that are sorted by length at a time.
    seed (int): Seed of the order of groups.
    RETURNS (Callable): From examples to batches; every example is in exactly one.
    """
    rng = random.Random(seed)
    tokenizer: Tokenizer | None = None

    def batch(examples: Iterable[Example]) -> Iterator[list[Example]]:
        nonlocal tokenizer
        tokenizer = tokenizer or load_tokenizer(encoder)
        for chunk in _chunks(examples, buffer):
            encoded = tokenizer.encode_batch([eg.predicted.text for eg in chunk], add_special_tokens=False)
            made = group_by_length(chunk, [len(e.ids) for e in encoded], pieces)
            rng.shuffle(made)
            for i in range(0, len(made), groups):
                yield [eg for group in made[i : i + groups] for eg in group]

    return batch


def group_by_length(examples: list[Example], lengths: list[int], pieces: int) -> list[list[Example]]:
    """Return groups of examples of like length with at most so many pieces each.

    examples (list[Example]): Any examples.
    lengths (list[int]): Their wordpieces.
    pieces (int): Most pieces of a group, padding to its longest counted.
    """
    groups: list[list[Example]] = []
    longest = 0
    for i in sorted(range(len(examples)), key=lambda i: -lengths[i]):
        if not groups or longest * (len(groups[-1]) + 1) > pieces:
            groups.append([])
            longest = lengths[i]
        groups[-1].append(examples[i])
    return groups


def _chunks(examples: Iterable[Example], size: int) -> Iterator[list[Example]]:
    chunk = []
    for example in examples:
        chunk.append(example)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
