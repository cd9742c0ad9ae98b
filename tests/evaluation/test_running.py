import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import MENTIONS_KEY, Relation
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.evaluation.metrics import METRICS, get_metric
from spacy_biomedplm.evaluation.running import find_layers, has_entities, predict, run_metrics
from spacy_biomedplm.types import (
    ArgumentRecord,
    ConceptRecord,
    DocumentRecord,
    MentionRecord,
    PassageRecord,
    RelationRecord,
)

TEXT = "Aspirin inhibits COX1 well"
GOLD = DocumentRecord(
    "1",
    TEXT,
    (
        MentionRecord("T1", "Chemical", ((0, 7),), concepts=(ConceptRecord("", "D1"),), infons={"secret": "x"}),
        MentionRecord("T2", "Gene", ((17, 20),)),
    ),
    (RelationRecord("R1", "CPR:4", (ArgumentRecord("Arg1", "T1"), ArgumentRecord("Arg2", "T2"))),),
    passages=(PassageRecord(0, 26, "sentence", {"labels": "secret"}), PassageRecord(26, 26, "empty")),
    labels={"positive": 1.0, "negative": 0.0},
    infons={"type": "yesno", "ideal_answers": '["secret"]'},
)


def make_pipe(name, assigns):
    def decorate(function):
        if not Language.has_factory(name):
            Language.component(name, assigns=assigns, func=function)
        return name

    return decorate


@pytest.fixture(scope="module")
def pipes():
    """Components that find names in capitals, relate all pairs of entities, and label documents."""

    def find(doc):
        doc.ents = [Span(doc, t.i, t.i + 1, label="Gene" if t.i else "Chemical") for t in doc if t.text[0].isupper()]
        return doc

    def relate(doc):
        ents = list(doc.ents)
        doc._.relations = [Relation(one, "CPR:4", two) for one in ents for two in ents if one.start < two.start]
        return doc

    def label(doc):
        doc.cats = {"positive": 0.7, "negative": 0.3}
        return doc

    def unknown(doc):
        doc.user_data["seen"] = doc._.metadata
        return doc

    return {
        "find": make_pipe("toy_find", ["doc.ents"])(find),
        "relate": make_pipe("toy_relate", ["doc._.relations"])(relate),
        "label": make_pipe("toy_label", ["doc.cats"])(label),
        "unknown": make_pipe("toy_unknown", [])(unknown),
    }


def pipeline(pipes, *names):
    nlp = spacy.blank("en")
    for name in names:
        nlp.add_pipe(pipes[name])
    return nlp


@pytest.mark.parametrize(
    ("names", "layers"),
    [
        ((), set()),
        (("find", "label"), {"mentions", "labels"}),
        (("relate",), {"relations"}),
        (("unknown",), {"mentions"}),
    ],
)
def test_find_layers(pipes, names, layers):
    assert find_layers(pipeline(pipes, *names)) == layers


def test_run_metrics_says_what_the_model_lacks(pipes):
    nlp = pipeline(pipes, "find")
    outcomes = run_metrics(nlp, [GOLD], ["entity-exact", "chemprot-f1", "concept-f1", "positive-f1", "entity-exact"])
    assert [outcome.metric.name for outcome in outcomes] == ["entity-exact", "chemprot-f1", "concept-f1", "positive-f1"]
    assert [outcome.reason for outcome in outcomes] == [
        "",
        "the model has no component that extracts relations",
        "the model has no component that links entities to concepts",
        "the model has no component that labels documents",
    ]
    # COX1 is one token of this tokenizer, the gold mention ends inside it.
    assert (outcomes[0].score.counts.tp, outcomes[0].score.counts.fn) == (1, 1)


def test_run_metrics_says_what_the_corpus_lacks(pipes):
    (outcome,) = run_metrics(pipeline(pipes, "find", "relate"), [DocumentRecord("1", TEXT)], ["relation-f1"])
    assert outcome.score is None
    assert outcome.reason == "the documents of the corpus have no relations"
    assert outcome.to_dict()["not_scored"] == outcome.reason


def test_run_metrics_gives_what_the_task_gives(pipes):
    nlp = pipeline(pipes, "find", "relate", "label")
    outcomes = {o.metric.name: o for o in run_metrics(nlp, [GOLD], ["chemprot-f1", "cid-f1", "positive-f1"])}
    # Gold mentions are given for ChemProt, so its arguments end where the gold ones do.
    assert outcomes["chemprot-f1"].score.main == 1.0
    assert outcomes["chemprot-f1"].to_dict()["given"] == ["mentions"]
    assert outcomes["positive-f1"].score.main == 1.0
    assert nlp.pipe_names == ["toy_find", "toy_relate", "toy_label"]


def test_run_metrics_renames_limits_and_counts_the_missed(pipes):
    gold = DocumentRecord("1", TEXT, (MentionRecord("T1", "Drug", ((0, 7),)),))
    nlp = pipeline(pipes, "find")
    (outcome,) = run_metrics(
        nlp, [gold], ["entity-exact"], renamed={"Chemical": "Drug"}, labels=["Drug"], missed={"Drug": 2}
    )
    assert (outcome.score.counts.tp, outcome.score.counts.fp, outcome.score.counts.fn) == (1, 0, 2)


