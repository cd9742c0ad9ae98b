"""Which names and concepts are wanted: while a base is built, and when it is asked."""

from dataclasses import dataclass, fields
from functools import cached_property

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Name
from spacy_biomedplm.kb.languages import LANGUAGES
from spacy_biomedplm.kb.semantic_types import read_semantic_types


@dataclass(frozen=True)
class Filters:
    """What a name and its concept must have; what is empty holds for all. Lists become tuples.

    sources (tuple[str, ...]): Sources of names.
    languages (tuple[str, ...]): Languages of names, such as "en"; "ENG" as in the UMLS stands for it too.
    types (tuple[str, ...]): Semantic types of concepts, of which they need one.
    groups (tuple[str, ...]): Semantic groups, which stand for their types.
    term_types (tuple[str, ...]): Kinds of names; "EXACT" stands for "EXACT:abbreviation" too.
    suppressed (bool): Names that their source advises against are wanted too.
    obsolete (bool): Names and concepts that their source has given up are wanted too.
    RAISES (BiomedplmError): B584 for a value of another type.
    """

    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    term_types: tuple[str, ...] = ()
    suppressed: bool = False
    obsolete: bool = False

    def __post_init__(self) -> None:
        # Lists come from JSON and from Python; masks are kept by their filters, which need a hash.
        for one in fields(self):
            value = getattr(self, one.name)
            if isinstance(value, list):
                value = tuple(value)
                object.__setattr__(self, one.name, value)
            wanted = "True or False" if isinstance(one.default, bool) else "a list of texts"
            is_right = type(value) is bool if isinstance(one.default, bool) else _is_texts(value)
            if not is_right:
                raise BiomedplmError(coded("B584", name=one.name, found=repr(value)[:80], wanted=wanted))

    @cached_property
    def spoken(self) -> frozenset[str]:
        """The languages that are wanted, as they are written and as names carry them."""
        return frozenset((*self.languages, *(LANGUAGES.get(one, one) for one in self.languages)))

    def wanted_types(self) -> frozenset[str] | None:
        """Return the semantic types that are wanted, None if all are.

        RAISES (BiomedplmError): B572 for a group that does not exist.
        """
        if not self.types and not self.groups:
            return None
        members = (one for group in self.groups for one in read_semantic_types().members(group))
        return frozenset((*self.types, *members))

    def admits(self, name: Name) -> bool:
        """Return whether a name is wanted, as far as that does not depend on its concept. name (Name): The name."""
        return not (
            (name.suppressed and not self.suppressed)
            or (name.obsolete and not self.obsolete)
            or (self.sources and name.source not in self.sources)
            or (self.languages and name.language not in self.spoken)
            or (self.term_types and not is_term_type(name.term_type, self.term_types))
        )

    def to_dict(self) -> dict[str, object]:
        """Return what differs from the defaults, for JSON."""
        return {
            one.name: list(value) if isinstance(value, tuple) else value
            for one in fields(self)
            if (value := getattr(self, one.name)) != one.default
        }


def _is_texts(value: object) -> bool:
    return isinstance(value, tuple) and all(isinstance(one, str) for one in value)


def is_term_type(term_type: str, wanted: tuple[str, ...]) -> bool:
    """Return whether a kind of name is one of those wanted. term_type, wanted: As in Filters."""
    return term_type in wanted or term_type.partition(":")[0] in wanted
