import pickle
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Example
from spacy.util import fix_random_seed

from spacy_biomedplm.attributes import MENTIONS_KEY, Event, score_key
from spacy_biomedplm.documents import make_record
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.events.schemes import number_roles
from spacy_biomedplm.training.starting import start_from

TEMPLATES = {"@architectures": "spacy-biomedplm.EventExtractor.v1", "hidden_width": 32, "attention_heads": 2}
TAGS = {"@architectures": "spacy-biomedplm.EventTagger.v1", "hidden_width": 32}


def make_pipeline(encoder: Path, decoder: Mapping[str, Any] = TEMPLATES, **config: Any) -> Language:
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-biomedplm.BiomedTokenizer.v1"}}})
    plm = {"@architectures": "spacy-biomedplm.PlmEncoder.v1", "name": str(encoder), "width": 32, "precision": "fp32"}
    nlp.add_pipe("tok2vec", config={"model": plm})
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
    model = {**decoder, "tok2vec": listener}
    nlp.add_pipe("biomedplm_events", name="events", config={"model": model, **config})
    return nlp


def teach(nlp: Language, golds: list[Doc], steps: int = 120, rate: float = 0.01) -> list[float]:
    fix_random_seed(0)
    optimizer = nlp.initialize(lambda: [Example(start_from(gold, nlp, "entities"), gold) for gold in golds])
    optimizer.learn_rate = rate
    losses = []
    for _ in range(steps):
        examples = [Example(start_from(gold, nlp, "entities"), gold) for gold in golds]
        losses.append(nlp.update(examples, sgd=optimizer, drop=0.0)["events"])
    return losses


def show(doc: Doc) -> list[str]:
    def say(event: Event) -> str:
        parts = [
            f"{role}:{say(target) if isinstance(target, Event) else target.text}"  # type: ignore[union-attr]
            for role, target in event.arguments
        ]
        return f"{'not ' * event.negated}{'maybe ' * event.speculated}{event.trigger.text}({' '.join(parts)})"

    return sorted(map(say, doc._.events))


@pytest.fixture(scope="module")
def gold(tmp_path_factory: pytest.TempPathFactory) -> Doc:
    from spacy_biomedplm.corpora.brat import read_brat
    from spacy_biomedplm.documents import make_doc
    from tests.events.conftest import FOUND, GIVEN, TEXT

    folder = tmp_path_factory.mktemp("gold")
    for ending, content in (("txt", TEXT), ("a1", GIVEN), ("a2", FOUND)):
        (folder / f"one.{ending}").write_text(content, encoding="utf8")
    (record,) = read_brat(folder)
    return make_doc(spacy.blank("en").vocab, record)


@pytest.fixture(scope="module")
def trained(tiny_plm: Callable[..., Path], gold: Doc) -> Language:
    nlp = make_pipeline(tiny_plm("bert"))
    losses = teach(nlp, [gold], steps=160, rate=0.005)
    assert losses[-1] < losses[0] / 20
    return nlp


def test_learned_events_are_found_again(trained: Language, gold: Doc) -> None:
    doc = trained(start_from(gold, trained, "entities"))
    assert show(doc) == [
        "increases(Cause:IL-4 Theme:phosphorylation(Site:Y641 Theme:STAT6))",
        "increases(Cause:IL-4 Theme:phosphorylation(Theme:JAK1))",
        "maybe bind(Theme:STAT6 Theme2:JAK1)",
        "not bind(Theme:STAT6 Theme2:IL-4)",
        "phosphorylation(Site:Y641 Theme:STAT6)",
        "phosphorylation(Theme:JAK1)",
    ]
    assert all(event.score is not None and event.score >= 0.5 for event in doc._.events)
    assert [span.text for span in doc.spans["triggers"]] == ["increases", "phosphorylation", "bind"]
    assert [span.text for span in doc.spans["entities"]][-1] == "Y641"
    # Guidelines that spans name are no identifiers of theirs.
    record = make_record(doc)
    assert [mention.id for mention in record.mentions if mention.is_trigger] == ["T8", "T9", "T10"]
    assert {mention.infons.get("guideline") for mention in record.mentions if mention.is_trigger} == {"default"}
    scores = trained.evaluate([Example(start_from(gold, trained, "entities"), gold)])
    assert scores["events_f"] == scores["triggers_f"] == 1.0


