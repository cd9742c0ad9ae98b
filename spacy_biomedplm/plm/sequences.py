"""Sequences of nucleotides as overlapping k-mers."""

from collections.abc import Iterator
from itertools import product

NUCLEOTIDES = "ACGT"
RESIDUES = "ACDEFGHIKLMNPQRSTVWY"
"""The twenty amino acids."""
AMBIGUOUS = "BJOUXZ"
"""Asx, Leu or Ile, pyrrolysine, selenocysteine, any, Glx: what else the IUPAC code has."""


def iter_kmers(k: int) -> Iterator[str]:
    """Yield the 4^k words of k nucleotides, in alphabetical order.

    k (int): Their length.
    """
    return map("".join, product(NUCLEOTIDES, repeat=k))


def write_kmers(sequence: str, k: int) -> str:
    """Return a sequence as its overlapping k-mers with spaces between them, as a vocabulary of k-mers reads it.

    sequence (str): Nucleotides in either case, white space ignored; U is written as T.
    k (int): Length of a k-mer.
    RETURNS (str): len(sequence) - k + 1 words, as in Ji et al. (2021), DNABERT; empty for a shorter sequence. One with
        another letter (N) is no entry of the vocabulary and becomes the unknown piece.
    """
    joined = "".join(sequence.split()).upper().replace("U", "T")
    return " ".join(joined[start : start + k] for start in range(len(joined) - k + 1))
