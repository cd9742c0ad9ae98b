"""The scripts that build the shipped pipeline."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import spacy
import srsly
import typer
from spacy.training import Example

from spacy_biomedplm.events.schemes import EventScheme

Load = Callable[[str], ModuleType]

FOLDER = "en_biomed_trf/scripts"


def test_the_card_says_what_relations_and_events_score(load_script: Load) -> None:
    card = load_script(f"{FOLDER}/card.py")
    scores = {"precision": 0.5, "recall": 0.25, "f1": 1 / 3}
    meta: dict[str, Any] = {
        "relations": [{"corpus": "bc5cdr", "metric": "relations between concepts", "given": "concepts", **scores}],
        "events": [{"corpus": "bionlp-st-2013-cg", "rule": "CG13 full", "given": "entities", **scores}],
        "joint": {
            "figure": "F1 of one and of several",
            "entities": {"bc5cdr": {"joint": 0.875, "separate": 0.88}},
            "entities_mean": {"joint": 0.875, "separate": 0.88},
            "relations": {"bc5cdr, nothing given": {"joint": 0.4, "separate": None}},
            "events": {"bionlp-st-2013-cg, entities given": {"joint": 0.51, "separate": 0.53}},
        },
    }
    assert "| bc5cdr | relations between concepts | concepts | 50.0 | 25.0 | 33.3 |" in card.relations_text(meta)
    assert "| bionlp-st-2013-cg | CG13 full | entities | 50.0 | 25.0 | 33.3 |" in card.events_text(meta)
    together = card.together_text(meta)
    assert "| entities | bc5cdr | 87.5 | 88.0 |" in together
    assert "| relations | bc5cdr, nothing given | 40.0 |  |" in together
    assert "| events | bionlp-st-2013-cg, entities given | 51.0 | 53.0 |" in together
    assert not any(text({}) for text in (card.relations_text, card.events_text, card.together_text))


def test_a_pipe_without_scores_is_not_packed(load_script: Load, tmp_path: Path) -> None:
    package = load_script(f"{FOLDER}/package.py")
    with pytest.raises(typer.Exit):
        package.read_scores(tmp_path / "events", "events")
    srsly.write_json(tmp_path / "one.json", {"f1": 0.5})
    assert package.read_scores(tmp_path, "events") == [{"f1": 0.5}]


def test_events_of_the_shipped_pipeline_follow_one_guideline_at_a_time(
    load_script: Load, tiny_plm: Callable[..., Path], tmp_path: Path
) -> None:
    script = load_script(f"{FOLDER}/link.py")
    encoder = {"@architectures": "spacy-biomedplm.PlmEncoder.v1", "name": str(tiny_plm("bert")), "width": 32}
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}
    extractor = {"@architectures": "spacy-biomedplm.EventExtractor.v1", "tok2vec": listener}
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config={"model": encoder})
    nlp.add_pipe("biomedplm_events", name="events", config={"model": extractor})
    takes: Any = {"structures": {"Binding": (("Theme",),)}, "participants": (("Binding", "Theme", "Protein"),)}
    schemes = {name: EventScheme(name, ("Binding",), **takes).to_dict() for name in script.FOLLOWED}
    doc = nlp.make_doc("STAT6 binds JAK1")
    pipe: Any = nlp.get_pipe("events")
    pipe.initialize(lambda: [Example(doc, doc)], nlp=nlp, labels=schemes)
    nlp.to_disk(tmp_path / "model")
    linker = spacy.blank("en")
    linker.add_pipe("sentencizer", name="linker")
    linker.to_disk(tmp_path / "linker")
    script.link(tmp_path / "model", tmp_path / "linker", tmp_path / "linked")
    linked = spacy.load(tmp_path / "linked")
    assert linked.pipe_names == ["tok2vec", "events", "abbreviations", "linker"]
    assert linked.get_pipe_config("events")["guidelines"] == script.FOLLOWED
    assert spacy.load(tmp_path / "model").get_pipe_config("events")["guidelines"] is None
