"""Rules that make one text of several spellings of a name, each a function from text to text.

A rule takes a text or many, one in each line, and keeps the lines. Rules build on each other in the order of ``RULES``:
those after "fold_case" want lower case, those after "drop_punctuation" words with single spaces between them.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from types import MappingProxyType

from spacy_biomedplm.errors import BiomedplmError, coded

Rule = Callable[[str], str]

_GREEK = {
    letter: unicodedata.name(letter).rsplit(" ", 1)[-1].lower().replace("lamda", "lambda")
    for letter in "αβγδεζηθικλμνξοπρσςτυφχψω"
} | {"ς": "sigma"}
_QUOTES_AND_DASHES = str.maketrans(
    dict.fromkeys("’‘ʼ′`´＇", "'") | dict.fromkeys("‐‑‒–—−﹣－", "-") | dict.fromkeys("\u00ad\u200b\u200c\u200d\ufeff")
)
_SPELT = str.maketrans({"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "æ": "ae", "Æ": "AE", "œ": "oe",
                        "Œ": "OE", "ð": "d", "þ": "th", "ı": "i"})  # fmt: skip
_MARKS = re.compile("[\u0300-\u036f]+")
_SPACES = re.compile(r"[^\S\n]+")
_EDGES = re.compile(r"^ +| +$", re.MULTILINE)
# Symbols have at most five letters, or capitals, digits and small letters mixed.
_PLAIN_CAPITALS = re.compile(r"(?<![^\W_])(?:[A-Z][a-z]+|[A-Z]{6,})(?![^\W_])")
# Two Greek letters in a row are symbols ("αβ T cell"), more of them are Greek.
_GREEK_SYMBOLS = re.compile(r"(?<![α-ω])[α-ω]{1,2}(?![α-ω])")
_POSSESSIVE = re.compile(r"(?<=\w)'s\b")
_PUNCTUATION = re.compile(r"(?:[^\w\n]|_)+")
_DIGIT_EDGE = re.compile(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_ROMAN = re.compile(r"(?<!\S)(?=[ivx])(x{0,3}(?:ix|iv|v?i{0,3}))([a-c]?)(?!\S)")
_ROMAN_VALUES = {
    tens + ones: str(10 * number + digit)
    for number, tens in enumerate(("", "x", "xx", "xxx"))
    for digit, ones in enumerate(("", "i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"))
}
_SPELLINGS = (
    (re.compile(r"\b[ao]e(?=[a-z]{3})|(?<=[a-z])[ao]e(?=[a-z]{2})|(?<=[a-z]{3})[ao]e(?=[a-z])"), "e"),
    (re.compile(r"(?<=[a-z]{2})our"), "or"),
    (re.compile(r"sulph"), "sulf"),
    (re.compile(r"(?<=[a-z])([bt])re\b"), r"\1er"),
    (re.compile(r"(?<=[a-z]{4})is(?=(?:e[ds]?|ing|ation)\b)"), "iz"),
)
_PLURAL_Y = re.compile(r"(?<=[a-z]{3})ies\b")
_PLURALS = re.compile(
    r"(?<=[a-z]{3}s)(?:is|es|e)\b|(?<=[a-z]{3}x)(?:is|es)\b|(?<=[a-z]{2}[cs]h)es\b|(?<=[a-z]{3}[a-hj-rtv-z])s\b"
)
_FUNCTION_WORDS = frozenset(("of", "the", "an", "and", "in", "to", "by", "for", "with", "from", "on", "at", "due"))


def fold_unicode(text: str) -> str:
    """Return the text with compatible characters, quotes and dashes made one, without accents and invisible signs.

    text (str): One or more texts. "Ménière’s" → "Meniere's", "H₂O" → "H2O", "ﬁbrosis" → "fibrosis".
    """
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text.translate(_QUOTES_AND_DASHES)).translate(_SPELT)
        text = unicodedata.normalize("NFC", _MARKS.sub("", text))
    return _EDGES.sub("", _SPACES.sub(" ", text))


def fold_capitals(text: str) -> str:
    """Return the text with words in lower case whose capitals say nothing: at the start only, or all of a long word.

    text (str): One or more texts. "Breast CANCER, BRCA1 and APC" → "breast cancer, BRCA1 and APC".
    """
    return _PLAIN_CAPITALS.sub(lambda found: found[0].lower(), text)


def fold_case(text: str) -> str:
    """Return the text in lower case. text (str): One or more texts. "BRCA1" → "brca1"."""
    return text.casefold()


def spell_greek(text: str) -> str:
    """Return the text with Greek letters that are symbols spelt out as words; words of Greek are left as they are.

    text (str): One or more texts. "tnf-α" → "tnf- alpha ", "ifnγ" → "ifn gamma ".
    """
    if text.isascii():
        return text
    return _GREEK_SYMBOLS.sub(lambda found: " " + " ".join(_GREEK[letter] for letter in found[0]) + " ", text)


def drop_possessive(text: str) -> str:
    """Return the text without the 's of possessives. text (str): One or more texts. "crohn's" → "crohn"."""
    return _POSSESSIVE.sub("", text) if "'" in text else text


