import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.index.exact import LEVELS
from spacy_biomedplm.index.ngrams import RULES as NGRAM_RULES
from spacy_biomedplm.index.normalisation import RULES, normalise

WORDS = ("fold_unicode", "fold_case", "drop_punctuation")


@pytest.mark.parametrize(
    ("rule", "text", "wanted"),
    [
        ("fold_unicode", "Ménière’s  H₂O ﬁbrosis", "Meniere's H2O fibrosis"),
        ("fold_unicode", "soft\u00adhyphen zero\u200bwidth", "softhyphen zerowidth"),
        ("fold_unicode", "tab\tand\u00a0space ", "tab and space"),
        ("fold_unicode", "a\u2010b\u2013c\u2212d", "a-b-c-d"),
        ("fold_unicode", "Sjøgren, æther", "Sjogren, aether"),
        ("fold_unicode", "ガン", "ガン"),
        ("fold_capitals", "Breast CANCER, BRCA1, mRNA and APC", "breast cancer, BRCA1, mRNA and APC"),
        ("fold_case", "BRCA1 Straße", "brca1 strasse"),
        ("spell_greek", "tnf-α", "tnf- alpha "),
        ("spell_greek", "ifnγ", "ifn gamma "),
        ("spell_greek", "αβ t cell", " alpha beta  t cell"),
        ("spell_greek", "καρκίνος", "καρκίνος"),
        ("drop_possessive", "crohn's disease", "crohn disease"),
        ("drop_possessive", "5's", "5"),
        ("drop_punctuation", "beta-catenin (human)_2", "beta catenin human 2"),
        ("drop_punctuation", "!!!", ""),
        ("split_digits", "il2 cd4t 5fu", "il 2 cd 4 t 5 fu"),
        ("read_roman", "type ii", "type 2"),
        ("read_roman", "factor xiii and mps iiia", "factor 13 and mps 3 a"),
        ("read_roman", "mix of civil vivid lines", "mix of civil vivid lines"),
        ("fold_spelling", "oesophageal tumour", "esophageal tumor"),
        ("fold_spelling", "leukaemia apnoea goitre sulphate", "leukemia apnea goiter sulfate"),
        ("fold_spelling", "localised does her ae1 hour", "localized does her ae1 hour"),
        ("fold_plural", "tumors metastases metastasis", "tumor metastas metastas"),
        ("fold_plural", "diseases disease arteries artery", "diseas diseas artery artery"),
        ("fold_plural", "virus viruses abscess abscesses pelvis", "virus virus abscess abscess pelvis"),
        ("fold_plural", "gas his is aids", "gas his is aids"),
        ("drop_function_words", "cancer of the lung", "cancer lung"),
        ("drop_function_words", "of the", "of the"),
        ("sort_words", "lung cancer", "cancer lung"),
    ],
)
def test_rule_does_what_it_is_named_after(rule: str, text: str, wanted: str) -> None:
    assert RULES[rule](text) == wanted


@pytest.mark.parametrize("rule", RULES)
def test_rule_reads_lines_one_by_one(rule: str) -> None:
    texts = ["type II", "", "TNF-α of", "Crohn's", "of", "s", "2", "b diseases", "ii"]
    lines = [RULES["fold_case"](text) for text in texts] if rule not in ("fold_unicode", "fold_capitals") else texts
    if list(RULES).index(rule) > list(RULES).index("drop_punctuation"):
        lines = normalise(lines, ["drop_punctuation"])
    assert RULES[rule]("\n".join(lines)).split("\n") == [RULES[rule](line) for line in lines]


@given(st.lists(st.text(max_size=20), max_size=5), st.sampled_from([tuple(RULES), NGRAM_RULES, WORDS]))
def test_normalise_keeps_texts_apart(texts: list[str], rules: tuple[str, ...]) -> None:
    assert normalise(texts, rules) == [normalise([text], rules)[0] for text in texts]


@given(st.text(max_size=30))
def test_normalise_leaves_words_with_single_spaces(text: str) -> None:
    (found,) = normalise([text], list(RULES))
    assert found == " ".join(found.split(" ")).strip()
    assert "  " not in found


def test_normalise_reads_line_breaks_as_spaces() -> None:
    assert normalise(["breast\ncancer", "b"], WORDS) == ["breast cancer", "b"]
    assert normalise([], WORDS) == []


def test_normalise_refuses_unknown_rules() -> None:
    with pytest.raises(BiomedplmError, match=r"B595.*fold_cases.*fold_case"):
        normalise(["a"], ["fold_cases"])


def test_levels_use_every_rule_once() -> None:
    assert sorted(rule for rules, _ in LEVELS.values() for rule in rules) == sorted(RULES)