def test_run_metrics_limits_linking_too(pipes):
    def link(doc):
        for token in doc:
            token.ent_kb_id_ = "D1" if token.ent_type_ else ""
        return doc

    pipes = {**pipes, "link": make_pipe("toy_link", ["token.ent_kb_id"])(link)}
    other = MentionRecord("T3", "Gene", ((17, 21),), concepts=(ConceptRecord("", "7157"),))
    gold = DocumentRecord("1", TEXT, (GOLD.mentions[0], other))
    nlp = pipeline(pipes, "find", "link")
    assert [o.score.main for o in run_metrics(nlp, [gold], ["linking", "linking-end-to-end"])] == [0.5, 0.5]
    (outcome,) = run_metrics(nlp, [gold], ["linking"], labels=["Chemical"])
    assert outcome.score.main == 1.0


def test_run_metrics_reports_what_a_metric_refuses(pipes):
    gold = DocumentRecord("1", TEXT, labels={"similarity": 1.0})
    nlp = pipeline(pipes, "label")
    (outcome,) = run_metrics(nlp, [gold], ["accuracy"])
    assert outcome.score.main == 0.0
    (outcome,) = run_metrics(nlp, [gold], ["pearson"])
    assert outcome.reason == "the model has no component that gives pairs of texts the label 'similarity'"


@pytest.mark.parametrize("given", [(), ("mentions",), ("mentions", "concepts")])
def test_predict_shows_the_pipeline_nothing_that_is_asked_for(pipes, given):
    seen = []

    def spy(doc: Doc) -> Doc:
        seen.append(doc)
        return doc

    if not Language.has_factory("toy_spy"):
        Language.factory("toy_spy", func=lambda nlp, name: nlp.meta["toy_spy"])
    nlp = pipeline(pipes, "find")
    nlp.meta["toy_spy"] = spy
    nlp.add_pipe("toy_spy", first=True)
    (answer,) = predict(nlp, [GOLD], given=given)
    (doc,) = seen
    assert "secret" not in repr(doc.user_data)
    assert (doc.cats, doc._.metadata, doc._.doc_id) == ({}, {"type": "yesno"}, "1")
    assert [span.label_ for span in doc.spans["passages"]] == ["sentence"]
    assert answer.doc_id == "1"
    assert answer.relations == ()
    if given:
        assert [m.fragments for m in answer.mentions] == [((0, 7),), ((17, 20),)]
        assert bool(answer.mentions[0].concepts) == ("concepts" in given)
    else:
        assert [m.fragments for m in answer.mentions] == [((0, 7),), ((17, 21),)]


@pytest.mark.parametrize(("given", "concept"), [(("mentions",), "L1"), (("mentions", "concepts"), "D1")])
def test_predict_runs_linkers_unless_concepts_are_given(pipes, given, concept):
    def link(doc):
        doc.ents = [Span(doc, ent.start, ent.end, label=ent.label_, kb_id="L1", span_id=ent.id_) for ent in doc.ents]
        doc.spans["entities"] = list(doc.ents)
        return doc

    pipes = {**pipes, "linker": make_pipe("toy_linker_of_ents", ["doc.ents", "span._.links"])(link)}
    (answer,) = predict(pipeline(pipes, "find", "linker"), [GOLD], given=given)
    assert answer.mentions[0].concepts[0].id == concept


def test_predict_gives_no_entity_that_is_asked_for(pipes):
    found = MentionRecord("T3", "Entity", ((8, 16),), infons={"file": "a2"})
    gold = DocumentRecord("1", TEXT, (*GOLD.mentions, found))
    (answer,) = predict(pipeline(pipes), [gold], given=("mentions",))
    assert [mention.id for mention in answer.mentions] == ["T1", "T2"]


def test_predict_takes_the_guideline_that_is_followed(pipes):
    def both(doc):
        doc.user_data[MENTIONS_KEY] = {}
        doc.ents = [Span(doc, 0, 1, label="Chemical")]
        doc.spans["entities"] = [*doc.ents, Span(doc, 2, 3, label="gene", span_id="other")]
        return doc

    pipes = {**pipes, "both": make_pipe("toy_both", ["doc.ents"])(both)}
    (answer,) = predict(pipeline(pipes, "both"), [GOLD])
    assert [mention.label for mention in answer.mentions] == ["Chemical"]


def test_has_entities():
    nlp = spacy.blank("en")
    doc = nlp.make_doc("Aspirin")
    assert not has_entities([doc])
    doc.ents = [Span(doc, 0, 1, label="Drug")]
    assert has_entities([doc])


def test_every_metric_scores_nothing_and_has_a_known_name(pipes):
    for name, metric in METRICS.items():
        assert name == metric.name == get_metric(name).name
        if not {"similarity", "summary"} & set(metric.needs):
            assert metric.score([], []).main == 0.0
    with pytest.raises(BiomedplmError, match=r"B725.*entity-exact"):
        get_metric("nothing")


@pytest.mark.parametrize("given", [(), ("mentions",)])
def test_predict_names_the_document_that_is_too_long(pipes, given):
    nlp = spacy.blank("en")
    nlp.max_length = 20
    with pytest.raises(BiomedplmError, match=r"B728.*'1' has 26 characters.*at most 20.*nlp\.max_length"):
        predict(nlp, [DocumentRecord("0", "short"), GOLD], given=given)
