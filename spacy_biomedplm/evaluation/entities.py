"""Scores of entities: by whole mentions (CoNLL, BLURB, JNLPBA, overlap) and by words (EBM-PICO)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching

from spacy_biomedplm.evaluation.scores import Score, mean, micro, pair_up
from spacy_biomedplm.scoring import PRF, count_by_label
from spacy_biomedplm.types import DocumentRecord, Fragment, MentionRecord

Matching = Literal["exact", "overlap", "left", "right"]
ANY_LABEL = "entity"
PICO_LABELS = ("PAR", "INT", "OUT")


def score_entities(
    gold: Sequence[DocumentRecord],
    predicted: Sequence[DocumentRecord],
    *,
    matching: Matching = "exact",
    labels: Iterable[str] | None = None,
    labelled: bool = True,
) -> Score:
    """Return micro-averaged F1 of entities, and the counts of each label.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order. Triggers of events are
        not entities.
    matching (Matching): When a predicted mention is right; the label must always be that of the gold mention.
        "exact": same characters, in the same fragments (conlleval.pl, seqeval, BLURB's entity-level F1; nested and
        overlapping mentions are no exception).
        "overlap": at least one character in common. "left", "right": same first character, or same end (evalIOB2.pl
        of JNLPBA). With these three, each mention is right for one other at most, and pairs are chosen so that there
        are as many as possible.
    labels (Iterable[str] | None): Labels that count; None takes all.
    labelled (bool): Whether labels are compared; if not, all mentions count under the label "entity".
    RETURNS (Score): A mention that is there twice counts once. Recall is of all gold mentions.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.
    """
    wanted = None if labels is None else set(labels)
    sides: tuple[set[_Key], set[_Key]] = (set(), set())
    for number, *documents in pair_up(gold, predicted):
        for keys, document in zip(sides, documents, strict=True):
            keys.update(
                (number, mention.label if labelled else ANY_LABEL, span_key(mention))
                for mention in document.mentions
                if not mention.is_trigger and (wanted is None or mention.label in wanted)
            )
    listed = wanted if wanted and labelled else set()
    if matching == "exact":
        return micro(count_by_label(sides[1], sides[0], lambda key: key[1], listed))
    names = sorted({label for keys in sides for _, label, _ in keys} | listed)
    totals = [Counter(label for _, label, _ in keys) for keys in sides]
    found = _count_pairs(sides[0], sides[1], matching)
    return micro(
        {name: PRF(found[name], totals[1][name] - found[name], totals[0][name] - found[name]) for name in names}
    )


_Key = tuple[int, str, tuple[Fragment, ...]]


def span_key(mention: MentionRecord) -> tuple[Fragment, ...]:
    """Return where a mention is, whatever the order of its fragments.

    mention (MentionRecord): Any mention.
    """
    return tuple(sorted(mention.fragments))


def _count_pairs(gold: set[_Key], predicted: set[_Key], matching: Matching) -> Counter[str]:
    """Return how many mentions of each label find a partner."""
    found: Counter[str] = Counter()
    if matching in ("left", "right"):
        sides = []
        for keys in (gold, predicted):
            edges = Counter(
                (number, label, fragments[0][0] if matching == "left" else max(end for _, end in fragments))
                for number, label, fragments in keys
            )
            sides.append(edges)
        for (_, label, _), times in (sides[0] & sides[1]).items():
            found[label] += times
        return found
    groups: dict[tuple[int, str], tuple[list[_Key], list[_Key]]] = defaultdict(lambda: ([], []))
    for side, keys in enumerate((gold, predicted)):
        for key in keys:
            groups[key[:2]][side].append(key)
    for (_, label), (left, right) in groups.items():
        found[label] += _count_overlapping([key[2] for key in left], [key[2] for key in right])
    return found


def _count_overlapping(left: Sequence[tuple[Fragment, ...]], right: Sequence[tuple[Fragment, ...]]) -> int:
    if not left or not right:
        return 0
    edges = np.array([[_overlap(one, other) for other in right] for one in left], dtype=bool)
    return int((maximum_bipartite_matching(csr_array(edges)) >= 0).sum())


def _overlap(one: tuple[Fragment, ...], other: tuple[Fragment, ...]) -> bool:
    return any(a < d and c < b for a, b in one for c, d in other)


def score_words(
    gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord], *, labels: Sequence[str] = PICO_LABELS
) -> Score:
    """Return the mean over labels of the F1 of words, as BLURB scores EBM-PICO.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order.
    labels (Sequence[str]): Labels to take the mean over; those of EBM-PICO by default. One that has neither gold nor
        predicted words counts with 0.
    RETURNS (Score): Words are what stands between white space, which in EBM-NLP are its tokens. A word has the label of
        every mention that shares a character with it. ``more`` has the means of precision and recall.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.

    Gu et al. (2021), BLURB: "macro F1 word-level" over participants, interventions and outcomes.
    """
    sides: tuple[set[tuple[int, int, str]], set[tuple[int, int, str]]] = (set(), set())
    for number, *documents in pair_up(gold, predicted):
        words = [match.span() for match in re.finditer(r"\S+", documents[0].text)]
        for keys, document in zip(sides, documents, strict=True):
            for mention in document.mentions:
                if mention.label in labels:
                    for place, word in enumerate(words):
                        if _overlap(mention.fragments, (word,)):
                            keys.add((number, place, mention.label))
    counts = count_by_label(sides[1], sides[0], lambda key: key[2], labels)
    means = {
        "precision": mean([prf.precision for prf in counts.values()]),
        "recall": mean([prf.recall for prf in counts.values()]),
    }
    return Score(mean([prf.f1 for prf in counts.values()]), None, counts, means)
