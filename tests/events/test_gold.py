"""Gold that nobody can learn from, as files of the shared tasks have it."""

import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_biomedplm.attributes import EVENTS_KEY, Argument, Event
from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.events.gold import gold_graph
from spacy_biomedplm.events.schemes import EventScheme, infer_schemes
from spacy_biomedplm.events.triggers import is_unknown, trigger_targets
from spacy_biomedplm.training.starting import start_from
from tests.events.conftest import FOUND, GIVEN, TEXT
from tests.events.test_component import make_pipeline, show, teach


def scheme_of(doc: Doc) -> EventScheme:
    (scheme,) = infer_schemes([doc])
    return scheme


def test_a_forbidden_role_takes_with_it_what_rests_on_it(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    scheme = scheme_of(doc)
    without_sites = EventScheme(
        "default",
        scheme.labels,
        scheme.spans,
        scheme.structures,
        tuple(one for one in scheme.participants if one[1] != "Site"),
    )
    gold = gold_graph(doc, without_sites)
    # E1 has the site; E2 shares its trigger, E3 takes E1, E4 shares the trigger of E3.
    assert set(gold.refused) == {"E1", "E2", "E3", "E4"}
    assert gold.refused["E1"] == "the guideline has no 'Entity' as Site of 'Phosphorylation'"
    assert "E1, was left out" in gold.refused["E3"]
    assert [gold.nodes[trigger].label for trigger, _ in gold.events] == ["Binding", "Binding"]
    assert [node.label for node in gold.unknown] == ["Positive_regulation", "Phosphorylation"]
    targets, known = trigger_targets(gold, scheme, len(doc))
    assert (~known).sum() == 2
    assert not (targets & ~known).any()
    assert all(is_unknown(node, gold) for node in gold.unknown)


def test_triggers_without_events_are_neither_right_nor_wrong(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold(found=FOUND + "T11\tBinding 87 91\tIL-4\n")
    gold = gold_graph(doc, scheme_of(doc))
    assert [doc[node.start : node.stop].text for node in gold.unknown] == ["IL-4"]
    assert not gold.refused


def test_a_type_that_the_guideline_lacks_is_refused(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    scheme = scheme_of(doc)
    fewer = EventScheme("default", ("Binding",), structures=scheme.structures, participants=scheme.participants)
    gold = gold_graph(doc, fewer)
    assert set(gold.refused) == {"E1", "E2", "E3", "E4"}
    assert gold.refused["E2"] == "'Phosphorylation' is no type of the guideline"
    # Types of another guideline that the document was annotated for are none of its business.
    doc._.annotated = {"events": {"default": ["Binding"], "other": ["Phosphorylation", "Positive_regulation"]}}
    assert not gold_graph(doc, fewer).refused


def test_concepts_are_no_arguments(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    scheme = scheme_of(doc)
    doc._.events = [Event(doc.spans["triggers"][2], "Binding", (Argument("Theme", "UniProt:P05112"),))]
    gold = gold_graph(doc, scheme)
    assert gold.refused == {"E1": "its Theme is the concept 'UniProt:P05112', not a mention"}
    assert not scheme_of(doc).participants


def test_tokens_of_the_predicted_document_are_counted(make_gold: Callable[..., Doc]) -> None:
    doc = make_gold()
    letters = Doc(doc.vocab, words=list(doc.text), spaces=[False] * len(doc.text))
    gold = gold_graph(doc, scheme_of(doc), letters)
    assert {letters[node.start : node.stop].text for node in gold.nodes} == {
        doc[node.start : node.stop].text for node in gold_graph(doc, scheme_of(doc)).nodes
    }
    whole = Doc(doc.vocab, words=doc.text.split(), spaces=None)
    joined = Doc(doc.vocab, words=[TEXT[:24], TEXT[24:-1], "\n"], spaces=[False, False, False])
    assert whole.text.strip() == TEXT.strip()
    assert {node.start for node in gold_graph(doc, scheme_of(doc), joined).nodes} == {0, 1}


CIRCLE = """T7\tPositive_regulation 5 14\tincreases
T8\tPhosphorylation 15 30\tphosphorylation
E1\tPositive_regulation:T7 Theme:E2
E2\tPhosphorylation:T8 Theme:E1
"""


@pytest.mark.parametrize(
    ("found", "code"),
    [(CIRCLE, "B445"), ("T7\tBinding 69 73\tbind\nE1\tBinding:T7 Theme:T99\n", "B434")],
    ids=["circle", "argument that is not there"],
)
def test_files_name_what_is_refused(tmp_path: Path, found: str, code: str) -> None:
    for ending, content in (("txt", TEXT), ("a1", GIVEN), ("a2", found)):
        (tmp_path / f"one.{ending}").write_text(content, encoding="utf8")
    with pytest.raises(BiomedplmError, match=rf"{code}.*/one\..*line \d, document one"):
        [fit(record, Report()) for record in read_brat(tmp_path)]
    report = Report(errors="repair")
    (record,) = (fit(record, report) for record in read_brat(tmp_path, report=report))
    assert report.counts["dropped"]
    doc = make_doc(spacy.blank("en").vocab, record)
    kept = [event.label for event in doc._.events]
    gold = gold_graph(doc, EventScheme("default", ("Binding", "Phosphorylation", "Positive_regulation")))
    # The triggers of what the file lost are not learned as wrong.
    assert len(kept) + len(gold.unknown) + len(gold.refused) >= 1
    assert gold.unknown


def test_documents_with_a_circle_teach_nothing_and_training_goes_on(
    make_gold: Callable[..., Doc], tiny_plm: Callable[..., Path]
) -> None:
    good, bad = make_gold(), make_gold()
    rows = bad.user_data[EVENTS_KEY]
    rows[0]["arguments"] = [["Theme", "event", rows[2]["id"]]]
    bad._.doc_id = "bad"
    nlp = make_pipeline(tiny_plm("bert"))
    with pytest.warns(UserWarning, match=r"W611.*'bad'.*circle"):
        losses = teach(nlp, [good, bad], steps=2)
    alone = make_pipeline(tiny_plm("bert"))
    # The loss of triggers is a mean over the words of documents that teach.
    np.testing.assert_allclose(losses, teach(alone, [good], steps=2), rtol=1e-4)
    with pytest.warns(UserWarning, match="W611"):
        scores = nlp.evaluate([Example(start_from(bad, nlp, "entities"), bad)])
    assert scores["events_f"] is None


def test_training_says_what_it_leaves_out(make_gold: Callable[..., Doc], tiny_plm: Callable[..., Path]) -> None:
    doc = make_gold()
    doc._.doc_id = "PMID-1"
    nlp = make_pipeline(tiny_plm("bert"))
    scheme = scheme_of(doc)
    labels = {"default": {**scheme.to_dict(), "participants": scheme.participants[1:]}}
    optimizer = nlp.initialize(lambda: [Example(start_from(doc, nlp, "entities"), doc)])
    nlp.get_pipe("events").cfg["schemes"] = labels  # type: ignore[attr-defined]
    with pytest.warns(UserWarning, match=r"W610.*'PMID-1'.*E5"):
        nlp.update([Example(start_from(doc, nlp, "entities"), doc)], sgd=optimizer)


def test_strange_gold_is_learned_or_missed(make_gold: Callable[..., Doc], tiny_plm: Callable[..., Path]) -> None:
    text = "IL-4 and not IL-2 binds up to STAT6 . It grows . Growth stops .\n"
    given = "T1\tProtein 0 4\tIL-4\nT2\tProtein 13 17\tIL-2\nT3\tProtein 30 35\tSTAT6\n"
    found = (
        "*\tEquiv T1 T2\n"
        # A trigger in two pieces; one whose argument is in another sentence; one without arguments; a duplicate.
        "T4\tBinding 18 23;27 29\tbinds to\nT5\tGrowth 41 46\tgrows\nT6\tGrowth 49 55\tGrowth\n"
        "E1\tBinding:T4 Theme:T1 Theme2:T3\nE2\tGrowth:T5 Theme:T1\nE3\tGrowth:T6\n"
        "E4\tBinding:T4 Theme:T3 Theme2:T1\n"
    )
    doc = make_gold(text, given, found)
    nlp = make_pipeline(tiny_plm("bert"))
    nothing = nlp.make_doc("Nothing is here")
    nothing._.annotated = {"events": {"default": ["Binding", "Growth"]}}
    teach(nlp, [doc, nothing], steps=200, rate=0.003)
    read = nlp(start_from(doc, nlp, "entities"))
    assert show(read) == ["Growth()", "binds up to(Theme:IL-4 Theme2:STAT6)"]
    scores = nlp.evaluate([Example(start_from(doc, nlp, "entities"), doc)])
    # What no pair was made for is missed.
    assert scores["events_p"] == 1.0
    assert scores["events_r"] == pytest.approx(2 / 3)
    assert make_record(doc).equivalences


def test_more_pairs_than_are_looked_at_are_told(make_gold: Callable[..., Doc], tiny_plm: Callable[..., Path]) -> None:
    doc = make_gold()
    nlp = make_pipeline(tiny_plm("bert"), max_pairs=2)
    teach(nlp, [doc])
    with pytest.warns(UserWarning, match=r"W612.*pairs of a trigger"):
        nlp(start_from(doc, nlp, "entities"))


def test_entities_of_other_names_stand_for_those_of_the_guideline(
    make_gold: Callable[..., Doc], tiny_plm: Callable[..., Path]
) -> None:
    doc = make_gold()
    nlp = make_pipeline(tiny_plm("bert"), types={"Protein": ["GENE", "PROTEIN"]})
    teach(nlp, [doc])
    start = start_from(doc, nlp, "entities")
    start.spans["entities"] = [Span(start, span.start, span.end, label="GENE") for span in start.spans["entities"]]
    read = nlp(start)
    assert show(read) == show(nlp(start_from(doc, nlp, "entities")))
    arguments = [target for event in read._.events for _, target in event.arguments if isinstance(target, Span)]
    assert {span.label_ for span in arguments} == {"GENE", "Entity"}


def test_a_stream_shows_its_beginning_only(make_gold: Callable[..., Doc], tiny_plm: Callable[..., Path]) -> None:
    doc = make_gold()
    nlp = make_pipeline(tiny_plm("bert"))
    nlp.config["training"]["max_epochs"] = -1
    with pytest.warns(UserWarning, match=r"W613.*first hundred"):
        nlp.initialize(lambda: [Example(start_from(doc, nlp, "entities"), doc)])
    nlp.config["initialize"]["components"]["events"] = {"labels": nlp.get_pipe("events").label_data}  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp.initialize(lambda: [Example(start_from(doc, nlp, "entities"), doc)])
