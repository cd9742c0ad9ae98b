"""The TOML file that decides a pre-training: read strictly, a wrong or misspelt key is an error."""

import math
import re
import sys
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from difflib import get_close_matches
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from spacy_biomedplm.errors import BiomedplmError, coded

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


_FILE_NAME = re.compile(r"(?!\.)[^/\\\x00-\x1f]{1,100}(?<!\.partial)")


@dataclass(frozen=True)
class CorpusConfig:
    """One corpus of raw text.

    name (str): Its name, for messages, the log and its folder in the cache.
    paths (tuple[Path, ...]): Files and folders, see ``plm.text.iter_texts``; relative to the config.
    weight (float): Its share in the mixture, relative to the others; by default its share of the pieces.
    """

    name: str
    paths: tuple[Path, ...]
    weight: float | None = None


@dataclass(frozen=True)
class ModelConfig:
    """What is trained.

    start (str | None): Folder (relative to the config), name on the hub or installed package with the encoder to go on
        from.
    scratch (Path | None): Instead: a Hugging Face config.json for a model with random weights.
    vocabulary (str | None): With ``scratch``: folder or name of the tokenizer. A start has its own, see vocab extend.
    frozen (tuple[str, ...]): Parameters whose names begin so, counted from the encoder ("embeddings",
        "encoder.layer.0"), are left as they are.
    dropout (float): In [0, 1); with 0 the faster ways through the network can be taken.
    """

    start: str | None = None
    scratch: Path | None = None
    vocabulary: str | None = None
    frozen: tuple[str, ...] = ()
    dropout: float = 0.0


@dataclass(frozen=True)
class DataConfig:
    """What is learned from.

    corpora (tuple[CorpusConfig, ...]): The corpora; for the objective "synonyms" tables of concept and name.
    cache (Path): Folder for the cut corpora.
    length (int): Pieces of a sequence, special tokens counted.
    validation (float): Share of the documents that is held back for the validation loss.
    exclude (tuple[Path, ...]): Lists of held-out documents, see ``plm.exclusions``.
    excluded ("refuse" | "drop" | "keep"): What is done when a corpus holds a document of those lists.
    """

    corpora: tuple[CorpusConfig, ...]
    cache: Path
    length: int = 256
    validation: float = 0.005
    exclude: tuple[Path, ...] = ()
    excluded: Literal["refuse", "drop", "keep"] = "refuse"


@dataclass(frozen=True)
class TrainingConfig:
    """How it is learned.

    steps (int | None), passes (float | None): One of both: optimizer steps, or passes over the corpora.
    batch (int): Sequences of a step; micro_batch (int): of one run through the network.
    learning_rate (float): The highest; warmup (float): share of the steps in which it rises.
    schedule ("linear" | "cosine" | "constant"): How it falls to 0 afterwards.
    layer_decay (float): Factor of the rate from each layer to the one below it.
    weight_decay, beta2, clip (float): Of AdamW (Loshchilov & Hutter, 2019); clip is the largest norm of the gradient.
    precision ("auto" | "bf16" | "fp32"): "auto": bf16 where the device multiplies it in hardware.
    device (str): "auto", "cpu" or a name of torch.
    seed (int): Of masks, order and new weights.
    evaluate_every (int): Steps between two validations; 0 for none.
    checkpoint_minutes (float): Between two checkpoints.
    """

    steps: int | None = None
    passes: float | None = None
    batch: int = 64
    micro_batch: int = 16
    learning_rate: float = 5e-4
    warmup: float = 0.06
    schedule: Literal["linear", "cosine", "constant"] = "linear"
    layer_decay: float = 1.0
    weight_decay: float = 0.01
    beta2: float = 0.98
    clip: float = 1.0
    precision: Literal["auto", "bf16", "fp32"] = "auto"
    device: str = "auto"
    seed: int = 1
    evaluate_every: int = 200
    checkpoint_minutes: float = 5.0


@dataclass(frozen=True)
class PretrainConfig:
    """All of it; ``objective`` holds "name" and the options of that objective (docs/language-models.md)."""

    model: ModelConfig
    data: DataConfig
    objective: dict[str, Any]
    training: TrainingConfig = field(default_factory=TrainingConfig)

    def as_dict(self) -> dict[str, Any]:
        """Return all values as plain data, for digests and for the record of a run."""
        return _plain(asdict(self))


