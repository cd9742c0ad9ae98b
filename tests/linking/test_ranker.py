import numpy as np
import pytest
from thinc.api import Adam

from spacy_biomedplm.linking.ranker import build_concept_ranker, fit_scale, probabilities, ranking_loss


@pytest.mark.parametrize("hidden_width", [0, 8])
def test_the_ranker_learns_which_feature_tells(hidden_width):
    rng = np.random.default_rng(0)
    features = [rng.random((5, 3), dtype=np.float32) for _ in range(60)]
    right = [rows[:, 1] == rows[:, 1].max() for rows in features]
    model = build_concept_ranker(hidden_width)
    fit_scale(model, np.concatenate(features))
    model.initialize(X=features)
    optimizer = Adam(0.05)
    first = None
    for _ in range(60):
        scores, backprop = model.begin_update(features)
        loss, gradients = ranking_loss(scores, right)
        first = loss if first is None else first
        backprop(gradients)
        model.finish_update(optimizer)
    found = [rows[:, 0].argmax() for rows in model.predict(features)]
    assert loss < first / 3
    assert np.mean([rows[place] for rows, place in zip(right, found, strict=True)]) > 0.9


def test_the_gradient_is_that_of_the_loss():
    rng = np.random.default_rng(1)
    scores = [rng.normal(size=(4, 1)).astype(np.float64) for _ in range(3)]
    right = [np.array([True, False, True, False]), np.zeros(4, dtype=bool), np.array([False, True, False, False])]
    loss, gradients = ranking_loss(scores, right)
    for place in range(3):
        for row in range(4):
            moved = [copy.copy() for copy in scores]
            moved[place][row, 0] += 1e-5
            assert (ranking_loss(moved, right)[0] - loss) / 1e-5 == pytest.approx(gradients[place][row, 0], abs=1e-3)
    assert not gradients[1].any()
    assert gradients[2].shape == (4, 1)


def test_without_a_right_candidate_nothing_is_learned():
    loss, gradients = ranking_loss([np.ones((2, 1), dtype=np.float32)], [np.zeros(2, dtype=bool)])
    assert loss == 0
    assert not gradients[0].any()


def test_probabilities_of_large_scores_are_finite():
    assert probabilities(np.array([1e4, 0.0], dtype=np.float32)) == pytest.approx([1, 0])
