import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.util import fix_random_seed
from thinc.api import Adam

from spacy_biomedplm.attributes import ENTITIES_KEY, RELATIONS_KEY, Relation, score_key
from spacy_biomedplm.errors import BiomedplmError
from tests.relations.conftest import TEN, mark, relate


def read(nlp: Language, marked: str) -> Doc:
    return nlp(mark(nlp.vocab, marked))


def content_of(doc: Doc) -> list[Any]:
    return [
        (str(one.head), one.label, str(one.tail), round(one.score or 0, 3), dict(one.infons)) for one in doc._.relations
    ]


MODELS: list[dict[str, Any]] = [
    {"pooling": pooling, "context": context} for pooling, context in (("start", "none"), ("ends", "attention"))
] + [{"pooling": "mean", "context": "first"}, {"pooling": "max", "context": "pair", "bilinear_blocks": 4}]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: "-".join(map(str, model.values())))
def test_ten_examples_are_learned_by_heart(model: dict[str, Any], make_pipeline: Any, learn: Any, ten: Any) -> None:
    nlp = make_pipeline(model=model)
    losses = learn(nlp, ten(nlp), steps=90)
    assert losses[-1] < 0.3 < losses[0]
    assert nlp.evaluate(ten(nlp))["rels_f"] == 1.0


@pytest.mark.parametrize("markers", ["plain", "typed", "masked"])
def test_pairs_are_learned_in_marked_documents(markers: str, make_pipeline: Any, learn: Any, ten: Any) -> None:
    nlp = make_pipeline("shared", markers=markers, has_listener=False, model={"pooling": "start"})
    losses = learn(nlp, ten(nlp), steps=90)
    assert losses[-1] < 0.3 < losses[0]
    assert nlp.evaluate(ten(nlp))["rels_f"] == 1.0


@pytest.mark.parametrize("markers", ["none", "plain", "typed", "masked"])
def test_pairs_are_learned_each_in_its_own_copy(markers: str, make_pipeline: Any, learn: Any, ten: Any) -> None:
    nlp = make_pipeline("per_pair", markers=markers, model={"pooling": "start"})
    losses = learn(nlp, ten(nlp), steps=90)
    assert losses[-1] < 0.3 < losses[0]
    assert nlp.evaluate(ten(nlp))["rels_f"] == 1.0


@pytest.mark.parametrize(
    "config",
    [
        {"objective": "sigmoid"},
        {"objective": "adaptive_threshold"},
        {"r_drop": 1.0, "label_smoothing": 0.05},
        {"contrastive": 0.2, "class_weights": True},
    ],
    ids=str,
)
def test_every_objective_learns(config: dict[str, Any], make_pipeline: Any, learn: Any, ten: Any) -> None:
    nlp = make_pipeline(**config)
    learn(nlp, ten(nlp), steps=90)
    assert nlp.evaluate(ten(nlp))["rels_f"] == 1.0


def test_relations_of_concepts_of_the_document(make_pipeline: Any, learn: Any) -> None:
    rows = [
        ("[aspirin|Chemical|D1] in [heart failure|Disease|D2]", [("D1", "CID", "D2")]),
        ("[heart failure|Disease|D2] of the heart . treatment with [aspirin|Chemical|D1]", []),
        ("[lithium|Chemical|D3] in cells . [heart failure|Disease|D2] in [heart|Disease|D4]", [("D3", "CID", "D4")]),
    ]
    nlp = make_pipeline()
    annotated = {"relations": {"cdr": ["CID"]}}
    examples = [Example(mark(nlp.vocab, text), relate(mark(nlp.vocab, text), found, annotated)) for text, found in rows]
    learn(nlp, examples, steps=90)
    (scheme,) = nlp.get_pipe("relations").schemes  # type: ignore[attr-defined]
    assert (scheme.level, scheme.scope, scheme.ends) == ("concept", "document", (("Chemical", "Disease"),))
    assert nlp.evaluate(examples)["rels_f"] == 1.0
    (found,) = read(nlp, rows[0][0])._.relations
    assert (found.head, found.label, found.tail) == ("D1", "CID", "D2")


