import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.visual.dot_plot import axis_ticks, render_dot_plot

_SVG = "{http://www.w3.org/2000/svg}"
_NUMBERS = st.floats(-1e6, 1e6)


def test_plot_has_a_dot_for_each_number_and_a_bar_at_each_mean() -> None:
    values = {"NER:a": {"one": [70.0, 72.0], "<two>": [71.0]}, "average": {"one": [70.0, 72.0], "<two>": [71.0]}}
    root = ET.fromstring(render_dot_plot("A & B", values, unit="F1"))
    dots = [node for node in root.iter(f"{_SVG}circle") if node.get("r") == "4"]
    bars = [node for node in root.iter(f"{_SVG}line") if node.get("stroke-width") == "3"]
    assert (len(dots), len(bars)) == (6, 4)
    first, second = (float(str(dot.get("cx"))) for dot in dots[:2])
    assert float(str(bars[0].get("x1"))) == pytest.approx((first + second) / 2, abs=0.1)
    texts = [node.text for node in root.iter(f"{_SVG}text")]
    assert {"A & B", "NER:a", "<two>", "F1"} <= set(texts)
    width = float(str(root.get("width")))
    assert all(0 <= float(str(dot.get("cx"))) <= width for dot in dots)


def test_plot_of_one_number() -> None:
    assert "<circle" in render_dot_plot("", {"a": {"b": [0.0]}}, unit="")


@given(_NUMBERS, _NUMBERS)
def test_ticks_include_both_ends(a: float, b: float) -> None:
    ticks = axis_ticks(min(a, b), max(a, b))
    assert 3 <= len(ticks) <= 8
    assert ticks == sorted(ticks)
    size = max(abs(a), abs(b), 1e-6)
    assert ticks[0] <= min(a, b) + 1e-6 * size
    assert ticks[-1] >= max(a, b) - 1e-6 * size
