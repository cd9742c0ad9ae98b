"""The extension attributes on ``Doc`` and ``Span``: the only place that registers them.

===================  ======  ==========================================================================
name                 owner   value
===================  ======  ==========================================================================
``annotated``        Doc     what a corpus annotates: {"ner": {guideline: [labels]}}, or None for a text
                             nobody annotated; a component learns from, and is scored on, only those
``doc_id``           Doc     identifier of the document in its source (PMID, file name), or None
``corpus``           Doc     name of the corpus the document comes from, or None
``score``            Span    calibrated probability that the entity is right, or None if it has none
===================  ======  ==========================================================================

Everything is kept in ``doc.user_data`` as plain strings and numbers, so it survives ``Doc.to_bytes``,
``DocBin(store_user_data=True)``, pickling and ``nlp.pipe(n_process=2)``.
"""

import warnings
from typing import Any

from spacy.tokens import Doc, Span

from spacy_biomedplm.errors import coded

ENTITIES_KEY = "entities"
SCORES_KEY = "biomedplm_entity_scores"


def score_key(span: Span) -> str:
    """Return the key under which the score of a span is kept in ``doc.user_data``.

    span (Span): Any span of a document.
    RETURNS (str): Character offsets, label and span id, joined by colons.
    """
    return f"{span.start_char}:{span.end_char}:{span.label_}:{span.id_}"


def get_score(span: Span) -> float | None:
    """Return the calibrated probability of an entity, or None if it has none.

    span (Span): An entity of ``doc.ents`` or of ``doc.spans["entities"]``.
    RETURNS (Optional[float]): In [0, 1].
    """
    scores: dict[str, float] = span.doc.user_data.get(SCORES_KEY, {})
    return scores.get(score_key(span))


def set_score(span: Span, score: float) -> None:
    """Keep the calibrated probability of an entity on its document.

    span (Span): The entity.
    score (float): In [0, 1].
    """
    span.doc.user_data.setdefault(SCORES_KEY, {})[score_key(span)] = float(score)


def register() -> None:
    """Register every extension attribute once; one that another package owns is left alone with a warning."""
    for name in ("annotated", "doc_id", "corpus"):
        _register(Doc, name, default=None)
    _register(Span, "score", getter=get_score, setter=set_score)


def _register(owner: Any, name: str, **definition: Any) -> None:
    if not owner.has_extension(name):
        owner.set_extension(name, **definition)
        return
    _, _, getter, _ = owner.get_extension(name)
    if getter is not definition.get("getter"):
        warnings.warn(coded("W001", owner=owner.__name__, name=name), stacklevel=3)


register()
