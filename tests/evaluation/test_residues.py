from math import sqrt

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.evaluation.metrics import METRICS
from spacy_biomedplm.evaluation.residues import score_binding, score_residues
from spacy_biomedplm.types import DocumentRecord, MentionRecord


def protein(*mentions, doc_id="1", size=10):
    records = (MentionRecord(f"T{n}", label, ((start, end),)) for n, (label, start, end) in enumerate(mentions, 1))
    return DocumentRecord(doc_id, "M" * size, tuple(records))


GOLD = protein(("Helix", 0, 4), ("Strand", 6, 9))


def test_score_residues_counts_every_residue():
    found = score_residues([GOLD], [protein(("Helix", 0, 3), ("Strand", 5, 9))])
    assert found.main == 0.8
    assert found.more == {"residues": 10.0}
    counts = {name: (prf.tp, prf.fp, prf.fn) for name, prf in found.labels.items()}
    assert counts == {"-": (2, 1, 1), "Helix": (3, 0, 1), "Strand": (3, 1, 0)}
    assert found.counts is None


def test_score_residues_takes_the_first_of_several_mentions():
    assert score_residues([GOLD], [protein(("Helix", 0, 4), ("Strand", 2, 9))]).main == 0.8
    assert score_residues([GOLD], [protein()]).main == 0.3
    assert score_residues([GOLD], [GOLD]).main == 1.0
    assert score_residues([protein(size=0)], [protein(size=0)]).main == 0.0


def test_score_residues_weighs_proteins_by_their_size():
    gold = [GOLD, protein(doc_id="2", size=30)]
    assert score_residues(gold, [protein(), gold[1]]).main == 33 / 40
    with pytest.raises(BiomedplmError, match="B720"):
        score_residues(gold, [gold[1], GOLD])


def test_score_binding_is_a_mean_over_proteins():
    gold = [protein(("metal", 0, 4)), protein(("small", 0, 1), doc_id="2"), protein(doc_id="3")]
    found = score_binding(gold, [protein(("small", 2, 6)), protein(("small", 0, 1), doc_id="2"), protein(doc_id="3")])
    # Half of the first is right whatever binds there, all of the second; in the third nothing binds.
    assert found.main == pytest.approx((0.5 + 1) / 2)
    assert found.more["precision"] == found.more["recall"] == pytest.approx(0.75)
    mcc = (2 * 4 - 2 * 2) / sqrt(4 * 4 * 6 * 6)
    assert found.more["mcc"] == pytest.approx((mcc + 1) / 2)
    assert found.more["metal f1"] == 0.0
    assert found.more["small f1"] == pytest.approx(0.5)
    assert (found.labels["small"].tp, found.labels["small"].fp, found.labels["metal"].fn) == (1, 4, 4)


def test_score_binding_of_nothing():
    assert score_binding([protein()], [protein()]).main == 0.0
    assert score_binding([protein()], [protein(("metal", 0, 20))]).more["mcc"] == 0.0


def test_residue_metrics_are_registered():
    assert METRICS["residue-accuracy"].score([GOLD], [GOLD]).main == 1.0
    assert METRICS["binding-f1"].score([GOLD], [GOLD]).main == 1.0
