import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.plm.request import make_request, parse_request, parse_size


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "clinical notes, NER, CPU, MIT licence",
            {"text": ("ehr",), "task": ("ner",), "device": ("cpu",), "licence": ("MIT",)},
        ),
        ("I want a model for named entity recognition in abstracts", {"task": ("ner",), "text": ("literature",)}),
        ("tweets and PubMed; Apache or MIT", {"text": ("social", "literature"), "licence": ("Apache-2.0", "MIT")}),
        ("German radiology reports on a GPU", {"language": ("de",), "text": ("ehr",), "device": ("gpu",)}),
        ("proteins", {"tokens": ("residues",), "text": ("sequences",)}),
        ("DNA", {"tokens": ("nucleotides",), "text": ("sequences",)}),
        ("own vocabulary, ELECTRA", {"vocabulary": ("own",), "architecture": ("electra",)}),
        ("entity linking", {"task": ("linking",)}),
        ("question answering (clinical)", {"task": ("qa",), "text": ("ehr",)}),
    ],
)
def test_parse_request_understands(text: str, wanted: dict[str, tuple[str, ...]]) -> None:
    request = parse_request(text)
    assert request.wanted == wanted
    assert request.not_understood == ()


def test_parse_request_takes_permissive_licences_together() -> None:
    assert set(parse_request("for commercial use").values("licence")) >= {"MIT", "Apache-2.0"}


@pytest.mark.parametrize(
    ("text", "missed"),
    [
        ("NER, GPL licence", ("gpl",)),
        ("NER, not MIT, CPU", ("not mit",)),
        ("NER without UMLS", ("without umls",)),
        ("NER over 100M", ("over 100m",)),
        ("NER, at least 1B parameters", ("least 1b parameters",)),
        ("NER in klingon", ("klingon",)),
        ("non-commercial NER", ("non-commercial",)),
        ("NER ☃", ("☃",)),
    ],
)
def test_parse_request_says_what_it_did_not_understand(text: str, missed: tuple[str, ...]) -> None:
    request = parse_request(text)
    assert request.values("task") == ("ner",)
    assert request.not_understood == missed
    assert request.values("licence") == ()
    assert request.max_parameters is None


@pytest.mark.parametrize(
    ("text", "size"),
    [("under 100M", 100_000_000), ("<1.5B", 1_500_000_000), ("<= 70m", 70_000_000), ("small", 70_000_000)],
)
def test_parse_request_reads_sizes(text: str, size: int) -> None:
    request = parse_request(text)
    assert request.max_parameters == size
    assert request.not_understood == ()


@given(st.text(max_size=80))
def test_parse_request_takes_any_text(text: str) -> None:
    parse_request(text)


def test_make_request_joins_text_and_options() -> None:
    request = make_request("NER, small", {"text": ["clinical notes"], "licence": ["apache-2.0"]}, max_parameters="30M")
    assert request.wanted == {"task": ("ner",), "text": ("ehr",), "licence": ("Apache-2.0",)}
    assert request.max_parameters == 30_000_000
    assert make_request(None, {"language": ["zh"], "access": ["gated"]}).wanted == {
        "language": ("zh",),
        "access": ("gated",),
    }


def test_make_request_keeps_all_that_an_option_says() -> None:
    assert make_request(None, {"text": ["proteins"]}).wanted == {"tokens": ("residues",), "text": ("sequences",)}
    assert make_request(None, {"text": ["sequences"]}).wanted == {"text": ("sequences",)}


@pytest.mark.parametrize(
    ("option", "value", "known"),
    [
        ("text", "poems", "literature"),
        ("task", "parsing", "ner"),
        ("licence", "GPL-3.0", "Apache-2.0"),
        ("language", "xx", "zh"),
        ("access", "secret", "public"),
        ("licence", "", "MIT"),
    ],
)
def test_make_request_refuses_options_that_mean_nothing(option: str, value: str, known: str) -> None:
    with pytest.raises(BiomedplmError, match=f"B509.*knows no {option} '{value}'.*{known}"):
        make_request(None, {option: [value]})


@pytest.mark.parametrize("text", [None, "", "  ", "the best model", "blah"])
def test_make_request_wants_something(text: str | None) -> None:
    with pytest.raises(BiomedplmError, match=r"B509.*request.*clinical notes, NER"):
        make_request(text, {})


@pytest.mark.parametrize(("text", "size"), [("30000000", 30_000_000), ("70M", 70_000_000), (" 1.5b ", 1_500_000_000)])
def test_parse_size_reads_numbers(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "M", "-3", "0", "1e9", "many", "9" * 5000, "٣"])
def test_parse_size_refuses_what_is_none(text: str) -> None:
    with pytest.raises(BiomedplmError, match=r"B509.*size"):
        parse_size(text)
