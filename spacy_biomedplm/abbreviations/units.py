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

WRITTEN |= {"max": ("max", "maximum", "maximal", "peak"), "min": ("min", "minimum", "minimal")}

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
SIGNS: dict[str, tuple[str, ...]] = {
    "x": ("cross", "trans", "ex"),
    "k": ("potassium", "constant", "constants", "rate"),
    "&": ("&", "and"),
}
"""What else a unit of a short form stands for, besides words that begin with it."""
LOOSE = frozenset(WRITTEN) | frozenset(SIGNS)
"""Units that may stand for words without them."""

KNOWN: dict[str, tuple[str, ...]] = {
    "5-ht": ("serotonin",),
    "5ht": ("serotonin",),
    "ag": ("silver",),
    "apap": ("acetaminophen", "paracetamol"),
    "as2o3": ("arsenic trioxide",),
    "au": ("gold",),
    "cpa": ("cyclophosphamide",),
    "ctx": ("cyclophosphamide",),
    "cu": ("copper",),
    "dph": ("phenytoin",),
    "e1": ("estrone", "oestrone"),
    "e2": ("estradiol", "oestradiol"),
    "e3": ("estriol", "oestriol"),
    "fe": ("iron",),
    "h2o2": ("hydrogen peroxide",),
    "hcho": ("formaldehyde",),
    "hg": ("mercury",),
    "kcl": ("potassium chloride",),
    "n2o": ("nitrous oxide",),
    "na": ("sodium",),
    "nacl": ("sodium chloride",),
    "naf": ("sodium fluoride",),
    "nh3": ("ammonia",),
    "p4": ("progesterone",),
    "pb": ("lead",),
    "sb": ("antimony",),
    "sn": ("tin",),
    "vcr": ("vincristine",),
    "vo2": ("oxygen uptake", "oxygen consumption"),
    "w": ("tungsten",),
}
"""Short forms that are made of other words than those of the long form: symbols of elements, names of drugs.

In lower case and without brackets.
"""

_UNIT = re.compile(
    "(?P<greek>(?<![a-z])(?:" + "|".join(name for name in GREEK if len(name) > 2) + ")(?![a-z])|[α-ωΑ-Ω])"
    "|(?P<bound>(?<=[A-Z0-9(,_])(?:max|min)(?![a-z]))"
    "|(?P<number>[0-9]+(?:[.][0-9]+)?)|(?P<letter>[^\\W\\d_])|(?P<sign>&)"
)
_BLOCKS = re.compile(r"([^-/_()]+)[-/_(]([^-/_()]+)\)?")
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


def swap_units(short: str) -> list[tuple[Unit, ...]]:
    """Return the parts of a short form in other orders in which long forms have them.

    short (str): Such as "T(a)", ambient temperature, or "CFU-GM", granulocyte-macrophage colony-forming unit.
    """
    match = _BLOCKS.fullmatch(short)
    first, then = (split_units(part) for part in match.groups()) if match else ((), ())
    units = split_units(short)
    swapped = then + first if first and then else units[::-1] if len(units) == 2 else units
    return [swapped] if swapped != units else []
