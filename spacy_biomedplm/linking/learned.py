"""What a linker learns from corpora besides weights: how many documents use a name for a concept."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import log1p
from typing import Any

from spacy_biomedplm.index.normalisation import normalise
from spacy_biomedplm.kb.semantic_types import read_semantic_types

_RULES = (
    "fold_unicode",
    "fold_capitals",
    "fold_case",
    "spell_greek",
    "drop_possessive",
    "drop_punctuation",
    "fold_plural",
)


@lru_cache(maxsize=1 << 16)
def form_of(name: str) -> str:
    """Return what names with the same counts have in common: case, punctuation and plural are nothing.

    name (str): Any name.
    """
    return normalise([name], _RULES)[0] or name


class LearnedNames:
    """Counts of documents.

    names (dict[str, dict[str, int]]): Of each concept, by form of the name.
    concepts (dict[str, int]): Of each concept under any name.
    kinds (dict[str, dict[str, int]]): Mentions of each kind of concept (semantic type, vocabulary), by label.
    """

    def __init__(self) -> None:
        self.names: dict[str, dict[str, int]] = {}
        self.concepts: dict[str, int] = {}
        self.kinds: dict[str, dict[str, int]] = {}

    def count(self, docs: Iterable[Iterable[tuple[Iterable[str], str, str, Iterable[str]]]]) -> None:
        """Count anew.

        docs (Iterable): For each document, of each mention with one concept: names, concept, label and kinds.
        """
        names: dict[str, Counter[str]] = defaultdict(Counter)
        concepts: Counter[str] = Counter()
        kinds: dict[str, Counter[str]] = defaultdict(Counter)
        for mentions in docs:
            pairs: set[tuple[str, str]] = set()
            for of_mention, concept, label, kinds_of in mentions:
                pairs.update((form_of(name), concept) for name in of_mention)
                # The empty one is the number of all: ids without a prefix are of no vocabulary.
                kinds[label].update(filter(None, kinds_of))
                kinds[label][""] += 1
            for form, concept in pairs:
                names[form][concept] += 1
            concepts.update({concept for _, concept in pairs})
        self.names = {form: dict(sorted(counts.items())) for form, counts in sorted(names.items())}
        self.concepts = dict(sorted(concepts.items()))
        self.kinds = {label: dict(sorted(counts.items())) for label, counts in sorted(kinds.items())}

    def shares(
        self, name: str, concepts: Sequence[str], own: Mapping[tuple[str, str], int]
    ) -> list[tuple[float, float]]:
        """Return how many documents use a name for each concept, as a logarithm, and their share of those that use it.

        name (str): The name. concepts (Sequence[str]): Ids.
        own (Mapping[tuple[str, str], int]): Documents not to count: 1 for each pair of form and concept that the
            document itself has; empty unless it has been counted.
        """
        form = form_of(name)
        counts = self.names.get(form)
        if not counts:
            return [(0.0, 0.0)] * len(concepts)
        total = sum(counts.values()) - sum(own.get((form, other), 0) for other in counts)
        found = [counts.get(concept, 0) - own.get((form, concept), 0) for concept in concepts]
        return [(log1p(max(number, 0)), number / total if total > 0 else 0.0) for number in found]

    def kind_share(self, label: str, kinds: Sequence[str]) -> float:
        """Return how usual concepts of a kind are for a label: the share of its mentions, 0.5 for an unknown label.

        label (str): Of the mention.
        kinds (Sequence[str]): Semantic types of the concept, and its vocabulary. Where no label has had any of the
            types, those of the same semantic groups stand for them; where there are none of these either, or the
            concept has no types, it is as usual as the most usual kind.
        """
        counts = self.kinds.get(label)
        if not counts:
            return 0.5
        types = kinds[:-1]
        if not any(kind in of_label for of_label in self.kinds.values() for kind in types):
            seen = {kind for of_label in self.kinds.values() for kind in of_label if kind}
            alike = _groups_of(types)
            # Corpora whose base had no types know concepts by their vocabulary alone.
            alone = not types and kinds[-1] in seen and not _groups_of(seen)
            types = [] if alone else [kind for kind in seen if alike & _groups_of([kind])] or list(seen)
        return max((counts.get(kind, 0) / counts[""] for kind in (*types, *kinds[-1:]) if kind), default=0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return {"names": self.names, "concepts": self.concepts, "kinds": self.kinds}

    def from_dict(self, stored: Mapping[str, Any]) -> None:
        """Take what ``to_dict`` returned. stored (Mapping[str, Any]): The data."""
        self.names, self.concepts, self.kinds = (dict(stored[key]) for key in ("names", "concepts", "kinds"))


def _groups_of(types: Iterable[str]) -> set[str]:
    """Return the semantic groups of types; other words have none."""
    known = read_semantic_types()
    return {known[one].group for one in types if one in known}
