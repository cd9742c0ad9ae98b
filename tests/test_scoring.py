import pytest

from spacy_biomedplm.scoring import PRF, count, count_by_label


@pytest.mark.parametrize(
    ("predicted", "gold", "wanted"),
    [
        (set(), set(), (0, 0, 0, 0.0, 0.0, 0.0)),
        ({1, 2}, set(), (0, 2, 0, 0.0, 0.0, 0.0)),
        (set(), {1}, (0, 0, 1, 0.0, 0.0, 0.0)),
        ({1, 2, 3}, {2, 3, 4, 5}, (2, 1, 2, 2 / 3, 0.5, 4 / 7)),
        ({1}, {1}, (1, 0, 0, 1.0, 1.0, 1.0)),
    ],
)
def test_count_compares_sets(predicted, gold, wanted):
    prf = count(predicted, gold)
    assert (prf.tp, prf.fp, prf.fn) == wanted[:3]
    assert (prf.precision, prf.recall, prf.f1) == pytest.approx(wanted[3:])


def test_prf_adds_up_to_the_micro_average():
    total = sum([PRF(1, 2, 3), PRF(4, 0, 1)], PRF())
    assert total == PRF(5, 2, 4)
    assert total.gold == 9
    assert total.predicted == 7
    assert total.to_dict()["f1"] == pytest.approx(10 / 16)


def test_count_by_label_lists_gold_labels_that_are_never_predicted():
    gold = {(0, "Gene"), (1, "Gene"), (2, "Disease")}
    predicted = {(2, "Disease"), (3, "Species")}
    found = count_by_label(predicted, gold, lambda key: key[1], ["Variant"])
    assert list(found) == ["Disease", "Gene", "Species", "Variant"]
    assert found["Gene"] == PRF(0, 0, 2)
    assert found["Species"] == PRF(0, 1, 0)
    assert found["Variant"] == PRF()
    assert sum(found.values(), PRF()) == count(predicted, gold)


def test_count_ignores_duplicates():
    assert count({("a", 1), *[("a", 1)]}, {("a", 1)}) == PRF(1, 0, 0)
