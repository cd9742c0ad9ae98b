"""Scores of relations: between mentions (ChemProt, DrugProt, DDI) and between concepts (BC5CDR, BioRED)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product

from spacy_biomedplm.evaluation.concepts import NO_CONCEPT, concept_ids
from spacy_biomedplm.evaluation.entities import span_key
from spacy_biomedplm.evaluation.scores import Score, micro, pair_up
from spacy_biomedplm.scoring import count, count_by_label
from spacy_biomedplm.types import ConceptRecord, DocumentRecord, MentionRecord, RelationRecord

CHEMPROT_LABELS = ("CPR:3", "CPR:4", "CPR:5", "CPR:6", "CPR:9")
DRUGPROT_LABELS = (
    "INDIRECT-DOWNREGULATOR",
    "INDIRECT-UPREGULATOR",
    "DIRECT-REGULATOR",
    "ACTIVATOR",
    "INHIBITOR",
    "AGONIST",
    "AGONIST-ACTIVATOR",
    "AGONIST-INHIBITOR",
    "ANTAGONIST",
    "PRODUCT-OF",
    "SUBSTRATE",
    "SUBSTRATE_PRODUCT-OF",
    "PART-OF",
)
DDI_LABELS = ("mechanism", "effect", "advise", "int")
CID_LABELS = ("CID",)
NOVELTY = "novelty"
"""Infon of a BioRED relation: "Novel" or "No"."""

_Arguments = tuple[tuple[object, ...], ...]


def score_relations(
    gold: Sequence[DocumentRecord],
    predicted: Sequence[DocumentRecord],
    *,
    labels: Sequence[str] | None = None,
    directed: bool = False,
) -> Score:
    """Return micro-averaged F1 of relations between mentions.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order.
    labels (Sequence[str] | None): Labels that count; None takes all. Relations of others are left out on both sides.
    directed (bool): Whether the order of arguments matters: for ChemProt, whose kit wants the chemical first. It does
        not for DrugProt, where the program finds out which is the chemical, nor for DDI.
    RETURNS (Score): A relation is right if its label is, and its arguments have the characters and the labels of the
        gold arguments; one that is there twice counts once. Recall is of all gold relations, also of those whose
        mentions nothing proposed. "detection_f1" in ``more`` does not compare the labels of relations (DDI detection).
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.

    ChemProt (BioCreative VI): ``labels=CHEMPROT_LABELS, directed=True``, the five groups that are evaluated. DrugProt
    (BioCreative VII): all 13 of DRUGPROT_LABELS. DDI (SemEval 2013 task 9.2): DDI_LABELS, classification and detection.
    """
    sides: tuple[set[_Key], set[_Key]] = (set(), set())
    for number, *documents in pair_up(gold, predicted):
        for keys, document in zip(sides, documents, strict=True):
            mentions = {mention.id: mention for mention in document.mentions}
            for relation in document.relations:
                if labels is None or relation.label in labels:
                    keys.add((number, relation.label, _argument_keys(relation, mentions, directed)))
    pairs = [{(number, arguments) for number, _, arguments in keys} for keys in sides]
    detection = count(pairs[1], pairs[0])
    return micro(
        count_by_label(sides[1], sides[0], lambda key: key[1], labels or ()),
        detection_precision=detection.precision,
        detection_recall=detection.recall,
        detection_f1=detection.f1,
    )


_Key = tuple[int, str, _Arguments]


def _argument_keys(relation: RelationRecord, mentions: dict[str, MentionRecord], directed: bool) -> _Arguments:
    keys: list[tuple[object, ...]] = []
    for argument in relation.arguments:
        mention = mentions.get(argument.target) if argument.kind == "mention" else None
        named = (argument.kind, argument.target)
        keys.append(named if mention is None else ("", mention.label, span_key(mention)))
    return tuple(keys if directed else sorted(keys, key=repr))


def score_concept_relations(
    gold: Sequence[DocumentRecord],
    predicted: Sequence[DocumentRecord],
    *,
    labels: Sequence[str] | None = CID_LABELS,
    namespace: str | None = "MESH",
    gold_documents_only: bool = True,
) -> Score:
    """Return micro-averaged F1 of relations between concepts, each once for a document.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order. A relation between
        mentions stands for all pairs of their concepts.
    labels (Sequence[str] | None): Labels that count; None takes all.
    namespace (str | None): As for ``concept_ids``.
    gold_documents_only (bool): Leave out what is predicted in documents without any gold relation.
    RETURNS (Score): A relation is right if document, label, first and second concept are.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.

    The BC5CDR evaluation kit 0.0.3 (``relation CID``), which ``gold_documents_only`` follows too.
    """
    sides: tuple[set[tuple[int, str, str, str]], set[tuple[int, str, str, str]]] = (set(), set())
    for number, *documents in pair_up(gold, predicted):
        for keys, document in zip(sides, documents, strict=True):
            for relation in document.relations:
                if labels is None or relation.label in labels:
                    pairs = _concept_pairs(relation, document, namespace)
                    keys.update((number, relation.label, *pair) for pair in pairs)
    if gold_documents_only:
        numbers = {key[0] for key in sides[0]}
        sides[1].intersection_update({key for key in sides[1] if key[0] in numbers})
    return micro(count_by_label(sides[1], sides[0], lambda key: key[1], labels or ()))


def score_biored(gold: Sequence[DocumentRecord], predicted: Sequence[DocumentRecord]) -> Score:
    """Return F1 of BioRED's pairs of concepts: with relation type and novelty, and with less.

    gold, predicted (Sequence[DocumentRecord]): Documents and answers to them, in the same order; the infon "novelty" of
        a relation says whether it is new.
    RETURNS (Score): ``counts`` and ``main`` compare pair, type and novelty. "pair_f1" in ``more`` compares the pair
        only, "pair_type_f1" pair and type (``labels`` are of these), "pair_novelty_f1" pair and novelty; with
        precision and recall of each. The order of the two concepts does not matter; a pair counts once for a document.
    RAISES (BiomedplmError): B720 if gold and predicted do not belong together.

    Luo et al. (2022), BioRED. Their program gives a pair one type at most; here each type of a pair counts.
    """
    sides: tuple[set[_Pair], set[_Pair]] = (set(), set())
    for number, *documents in pair_up(gold, predicted):
        for keys, document in zip(sides, documents, strict=True):
            for relation in document.relations:
                new = relation.infons.get(NOVELTY, "")
                for pair in _concept_pairs(relation, document, None):
                    keys.add((number, min(pair), max(pair), relation.label, new))
    more: dict[str, float] = {}
    for name, parts in (("pair", (0, 1, 2)), ("pair_type", (0, 1, 2, 3)), ("pair_novelty", (0, 1, 2, 4))):
        shown = [{tuple(key[part] for part in parts) for key in keys} for keys in sides]
        found = count(shown[1], shown[0])
        more |= {f"{name}_precision": found.precision, f"{name}_recall": found.recall, f"{name}_f1": found.f1}
    typed = [{key[:4] for key in keys} for keys in sides]
    whole = count(sides[1], sides[0])
    return Score(whole.f1, whole, count_by_label(typed[1], typed[0], lambda key: key[3]), more)


_Pair = tuple[int, str, str, str, str]


def _concept_pairs(
    relation: RelationRecord, document: DocumentRecord, namespace: str | None
) -> Iterator[tuple[str, str]]:
    if len(relation.arguments) != 2:
        return
    mentions = {mention.id: mention for mention in document.mentions}
    sides: list[Iterable[str]] = []
    for argument in relation.arguments:
        if argument.kind == "mention" and argument.target in mentions:
            sides.append(concept_ids(mentions[argument.target].concepts, namespace))
        elif argument.target not in NO_CONCEPT:
            sides.append(concept_ids([ConceptRecord("", argument.target)], namespace, separators=""))
        else:
            return
    yield from product(sides[0], sides[1])
