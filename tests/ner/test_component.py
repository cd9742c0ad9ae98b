import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.ner.component import BiomedNER
from spacy_biomedplm.ner.model import predict_scores

HEADS = ["linear", "bilstm", "crf", "bilstm_crf"]
TEXT = "aspirin in heart failure"
ODD_TEXTS = [
    "",
    " ",
    "\n\t \n",
    "\x00\x07",
    "αβγ 😀 中文 cafe\u0301",
    "a" * 5000,
    "the cells of the heart",
    TEXT + " and the kinase receptor in cells" * 60,
]


def ents_of(doc: Doc) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def content_of(doc: Doc) -> list[Any]:
    """Everything the component writes, scores rounded as far as batches may change them."""
    spans = [*doc.ents, *doc.spans["entities"]]
    return [(s.start_char, s.end_char, s.label_, s.id_, round(s._.score, 4)) for s in spans]


# Learning


@pytest.mark.parametrize("head", HEADS)
def test_head_learns_ten_examples_by_heart(head: str, make_pipeline: Any, learn: Any, ten: Any) -> None:
    nlp = make_pipeline(head)
    examples = ten(nlp)
    losses = learn(nlp, examples, steps=90 if head == "bilstm" else 45)
    assert losses[-1] < 0.2 < losses[0]
    scores = nlp.evaluate(examples)
    assert scores["ents_f"] == scores["guidelines_f"] == 1.0
    assert set(scores["ents_per_guideline"]) == {"bc5cdr", "bc2gm"}


def test_loss_of_one_guideline_leaves_the_others_alone(make_pipeline: Any, make_example: Any) -> None:
    for head in ("linear", "crf"):
        nlp = make_pipeline(head)
        examples = [
            make_example(nlp, TEXT, [("aspirin", "Chemical")], {"bc5cdr": ["Chemical", "Disease"]}),
            make_example(nlp, TEXT, [], {"bc2gm": ["GENE"]}),
        ]
        nlp.initialize(lambda examples=examples: examples)
        ner: Any = nlp.get_pipe("ner")
        scores = [np.random.default_rng(i).normal(size=(4, 5 + 9)).astype("float32") for i in range(2)]
        _, gradients = ner.get_loss(examples, scores)
        assert not gradients[0][:, :5].any()
        assert gradients[0][:, 5:].any(axis=1).all()
        assert not gradients[1][:, 5:].any()
        assert gradients[1][:, :5].any(axis=1).all()
        ner.get_loss(examples[:1], scores[:1])
    transitions = ner.model.get_ref("output_layer").shims[0].module.transitions
    before = transitions[0].grad.clone()
    ner.get_loss(examples[:1], scores[:1])
    assert bool((transitions[0].grad == before).all()), "no gradient for bc2gm's transitions"


def test_labels_that_were_not_annotated_are_never_punished(make_pipeline: Any, make_example: Any) -> None:
    nlp = make_pipeline()
    partial = make_example(nlp, TEXT, [("aspirin", "Chemical")], {"bc5cdr": ["Chemical"]})
    whole = make_example(nlp, TEXT, [("aspirin", "Chemical")], {"bc5cdr": ["Chemical", "Disease"]})
    nlp.initialize(lambda: [whole])
    scores = [np.random.default_rng(0).normal(size=(4, 9)).astype("float32")]
    ner: Any = nlp.get_pipe("ner")
    _, (gradient,) = ner.get_loss([partial], scores)
    disease = slice(5, 9)
    assert (gradient[1:, disease] < 0).all(), "tokens outside of chemicals may well be diseases"
    assert (gradient[1:, 1:5] > 0).all(), "but they are no chemicals"
    assert (gradient[0, disease] > 0).all(), "and a chemical is no disease"
    _, (gradient,) = ner.get_loss([whole], scores)
    assert (gradient[1:, disease] > 0).all()


def test_document_that_nobody_annotated_teaches_nothing(trained: Language, make_example: Any) -> None:
    ner: Any = trained.get_pipe("ner")
    example = make_example(trained, TEXT, [], None)
    scores = [np.ones((4, 14), dtype="float32")]
    loss, (gradient,) = ner.get_loss([example], scores)
    assert loss == 0.0
    assert gradient.shape == (4, 14)
    assert not gradient.any()