def drop_punctuation(text: str) -> str:
    """Return the words of the text: all but letters and digits becomes one space.

    text (str): One or more texts. "beta-catenin (human)" → "beta catenin human".
    """
    return _EDGES.sub("", _PUNCTUATION.sub(" ", text))


def split_digits(text: str) -> str:
    """Return the text with letters and digits as words of their own. text (str): One or more texts. "il2" → "il 2"."""
    return _DIGIT_EDGE.sub(" ", text)


def read_roman(text: str) -> str:
    """Return the text with words that are Roman numerals, to 39, as digits; a letter behind one becomes a word.

    text (str): One or more texts. "type ii" → "type 2", "mps iiia" → "mps 3 a".
    """
    return _ROMAN.sub(lambda found: _ROMAN_VALUES[found[1]] + (found[2] and " " + found[2]), text)


def fold_spelling(text: str) -> str:
    """Return the text in American spelling where British differs by rule; the result need not be a word.

    text (str): One or more texts. "oesophageal tumour" → "esophageal tumor", "leukaemia" → "leukemia".
    """
    for pattern, spelling in _SPELLINGS:
        text = pattern.sub(spelling, text)
    return text


def fold_plural(text: str) -> str:
    """Return the text with singular and plural of a word alike, as a stem.

    text (str): One or more texts. "tumors" → "tumor", "metastases" and "metastasis" → "metastas".
    """
    return _PLURALS.sub("", _PLURAL_Y.sub("y", text))


def drop_function_words(text: str) -> str:
    """Return the text without words such as "of"; a text of nothing else stays.

    text (str): One or more texts. "cancer of the lung" → "cancer lung".
    """
    lines = (line.split(" ") for line in text.split("\n"))
    return "\n".join(" ".join([word for word in words if word not in _FUNCTION_WORDS] or words) for words in lines)


def sort_words(text: str) -> str:
    """Return the text with its words in the order of the alphabet. text (str): One or more texts."""
    return "\n".join(" ".join(sorted(line.split(" "))) if " " in line else line for line in text.split("\n"))


RULES = MappingProxyType[str, Rule](
    {
        rule.__name__: rule
        for rule in (
            fold_unicode,
            fold_capitals,
            fold_case,
            spell_greek,
            drop_possessive,
            drop_punctuation,
            split_digits,
            read_roman,
            fold_spelling,
            fold_plural,
            drop_function_words,
            sort_words,
        )
    }
)
"""Every rule by its name, in the order in which they are applied."""


def normalise(texts: Sequence[str], rules: Sequence[str]) -> list[str]:
    """Return texts after rules.

    texts (Sequence[str]): Any texts; line breaks inside of one are spaces.
    rules (Sequence[str]): Names of rules; they are applied in the order of ``RULES``.
    RAISES (BiomedplmError): B595 for a name that is none of a rule.
    """
    check_rules(rules)
    lines = "\n".join(texts)
    if lines.count("\n") >= len(texts):
        lines = "\n".join(text.replace("\n", " ") for text in texts)
    for name, rule in RULES.items():
        if name in rules:
            lines = rule(lines)
    return lines.split("\n") if texts else []


def check_rules(rules: Sequence[str]) -> None:
    """Make sure that rules exist. rules (Sequence[str]): Names. RAISES (BiomedplmError): B595."""
    unknown = [rule for rule in rules if rule not in RULES]
    if unknown:
        wanted = f"some of {', '.join(RULES)}"
        raise BiomedplmError(coded("B595", setting="rules", found=", ".join(unknown), wanted=wanted))
