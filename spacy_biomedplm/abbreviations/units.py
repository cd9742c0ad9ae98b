"""The parts of a short form that a long form must account for, and what each may be written as."""

import re
from typing import NamedTuple

GREEK = {
    "alpha": "α",
    "beta": "β",
    "gamma": "γ",
    "delta": "δ",
    "epsilon": "ε",
    "zeta": "ζ",
    "eta": "η",
    "theta": "θ",
    "kappa": "κ",
    "lambda": "λ",
    "sigma": "σ",
    "omega": "ω",
    "mu": "μ",
}
_LATIN = dict(zip(GREEK.values(), "abgdezhtklsom", strict=True))
WRITTEN: dict[str, tuple[str, ...]] = {letter: (letter, name, _LATIN[letter]) for name, letter in GREEK.items()}
WRITTEN |= {latin: (latin, letter) for letter, latin in _LATIN.items()}
"""What else a Greek or a Latin letter is written as: TGF-b, TGF-beta, TGF-β."""

_ROMAN = frozenset("i ii iii iv v vi vii viii ix x".split())
NUMBERS = {
    "1": ("one", "first", "i", "mono", "single"),
    "2": ("two", "second", "ii", "di", "double", "bi"),
    "3": ("three", "third", "iii", "tri", "triple"),
    "4": ("four", "fourth", "iv", "tetra"),
    "5": ("five", "fifth", "v", "penta"),
    "6": ("six", "sixth", "vi", "hexa"),
    "7": ("seven", "seventh", "vii", "hepta"),
    "8": ("eight", "eighth", "viii", "octa"),
    "9": ("nine", "ninth", "ix"),
    "10": ("ten", "tenth", "x"),
}
PREFIXES = {number: tuple(form for form in forms if form not in _ROMAN) for number, forms in NUMBERS.items()}
SIGNS: dict[str, tuple[str, ...]] = {"x": ("cross", "trans", "ex"), "k": ("potassium",), "&": ("&", "and")}
"""What else a unit of a short form stands for, besides words that begin with it."""

_UNIT = re.compile(
    "(?P<greek>(?<![a-z])(?:" + "|".join(name for name in GREEK if len(name) > 2) + ")(?![a-z])|[α-ωΑ-Ω])"
    "|(?P<number>[0-9]+(?:[.][0-9]+)?)|(?P<letter>[^\\W\\d_])|(?P<sign>&)"
)
MAX_UNITS = 16
"""Letters, numbers and Greek letters of a short form: longer ones are none."""


class Unit(NamedTuple):
    """A part of a short form that stands for something: a letter, a whole number, a Greek letter."""

    text: str
    kind: str
    upper: bool


def split_units(short: str) -> tuple[Unit, ...]:
    """Return the parts of a short form that a long form must account for.

    short (str): Such as "TGF-beta1": T, G, F, β, 1.
    """
    units = []
    for match in _UNIT.finditer(short):
        kind = str(match.lastgroup)
        text = match.group().lower()
        units.append(Unit(GREEK.get(text, text), kind, match.group()[0].isupper()))
    return tuple(units)