@pytest.mark.parametrize("head", HEADS)
def test_gradient_of_the_whole_model(head: str, make_pipeline: Any, ten: Any) -> None:
    """What the head sends to the encoder, against finite differences of the loss."""
    nlp = make_pipeline(head)
    examples = ten(nlp)[:4]
    nlp.initialize(lambda: examples)
    ner: Any = nlp.get_pipe("ner")
    output = ner.model.get_ref("output_layer")
    generator = np.random.default_rng(0)
    vectors = [generator.normal(size=(len(eg.predicted), 32)).astype("float32") for eg in examples]
    scores, backprop = output.begin_update(vectors)
    loss, gradients = ner.get_loss(examples, scores)
    found = backprop(gradients)
    direction = [generator.normal(size=array.shape).astype("float32") for array in vectors]
    wanted = sum(float((a * b).sum()) for a, b in zip(found, direction, strict=True))

    def loss_at(step: float) -> float:
        moved = [v + np.float32(step) * d for v, d in zip(vectors, direction, strict=True)]
        return ner.get_loss(examples, output.predict(moved))[0]

    assert loss_at(0.0) == pytest.approx(loss, rel=1e-5)
    assert (loss_at(5e-3) - loss_at(-5e-3)) / 1e-2 == pytest.approx(wanted, rel=0.02, abs=1e-3)


@pytest.mark.parametrize("texts", [[], [""], ["", " \n"], ["", TEXT]])
def test_update_accepts_empty_documents(texts: list[str], make_pipeline: Any, ten: Any, make_example: Any) -> None:
    nlp = make_pipeline("bilstm")
    optimizer = nlp.initialize(lambda: ten(nlp))
    examples = [make_example(nlp, text, [], {"bc2gm": ["GENE"]}) for text in texts]
    assert np.isfinite(nlp.update(examples, sgd=optimizer)["ner"]) if examples else True


def test_averaged_weights_are_used_and_put_back(make_pipeline: Any, ten: Any) -> None:
    nlp = make_pipeline(average_decay=0.9)
    nlp.config["training"]["optimizer"]["use_averages"] = True
    optimizer = nlp.initialize(lambda: ten(nlp))
    for _ in range(3):
        nlp.update(ten(nlp), sgd=optimizer)
    ner: Any = nlp.get_pipe("ner")
    current = ner.to_bytes()
    assert optimizer.averages
    with nlp.use_params(optimizer.averages):
        assert ner.to_bytes() != current
    assert ner.to_bytes() == current


# Labels


def test_guidelines_and_labels_are_found(trained: Language) -> None:
    ner: Any = trained.get_pipe("ner")
    assert isinstance(ner, BiomedNER)
    assert ner.guidelines == ner.label_data == {"bc2gm": ["GENE"], "bc5cdr": ["Chemical", "Disease"]}
    assert ner.labels == ("bc2gm/GENE", "bc5cdr/Chemical", "bc5cdr/Disease")
    ner.guidelines["bc2gm"].append("changed")
    assert ner.guidelines["bc2gm"] == ["GENE"]


def test_labels_may_be_given(make_pipeline: Any, ten: Any) -> None:
    nlp = make_pipeline()
    nlp.config["initialize"]["components"]["ner"] = {"labels": {"z": ["B", "A"], "bc5cdr": ["Chemical"]}}
    nlp.initialize(lambda: ten(nlp))
    ner: Any = nlp.get_pipe("ner")
    assert ner.guidelines == {"bc5cdr": ["Chemical"], "z": ["A", "B"]}


def test_no_labels_raise_b202(make_pipeline: Any, make_example: Any) -> None:
    nlp = make_pipeline()
    with pytest.raises(BiomedplmError, match=r"B202.*'ner'"):
        nlp.initialize(lambda: [make_example(nlp, TEXT, [], None)])


def test_unknown_guideline_or_label_of_a_document(trained: Language, make_example: Any) -> None:
    ner: Any = trained.get_pipe("ner")
    scores = [np.ones((4, 14), dtype="float32")]
    with pytest.raises(BiomedplmError, match=r"B201.*'x'.*bc2gm, bc5cdr"):
        ner.get_loss([make_example(trained, TEXT, [], {"x": ["Y"]})], scores)
    with pytest.raises(BiomedplmError, match=r"B203.*'Chemicel'"):
        ner.get_loss([make_example(trained, TEXT, [("aspirin", "Chemicel")], {"bc5cdr": ["Chemical"]})], scores)


def test_documents_of_spacy_convert(make_pipeline: Any, learn: Any) -> None:
    nlp = make_pipeline()
    examples = [
        Example.from_dict(nlp.make_doc(TEXT), {"entities": [(0, 7, "DRUG"), (11, 24, "ILLNESS")]}),
        Example.from_dict(nlp.make_doc("the cells of the heart"), {"entities": []}),
    ]
    learn(nlp, examples)
    ner: Any = nlp.get_pipe("ner")
    assert ner.guidelines == {"default": ["DRUG", "ILLNESS"]}
    assert ents_of(nlp(TEXT)) == [("aspirin", "DRUG"), ("heart failure", "ILLNESS")]
    assert nlp.evaluate(examples)["ents_f"] == 1.0


