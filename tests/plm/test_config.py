"""The TOML file of a pre-training is read strictly."""

from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.config import PretrainConfig, read_config

GOOD = """
[model]
start = "minilm"
[data]
cache = "cache"
[[data.corpora]]
name = "a"
paths = ["a.txt"]
[objective]
name = "masked"
[training]
steps = 3
"""


def read(tmp_path: Path, text: str = GOOD) -> PretrainConfig:
    (tmp_path / "c.toml").write_text(text, encoding="utf8")
    return read_config(tmp_path / "c.toml")


def test_paths_are_relative_to_the_config(tmp_path: Path) -> None:
    config = read(tmp_path)
    assert config.data.corpora[0].paths == (tmp_path / "a.txt",)
    assert config.data.cache == tmp_path / "cache"
    assert config.training.learning_rate == 5e-4


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("steps = 3", "step = 3", "'step'; there are, for example: steps"),
        ("steps = 3", "", "one of 'steps' and 'passes'"),
        ("steps = 3", "steps = 3\npasses = 1", "one of 'steps' and 'passes'"),
        ("steps = 3", "steps = 0", "above 0"),
        ("steps = 3", "steps = 3.5", "'training.steps' is 3.5, wanted is int"),
        ("steps = 3", 'steps = 3\nschedule = "cosin"', "wanted is 'linear', 'cosine', 'constant'"),
        ("steps = 3", "steps = 3\nbatch = 10\nmicro_batch = 4", "micro_batch divides batch"),
        ("steps = 3", "steps = 3\nlearning_rate = -1", "learning_rate"),
        ('start = "minilm"', "", "one of 'start' and 'scratch'"),
        ('start = "minilm"', 'scratch = "c.json"', "'vocabulary'"),
        ('start = "minilm"', 'start = "minilm"\nvocabulary = "v"', "'vocabulary'"),
        ('paths = ["a.txt"]', 'paths = "a.txt"', "data.corpora.paths"),
        ('paths = ["a.txt"]', "", "needs 'paths'"),
        ('paths = ["a.txt"]', 'paths = ["a.txt"]\nweight = 0', "a weight is above 0"),
        ('[objective]\nname = "masked"', "[objective]\nshare = 0.1", "[objective] has a 'name'"),
        ('paths = ["a.txt"]', 'paths = ["a.txt"]\nweight = inf', "a weight is above 0 and finite"),
        ('name = "a"', 'name = ".."', "the name of a corpus"),
        ('name = "a"', 'name = "a/b"', "the name of a corpus"),
        ('name = "a"', 'name = ""', "the name of a corpus"),
        ("steps = 3", "passes = inf", "above 0 and finite"),
        ("steps = 3", "steps = 3\nseed = -1", "seed is 0 or more"),
        ("[training]", "[trainin]", "no 'trainin'"),
    ],
)
def test_what_is_wrong_is_said(old: str, new: str, said: str, tmp_path: Path) -> None:
    assert old in GOOD
    with pytest.raises(BiomedplmError, match="B527") as caught:
        read(tmp_path, GOOD.replace(old, new))
    assert said in str(caught.value)


def test_no_toml(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match="B526"):
        read(tmp_path, "[model")
    with pytest.raises(BiomedplmError, match="B526"):
        read_config(tmp_path / "missing.toml")