def test_the_other_decoder_learns_too(tiny_plm: Callable[..., Path], gold: Doc) -> None:
    nlp = make_pipeline(tiny_plm("bert"), TAGS)
    losses = teach(nlp, [gold, nlp.make_doc("")], steps=200, rate=0.003)
    assert losses[-1] < losses[0] / 20
    doc = nlp(start_from(gold, nlp, "entities"))
    # Of the events of one trigger some must be lost: each Phosphorylation takes the site, both bindings are alike.
    assert show(doc) == [
        "increases(Cause:IL-4 Theme:phosphorylation(Site:Y641 Theme:JAK1))",
        "increases(Cause:IL-4 Theme:phosphorylation(Site:Y641 Theme:STAT6))",
        "not maybe bind(Theme:STAT6 Theme2:IL-4)",
        "not maybe bind(Theme:STAT6 Theme2:JAK1)",
        "phosphorylation(Site:Y641 Theme:JAK1)",
        "phosphorylation(Site:Y641 Theme:STAT6)",
    ]
    assert all(0 <= event.score <= 1 for event in doc._.events)
    empty = nlp(nlp.make_doc("It may bind nothing ."))
    assert isinstance(empty._.events, tuple)


def test_a_document_alone_is_read_as_among_others(trained: Language, gold: Doc) -> None:
    docs = [start_from(gold, trained, "entities"), trained.make_doc(""), trained.make_doc("It may bind nothing .")]
    found = list(trained.pipe(docs))
    assert show(found[0]) == show(trained(start_from(gold, trained, "entities")))
    assert show(found[1]) == []
    assert all(isinstance(event, Event) for event in found[2]._.events)


def test_events_survive(trained: Language, gold: Doc) -> None:
    doc = trained(start_from(gold, trained, "entities"))
    wanted = show(doc)
    (packed,) = DocBin(docs=[doc], store_user_data=True).get_docs(trained.vocab)
    for copy in (Doc(trained.vocab).from_bytes(doc.to_bytes()), packed, pickle.loads(pickle.dumps(doc))):
        assert show(copy) == wanted
        assert [event.score for event in copy._.events] == [event.score for event in doc._.events]
    read = list(trained.pipe([start_from(gold, trained, "entities") for _ in range(3)], n_process=2, batch_size=1))
    assert [show(one) for one in read] == [wanted] * 3
    # Read once more, what was found with the events is not taken for given.
    assert show(trained(doc)) == wanted
    assert len(doc.spans["entities"]) == len(read[0].spans["entities"])


def test_pipeline_is_the_same_from_disk(trained: Language, gold: Doc, tmp_path: Path) -> None:
    trained.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    assert show(loaded(start_from(gold, loaded, "entities"))) == show(trained(start_from(gold, trained, "entities")))
    pipe = loaded.get_pipe("events")
    assert pipe.labels == trained.get_pipe("events").labels  # type: ignore[attr-defined]


def test_documents_without_events_teach(tiny_plm: Callable[..., Path], gold: Doc) -> None:
    empty = spacy.blank("en").make_doc("nothing is said of proteins")
    empty._.annotated = {"events": {"default": ["Binding"]}}
    nlp = make_pipeline(tiny_plm("bert"))
    assert len(teach(nlp, [gold, empty, nlp.make_doc("")], steps=3)) == 3


@pytest.mark.parametrize("decoder", [TEMPLATES, TAGS], ids=["templates", "tags"])
def test_the_encoder_gets_its_share_of_the_gradient(
    decoder: Mapping[str, Any], tiny_plm: Callable[..., Path], gold: Doc, encoder_gradients: list[Any]
) -> None:
    for scale in (1.0, 0.25):
        teach(make_pipeline(tiny_plm("bert"), {**decoder, "encoder_scale": scale}), [gold], steps=1, rate=0.0)
    whole, quarter = encoder_gradients
    assert np.abs(whole).max() > 0
    np.testing.assert_allclose(quarter, whole / 4, atol=1e-7)
    with pytest.raises(BiomedplmError, match=r"B005.*encoder_scale"):
        make_pipeline(tiny_plm("bert"), {**decoder, "encoder_scale": -1.0})


def test_what_cannot_be_is_refused(tiny_plm: Callable[..., Path], gold: Doc) -> None:
    nlp = make_pipeline(tiny_plm("bert"))
    plain = nlp.make_doc("nobody looked for events")
    with pytest.raises(BiomedplmError, match="B231"):
        nlp.initialize(lambda: [Example(plain.copy(), plain)])
    with pytest.raises(BiomedplmError, match="B002"):
        make_pipeline(tiny_plm("bert")).get_pipe("events").predict([plain])  # type: ignore[attr-defined]
    other = make_pipeline(tiny_plm("bert"), guidelines=["ge11"])
    teach(other, [gold], steps=1)
    with pytest.raises(BiomedplmError, match="B232"):
        other(start_from(gold, other, "entities"))


