"""Scores of the concepts of whole documents (BC5CDR, NCBI) and of the concepts of mentions (linking)."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from spacy_biomedplm.evaluation.entities import span_key
from spacy_biomedplm.evaluation.scores import Score, mean, micro, pair_up
from spacy_biomedplm.scoring import count, count_by_label
from spacy_biomedplm.types import ConceptRecord, DocumentRecord, Fragment

NO_CONCEPT = frozenset({"", "-", "-1", "NIL", "CUI-less", "CUILESS", "None"})
"""What files write for a mention that no concept stands for."""


def concept_ids(concepts: Iterable[ConceptRecord], namespace: str | None, separators: str = "|") -> list[str]:
    """Return the identifiers of concepts, in order, each once.

    concepts (Iterable[ConceptRecord]): Of a mention or an argument.
    namespace (str | None): Written before an identifier without a colon whose record names no vocabulary, so that
        "D003920" and "MESH:D003920" are one; None compares identifiers as they stand.
    separators (str): Characters that stand between identifiers of one mention.
    RETURNS (list[str]): Without those that mean no concept.
    """
    found: list[str] = []
    for concept in concepts:
        text = concept.id
        for separator in separators[1:]:
            text = text.replace(separator, separators[0])
        for part in text.split(separators[0]) if separators else [text]:
            name = part.strip()
            if name in NO_CONCEPT:
                continue
            if namespace is not None and ":" not in name:
                name = f"{(concept.resource or namespace).upper()}:{name}"
            found.append(name)
    return list(dict.fromkeys(found))


def score_document_concepts(
    gold: Sequence[DocumentRecord],
    predicted: Sequence[DocumentRecord],
    *,
    labels: Sequence[str] | None = None,
    namespace: str | None = "MESH",
    separators: str = "|",
    gold_documents_only: bool = False,
) -> Score:
    """Return micro-averaged F1 over the sets of concepts of documents.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order.
    labels (Sequence[str] | None): Labels of mentions that count; None takes all.
    namespace, separators: As for ``concept_ids``.
    gold_documents_only (bool): Leave out what is predicted in documents without any gold concept.
    RETURNS (Score): A concept counts once for each document and label, however often it is mentioned there; composite
        mentions count for each of their concepts; mentions without a concept do not count. ``more`` has the means over
        documents of precision, recall and F1 ("macro_…"), without documents that have neither gold nor predicted
        concepts.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.

    The BC5CDR evaluation kit 0.0.3 (``id``) with ``labels=["Disease"]`` and ``gold_documents_only``. DNorm (Leaman et
    al. 2013) reports micro and macro averages on NCBI-disease; its macro F1 is the mean of the documents' F1.
    """
    sides: tuple[set[tuple[int, str, str]], set[tuple[int, str, str]]] = (set(), set())
    for number, *documents in pair_up(gold, predicted):
        for keys, document in zip(sides, documents, strict=True):
            for mention in document.mentions:
                if not mention.is_trigger and (labels is None or mention.label in labels):
                    names = concept_ids(mention.concepts, namespace, separators)
                    keys.update((number, mention.label, name) for name in names)
    if gold_documents_only:
        numbers = {number for number, _, _ in sides[0]}
        sides[1].intersection_update({key for key in sides[1] if key[0] in numbers})
    by_document: dict[int, tuple[set[tuple[str, str]], set[tuple[str, str]]]] = defaultdict(lambda: (set(), set()))
    for side, keys in enumerate(sides):
        for number, label, name in keys:
            by_document[number][side].add((label, name))
    each = [count(found, wanted) for wanted, found in by_document.values()]
    return micro(
        count_by_label(sides[1], sides[0], lambda key: key[1], labels or ()),
        macro_precision=mean([prf.precision for prf in each]),
        macro_recall=mean([prf.recall for prf in each]),
        macro_f1=mean([prf.f1 for prf in each]),
    )


def score_linking(
    gold: Sequence[DocumentRecord],
    predicted: Sequence[DocumentRecord],
    *,
    ks: Sequence[int] = (1, 5, 20),
    namespace: str | None = None,
    separators: str = "|",
    composite: bool = True,
    labels: Sequence[str] | None = None,
) -> Score:
    """Return how often the right concept is among the first candidates of a mention.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order. The concepts of a
        predicted mention are its candidates, best first.
    ks (Sequence[int]): How many candidates are looked at.
    namespace, separators: As for ``concept_ids``.
    composite (bool): Whether all concepts of a gold mention must be among the candidates ("breast and ovarian cancer"
        in BC5CDR and NCBI-disease), or any of them will do (alternative identifiers of one thing, as BioSyn's
        ``check_label``).
    labels (Sequence[str] | None): Labels of gold mentions that count; None takes all.
    RETURNS (Score): ``main`` is recall@k of the first k. "recall@k": share of all gold mentions with a concept for
        which a mention of the same characters was predicted and has the concept among its first k. "accuracy@k": share
        of those gold mentions whose characters were predicted at all; with gold mentions given it equals recall@k.
        "nil_accuracy": share of gold mentions without a concept that were predicted and got none. ``counts`` are of
        pairs of characters and best concept, against all gold. Labels of predicted mentions are not compared.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.
    """
    hits = dict.fromkeys(ks, 0)
    total = reached = nils = right_nils = 0
    pairs: tuple[set[tuple[object, ...]], set[tuple[object, ...]]] = (set(), set())
    for number, wanted, found in pair_up(gold, predicted):
        candidates: dict[tuple[Fragment, ...], list[str]] = {}
        for mention in found.mentions:
            if not mention.is_trigger:
                names = concept_ids(mention.concepts, namespace, separators)
                candidates.setdefault(span_key(mention), names)
                pairs[1].update((number, span_key(mention), name) for name in names[:1])
        for mention in wanted.mentions:
            if mention.is_trigger or (labels is not None and mention.label not in labels):
                continue
            names = concept_ids(mention.concepts, namespace, separators)
            ranked = candidates.get(span_key(mention))
            if not names:
                nils += 1
                right_nils += ranked == []
                continue
            total += 1
            reached += ranked is not None
            pairs[0].update((number, span_key(mention), name) for name in names)
            for k in ks:
                there = [name in (ranked or [])[:k] for name in names]
                hits[k] += all(there) if composite else any(there)
    more = {f"recall@{k}": hits[k] / total if total else 0.0 for k in ks}
    more |= {f"accuracy@{k}": hits[k] / reached if reached else 0.0 for k in ks}
    more |= {"mentions": float(total), "mentions_found": float(reached)}
    if nils:
        more["nil_accuracy"] = right_nils / nils
    return Score(more[f"recall@{ks[0]}"], count(pairs[1], pairs[0]), {}, more)
