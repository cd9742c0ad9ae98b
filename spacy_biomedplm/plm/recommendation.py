"""Which language models suit a request: what must hold leaves models out, what should hold gives points."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from spacy_biomedplm.plm.catalogue import read_catalogue, values_of
from spacy_biomedplm.plm.language_model import UNKNOWN, LanguageModel, Variant
from spacy_biomedplm.plm.request import Request

# Filters: the name of a wish and the field of the record.
_HARD = {"licence": "licence", "access": "access", "language": "languages", "tokens": "tokens"}
POINTS = {"text": 3, "task": 2, "architecture": 2, "family": 1, "vocabulary": 1}
"""Points for each wish that a model meets; the device and how it loads give up to 3 and 2 more."""
_SOFT = {
    "text": ("genres", "learned from {}"),
    "task": ("tasks", "its paper has the task {}"),
    "architecture": ("architecture", "its architecture is {}"),
    "family": ("family", "it is of the kind {}"),
    "vocabulary": ("vocabulary", "its vocabulary is of the kind {}"),
}
_CPU_POINTS = ((30_000_000, 3), (70_000_000, 2), (150_000_000, 1))
_GPU_LIMIT = 1_000_000_000


@dataclass(frozen=True)
class Reason:
    """Why a model has points, or why not.

    points (int): 0 for a miss. text (str): What was found.
    """

    points: int
    text: str


@dataclass(frozen=True)
class Suggestion:
    """A model that meets all that must hold.

    model (LanguageModel): The model. variant (Variant): The variant that suits best. reasons (tuple[Reason, ...]): One
        for each wish.
    """

    model: LanguageModel
    variant: Variant
    reasons: tuple[Reason, ...]

    @property
    def points(self) -> int:
        """Sum of the points of all reasons."""
        return sum(reason.points for reason in self.reasons)


@dataclass(frozen=True)
class Recommendation:
    """The models that suit a request.

    request (Request): What was asked. assumed (Mapping[str, tuple[str, ...]]): What was added to it.
    suggestions (tuple[Suggestion, ...]): Best first; of equal points the later model.
    left_out (Mapping[str, int]): How many models do not meet what must hold, by reason; each counts once.
    """

    request: Request
    assumed: Mapping[str, tuple[str, ...]]
    suggestions: tuple[Suggestion, ...]
    left_out: Mapping[str, int]


def recommend(request: Request) -> Recommendation:
    """Rank the models of the catalogue for a request.

    request (Request): What is wanted.
    RETURNS (Recommendation): Licence, access, language, what is read and the most parameters must hold; what is
        unknown does not. The rest gives points.
    """
    assumed = _assume(request)
    whole = request.add([(name, value) for name, values in assumed.items() for value in values])
    suggestions: list[Suggestion] = []
    left_out: Counter[str] = Counter()
    for model in read_catalogue().values():
        reason = _obstacle(model, whole)
        if reason:
            left_out[reason] += 1
            continue
        variant = _choose_variant(model, whole)
        suggestions.append(Suggestion(model, variant, tuple(_reasons(model, variant, whole))))
    suggestions.sort(key=lambda one: (one.points, one.model.date or "", one.model.name), reverse=True)
    return Recommendation(request, assumed, tuple(suggestions), dict(left_out.most_common()))


def _assume(request: Request) -> dict[str, tuple[str, ...]]:
    assumed: dict[str, tuple[str, ...]] = {}
    if not request.values("access"):
        assumed["access"] = ("public", "gated")
    if not request.values("tokens") and not {"codes", "sequences"} & set(request.values("text")):
        assumed["tokens"] = ("text",)
    if not request.values("language") and "text" in (*request.values("tokens"), *assumed.get("tokens", ())):
        assumed["language"] = ("en",)
    return assumed


def _obstacle(model: LanguageModel, request: Request) -> str:
    for name, field in _HARD.items():
        wanted = request.values(name)
        found = values_of(model, field)
        if not wanted or set(found) & set(wanted):
            continue
        return f"{name} {UNKNOWN}" if found == (UNKNOWN,) else name
    if request.max_parameters is not None and not list(_small_enough(model, request)):
        return "size unknown" if all(variant.parameters is None for variant in model.variants) else "size"
    return ""


def _small_enough(model: LanguageModel, request: Request) -> Iterator[Variant]:
    limit = request.max_parameters
    for variant in model.variants:
        if limit is None or (variant.parameters is not None and variant.parameters <= limit):
            yield variant


def _choose_variant(model: LanguageModel, request: Request) -> Variant:
    possible = list(_small_enough(model, request))
    known = [variant for variant in possible if variant.parameters is not None and (variant.hub or variant.url)]
    if "cpu" in request.values("device") and known:
        return min(known, key=lambda variant: variant.parameters or 0)
    return possible[0]


def _reasons(model: LanguageModel, variant: Variant, request: Request) -> Iterator[Reason]:
    for name, (field, text) in _SOFT.items():
        found = values_of(model, field)
        for value in request.values(name):
            if value in found:
                yield Reason(POINTS[name], text.format(value))
            else:
                yield Reason(0, f"{name} is {_list(found)}, not {value}")
    for device in request.values("device"):
        yield _judge_size(model, variant, device)
    yield _judge_loading(model, variant)


def _list(values: Sequence[str]) -> str:
    return " and ".join(values) or UNKNOWN


def format_parameters(parameters: int | None) -> str:
    """Return a number of parameters for people, such as "110M".

    parameters (int | None): The number.
    """
    if parameters is None:
        return "size unknown"
    millions = parameters / 1_000_000
    return f"{millions / 1000:.3g}B" if millions >= 1000 else f"{millions:.3g}M"


def _judge_size(model: LanguageModel, variant: Variant, device: str) -> Reason:
    size = variant.parameters
    if size is None:
        return Reason(0, f"its size is unknown, so is its speed on a {device.upper()}")
    shown = f"{format_parameters(size)} parameters"
    if "albert" in f"{model.architecture} {variant.name}".casefold():
        return Reason(0, f"{shown}, which its layers share: it is as slow as a larger model")
    if device == "cpu":
        points = next((points for limit, points in _CPU_POINTS if size <= limit), 0)
        return Reason(points, f"{shown} on a CPU" if points else f"{shown} are slow on a CPU")
    fits = size <= _GPU_LIMIT
    return Reason(int(fits), f"{shown} on a GPU" if fits else f"{shown} need a large GPU")


def _judge_loading(model: LanguageModel, variant: Variant) -> Reason:
    if model.loads is None:
        return Reason(0, f"does not load here: {model.why}")
    if variant.hub is None or model.why:
        return Reason(
            1 if variant.hub else 0, f"loads here as {model.loads}, with work: {model.why or 'not on the hub'}"
        )
    if variant.weights == "safetensors":
        return Reason(2, f"loads here as {model.loads}")
    form = "are pickles" if variant.weights == "pickle" else "may be pickles only"
    return Reason(1, f"loads here as {model.loads}; the weights {form}: save them once with save_pretrained")