# Views


def test_harmonised_view(trained: Language) -> None:
    doc = trained(TEXT)
    assert ents_of(doc) == [("aspirin", "CHEMICAL"), ("heart failure", "DISEASE")]
    assert [ent.id_ for ent in doc.ents] == ["bc5cdr", "bc5cdr"]


def test_overlapping_mentions_are_all_in_the_span_group(trained: Language) -> None:
    doc = trained("heart failure protein in cells")
    spans = {(span.text, span.label_, span.id_) for span in doc.spans["entities"]}
    assert spans == {("heart failure", "DISEASE", "bc5cdr"), ("heart failure protein", "GENE", "bc2gm")}
    assert len(doc.ents) == 1


def test_set_guideline_and_back(loaded: Language) -> None:
    ner: Any = loaded.get_pipe("ner")
    assert ner.guideline is None
    ner.set_guideline("bc2gm")
    assert ner.guideline == "bc2gm"
    assert ents_of(loaded("the kinase receptor in cells")) == [("kinase receptor", "GENE")]
    assert ents_of(loaded("heart failure protein in cells")) == [("heart failure protein", "GENE")]
    assert ents_of(loaded("treatment with lithium")) == []
    ner.set_guideline("bc5cdr")
    doc = loaded("heart failure protein in cells")
    assert ents_of(doc) == [("heart failure", "Disease")]
    assert doc.ents[0]._.score == pytest.approx(
        max(span._.score for span in doc.spans["entities"] if span.id_ == "bc5cdr")
    )
    ner.set_guideline(None)
    assert ents_of(loaded(TEXT)) == [("aspirin", "CHEMICAL"), ("heart failure", "DISEASE")]


def test_unknown_guideline_raises_b201(loaded: Language) -> None:
    with pytest.raises(BiomedplmError, match=r"B201.*'bc6cdr'.*bc2gm, bc5cdr"):
        loaded.get_pipe("ner").set_guideline("bc6cdr")  # type: ignore[attr-defined]
    assert ents_of(loaded(TEXT))[0] == ("aspirin", "CHEMICAL")


@pytest.mark.parametrize(
    "config", [{"components": {"ner": {"guideline": "bc5cdr"}}}, {"components.ner.guideline": "bc5cdr"}]
)
def test_guideline_of_the_config_is_followed(config: Any, trained_folder: Path, tmp_path: Path) -> None:
    nlp = spacy.load(trained_folder, config=config)
    assert ents_of(nlp(TEXT)) == [("aspirin", "Chemical"), ("heart failure", "Disease")]
    nlp.to_disk(tmp_path)
    assert ents_of(spacy.load(tmp_path)(TEXT))[0] == ("aspirin", "Chemical")


def test_set_guideline_survives_disk(loaded: Language, tmp_path: Path) -> None:
    loaded.get_pipe("ner").set_guideline("bc5cdr")  # type: ignore[attr-defined]
    loaded.to_disk(tmp_path)
    assert ents_of(spacy.load(tmp_path)(TEXT))[0] == ("aspirin", "Chemical")


def test_unknown_guideline_of_the_config_raises_when_loading(
    trained_folder: Path, make_pipeline: Any, ten: Any
) -> None:
    with pytest.raises(BiomedplmError, match=r"B201.*'bc6cdr'.*bc2gm, bc5cdr"):
        spacy.load(trained_folder, config={"components.ner.guideline": "bc6cdr"})
    nlp = make_pipeline(guideline="bc6cdr")
    with pytest.raises(BiomedplmError, match=r"B201.*'bc6cdr'"):
        nlp.initialize(lambda: ten(nlp))


def test_harmonisation_of_the_config(trained_folder: Path) -> None:
    def load(source: str) -> Language:
        config = spacy.util.load_config(trained_folder / "config.cfg")
        config["components"]["ner"]["harmonisation"] = {"DRUG": [source]}
        return spacy.util.load_model_from_config(config).from_disk(trained_folder)

    assert ents_of(load("bc5cdr/Chemical")("lithium with aspirin"))[0] == ("lithium", "DRUG")
    with pytest.raises(BiomedplmError, match=r"B204.*'bc5cdr/Chemicel'"):
        load("bc5cdr/Chemicel")


@pytest.mark.parametrize(
    "config", [{"guidline": "bc5cdr"}, {"model": {"@architectures": "spacy-biomedplm.TokenTagger.v1", "haed": "crf"}}]
)
def test_typo_in_the_config_is_refused(config: dict[str, Any], make_pipeline: Any) -> None:
    with pytest.raises(ValueError, match=r"guidline|haed"):
        spacy.blank("en").add_pipe("biomedplm_ner", config=config)


