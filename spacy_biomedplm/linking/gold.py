"""The concepts that a corpus gives its mentions, as those of a knowledge base."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from spacy.tokens import Doc

from spacy_biomedplm.attributes import DETAILS_KEY, score_key
from spacy_biomedplm.concepts import parse_concepts
from spacy_biomedplm.kb.curies import join_id, prefix_of
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.linking.learned import form_of
from spacy_biomedplm.linking.mentions import Mention, entities_of, find_mentions
from spacy_biomedplm.types import ConceptRecord


class Gold(NamedTuple):
    """What a corpus says of a mention.

    mention (Mention): The mention.
    concepts (tuple[frozenset[str], ...]): For each concept that it names the ids of the base that it stands for;
        none of them if the base lacks it.
    """

    mention: Mention
    concepts: tuple[frozenset[str], ...]

    @property
    def ids(self) -> list[str]:
        """The ids of the base that its one concept stands for, sorted; none if it names several concepts."""
        return sorted(self.concepts[0]) if len(self.concepts) == 1 else []

    @property
    def names(self) -> tuple[str, str]:
        """What it is called: with abbreviations written out, and as it stands."""
        return self.mention.name, self.mention.text


def find_gold(doc: Doc, base: KnowledgeBase, labels: Collection[str] | None, *, write_out: bool) -> list[Gold]:
    """Return the mentions of a document of a corpus and their concepts.

    doc (Doc): The document.
    base (KnowledgeBase): Whose concepts are wanted; former ids and those of other vocabularies are followed.
    labels, write_out: As for ``find_mentions``.
    """
    concepts = dict(_concepts_of(doc))
    return [
        Gold(
            mention,
            tuple(frozenset(base.find(join_id(one.resource, one.id))) for one in concepts.get(mention.key, ())),
        )
        for mention in find_mentions([doc], [doc.text], None if labels is None else sorted(labels), write_out=write_out)
    ]


def _concepts_of(doc: Doc) -> Iterator[tuple[str, tuple[ConceptRecord, ...]]]:
    stored = doc.user_data.get(DETAILS_KEY, {})
    for span in entities_of(doc):
        key = score_key(span)
        rows = stored.get(key, {}).get("concepts", ())
        yield key, tuple(ConceptRecord(*row) for row in rows) if rows else parse_concepts(span.kb_id_)


def count_of(gold: Gold, base: KnowledgeBase) -> Iterator[tuple[tuple[str, str], str, str, list[str]]]:
    """Yield what ``LearnedNames.count`` counts of a mention, if it has one concept: each id that this stands for.

    gold (Gold): The mention. base (KnowledgeBase): That of the ids.
    """
    for id in gold.ids:
        yield gold.names, id, gold.mention.label, [*base.types_of(base.row_of(id)), prefix_of(id)]


def pairs_of(gold: Gold) -> list[tuple[str, str]]:
    """Return what a mention puts into the counts of ``LearnedNames``: forms with its ids, and these under any name.

    gold (Gold): The mention.
    """
    return [(form, id) for id in gold.ids for form in ("", *map(form_of, gold.names))]
