from pathlib import Path

import numpy as np

from spacy_biomedplm.kb.hierarchy import iter_reached
from spacy_biomedplm.kb.layout import Csr


def test_iter_reached_yields_the_nearest_first_and_ends_on_circles() -> None:
    # 0 → 1, 2; 1 → 3; 2 → 3; 3 → 0 and 3.
    graph = Csr(np.array([0, 2, 3, 4, 6]), np.array([1, 2, 3, 3, 0, 3]), 4, Path("parents.bin"))
    assert list(iter_reached(graph, 0)) == [1, 2, 3]
    assert list(iter_reached(graph, 3)) == [0, 1, 2]
