"""Scores of answers to questions: BioASQ's exact answers, and summaries by ROUGE."""

import json
from collections.abc import Iterator, Sequence

from spacy_biomedplm.corpora.parts import SUMMARIES
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.evaluation.classification import best_label
from spacy_biomedplm.evaluation.scores import Score, harmonic_mean, mean, pair_up
from spacy_biomedplm.scoring import PRF, count_by_label
from spacy_biomedplm.types import DocumentRecord

MAX_FACTOIDS = 5
"""How many answers to a factoid question are looked at, as BioASQ asks for since its third year."""
YES, NO = "yes", "no"
ROUGE_TYPES = ("rouge1", "rouge2", "rougeL")
_OTHER = {YES: NO, NO: YES}


def score_yes_no(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return BioASQ's accuracy of yes/no questions, with F1 of yes, of no and their mean.

    gold, predicted (Sequence[DocumentRecord]): Questions and answers to them, in the same order. Only gold questions
        with the label "yes" or "no" count; the answer is the label with the highest number.
    RETURNS (Score): "f1_yes", "f1_no" and "macro_f1" in ``more``. A question without an answer is wrong, and counts as
        answered with the other word.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.

    EvaluatorTask1b of BioASQ's Evaluation-Measures (``-phaseB -e 8``).
    """
    sides: tuple[set[tuple[int, str]], set[tuple[int, str]]] = (set(), set())
    for number, wanted, found in pair_up(gold, predicted):
        right = best_label(wanted.labels)
        if right in _OTHER:
            said = best_label(found.labels)
            sides[0].add((number, right))
            sides[1].add((number, right if said == right else _OTHER[right]))
    labels = count_by_label(sides[1], sides[0], lambda key: key[1], (YES, NO))
    accuracy = len(sides[0] & sides[1]) / len(sides[0]) if sides[0] else 0.0
    f1 = {f"f1_{name}": labels[name].f1 for name in (YES, NO)}
    return Score(accuracy, None, labels, {**f1, "macro_f1": mean([*f1.values()]), "questions": float(len(sides[0]))})


def score_factoids(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return BioASQ's mean reciprocal rank of factoid questions, with strict and lenient accuracy.

    gold, predicted (Sequence[DocumentRecord]): Questions and answers to them, in the same order; only those of the type
        "factoid" with a gold answer count (a question whose infons name no type counts too). The answers of a
        prediction are ranked, best first; the first five count.
    RETURNS (Score): An answer is right if it equals one of the gold synonyms but for case. "strict_accuracy": the first
        answer is right. "lenient_accuracy": any is. ``main`` is the mean of 1 / rank of the first right one, 0 without.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.

    EvaluatorTask1b of BioASQ's Evaluation-Measures (``-phaseB -e 8``); of an answer with synonyms the first counts.
    """
    ranks = []
    for wanted, found in _questions(gold, predicted, "factoid"):
        synonyms = {name.lower() for group in wanted.answers for name in group}
        places = (rank for rank, name in enumerate(_first_names(found)[:MAX_FACTOIDS], start=1) if name in synonyms)
        ranks.append(next(places, 0))
    more = {
        "strict_accuracy": mean([float(rank == 1) for rank in ranks]),
        "lenient_accuracy": mean([float(rank > 0) for rank in ranks]),
        "questions": float(len(ranks)),
    }
    return Score(mean([1 / rank if rank else 0.0 for rank in ranks]), None, {}, more)


def score_lists(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return BioASQ's mean F1 of list questions, with mean precision and recall.

    gold, predicted (Sequence[DocumentRecord]): Questions and answers to them, in the same order; only those of the type
        "list" with a gold answer count (a question whose infons name no type counts too).
    RETURNS (Score): In their order, each answer takes the first gold item not yet taken that has it among its synonyms,
        but for case; one that takes none is wrong. A gold item that nothing took is missed, unless an answer names it
        too. Precision, recall and F1 of each question are averaged; without answers all are 0.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.

    EvaluatorTask1b of BioASQ's Evaluation-Measures (``-phaseB -e 8``).
    """
    scores = [_count_items(wanted, found) for wanted, found in _questions(gold, predicted, "list")]
    more = {
        "precision": mean([prf.precision for prf in scores]),
        "recall": mean([prf.recall for prf in scores]),
        "questions": float(len(scores)),
    }
    return Score(mean([harmonic_mean(prf.precision, prf.recall) for prf in scores]), None, {}, more)


def _count_items(wanted: DocumentRecord, found: DocumentRecord) -> PRF:
    names = _first_names(found)
    if not names:
        return PRF(fn=len(wanted.answers))
    left = [{name.lower() for name in group} for group in wanted.answers]
    right = 0
    for name in names:
        place = next((number for number, group in enumerate(left) if name in group), None)
        if place is not None:
            left.pop(place)
            right += 1
    missed = 0
    unused = list(names)
    for group in left:
        named = next((name for name in unused if name in group), None)
        if named is None:
            missed += 1
        else:
            unused.remove(named)
    return PRF(right, len(names) - right, missed)


def _questions(
    gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord], kind: str
) -> Iterator[tuple[DocumentRecord, DocumentRecord]]:
    for _, wanted, found in pair_up(gold, predicted):
        if wanted.answers and wanted.infons.get("type", kind) == kind:
            yield wanted, found


def _first_names(record: DocumentRecord) -> list[str]:
    return [group[0].lower() for group in record.answers if group]


def score_rouge(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord], *, main: str = "rougeL") -> Score:
    """Return the mean ROUGE F1 of summaries, by the library rouge-score with stemming.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order. The infon
        "ideal_answers" is a JSON list: all of them are references in a gold document; of an answer the first counts.
    main (str): Which of "rouge1", "rouge2" and "rougeL" is ``main``; all are in ``more``.
    RETURNS (Score): Of several references the one with the highest F1 counts. A document without a summary has 0; one
        without a reference does not count.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together, B721 for another name, B723 if
        rouge-score is not installed, B724 for summaries that are no JSON list.
    """
    if main not in ROUGE_TYPES:
        raise BiomedplmError(coded("B721", name="main", value=main, wanted=", ".join(ROUGE_TYPES)))
    try:
        from rouge_score.rouge_scorer import RougeScorer
    except ImportError as err:
        raise BiomedplmError(coded("B723", library="rouge-score")) from err
    scorer = RougeScorer(list(ROUGE_TYPES), use_stemmer=True)
    values: dict[str, list[float]] = {name: [] for name in ROUGE_TYPES}
    for _, wanted, found in pair_up(gold, predicted):
        references, answers = _summaries(wanted), _summaries(found)
        if references:
            scores = scorer.score_multi(references, answers[0]) if answers else {}
            for name in ROUGE_TYPES:
                values[name].append(float(scores[name].fmeasure) if scores else 0.0)
    more = {name: mean(numbers) for name, numbers in values.items()}
    return Score(more[main], None, {}, more)


def _summaries(record: DocumentRecord) -> list[str]:
    written = record.infons.get(SUMMARIES, "[]")
    try:
        found = json.loads(written)
    except (ValueError, RecursionError) as err:
        raise BiomedplmError(coded("B724", doc_id=record.doc_id, infon=SUMMARIES, found=written[:60])) from err
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise BiomedplmError(coded("B724", doc_id=record.doc_id, infon=SUMMARIES, found=written[:60]))
    return found
