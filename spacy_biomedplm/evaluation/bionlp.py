"""Scores of events as the programs of the BioNLP shared tasks print them, and their rules as data."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.evaluation.event_matching import count_paired
from spacy_biomedplm.evaluation.event_records import pair_documents
from spacy_biomedplm.evaluation.event_scores import (
    MODIFICATIONS,
    EventCounts,
    EventRule,
    EventScores,
    EventTask,
    add_up,
)
from spacy_biomedplm.evaluation.genia import count_genia
from spacy_biomedplm.types import DocumentRecord


def score_events(
    gold: Iterable[DocumentRecord], predicted: Iterable[DocumentRecord], *, rule: EventRule, task: str = ""
) -> EventScores:
    """Score events as the program of a task does.

    gold (Iterable[DocumentRecord]): All gold documents. A document without an answer counts, all its events missed.
    predicted (Iterable[DocumentRecord]): Answers, found by ``doc_id``, with the given mentions in them: under the
        identifiers of the gold standard, or with equal label and offsets.
    rule (EventRule): Such as ``EVENT_RULES["GE11"]``: approximate spans and approximate recursive matching, the
        primary criterion of all these tasks; ``rule.strict()`` is without both. ``count_genia`` and ``count_paired``
        say how events match.
    task (str): One of ``rule.tasks``; empty for the primary one.
    RETURNS (EventScores): Counts by label and the totals that the program prints.
    RAISES (BiomedplmError): B700 for an unknown task, B701 for a document that is there twice or in the answers only,
        B702 if the texts of a document differ, B703 for offsets outside of the text, dangling references and circles
        of events, B704 for gold events of another task.

    Predicted events whose label the task does not have are wrong answers. Where no gold document has a Negation or
    Speculation, the programs of EPI, ID, CG and PC ignore predicted ones, and so does this.
    """
    wanted = rule.task(task)
    count = count_genia if rule.program == "ordered" else count_paired
    sums: defaultdict[str, EventCounts] = defaultdict(EventCounts)
    for document, answer in pair_documents(gold, predicted):
        _check_labels(document, rule)
        for label, counts in count(document, answer, rule, wanted).items():
            sums[label] += counts
    if rule.program == "paired" and not any(sums[label].gold for label in MODIFICATIONS):
        for label in MODIFICATIONS:
            del sums[label]
    by_type, totals = add_up(sums, rule, wanted)
    return EventScores(rule.name, task or next(iter(rule.tasks)), by_type, totals)


def _check_labels(document: DocumentRecord, rule: EventRule) -> None:
    for event in document.events:
        if event.label not in rule.labels:
            known = ", ".join(sorted(rule.labels))
            values = {"doc_id": document.doc_id, "id": event.id, "label": event.label}
            raise BiomedplmError(coded("B704", **values, rule=rule.name, known=known))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_GENIA_PLACES = frozenset({"Site", "CSite", "AtLoc", "ToLoc", "FromLoc"})
_REGULATION = _words("Regulation Positive_regulation Negative_regulation")


def _genia(name: str, simple: str, *, merged_places: bool = False, is_first: bool = False) -> EventRule:
    """Return the rule of a GENIA task.

    simple (str): Labels of simple events.
    merged_places (bool): GE13.
    is_first (bool): GE09, where the files of each task are made first and its third table has all events.
    """
    events = {"SVT-TOTAL": _words(simple), "EVT-TOTAL": (*_words(simple), "Binding"), "REG-TOTAL": _REGULATION}
    every = (*events["EVT-TOTAL"], *_REGULATION)
    totals = {**events, "ALL-TOTAL": every}
    said: Mapping[str, tuple[str, ...]] = {"MOD-TOTAL": MODIFICATIONS}
    if is_first:
        said = {**events, **said, "ALL-TOTAL": (*every, *MODIFICATIONS)}
    tasks = {
        "1": EventTask(totals, _GENIA_PLACES, repeats="drop" if is_first else "merge"),
        "2": EventTask(totals, repeats="drop" if is_first else "merge"),
        "3": EventTask(said, _GENIA_PLACES, modifications=True, repeats="drop" if is_first else "merge"),
    }
    return EventRule(name, "ordered", frozenset({"Protein"}), tasks, frozenset(every), merged_places=merged_places)


def _paired(
    name: str,
    given: str,
    groups: Mapping[str, str],
    others: str = "",
    *,
    core: frozenset[str] = frozenset(),
    triggers_only: bool = False,
) -> EventRule:
    """Return the rule of a task of the other programs.

    given (str): Labels of given mentions.
    groups (Mapping[str, str]): Labels of each subtotal.
    others (str): Labels of events that are in no subtotal.
    core (frozenset[str]): Roles that the task "core" leaves out; empty if there is no such task.
    triggers_only (bool): 2013: only the spans of triggers are approximate, and some roles are read as others.
    """
    subtotals = {total: _words(labels) for total, labels in groups.items()}
    every = tuple(dict.fromkeys(label for labels in (*subtotals.values(), _words(others)) for label in labels))
    full = {**subtotals, "SUB-TOTAL": every, "MOD-TOTAL": MODIFICATIONS, "TOTAL": (*every, *MODIFICATIONS)}
    tasks = {"full": EventTask(full, modifications=True)}
    if core:
        tasks["core"] = EventTask({**subtotals, "TOTAL": every}, core, repeats="drop")
    renamed = {("Pathway", "Theme"): "Participant", ("", "Cause2"): "Cause"} if triggers_only else {}
    return EventRule(
        name,
        "paired",
        frozenset(_words(given)),
        tasks,
        frozenset(every),
        soft_entities=not triggers_only,
        renamed=renamed,
    )


_GE_SIMPLE = "Gene_expression Transcription Protein_catabolism Phosphorylation Localization"
_GE13_SIMPLE = (
    "Gene_expression Transcription Protein_catabolism Localization Protein_modification Phosphorylation "
    "Ubiquitination Acetylation Deacetylation"
)
_EPI_SIMPLE = "Hydroxylation Phosphorylation Ubiquitination DNA_methylation"
_EPI_SIMPLE_REMOVED = "Dehydroxylation Dephosphorylation Deubiquitination DNA_demethylation"
_PC_SIMPLE = (
    "Conversion Phosphorylation Dephosphorylation Acetylation Deacetylation Methylation Demethylation Ubiquitination "
    "Deubiquitination Localization Transport Gene_expression Transcription Translation"
)
_CG_ENTITIES = (
    "Organism Organism_subdivision Anatomical_system Organ Multi-tissue_structure Tissue "
    "Developing_anatomical_structure Cell Cellular_component Organism_substance Immaterial_anatomical_entity "
    "Gene_or_gene_product "
)
_RULES = (
    _genia("GE09", _GE_SIMPLE, is_first=True),
    _genia("GE11", _GE_SIMPLE),
    _genia("GE13", _GE13_SIMPLE, merged_places=True),
    _paired(
        "EPI11",
        "Protein",
        {
            "SIMPLE-TOTAL": f"{_EPI_SIMPLE} {_EPI_SIMPLE_REMOVED}",
            "NONSMPL-TOTAL": "Glycosylation Deglycosylation Acetylation Deacetylation Methylation Demethylation",
            "ADD-TOTAL": f"{_EPI_SIMPLE} Glycosylation Acetylation Methylation",
            "REM-TOTAL": f"{_EPI_SIMPLE_REMOVED} Deglycosylation Deacetylation Demethylation",
        },
        "Catalysis",
        core=frozenset({"Site", "Sidechain", "Contextgene"}),
    ),
    _paired(
        "ID11",
        "Protein Chemical Organism Two-component-system Regulon-operon",
        {
            "SIMPLE-TOTAL": _GE_SIMPLE,
            "NONREG-TOTAL": f"{_GE_SIMPLE} Binding Process",
            "REG-TOTAL": " ".join(_REGULATION),
        },
        core=frozenset({"Site", "AtLoc", "ToLoc", "CSite"}),
    ),
    _paired(
        "CG13",
        f"{_CG_ENTITIES} Simple_chemical Amino_acid Pathological_formation Cancer",
        {
            "ANATOMY-TOTAL": (
                "Development Blood_vessel_development Growth Death Cell_death Cell_proliferation Cell_division "
                "Cell_differentiation Remodeling Reproduction"
            ),
            "PATHOL-TOTAL": "Mutation Carcinogenesis Cell_transformation Breakdown Metastasis Infection",
            "MOLECUL-TOTAL": (
                "Metabolism Synthesis Catabolism Glycolysis Amino_acid_catabolism Gene_expression Transcription "
                "Translation Protein_processing Acetylation Glycosylation Phosphorylation Ubiquitination "
                "Dephosphorylation DNA_methylation DNA_demethylation Pathway"
            ),
            "GENERAL-TOTAL": "Binding Dissociation Localization",
            "REG-TOTAL": " ".join(_REGULATION),
        },
        "Planned_process",
        triggers_only=True,
    ),
    _paired(
        "PC13",
        "Simple_chemical Gene_or_gene_product Complex Cellular_component",
        {
            "SIMPLE-TOTAL": _PC_SIMPLE,
            "NONREG-TOTAL": f"{_PC_SIMPLE} Degradation Activation Inactivation Binding Dissociation Pathway",
            "REG-TOTAL": " ".join(_REGULATION),
        },
        triggers_only=True,
    ),
    # No program of its own was published: papers run that of CG over its labels.
    _paired(
        "MLEE",
        f"{_CG_ENTITIES} Pathological_formation Drug_or_compound Protein_domain_or_region DNA_domain_or_region",
        {
            "ANATOMY-TOTAL": (
                "Development Blood_vessel_development Growth Death Breakdown Cell_proliferation Cell_division "
                "Remodeling Reproduction"
            ),
            "MOLECUL-TOTAL": (
                "Metabolism Synthesis Catabolism Gene_expression Transcription Protein_processing Translation "
                "Phosphorylation Acetylation Ubiquitination Dephosphorylation DNA_methylation Dissociation Pathway"
            ),
            "GENERAL-TOTAL": f"Binding Localization {' '.join(_REGULATION)}",
        },
        "Planned_process",
        triggers_only=True,
    ),
)
EVENT_RULES: Mapping[str, EventRule] = {rule.name: rule for rule in _RULES}
