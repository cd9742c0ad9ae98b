import re

import pytest

from spacy_biomedplm.visual.colors import DISPLACY_COLORS, color_of

HARMONISED = ["CHEMICAL", "DISEASE", "GENE", "SPECIES", "CELL_LINE", "CELL_TYPE", "VARIANT", "ANATOMY", "DNA", "RNA"]


def luminance(color):
    channels = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colors_differ_for_harmonised_labels():
    assert len({color_of(label) for label in HARMONISED}) == len(HARMONISED)


@pytest.mark.parametrize("label", [*DISPLACY_COLORS, "Something_new", "", "Ä"])
def test_colors_are_readable_under_dark_text(label):
    color = color_of(label)
    assert re.fullmatch("#[0-9a-f]{6}", color)
    contrast = (luminance(color) + 0.05) / (luminance("#1c2128") + 0.05)
    assert contrast > 7


def test_colors_are_the_same_for_every_name_of_a_kind():
    assert color_of("Chemical") == color_of("CHEMICAL") == color_of("ChemicalEntity")
    assert all(label == label.upper() for label in DISPLACY_COLORS)