def read_config(path: Path) -> PretrainConfig:
    """Return the config that a file holds.

    path (Path): TOML. Paths in it are relative to its folder.
    RAISES (BiomedplmError): B526 if it is not there or not TOML, B527 for a section or key that does not exist, is
        missing, or has a value of another type or out of range.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BiomedplmError(coded("B526", path=path, reason=error)) from error
    config: PretrainConfig = _fill(PretrainConfig, found, str(path), path.parent)
    _check(config, path)
    start, vocabulary = (_locate(name, path.parent) for name in (config.model.start, config.model.vocabulary))
    return replace(config, model=replace(config.model, start=start, vocabulary=vocabulary))


def _locate(name: str | None, folder: Path) -> str | None:
    return str(folder / name) if name is not None and (folder / name).is_dir() else name


def _check(config: PretrainConfig, path: Path) -> None:
    model, data, training = config.model, config.data, config.training
    rules = (
        ((model.start is None) != (model.scratch is None), "[model] has one of 'start' and 'scratch'"),
        ((model.scratch is None) == (model.vocabulary is None), "[model] has a 'vocabulary' with 'scratch' only"),
        (0 <= model.dropout < 1, "[model] dropout is in [0, 1)"),
        (len(data.corpora) > 0, "[data] has at least one [[data.corpora]]"),
        (len({c.name for c in data.corpora}) == len(data.corpora), "the names of [[data.corpora]] differ"),
        (
            all(_FILE_NAME.fullmatch(c.name) for c in data.corpora),
            "the name of a corpus is that of a file, without / or \\",
        ),
        (all(c.weight is None or 0 < c.weight < math.inf for c in data.corpora), "a weight is above 0 and finite"),
        (len({c.weight is None for c in data.corpora}) < 2, "all corpora have a weight, or none has"),
        (data.length >= 8, "[data] length is 8 or more"),
        (0 <= data.validation < 1, "[data] validation is in [0, 1)"),
        ((training.steps is None) != (training.passes is None), "[training] has one of 'steps' and 'passes'"),
        (
            all(v is None or 0 < v < math.inf for v in (training.steps, training.passes)),
            "[training] steps or passes are above 0 and finite",
        ),
        (0 <= training.seed < 2**32, "[training] seed is 0 or more, and below 2^32"),
        (training.micro_batch > 0, "[training] micro_batch is above 0"),
        (
            training.batch > 0 and training.batch % max(1, training.micro_batch) == 0,
            "micro_batch divides batch",
        ),
        (0 < training.learning_rate < math.inf, "[training] learning_rate is above 0 and finite"),
        (0 <= training.warmup < 1, "[training] warmup is in [0, 1)"),
        (0 < training.layer_decay <= 1, "[training] layer_decay is in (0, 1]"),
        (0 < training.beta2 < 1, "[training] beta2 is in (0, 1)"),
        (training.weight_decay >= 0 and training.clip > 0, "weight_decay is 0 or more, clip above 0"),
        (training.evaluate_every >= 0 and training.checkpoint_minutes >= 0, "intervals are 0 or more"),
        (isinstance(config.objective.get("name"), str), "[objective] has a 'name'"),
    )
    for holds, rule in rules:
        if not holds:
            raise BiomedplmError(coded("B527", path=path, reason=f"the rule is: {rule}"))


def fill_options(kind: Any, values: dict[str, Any], where: str) -> Any:
    """Return a dataclass filled from a table, every key and type checked.

    kind (type): The dataclass.
    values (dict[str, Any]): The table.
    where (str): What is named in messages, such as the file.
    RAISES (BiomedplmError): B527.
    """
    return _fill(kind, values, where, Path())


def _fill(kind: Any, values: Any, where: str, folder: Path, section: str = "") -> Any:
    shown = f"[{section}]" if section else "the file"
    if not isinstance(values, dict):
        raise BiomedplmError(coded("B527", path=where, reason=f"{shown} is not a table"))
    hints = get_type_hints(kind)
    for key in values:
        if key not in hints:
            near = get_close_matches(key, hints, n=3, cutoff=0.5) or list(hints)
            reason = f"{shown} has no '{key}'; there are, for example: {', '.join(near)}"
            raise BiomedplmError(coded("B527", path=where, reason=reason))
    for known in fields(kind):
        if known.name not in values and known.default is MISSING and known.default_factory is MISSING:
            raise BiomedplmError(coded("B527", path=where, reason=f"{shown} needs '{known.name}'"))
    return kind(
        **{
            key: _convert(hints[key], value, where, folder, f"{section}.{key}" if section else key)
            for key, value in values.items()
        }
    )


def _convert(hint: Any, value: Any, where: str, folder: Path, key: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (UnionType, Union):
        (kind,) = (one for one in inner if one is not NoneType)
        return _convert(kind, value, where, folder, key)
    if origin is Literal and value in inner:
        return value
    if origin is tuple and isinstance(value, list):
        return tuple(_convert(inner[0], one, where, folder, key) for one in value)
    if origin is dict and isinstance(value, dict):
        return value
    if hasattr(hint, "__dataclass_fields__"):
        return _fill(hint, value, where, folder, key)
    if hint is Path and isinstance(value, str):
        return folder / value
    if hint is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if hint in (int, str, bool) and type(value) is hint:
        return value
    wanted = ", ".join(map(repr, inner)) if origin is Literal else getattr(hint, "__name__", str(hint))
    raise BiomedplmError(coded("B527", path=where, reason=f"'{key}' is {value!r}, wanted is {wanted}"))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(one) for one in value]
    return str(value) if isinstance(value, Path) else value
