import pytest

from spacy_biomedplm.plm.catalogue import get_model, read_catalogue
from spacy_biomedplm.plm.recommendation import Recommendation, Suggestion, format_parameters, recommend
from spacy_biomedplm.plm.request import make_request


def ask(text: str) -> Recommendation:
    return recommend(make_request(text, {}))


def suggestion(found: Recommendation, name: str) -> Suggestion:
    return next(one for one in found.suggestions if one.model.name == name)


def test_recommend_answers_the_question_of_the_documentation() -> None:
    found = ask("clinical notes, NER, CPU, MIT licence")
    assert {one.model.name for one in found.suggestions[:2]} == {"bio-clinicalbert", "bioclinical-modernbert"}
    texts = {reason.text: reason.points for reason in suggestion(found, "bio-clinicalbert").reasons}
    assert texts["learned from ehr"] == 3
    assert texts["its paper has the task ner"] == 2
    assert texts["110M parameters on a CPU"] == 1


def test_recommend_filters_by_what_must_hold() -> None:
    found = ask("NER, MIT licence, under 100M")
    assert found.suggestions
    for one in found.suggestions:
        assert one.model.licence == "MIT"
        assert one.model.is_available
        assert "en" in one.model.languages
        assert one.variant.parameters is not None
        assert one.variant.parameters <= 100_000_000
    assert set(found.left_out) >= {"licence", "licence unknown", "size"}
    assert found.assumed == {"access": ("public", "gated"), "tokens": ("text",), "language": ("en",)}


@pytest.mark.parametrize("text", ["NER", "tweets, MIT", "proteins", "Chinese", "codes, under 10M", "UMLS, GPU, gated"])
def test_recommend_counts_every_model_once(text: str) -> None:
    found = ask(text)
    assert len(found.suggestions) + sum(found.left_out.values()) == len(read_catalogue())
    assert [one.points for one in found.suggestions] == sorted((one.points for one in found.suggestions), reverse=True)
    # Each wish has its reason, met or not, and so has how the model loads.
    soft = sum(len(found.request.values(name)) for name in ("text", "task", "device", "architecture", "family"))
    assert all(len(one.reasons) == soft + 1 for one in found.suggestions)


def test_recommend_reads_sequences_only_where_they_are_wanted() -> None:
    assert all(one.model.tokens == "residues" for one in ask("proteins").suggestions)
    assert all(one.model.tokens == "nucleotides" for one in ask("DNA").suggestions)
    assert all(one.model.tokens == "text" for one in ask("NER").suggestions)
    assert {one.model.tokens for one in ask("sequences").suggestions} >= {"residues", "nucleotides"}
    assert all(one.model.languages == ("zh",) or "zh" in one.model.languages for one in ask("Chinese NER").suggestions)


def test_recommend_takes_the_variant_that_suits() -> None:
    assert suggestion(ask("clinical notes, CPU"), "bioclinical-modernbert").variant.name == "base"
    assert suggestion(ask("proteins, CPU"), "esm-2").variant.name == "8M"
    assert suggestion(ask("NER, under 120M"), "biobert").variant.parameters == 110_000_000


def test_recommend_does_not_take_shared_layers_for_speed() -> None:
    reasons = suggestion(ask("literature, CPU"), "bioalbert").reasons
    assert any(reason.points == 0 and "its layers share" in reason.text for reason in reasons)


def test_recommend_says_how_a_model_loads() -> None:
    found = ask("NER")
    last = {one.model.name: one.reasons[-1] for one in found.suggestions}
    assert last["bioformer"].points == 2
    assert "pickles" in last["biobert"].text
    assert last["bioelmo"].points == 0
    assert last["bioelmo"].text == f"does not load here: {get_model('bioelmo').why}"
    assert "with work" in last["clinical-transformer"].text


def test_recommend_finds_nothing_where_nothing_is() -> None:
    found = ask("Chinese, MIT licence")
    assert found.suggestions == ()
    assert sum(found.left_out.values()) == len(read_catalogue())


@pytest.mark.parametrize(
    ("parameters", "text"),
    [(None, "size unknown"), (110_000_000, "110M"), (22_700_000, "22.7M"), (1_200_000_000, "1.2B")],
)
def test_format_parameters(parameters: int | None, text: str) -> None:
    assert format_parameters(parameters) == text