def test_attribute_of_relations_is_learned_too(make_pipeline: Any, learn: Any) -> None:
    rows = [("[aspirin|DRUG] inhibits [kinase|GENE]", "Novel"), ("[lithium|DRUG] with [kinase|GENE]", "No")]
    nlp = make_pipeline(schemes={"toy": {"attribute": "novelty", "values": ["No", "Novel"]}})
    examples = []
    for text, novelty in rows:
        gold = relate(mark(nlp.vocab, text), [(0, "INHIBITOR", 1)])
        gold._.relations = [one._replace(infons={"novelty": novelty}) for one in gold._.relations]
        examples.append(Example(mark(nlp.vocab, text), gold))
    learn(nlp, examples, steps=60)
    found = [read(nlp, text)._.relations[0].infons["novelty"] for text, _ in rows]
    assert found == ["Novel", "No"]


def test_gold_entities_teach_where_the_prediction_has_none(make_pipeline: Any, learn: Any) -> None:
    nlp = make_pipeline()
    examples = [
        Example(nlp.make_doc(mark(nlp.vocab, text).text), relate(mark(nlp.vocab, text), found)) for text, found in TEN
    ]
    learn(nlp, examples, steps=90)
    given = [Example(mark(nlp.vocab, text), relate(mark(nlp.vocab, text), found)) for text, found in TEN]
    assert nlp.evaluate(given)["rels_f"] == 1.0


@pytest.mark.parametrize("config", [{}, {"r_drop": 1.0}], ids=str)
def test_copies_are_learned_in_steps_that_add_up(
    config: dict[str, Any], make_pipeline: Any, ten: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = make_pipeline("per_pair", markers="plain", **config)
    examples = ten(nlp)
    nlp.initialize(lambda: examples)
    pipe: Any = nlp.get_pipe("relations")
    module = pipe.model.get_ref("output_layer").shims[0].module
    found = []
    for most in (6000, 8):
        monkeypatch.setattr("spacy_biomedplm.relations.component._MOST_LEARNED", most)
        losses = pipe.update(examples)
        found.append((losses["relations"], module.output.weight.grad.clone()))
        module.zero_grad()
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-5)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("execution", ["shared", "per_pair"])
def test_two_passes_and_contrast_are_learned_with_dropout(execution: str, make_pipeline: Any, ten: Any) -> None:
    nlp = make_pipeline(execution, r_drop=1.0, contrastive=0.1)
    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: ten(nlp))
    optimizer.learn_rate = 0.005
    for _ in range(60):
        nlp.update(ten(nlp), drop=0.2, sgd=optimizer)
    assert nlp.evaluate(ten(nlp))["rels_f"] > 0.9


