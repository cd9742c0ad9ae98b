import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.catalogue import (
    FILTERS,
    MODELS,
    find_model,
    find_similar,
    find_variant,
    get_model,
    known_values,
    read_catalogue,
    select_models,
    values_of,
)
from spacy_biomedplm.plm.language_model import CLOSED, LanguageModel, parse_model
from spacy_biomedplm.plm.tiny import SETTINGS

CATALOGUE = read_catalogue()
# The 33 models of the survey's Table 4, in its order, by the survey's names and those of their records.
TABLE_4 = {
    "BioBERT": "biobert",
    "BERT-MIMIC (Si et al.)": "bert-mimic",
    "SciBERT": "scibert",
    "BioELMo": "bioelmo",
    "Clinical BERT (Alsentzer et al.)": "bio-clinicalbert",
    "ClinicalBERT (Huang et al.)": "clinicalbert-huang",
    "BlueBERT": "bluebert",
    "G-BERT": "g-bert",
    "BEHRT": "behrt",
    "BioFLAIR": "bioflair",
    "RadBERT (Meng et al.)": "radbert-meng",
    "EhrBERT": "ehrbert",
    "Clinical XLNet": "clinical-xlnet",
    "COVID-Twitter-BERT": "ct-bert",
    "Med-BERT": "med-bert",
    "ouBioBERT": "oubiobert",
    "Bio-ELECTRA (Ozyurt)": "bio-electra",
    "BERT-XML": "bert-xml",
    "PubMedBERT": "pubmedbert",
    "MCBERT": "mc-bert",
    "BioALBERT": "bioalbert",
    "BRLTM": "brltm",
    "BioMegatron": "biomegatron",
    "ClinicalTransformer": "clinical-transformer",
    "Bioreddit-BERT": "bioredditbert",
    "BioRoBERTa": "biolm",
    "CODER": "coder",
    "bert-for-radiology": "bert-for-radiology",
    "BioMedBERT (Chakraborty et al.)": "biomedbert-breathe",
    "LBERT": "lbert",
    "ELECTRAMed": "electramed",
    "SciFive": "scifive",
    "MedGPT": "medgpt",
}
SECTION_4_3 = (
    "unirep bepler-berger seqvec tape esm-1b msa-transformer prot-bert prot-albert prot-xlnet prot-t5 progen proteinlm "
    "alphafold2 dnabert bert-rbp"
)
IN_TEXT = (
    "kebiolm bert-wwm bert-med biobert-mimic biosentvec codebert dialogpt bertweet roberta gpt-2 mt5 bart greenbiobert "
    "mt-bioner sem-kgn"
)
LATER = (
    "biolinkbert biom-electra biom-albert bioelectra clinical-longformer biobart biogpt sapbert krissbert biolord "
    "bioformer tiny-biobert bio-tinybert distil-biobert compact-biobert bio-mobilebert bio-distilbert tinypubmedbert "
    "tinysapbert kazu-ner bioclinical-modernbert esm-2 dnabert-2"
)
per_record = pytest.mark.parametrize("model", CATALOGUE.values(), ids=lambda model: model.name)


def record(**changes: Any) -> dict[str, Any]:
    """A whole record, as data; a change to "..." leaves the field out."""
    given = {**json.loads((MODELS / "biobert.json").read_text(encoding="utf8")), **changes}
    return {name: value for name, value in given.items() if value != "..."}


def test_catalogue_has_the_models_of_table_4() -> None:
    found = {model.row: model.name for model in CATALOGUE.values() if model.survey == "Table 4"}
    assert [found[row] for row in sorted(found)] == list(TABLE_4.values())
    assert {name: get_model(name).name for name in TABLE_4} == TABLE_4


@pytest.mark.parametrize(("place", "names"), [("section 4.3", SECTION_4_3), ("text", IN_TEXT), ("later", LATER)])
def test_catalogue_has_the_other_models(place: str, names: str) -> None:
    assert set(names.split()) <= {model.name for model in CATALOGUE.values() if model.survey == place}


@per_record
def test_catalogue_record_is_whole(model: LanguageModel) -> None:
    assert model.citation or model.notes
    assert all(note.endswith(".") for note in model.notes)
    assert not model.why or model.why.endswith(".")
    assert model.is_available or model.why
    assert model.source or model.variants[0].url or not model.is_available or model.name in {"seqvec", "bertax"}
    assert (model.languages == ()) == (model.tokens != "text") or model.name == "bert-med"
    assert model.initialised_from is None or model.initialisation == "continued"
    assert model.loads is None or model.loads in SETTINGS
    assert model.loads is None or model.loads == model.architecture
    names = [variant.name for variant in model.variants]
    hubs = [variant.hub for variant in model.variants if variant.hub is not None]
    assert len(set(names)) == len(names)
    assert len(set(hubs)) == len(hubs)


def test_catalogue_names_are_not_ambiguous() -> None:
    owners: dict[str, set[str]] = {}
    for model in CATALOGUE.values():
        for name in model.names:
            owners.setdefault(name.casefold(), set()).add(model.name)
    assert {name: found for name, found in owners.items() if len(found) > 1} == {}


