"""What a guideline says of relations: labels, ends, and how far apart they may be."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from itertools import product
from typing import Any, Literal, NamedTuple, get_args

from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import Relation, entities_of
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.relations.ends import concept_ids_of, end_key

Level = Literal["mention", "concept"]
Scope = Literal["sentence", "document"]

DEFAULT_GUIDELINE = "default"
"""Guideline of documents that do not say what they are annotated for."""
GUIDELINE = "guideline"
"""Infon of a predicted relation: the guideline that it follows."""

_CHOICES = {"level": get_args(Level), "scope": get_args(Scope)}


@dataclass(frozen=True)
class Scheme:
    """How one guideline annotates relations.

    name (str): The guideline.
    labels (tuple[str, ...]): Of relations.
    ends (tuple[tuple[str, str], ...]): Types of the entities that may be head and tail.
    level ("mention" | "concept"): Whether relations hold between mentions, or between concepts in the document.
    scope ("sentence" | "document"): How far apart head and tail may be.
    symmetric (bool): Whether head and tail can change places; then the head is the one that comes first.
    multiple (bool): Whether a pair can have several labels.
    attribute (str): Infon of relations that is learned too, such as "novelty"; empty for none.
    values (tuple[str, ...]): Of that infon.
    """

    name: str
    labels: tuple[str, ...]
    ends: tuple[tuple[str, str], ...]
    level: Level = "mention"
    scope: Scope = "sentence"
    symmetric: bool = False
    multiple: bool = False
    attribute: str = ""
    values: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the name as plain data."""
        return {key: value for key, value in asdict(self).items() if key != "name"}

    def admits(self, head: str, tail: str) -> bool:
        """Return whether entities may be head and tail. head, tail (str): Their types."""
        return (head, tail) in self.ends or (self.symmetric and (tail, head) in self.ends)

    @property
    def types(self) -> frozenset[str]:
        """Types of entities that may be at an end."""
        return frozenset(type for pair in self.ends for type in pair)


def make_schemes(stored: Mapping[str, Mapping[str, Any]]) -> list[Scheme]:
    """Return the schemes of plain data.

    stored (Mapping[str, Mapping]): For each guideline the fields of ``Scheme``.
    RAISES (BiomedplmError): B222 for a field that is unknown or cannot be.
    """
    return [replace(Scheme(name, (), ()), **check_fields(name, values)) for name, values in sorted(stored.items())]