@pytest.mark.parametrize("head", ["linaer", 3])
def test_unknown_head_is_refused(head: Any, make_pipeline: Any) -> None:
    with pytest.raises(ValueError, match="head"):
        make_pipeline(head)


# Scores


def test_scores_are_probabilities(trained: Language) -> None:
    for doc in trained.pipe(ODD_TEXTS):
        for span in [*doc.ents, *doc.spans["entities"]]:
            assert 0.0 <= span._.score <= 1.0


@pytest.mark.parametrize(("calibration", "wanted"), [((0.0, 0.0), 0.5), ((0.0, 1e6), 1.0), ((0.0, -1e6), 0.0)])
def test_calibration_is_applied(calibration: Any, wanted: float, loaded: Language) -> None:
    ner: Any = loaded.get_pipe("ner")
    ner.cfg["calibration"] = {"bc5cdr": calibration}
    doc = loaded(TEXT)
    spans = [span for span in doc.spans["entities"] if span.id_ == "bc5cdr"]
    assert [span._.score for span in spans] == pytest.approx([wanted, wanted])


def test_score_is_that_of_the_weakest_tag(trained: Language) -> None:
    """Without calibration: the least of the probabilities of the entity's tags."""
    doc = trained(TEXT)
    ner: Any = trained.get_pipe("ner")
    scores = ner.model.predict([doc])[0][:, 5:]
    probabilities = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    assert doc.ents[0]._.score == pytest.approx(probabilities[0, 4], rel=1e-4)
    assert doc.ents[1]._.score == pytest.approx(min(probabilities[2, 5], probabilities[3, 7]), rel=1e-4)


def test_scores_travel(trained: Language, trained_folder: Path) -> None:
    doc = trained(TEXT)
    wanted = content_of(doc)
    assert wanted
    assert content_of(Doc(trained.vocab).from_bytes(doc.to_bytes())) == wanted
    assert content_of(pickle.loads(pickle.dumps(doc))) == wanted
    bin_of_docs = DocBin(store_user_data=True, attrs=["ENT_IOB", "ENT_TYPE", "ENT_ID"], docs=[doc])
    (again,) = DocBin().from_bytes(bin_of_docs.to_bytes()).get_docs(trained.vocab)
    assert content_of(again) == wanted


def test_two_processes_give_the_same(trained: Language) -> None:
    texts = [row for row in ODD_TEXTS if len(row) < 1000] * 3
    wanted = [content_of(doc) for doc in trained.pipe(texts)]
    found = list(trained.pipe(texts, n_process=2, batch_size=4))
    assert [doc.text for doc in found] == texts
    assert [content_of(doc) for doc in found] == wanted


def test_predicted_scores_are_those_of_the_model(trained: Language) -> None:
    ner = trained.get_pipe("ner")
    docs = [trained.make_doc(text) for text in ("aspirin in heart failure", "", "the kinase\n receptor")]
    for doc in docs:
        trained.get_pipe("tok2vec")(doc)
    one_by_one = np.concatenate(ner.model.predict(docs))
    np.testing.assert_allclose(predict_scores(ner.model, docs), one_by_one, atol=1e-5)


def test_scores_that_are_not_numbers_raise_b205(make_pipeline: Any, ten: Any) -> None:
    nlp = make_pipeline()
    nlp.initialize(lambda: ten(nlp))
    with torch.no_grad():
        nlp.get_pipe("ner").model.get_ref("output_layer").shims[0].module.output.bias[3] = torch.nan
    with pytest.raises(BiomedplmError, match=r"B205.*'ner'"):
        nlp("aspirin in heart failure")


def test_entities_of_an_earlier_pipe_stay(loaded: Language) -> None:
    ruler: Any = loaded.add_pipe("entity_ruler", before="ner")
    ruler.add_patterns([{"label": "ORGAN", "pattern": "heart"}, {"label": "OTHER", "pattern": "in"}])
    doc = loaded(TEXT)
    assert ents_of(doc) == [("aspirin", "CHEMICAL"), ("in", "OTHER"), ("heart", "ORGAN")]
    spans = [(span.text, span.label_) for span in doc.spans["entities"]]
    assert ("heart", "ORGAN") in spans
    assert ("heart failure", "DISEASE") in spans
    assert doc.ents[2]._.score is None
    loaded.get_pipe("ner").set_guideline("bc5cdr")  # type: ignore[attr-defined]
    again = loaded.get_pipe("ner")(doc)
    assert ents_of(again) == [("aspirin", "Chemical"), ("in", "OTHER"), ("heart", "ORGAN")], "its own are replaced"
