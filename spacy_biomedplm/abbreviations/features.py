"""The features of alignments: how a short form comes from a stretch of text, in names that have weights."""

from bisect import bisect_left
from collections.abc import Iterator

from spacy_biomedplm.abbreviations.context import WORD, Context
from spacy_biomedplm.abbreviations.units import GREEK, Unit

VOWELS = frozenset("aeiouy")
_CHEMICAL = frozenset("bis cis di iso mono n nor o p rac sec tert tetra trans tri".split()) | set(GREEK)
_OPEN_ENDS = frozenset("-–—,;:/")


def describe_short(units: tuple[Unit, ...], short: str) -> list[str]:
    """Return the features of a short form alone.

    units (tuple[Unit, ...]): Its parts.
    short (str): Its text.
    """
    letters = [unit for unit in units if unit.kind == "letter"]
    uppers = sum(unit.upper for unit in letters)
    found = [f"short.letters.{min(len(letters), 6)}"]
    if uppers == len(letters):
        found.append("short.upper")
    elif uppers == 0:
        found.append("short.word" if short.isalpha() and len(short) > 3 else "short.lower")
    elif uppers == 1 and letters[0].upper:
        found.append("short.name" if len(letters) > 3 else "short.capital")
    if len(letters) < len(units):
        found.append("short.digit")
    if any(char.isspace() for char in short):
        found.append("short.words")
    return found


def describe_passed(context: Context, first: int, then: int, name: str) -> Iterator[str]:
    """Yield the features of words that an alignment leaves out.

    context (Context): The text.
    first, then (int): The first of them, and the one after the last.
    name (str): "skipped" between matches, "trailing" after the last.
    """
    return (f"{name}.{kind}" for kind in context.kinds[first:then])


def context_starts(context: Context, units: tuple[Unit, ...], path: tuple[int, ...]) -> list[tuple[int, str]]:
    """Return where the long form of an alignment may begin, with the feature of each.

    context (Context): The text.
    units (tuple[Unit, ...]): The short form.
    path (tuple[int, ...]): The alignment.
    """
    place = path[0]
    word = context.words[place]
    token = context.token_start(word)
    if place > context.starts[word]:
        found = [(token, "start.inside")]
    elif place == token:
        found = [(place, "start.link" if context.kinds[word] in ("link", "clause") else "start.word")]
    else:
        kind = "prefix" if _is_prefix(context.lower[token:place]) else "part"
        found = [(token, f"start.{kind}.whole"), (place, f"start.{kind}.cut")]
    missed = [unit for unit, match in zip(units, path, strict=True) if match < 0]
    first = context.words[context.starts[word]]
    while first and not context.spaced[first]:
        first -= 1
    before = first - 1
    is_word = first > 0 and context.kinds[before] == "word"
    if len(missed) == 1 and is_word and context.starts[before] in context.find(missed[0]):
        which = "second" if path[1:2] == (-1,) else "later"
        found.append((context.token_start(before), f"start.rotated.{which}"))
    return found


def _is_prefix(text: str) -> bool:
    """Return whether a text is what stands before the name of a substance: numbers, letters, Greek letters."""
    return all(len(word) == 1 or word.isdigit() or word in _CHEMICAL for word in WORD.findall(text))


def is_balanced(text: str) -> bool:
    """Return whether all brackets of a text are closed, and it ends as words do.

    text (str): A possible long form.
    """
    if text[-1:] in _OPEN_ENDS:
        return False
    return all(text.count(opening) == text.count(closing) for opening, closing in ("()", "[]", "{}"))


def describe_long(context: Context, start: int, units: tuple[Unit, ...], path: tuple[int, ...]) -> dict[str, int]:
    """Return the features of a long form beside the steps of its alignment.

    context (Context): The text, which the long form ends.
    start (int): Its first character.
    units (tuple[Unit, ...]): The short form.
    path (tuple[int, ...]): The alignment.
    """
    first = bisect_left(context.starts, start)
    words = sum(context.spaced[first + 1 :]) + 1
    found = {
        "long.one": int(words == 1),
        "long.more": max(0, words - len(units) - 1),
        "long.short": int(len(context.text) - start <= len(units) + 2),
        "single.one": int(words == 1 and len(units) == 1),
        "single.more": int(words > 1 and len(units) == 1),
    }
    for unit, place in zip(units, path, strict=True):
        if place < 0 and unit.kind in ("number", "greek") and any(match >= start for match in context.find(unit)):
            found[f"elsewhere.{unit.kind}"] = found.get(f"elsewhere.{unit.kind}", 0) + 1
    return found


def describe_step(context: Context, unit: Unit, before: int, place: int, *, last: bool) -> list[str]:
    """Return the features of the match of a unit, given the match before it.

    context (Context): The text.
    unit (Unit): The unit.
    before (int): The character of the unit before it.
    place (int): Its character.
    last (bool): Whether the short form ends with it.
    """
    word = context.words[place]
    case = "upper" if unit.upper else "lower"
    if unit.kind != "letter":
        exact = context.lower[context.starts[word] : context.ends[word]] == unit.text
        return [f"{unit.kind}.{'exact' if exact else 'word'}"]
    if place == context.starts[word]:
        return [f"initial.{case}" if context.spaced[word] else f"joint.{case}"]
    if last and unit.text == "s" and not unit.upper and place == context.ends[word] - 1:
        return ["plural"]
    if context.words[before] != word:
        return [f"new.{case}"]
    if place == before + 1:
        return [f"next.{case}"]
    if context.text[place].isupper():
        return ["capital"]
    syllable = context.lower[place] not in VOWELS and context.lower[place - 1] in VOWELS
    return [f"syllable.{case}" if syllable else f"inside.{case}"]