def test_what_one_document_teaches_at_once_is_bounded(
    make_pipeline: Any, ten: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = make_pipeline()
    nlp.initialize(lambda: ten(nlp))
    pipe: Any = nlp.get_pipe("relations")
    text = "[a|DRUG] [b|DRUG] [c|DRUG] inhibit [kinase|GENE]"
    example = Example(mark(nlp.vocab, text), relate(mark(nlp.vocab, text), [(0, "INHIBITOR", 3)]))
    # Five words and two mentions for each of three pairs.
    monkeypatch.setattr("spacy_biomedplm.relations.component._MOST_CELLS", 20)
    with pytest.warns(UserWarning, match=r"W616.*2 of the 3 pairs"):
        lesson, _, (pairs,) = pipe._prepare([example])
    assert len(pairs) == len(lesson.schemes) == 2


def test_relations_with_many_ends_stay(trained: Language) -> None:
    text, _ = TEN[0]
    doc = mark(trained.vocab, text)
    first = doc.spans["entities"][0]
    row = {"id": "R7", "label": "COMPLEX", "infons": {}, "score": None}
    doc.user_data[RELATIONS_KEY] = [{**row, "arguments": [["A", "mention", score_key(first)] for _ in range(3)]}]
    rows = trained(doc).user_data[RELATIONS_KEY]
    assert [one["label"] for one in rows] == ["COMPLEX", "INHIBITOR"]
    assert rows[0]["id"] == "R7"


def test_softmax_for_several_labels_is_named(make_pipeline: Any) -> None:
    nlp = make_pipeline()
    text = "[aspirin|DRUG] inhibits [kinase|GENE]"
    both = relate(mark(nlp.vocab, text), [(0, "INHIBITOR", 1), (0, "ACTIVATOR", 1)])
    with pytest.warns(UserWarning, match=r"W615.*toy"):
        nlp.initialize(lambda: [Example(mark(nlp.vocab, text), both)])


def test_some_pairs_are_drawn(make_pipeline: Any, ten: Any) -> None:
    nlp = make_pipeline(sample_pairs=1)
    nlp.initialize(lambda: ten(nlp))
    pipe: Any = nlp.get_pipe("relations")
    drawn = set()
    for _ in range(20):
        lesson, _, pairs = pipe._prepare(ten(nlp)[3:4])
        ((pair,),) = pairs
        assert len(lesson.schemes) == 1
        drawn.add(pair.head.target.text)
    assert drawn == {"lithium", "aspirin"}


def test_document_that_nobody_annotated_teaches_nothing(trained: Language) -> None:
    pipe: Any = trained.get_pipe("relations")
    text, found = TEN[0]
    silent = relate(mark(trained.vocab, text), found, annotated={})
    lesson, _, pairs = pipe._prepare([Example(mark(trained.vocab, text), silent)])
    assert not len(lesson.schemes)
    assert pairs == [[]]
    before = pipe.model.to_bytes()
    assert trained.update([Example(mark(trained.vocab, text), silent)], losses={})["relations"] == 0.0
    assert pipe.model.to_bytes() == before


def test_two_guidelines_do_not_punish_each_other(make_pipeline: Any, ten: Any) -> None:
    nlp = make_pipeline()
    text = "[aspirin|DRUG] inhibits [kinase|GENE]"
    other = relate(mark(nlp.vocab, text), [(0, "BINDS", 1)], {"relations": {"other": ["BINDS"]}})
    nlp.initialize(lambda: [*ten(nlp), Example(mark(nlp.vocab, text), other)])
    pipe: Any = nlp.get_pipe("relations")
    assert pipe.labels == ("other/BINDS", "toy/ACTIVATOR", "toy/INHIBITOR")
    lesson, _, (pairs,) = pipe._prepare([Example(mark(nlp.vocab, text), other)])
    scores = np.random.default_rng(0).normal(size=(len(pairs), 5)).astype("float32")
    _, gradient = pipe.get_loss(lesson, scores)
    assert gradient[:, :2].any()
    assert not gradient[:, 2:].any()


def test_labels_that_were_not_annotated_are_not_punished(make_pipeline: Any, ten: Any) -> None:
    nlp = make_pipeline(label_smoothing=0.1)
    nlp.initialize(lambda: ten(nlp))
    pipe: Any = nlp.get_pipe("relations")
    text, found = TEN[0]
    partial = relate(mark(nlp.vocab, text), found, {"relations": {"toy": ["INHIBITOR"]}})
    lesson, _, (pairs,) = pipe._prepare([Example(mark(nlp.vocab, text), partial)])
    _, gradient = pipe.get_loss(lesson, np.ones((len(pairs), 3), dtype="float32"))
    assert not gradient[:, 1].any()
    assert gradient[:, [0, 2]].all()


@pytest.mark.parametrize("execution", ["shared", "per_pair"])
def test_gradient_of_the_head(execution: str, make_pipeline: Any, ten: Any) -> None:
    nlp = make_pipeline(execution, label_smoothing=0.1)
    examples = ten(nlp)
    nlp.initialize(lambda: examples)
    pipe: Any = nlp.get_pipe("relations")
    lesson, read, found_pairs = pipe._prepare(examples)
    (((docs, pairs), _),) = pipe._inputs(read, found_pairs)
    output = pipe.model.get_ref("output_layer")
    generator = np.random.default_rng(0)
    vectors = [generator.normal(size=(len(doc), 32)).astype("float32") for doc in docs]
    scores, backprop = output.begin_update((vectors, pairs))
    _, gradient = pipe.get_loss(lesson, scores)
    found, _ = backprop(gradient)
    direction = [generator.normal(size=array.shape).astype("float32") for array in vectors]
    wanted = sum(float((a * b).sum()) for a, b in zip(found, direction, strict=True))

    def loss_at(step: float) -> float:
        moved = [v + np.float32(step) * d for v, d in zip(vectors, direction, strict=True)]
        return float(pipe.get_loss(lesson, output.predict((moved, pairs)))[0])

    assert (loss_at(0.01) - loss_at(-0.01)) / 0.02 == pytest.approx(wanted, rel=0.02, abs=1e-4)


# Contract


def test_the_encoder_gets_its_share_of_the_gradient(make_pipeline: Any, ten: Any, encoder_gradients: Any) -> None:
    for scale in (1.0, 0.25):
        nlp = make_pipeline(model={"encoder_scale": scale})
        fix_random_seed(0)
        nlp.initialize(lambda nlp=nlp: ten(nlp))
        nlp.update(ten(nlp), sgd=Adam(0.0), drop=0.0)
    whole, quarter = encoder_gradients
    assert np.abs(whole).max() > 0
    np.testing.assert_allclose(quarter, whole / 4, atol=1e-7)


def test_storage_is_exact(trained: Language, trained_folder: Path) -> None:
    texts = [text for text, _ in TEN]
    wanted = [content_of(read(trained, text)) for text in texts]
    assert any(wanted)
    from_bytes = spacy.util.load_model_from_config(trained.config).from_bytes(trained.to_bytes())
    for nlp in (spacy.load(trained_folder), from_bytes):
        assert [content_of(read(nlp, text)) for text in texts] == wanted
    pipe = pickle.loads(pickle.dumps(spacy.load(trained_folder).get_pipe("relations")))
    docs = [trained.get_pipe("tok2vec")(mark(trained.vocab, text)) for text in texts]
    assert [content_of(doc) for doc in pipe.pipe(docs)] == wanted


def test_relations_survive_bytes_docbin_and_processes(trained: Language) -> None:
    texts = [text for text, _ in TEN]
    docs = [read(trained, text) for text in texts]
    wanted = [content_of(doc) for doc in docs]
    assert [content_of(Doc(trained.vocab).from_bytes(doc.to_bytes())) for doc in docs] == wanted
    stored = DocBin(store_user_data=True, docs=docs).to_bytes()
    assert [content_of(doc) for doc in DocBin().from_bytes(stored).get_docs(spacy.blank("en").vocab)] == wanted
    made = [mark(trained.vocab, text) for text in texts]
    assert [content_of(doc) for doc in trained.pipe(made, n_process=2, batch_size=3)] == wanted


def test_batch_and_order_make_no_difference(trained: Language) -> None:
    texts = [text for text, _ in TEN] * 3
    wanted = [content_of(read(trained, text)) for text in texts]
    docs = [mark(trained.vocab, text) for text in texts]
    assert [content_of(doc) for doc in trained.pipe(docs, batch_size=32)] == wanted
    order = np.random.default_rng(0).permutation(len(texts))
    mixed = trained.pipe([mark(trained.vocab, texts[i]) for i in order])
    assert [content_of(doc) for doc in mixed] == [wanted[i] for i in order]


@pytest.mark.parametrize("text", ["", " ", "\n\t", "no entity here", "[aspirin|DRUG]", "α 😀 中文"])
def test_documents_without_pairs(text: str, trained: Language) -> None:
    doc = trained(mark(trained.vocab, text)) if "[" in text else trained(text)
    assert doc._.relations == ()
    pipe: Any = trained.get_pipe("relations")
    assert pipe.predict([]) == []


def test_predict_does_not_write_and_annotating_twice_changes_nothing(trained: Language) -> None:
    doc = trained.get_pipe("tok2vec")(mark(trained.vocab, TEN[0][0]))
    pipe: Any = trained.get_pipe("relations")
    before = doc.to_bytes()
    found = pipe.predict([doc])
    assert doc.to_bytes() == before
    pipe.set_annotations([doc], found)
    once = content_of(doc)
    assert [row[:3] for row in once] == [("aspirin", "INHIBITOR", "kinase")]
    assert once[0][4] == {"guideline": "toy"}
    assert content_of(pipe(doc)) == once


def test_relations_of_others_stay(trained: Language) -> None:
    doc = mark(trained.vocab, TEN[0][0])
    head, tail = doc.spans[ENTITIES_KEY]
    doc._.relations = [Relation(head, "MINE", tail)]
    assert [one.label for one in trained(doc)._.relations] == ["MINE", "INHIBITOR"]


def test_long_document_and_pairs_beyond_the_window(trained: Language) -> None:
    text = "the cells of the heart . " * 120 + TEN[0][0]
    doc = read(trained, text)
    ((head, _, tail, *_),) = content_of(doc)
    assert (head, tail) == ("aspirin", "kinase")


@pytest.mark.parametrize("execution", ["shared", "per_pair"])
def test_nested_overlapping_and_repeated_entities(execution: str, make_pipeline: Any, learn: Any, ten: Any) -> None:
    markers = "masked" if execution == "per_pair" else "none"
    nlp = make_pipeline(execution, markers=markers, threshold=0.0)
    learn(nlp, ten(nlp), steps=5)
    doc = Doc(nlp.vocab, words="aspirin receptor kinase inhibits".split())
    places = [(0, 1, "DRUG"), (0, 2, "GENE"), (1, 3, "GENE"), (0, 1, "GENE"), (0, 1, "DRUG"), (2, 3, "OTHER")]
    doc.spans[ENTITIES_KEY] = [Span(doc, *place) for place in places]
    found = {(one.head.text, one.tail.text) for one in nlp(doc)._.relations}
    # A mention has no relation to itself under another label, and one that is there twice counts once.
    assert found == {("aspirin", "aspirin receptor"), ("aspirin", "receptor kinase")}


def test_too_many_candidates_are_bounded_with_a_warning(make_pipeline: Any, learn: Any, ten: Any) -> None:
    candidates = {"@misc": "spacy-biomedplm.pair_candidates.v1", "max_pairs": 500}
    nlp = make_pipeline(candidates=candidates, threshold=0.0)
    learn(nlp, ten(nlp), steps=2)
    doc = mark(nlp.vocab, "[aspirin|DRUG] and [kinase|GENE] , " * 1000)
    with pytest.warns(UserWarning, match=r"(?s)W605.*999,?500.*max_distance_tokens"):
        found = nlp(doc)._.relations
    assert len(found) == 500
    assert max(abs(one.head.start - one.tail.start) for one in found) <= 4


# Mistakes


def test_settings_that_cannot_be(make_pipeline: Any) -> None:
    for code, execution, config in (
        ("B221", "shared", {"threshold": 2.0}),
        ("B221", "shared", {"label_smoothing": 1.0}),
        ("B221", "shared", {"r_drop": -1.0}),
        ("B221", "shared", {"temperature": 0.0}),
        ("B221", "shared", {"sample_pairs": 0}),
        ("B221", "shared", {"model": {"bilinear_blocks": 5}}),
        ("B221", "shared", {"class_weights": True, "objective": "sigmoid"}),
        ("B221", "shared", {"label_smoothing": 0.1, "objective": "adaptive_threshold"}),
        ("B005", "shared", {"model": {"hidden_width": 0}}),
        ("B005", "shared", {"model": {"lr_scale": -1.0}}),
        ("B005", "shared", {"model": {"average_decay": 1.0}}),
        ("B005", "shared", {"model": {"encoder_scale": -0.1}}),
        ("B221", "shared", {"candidates": {"@misc": "spacy-biomedplm.pair_candidates.v1", "max_pairs": 0}}),
        ("B222", "shared", {"schemes": {"toy": {"lables": []}}}),
        ("B222", "shared", {"schemes": {"toy": {"level": "text"}}}),
        ("B222", "shared", {"schemes": {"toy": {"symmetric": "yes"}}}),
        ("B222", "shared", {"schemes": {"toy": {"ends": ["DRUG"]}}}),
        ("B225", "shared", {"markers": "typed"}),
    ):
        with pytest.raises(BiomedplmError, match=code):
            make_pipeline(execution, **config)


def test_per_pair_needs_an_encoder_of_its_own(make_pipeline: Any) -> None:
    nlp = make_pipeline()
    with pytest.raises(BiomedplmError, match=r"(?s)B224.*PlmEncoder"):
        nlp.add_pipe("biomedplm_relations", name="again", config={"execution": "per_pair"})


def test_component_that_has_not_learned(make_pipeline: Any) -> None:
    nlp = make_pipeline()
    with pytest.raises(BiomedplmError, match="B002"):
        nlp("aspirin")
    with pytest.raises(BiomedplmError, match=r"(?s)B226.*annotated"):
        nlp.initialize(lambda: [Example(mark(nlp.vocab, "a"), mark(nlp.vocab, "a"))])


def test_unknown_guideline_lists_the_known(trained_folder: Path) -> None:
    nlp = spacy.load(trained_folder, config={"components": {"relations": {"guidelines": ["ddi"]}}})
    with pytest.raises(BiomedplmError, match=r"(?s)B227.*ddi.*toy"):
        read(nlp, TEN[0][0])
    nlp = spacy.load(trained_folder, config={"components": {"relations": {"guidelines": []}}})
    assert not read(nlp, TEN[0][0])._.relations


def test_no_vectors(trained_folder: Path) -> None:
    nlp = spacy.load(trained_folder, exclude=["tok2vec"])
    with pytest.raises(BiomedplmError, match="B001"):
        read(nlp, TEN[0][0])


def test_threshold_trades_recall_for_precision(trained_folder: Path) -> None:
    counts = []
    for threshold in (0.0, 0.5, 1.0):
        nlp = spacy.load(trained_folder, config={"components": {"relations": {"threshold": threshold}}})
        counts.append(sum(len(read(nlp, text)._.relations) for text, _ in TEN))
    assert counts[0] > counts[1] > counts[2]


def test_types_join_labels_of_several_corpora(make_pipeline: Any, learn: Any, ten: Any) -> None:
    nlp = make_pipeline(types={"CHEMICAL": ["DRUG", "Chemical"], "GENE": ["GENE", "Protein"]})
    learn(nlp, ten(nlp), steps=90)
    (scheme,) = nlp.get_pipe("relations").schemes  # type: ignore[attr-defined]
    assert scheme.ends == (("CHEMICAL", "GENE"),)
    (found,) = read(nlp, "[aspirin|Chemical] inhibits [kinase|Protein] in cells")._.relations
    assert (found.head.label_, found.label) == ("Chemical", "INHIBITOR")


def test_a_relation_of_ends_with_several_types_is_there_once(make_pipeline: Any, learn: Any, ten: Any) -> None:
    nlp = make_pipeline()
    annotated = {"relations": {"toy": ["ACTIVATOR", "INHIBITOR"]}}
    text = "[aspirin|DRUG] inhibits [kinase|PROTEIN] in cells"
    other = relate(mark(nlp.vocab, text), [(0, "INHIBITOR", 1)], annotated)
    learn(nlp, [*ten(nlp), Example(mark(nlp.vocab, text), other)], steps=90)
    (scheme,) = nlp.get_pipe("relations").schemes  # type: ignore[attr-defined]
    assert scheme.ends == (("DRUG", "GENE"), ("DRUG", "PROTEIN"))
    doc = mark(nlp.vocab, text)
    aspirin, kinase = doc.spans["entities"]
    doc.spans["entities"] = [aspirin, kinase, Span(doc, kinase.start, kinase.end, label="GENE")]
    assert [(r.head.text, r.label, r.tail.text) for r in nlp(doc)._.relations] == [("aspirin", "INHIBITOR", "kinase")]


def test_gold_that_is_no_candidate_counts_as_missed(trained: Language) -> None:
    text = "[aspirin|DRUG] inhibits cells. Kinase is [kinase|GENE]"
    gold = relate(mark(trained.vocab, text), [(0, "INHIBITOR", 1)])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = trained.evaluate([Example(mark(trained.vocab, text), gold)])
    assert scores["rels_r"] == 0.0