def test_catalogue_names_nobodys_folders() -> None:
    for file in MODELS.glob("*.json"):
        assert not re.search(r"/(home|root|work|tmp|Users)/|file:/|C:\\", file.read_text(encoding="utf8")), file


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("BioBERT", "biobert"),
        ("  biobert ", "biobert"),
        ("pubmedbert", "pubmedbert"),
        ("BiomedBERT", "pubmedbert"),
        ("microsoft/BiomedNLP-PubMedBERT-base-uncased-abstract", "pubmedbert"),
        ("Bio_ClinicalBERT", "bio-clinicalbert"),
        ("clinical xlnet", "clinical-xlnet"),
        ("rostlab/PROT_BERT", "prot-bert"),
    ],
)
def test_get_model_takes_every_name(name: str, wanted: str) -> None:
    assert get_model(name).name == wanted


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("biobrt", "biobert"), ("sci-bert", "scibert"), ("dmis-lab/biobert-v9", "biobert"), ("scifive-large", "scifive")],
)
def test_get_model_names_the_nearest(name: str, nearest: str) -> None:
    assert find_model(name) is None
    assert nearest in find_similar(name).split(", ")
    with pytest.raises(BiomedplmError, match=rf"B508.*'{name}'.*{nearest}"):
        get_model(name)


def test_find_similar_says_when_nothing_is_like_it() -> None:
    assert find_similar("qqqqq") == "none is like it"
    assert find_similar("") == "none is like it"


def test_find_variant_takes_the_name_on_the_hub() -> None:
    model = get_model("biobert")
    assert find_variant(model, "dmis-lab/BioBERT-large-cased-v1.1").name == "large v1.1"
    assert find_variant(model, "biobert") is model.variants[0]


def test_select_models_meets_every_condition() -> None:
    found = select_models({"genre": "EHR", "task": "ner", "access": "public", "licence": None})
    assert {"bio-clinicalbert", "bluebert"} <= {model.name for model in found}
    for model in found:
        assert "ehr" in model.genres
        assert "ner" in model.tasks
        assert model.access == "public"
    assert select_models({}) == list(CATALOGUE.values())
    assert len(select_models({"survey": "table 4"})) == 33
    assert "medgpt" in {model.name for model in select_models({"corpus": "king's college"})}
    assert "biobert" in {model.name for model in select_models({"licence": "unknown"})}


@pytest.mark.parametrize("name", FILTERS)
def test_select_models_knows_every_value(name: str) -> None:
    for value in known_values(FILTERS[name]):
        for model in select_models({name: value}):
            assert any(value in found for found in values_of(model, FILTERS[name]))
    with pytest.raises(
        BiomedplmError, match=f"B509.*knows no {name} 'no such value'.*{known_values(FILTERS[name])[0]}"
    ):
        select_models({name: "no such value"})


@pytest.mark.parametrize("field", CLOSED)
def test_parse_model_refuses_values_that_are_not_possible(field: str) -> None:
    bad: Any = ["nonsense"] if isinstance(record()[field], list) else "nonsense"
    with pytest.raises(BiomedplmError, match=f"B500.*x.json.*'{field}' has 'nonsense'"):
        parse_model(json.dumps(record(**{field: bad})), path="x.json", stem="biobert")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"title": "..."}, "'title' is missing"),
        ({"colour": "blue"}, "'colour' is no field"),
        ({"title": 3}, "'title' must be a text"),
        ({"licence": ""}, "'licence' must be a text or null"),
        ({"corpora": "PubMed"}, "'corpora' must be a list of texts"),
        ({"variants": []}, "'variants' must be a list of objects"),
        ({"variants": [{"name": "a"}]}, "variant 1: 'parameters' is missing"),
        ({"variants": [{"name": "a", "parameters": 0, "weights": None}]}, "'parameters' must be a whole number"),
        ({"variants": [{"name": "a", "parameters": 1, "weights": "zip"}]}, "'weights' has 'zip'"),
        ({"variants": [{"name": "a", "parameters": 1, "weights": None, "hub": "a/b/c"}]}, "'hub' must be"),
        ({"variants": [{"name": "a", "parameters": 1, "weights": None, "url": "file:///etc"}]}, "'url' must be"),
        ({"name": "other"}, "'name' must be that of the file"),
        ({"date": "2019-13"}, "'date' must be"),
        ({"languages": ["english"]}, "no two-letter code"),
        ({"source": "javascript:alert(1)"}, "'source' must begin"),
        ({"row": "..."}, "'row' must be there"),
        ({"row": 0}, "'row' must be a whole number"),
        ({"survey": "later"}, "'row' must be there"),
        ({"loads": None}, "'why' must say"),
    ],
)
def test_parse_model_says_what_is_wrong(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BiomedplmError, match=f"B500.*{reason}"):
        parse_model(json.dumps(record(**changes)), path="x.json", stem="biobert")


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "null", "[" * 100_000])
def test_parse_model_refuses_what_is_no_object(content: str) -> None:
    with pytest.raises(BiomedplmError, match="B500"):
        parse_model(content, path="x.json", stem="x")


def test_catalogue_needs_neither_spacy_nor_torch() -> None:
    code = (
        "import sys; from spacy_biomedplm.plm.catalogue import read_catalogue; read_catalogue()\n"
        "from spacy_biomedplm.plm.recommendation import recommend\n"
        "print(sorted({'spacy', 'torch', 'transformers', 'tokenizers', 'numpy'} & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd().anchor
    )
    assert found.stdout.strip() == "[]"
