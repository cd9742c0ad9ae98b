import pytest

from spacy_biomedplm.plm.sequences import AMBIGUOUS, RESIDUES, iter_kmers, write_kmers


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_iter_kmers_gives_all_of_them_once(k):
    found = list(iter_kmers(k))
    assert len(found) == len(set(found)) == 4**k
    assert found[0] == "A" * k
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("sequence", "k", "wanted"),
    [
        ("ACGTA", 3, "ACG CGT GTA"),
        ("acgu\n", 3, "ACG CGT"),
        ("AC GT", 2, "AC CG GT"),
        ("AC", 3, ""),
        ("", 1, ""),
        ("ANC", 1, "A N C"),
    ],
)
def test_write_kmers_overlap(sequence, k, wanted):
    assert write_kmers(sequence, k) == wanted


def test_residues_are_all_letters_of_the_iupac_code():
    assert len(RESIDUES) == 20
    assert sorted(RESIDUES + AMBIGUOUS) == [chr(number) for number in range(ord("A"), ord("Z") + 1)]
