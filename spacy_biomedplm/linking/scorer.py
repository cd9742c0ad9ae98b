"""Scores of links: counted against all gold mentions, found or not."""

from collections.abc import Callable, Collection, Iterable
from typing import Any

from spacy.training import Example

from spacy_biomedplm.attributes import Link, get_links
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.linking.gold import find_gold
from spacy_biomedplm.linking.mentions import entities_of
from spacy_biomedplm.scoring import PRF


def create_linking_scorer() -> Callable[..., dict[str, Any]]:
    """Return the scorer registered as "spacy-biomedplm.linking_scorer.v1"."""
    return score_links


def score_links(
    examples: Iterable[Example], *, linker: str, base: KnowledgeBase, labels: Collection[str] | None = None, **_: Any
) -> dict[str, Any]:
    """Return how often the right concept was found.

    examples (Iterable[Example]): Predicted and gold documents.
    linker (str): Name of the pipe that is scored.
    base (KnowledgeBase): Its base: former ids and those of other vocabularies are the concept that they stand for.
    labels (Collection[str] | None): Labels of gold mentions that count; None for all.
    RETURNS (dict[str, Any]): "links_accuracy", the share of all gold mentions with a concept for which an entity of the
        same characters has all of the mention's concepts, and no other, as its best link; mentions whose concept the
        base lacks count as missed. "links_coverage": share of them whose concepts are all in the base. "links_p",
        "links_r", "links_f": over pairs of characters and concept. "links_nil": share of gold mentions without a
        concept that were found and got none. None where there is nothing to count.
    """
    pairs = PRF()
    total = right = covered = nils = right_nils = 0
    for example in examples:
        found = _best_links(example, linker)
        seen = set()
        for gold in find_gold(example.reference, base, labels, write_out=False):
            start, end = (int(part) for part in gold.mention.key.split(":")[:2])
            best = found.get((start, end))
            seen.add((start, end))
            ids = set(best.concept_id.split("|")) if best else set()
            if not gold.concepts:
                nils += 1
                right_nils += (start, end) in found and best is None
                pairs += PRF(fp=len(ids))
                continue
            hit = [bool(concept & ids) for concept in gold.concepts]
            total += 1
            covered += all(gold.concepts)
            right += all(hit) and len(ids) == sum(hit)
            pairs += PRF(tp=sum(hit), fp=len(ids) - min(sum(hit), len(ids)), fn=len(hit) - sum(hit))
        extra = [best for place, best in found.items() if place not in seen and best]
        pairs += PRF(fp=sum(best.concept_id.count("|") + 1 for best in extra))
    return {
        "links_accuracy": right / total if total else None,
        "links_coverage": covered / total if total else None,
        "links_p": pairs.precision if total else None,
        "links_r": pairs.recall if total else None,
        "links_f": pairs.f1 if total else None,
        "links_nil": right_nils / nils if nils else None,
    }


def _best_links(example: Example, linker: str) -> dict[tuple[int, int], Link | None]:
    """Return the best link of each entity that was linked, None where it has none, by its characters."""
    found: dict[tuple[int, int], Link | None] = {}
    for span in entities_of(example.predicted):
        links = get_links(span).get(linker)
        if links is not None:
            place = (span.start_char, span.end_char)
            found[place] = found.get(place) or (links[0] if links else None)
    return found
