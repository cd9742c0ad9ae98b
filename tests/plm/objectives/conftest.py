"""Runs of an objective on a tiny corpus, and the folders of models that start from nothing."""

import json
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from spacy_biomedplm.plm.config import read_config
from spacy_biomedplm.plm.networks import load_vocabulary
from spacy_biomedplm.plm.preparation import prepare_corpora
from spacy_biomedplm.plm.pretraining import LOG_FILE, Pretraining, make_objective
from spacy_biomedplm.plm.processes import Processes

WORDS = ["the", *(f"w{number}" for number in range(30))]
SENTENCES = [f"{WORDS[n + 1]} the {WORDS[n + 2]} the {WORDS[n + 3]} the .".capitalize() for n in (0, 5, 10, 15, 20, 25)]
DOCUMENTS = [" ".join(chosen) for chosen in list(permutations(SENTENCES, 4))[::7]]


class Runner:
    """Starts runs and reads what they logged."""

    def start(self, config_path: Path, output: Path) -> Pretraining:
        """Make a run that has not learned yet."""
        config = read_config(config_path)
        vocabulary = load_vocabulary(config.model)
        kind = make_objective(config)
        corpora, records = prepare_corpora(config.data, vocabulary, lambda name, count: None, kind.source)
        objective = kind(config, vocabulary, corpora)
        return Pretraining(config, objective, records, output, Processes(config.training.device))

    def train(self, config_path: Path, output: Path, until: int | None = None) -> list[dict[str, Any]]:
        """Run and return the log."""
        self.start(config_path, output).run(lambda record: None, until=until)
        return [json.loads(line) for line in (output / LOG_FILE).read_text(encoding="utf8").splitlines()]

    def learns(self, config_path: Path, output: Path, figure: str = "loss", share: float = 0.9) -> None:
        """Check that a figure falls, in training and in validation."""
        log = self.train(config_path, output)
        values = [record[figure] for record in log if figure in record]
        assert sum(values[-5:]) < share * sum(values[:5])
        held_back = [record[f"validation_{figure}"] for record in log if f"validation_{figure}" in record]
        assert held_back[-1] < held_back[0]

    def goes_on(self, config_path: Path, folder: Path) -> None:
        """Check that a run with a break has the curve of one without."""
        whole = self.train(config_path, folder / "whole")
        self.train(config_path, folder / "parts", until=3)
        parts = self.train(config_path, folder / "parts")
        figures = [{k: v for k, v in record.items() if k != "pieces_per_second"} for record in whole]
        assert figures == [{k: v for k, v in record.items() if k != "pieces_per_second"} for record in parts]

    def batches_are_pure(self, config_path: Path, output: Path) -> None:
        """Check that a batch depends on its number only."""
        first, second = (self.start(config_path, output).objective for _ in range(2))
        late, early = first.batch(40, 4), first.batch(0, 4)
        for batch, again in ((early, second.batch(0, 4)), (late, second.batch(40, 4))):
            assert batch.keys() == again.keys()
            assert all(np.array_equal(batch[name], again[name]) for name in batch)
        assert not np.array_equal(early["ids"], late["ids"])
        makers = [objective.validation_batches(4, 8) for objective in (first, second)]
        for one, other in zip(*makers, strict=True):
            assert all(np.array_equal(value, other()[name]) for name, value in one().items())


@pytest.fixture
def runner() -> Runner:
    """Starts runs."""
    return Runner()


@pytest.fixture
def toy_text() -> str:
    """52 documents of four sentences, each with words of its own and one that all have."""
    return "\n".join(DOCUMENTS)


@pytest.fixture
def write_scratch(tmp_path: Path) -> Callable[..., str]:
    """Maker of the section [model] for a new model whose vocabulary is that of the toy text."""

    def write(config: dict[str, Any], frame: str, *, special: tuple[str, ...] = ()) -> str:
        names = ["<pad>", "<unk>", "<s>", "</s>", "<mask>", *special]
        pieces = [*names, ".", *WORDS]
        tokenizer = Tokenizer(models.WordLevel({p: i for i, p in enumerate(pieces)}, unk_token="<unk>"))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        tokenizer.normalizer = normalizers.Lowercase()
        if frame:
            ends = [("<s>", 2), ("</s>", 3)]
            tokenizer.post_processor = processors.TemplateProcessing(frame, None, ends)
        tokenizer.add_special_tokens(names)
        (tmp_path / "vocabulary").mkdir(exist_ok=True)
        tokenizer.save(str(tmp_path / "vocabulary" / "tokenizer.json"))
        roles = {"pad_token": "<pad>", "unk_token": "<unk>", "eos_token": "</s>", "mask_token": "<mask>"}
        settings = {"tokenizer_class": "PreTrainedTokenizerFast", **roles}
        (tmp_path / "vocabulary" / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf8")
        (tmp_path / "new.json").write_text(json.dumps(config), encoding="utf8")
        return f'scratch = "new.json"\nvocabulary = "{tmp_path / "vocabulary"}"'

    return write