def test_entities_of_the_same_guideline_take_part(trained: Language, gold: Doc) -> None:
    wanted = show(trained(start_from(gold, trained, "entities")))
    doc = start_from(gold, trained, "entities")
    given = list(doc.spans["entities"])
    # What a recogniser writes: its mentions by guideline, and entities with labels common to all; one has none.
    mentions = [[span.start_char, span.end_char, span.label_, 0.9] for span in given]
    doc.user_data[MENTIONS_KEY] = {"default": mentions, "other": [[0, 4, "GENE", 0.9]]}
    common = [Span(doc, span.start, span.end, label="GENE", span_id="other") for span in given[1:]]
    doc.spans["entities"] = common
    trained(doc)
    assert show(doc) == wanted
    spans = {(span.text, span.label_, span.id_) for span in doc.spans["entities"]}
    assert ("IL-4", "Protein", "default") in spans
    assert ("STAT6", "GENE", "other") in spans
    labels = {target.label_ for event in doc._.events for _, target in event.arguments if isinstance(target, Span)}
    assert labels == {"GENE", "Protein", "Entity"}
    # Those that a recogniser has found stay, though the guideline also finds such spans with events.
    doc.user_data[MENTIONS_KEY]["default"].append([52, 56, "Entity", 0.9])
    before = sorted(map(score_key, doc.spans["entities"]))
    trained(doc)
    assert sorted(map(score_key, doc.spans["entities"])) == before


def test_guidelines_can_be_chosen(trained: Language, gold: Doc) -> None:
    pipe: Any = trained.get_pipe("events")
    assert set(pipe.guidelines) == {"default"}
    try:
        pipe.choose_guidelines([])
        assert not trained(start_from(gold, trained, "entities"))._.events
        with pytest.raises(BiomedplmError, match=r"B232.*'ge11'"):
            pipe.choose_guidelines(["ge11"])
    finally:
        pipe.choose_guidelines(None)
    assert trained(start_from(gold, trained, "entities"))._.events


def test_of_chosen_guidelines_the_first_is_followed(
    trained: Language, gold: Doc, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe: Any = trained.get_pipe("events")
    doc = start_from(gold, trained, "entities")
    for name, proc in trained.pipeline:
        if name != "events":
            proc(doc)
    (((_, found),),) = pipe.predict([doc])
    wanted = show(trained(start_from(gold, trained, "entities")))
    monkeypatch.setitem(pipe.cfg["schemes"], "other", {**pipe.cfg["schemes"]["default"], "name": "other"})
    inner = [row for row, (trigger, _) in enumerate(found.events) if found.nodes[trigger].label == "Phosphorylation"]
    assert inner == [0, 1]
    of_first = found._replace(events=found.events[:1], scores=found.scores[:1])
    answers = [[("other", of_first), ("default", found)]]
    try:
        pipe.set_annotations([doc], answers)
        assert len(doc._.events) == 1 + len(wanted)
        monkeypatch.setattr(pipe, "_chosen", ["other", "default"])
        pipe.set_annotations([doc], answers)
    finally:
        monkeypatch.undo()
    by = {event.trigger.text: event for event in doc._.events}
    assert {text: event.trigger.id_ for text, event in by.items()} == {
        "phosphorylation": "other",
        "increases": "default",
        "bind": "default",
    }
    # The second guideline's other Phosphorylation gave way, also where it is an argument.
    assert [event.trigger.text for event in doc._.events].count("phosphorylation") == 1
    (theme,) = (dict(event.arguments)["Theme"] for event in doc._.events if event.trigger.text == "increases")
    assert theme.id == by["phosphorylation"].id
    assert [span.id_ for span in doc.spans["triggers"]] == ["other", "default", "default"]


def test_roles_that_only_count_are_one() -> None:
    names = [["Theme", "Theme"], ["Theme", "Theme2"], ["Theme2", "Theme"], ["Theme2"], ["Site2", "Theme", "Theme2"]]
    assert [number_roles(roles) for roles in names] == [
        ["Theme", "Theme2"],
        ["Theme", "Theme2"],
        ["Theme", "Theme2"],
        ["Theme"],
        ["Site2", "Theme", "Theme2"],
    ]