def check_fields(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return fields of a scheme with lists as tuples.

    name (str): The guideline. values (Mapping[str, Any]): Some of the fields of ``Scheme``.
    RAISES (BiomedplmError): B222 for a field that is unknown or cannot be.
    """
    defaults = {field.name: getattr(Scheme("", (), ()), field.name) for field in fields(Scheme) if field.name != "name"}
    found: dict[str, Any] = {}
    for key, value in values.items():
        if key not in defaults:
            raise BiomedplmError(
                coded("B222", scheme=name, key=key, value=value, wanted=f"one of {', '.join(defaults)}")
            )
        if key in _CHOICES and value not in _CHOICES[key]:
            wanted = " or ".join(map(repr, _CHOICES[key]))
            raise BiomedplmError(coded("B222", scheme=name, key=key, value=repr(value), wanted=wanted))
        if key == "ends":
            if not _is_list(value) or not all(_is_list(pair) and len(pair) == 2 for pair in value):
                wanted = "a list of pairs of types of entities"
                raise BiomedplmError(coded("B222", scheme=name, key=key, value=value, wanted=wanted))
            value = tuple((str(head), str(tail)) for head, tail in value)
        elif isinstance(defaults[key], tuple):
            if not _is_list(value):
                raise BiomedplmError(coded("B222", scheme=name, key=key, value=repr(value), wanted="a list"))
            value = tuple(map(str, value))
            if len(set(value)) < len(value) or "" in value:
                wanted = "a list of different texts that are not empty"
                raise BiomedplmError(coded("B222", scheme=name, key=key, value=list(value), wanted=wanted))
        elif not isinstance(value, type(defaults[key])):
            wanted = "true or false" if isinstance(defaults[key], bool) else "a text"
            raise BiomedplmError(coded("B222", scheme=name, key=key, value=repr(value), wanted=wanted))
        found[key] = value
    if bool(found.get("attribute")) != bool(found.get("values")) or found.get("attribute") == GUIDELINE:
        wanted = f"the name of an infon other than {GUIDELINE!r}, with its possible texts as values"
        value = f"{found.get('attribute', '')!r} with values = {list(found.get('values', ()))}"
        raise BiomedplmError(coded("B222", scheme=name, key="attribute", value=value, wanted=wanted))
    return found


def _is_list(value: object) -> bool:
    return isinstance(value, (list, tuple))


def annotated_labels(reference: Doc) -> dict[str, list[str]]:
    """Return the guidelines, and of each the labels of relations, that a document was annotated for.

    reference (Doc): A gold document. If ``doc._.annotated`` says nothing, it counts as annotated by the guideline
        "default", also if no relation was found in it.
    RETURNS (dict[str, list[str]]): Empty if nobody looked for relations in it. No labels stand for all of a guideline.
    """
    if reference._.annotated is not None:
        found: dict[str, list[str]] = reference._.annotated.get("relations", {})
        return found
    labels = sorted({relation.label for relation in reference._.relations})
    return {DEFAULT_GUIDELINE: labels}


def infer_schemes(
    references: Iterable[Doc], given: Mapping[str, Mapping[str, Any]], types: Mapping[str, str]
) -> list[Scheme]:
    """Return the schemes that gold documents follow.

    references (Iterable[Doc]): Gold documents. types (Mapping[str, str]): Type of labels of entities; others are one.
    given (Mapping[str, Mapping]): Fields that are known already, by guideline; they go before what is found.
    RETURNS (list[Scheme]): By name; those whose ends nothing shows are left out, with the warning W614. A guideline
        relates concepts if an end of a relation is an identifier. It is symmetric if entities of one type are at both
        ends and the head always comes first.
    """
    found: dict[str, _Observed] = {}
    for reference in references:
        annotated = annotated_labels(reference)
        relations = reference._.relations if annotated else ()
        for name, labels in annotated.items():
            observed = found.setdefault(name, _Observed(set(), set()))
            observed.labels.update(labels)
            # A guideline that names no labels has those of its relations.
            wanted = None if not labels or name == DEFAULT_GUIDELINE else labels
            observed.add(reference, [one for one in relations if wanted is None or one.label in wanted], types)
    schemes = []
    for name in sorted(found.keys() | given.keys()):
        inferred = found.get(name, _Observed(set(), set())).to_scheme(name)
        schemes.append(replace(inferred, **check_fields(name, given.get(name, {}))))
    for scheme in schemes:
        if scheme.labels and not scheme.ends:
            values = {"guideline": scheme.name, "labels": ", ".join(scheme.labels)}
            warnings.warn(coded("W614", **values), stacklevel=3)
    return [scheme for scheme in schemes if scheme.labels and scheme.ends]


@dataclass
class _Observed:
    """What gold documents show of a guideline."""

    labels: set[str]
    ends: set[tuple[str, str]]
    relates_concepts: bool = False
    goes_back: bool = False
    has_several: bool = False

    def add(self, doc: Doc, relations: Sequence[Relation], types: Mapping[str, str]) -> None:
        """Take in the relations of a document."""
        types_of: dict[object, set[str]] = {}
        if any(isinstance(end, str) for relation in relations for end in (relation.head, relation.tail)):
            self.relates_concepts = True
            for span in entities_of(doc):
                for id in concept_ids_of(span):
                    types_of.setdefault(end_key(id), set()).add(types.get(span.label_, span.label_))
        pairs: dict[tuple[object, ...], str] = {}
        for relation in relations:
            self.labels.add(relation.label)
            sides = []
            for end in (relation.head, relation.tail):
                if isinstance(end, Span):
                    sides.append({types.get(end.label_, end.label_)})
                else:
                    sides.append(types_of.get(end_key(end), set()))
            self.ends.update(product(sides[0], sides[1]))
            pair = end_key(relation.head), end_key(relation.tail)
            if isinstance(relation.head, Span) and isinstance(relation.tail, Span):
                self.goes_back |= end_key(relation.head) > end_key(relation.tail)
            self.has_several |= pairs.setdefault(pair, relation.label) != relation.label

    def to_scheme(self, name: str) -> Scheme:
        """Return the scheme."""
        same = any(head == tail or (tail, head) in self.ends for head, tail in self.ends)
        level: Level = "concept" if self.relates_concepts else "mention"
        return Scheme(
            name,
            tuple(sorted(self.labels)),
            tuple(sorted(self.ends)),
            level=level,
            scope="document" if self.relates_concepts else "sentence",
            symmetric=same and not self.goes_back and level == "mention",
            multiple=self.has_several,
        )


class Columns(NamedTuple):
    """Places of the scores of a scheme: no relation and its labels, and the values of its attribute."""

    labels: slice
    values: slice


def lay_out(schemes: Sequence[Scheme]) -> list[Columns]:
    """Return where the scores of each scheme are. schemes (Sequence[Scheme]): All of a model."""
    columns, first = [], 0
    for scheme in schemes:
        middle = first + 1 + len(scheme.labels)
        columns.append(Columns(slice(first, middle), slice(middle, middle + len(scheme.values))))
        first = middle + len(scheme.values)
    return columns
