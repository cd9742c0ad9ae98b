"""The features of alignments: how a short form comes from a stretch of text, in names that have weights."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator

from spacy_biomedplm.abbreviations.candidates import QUOTES, Candidate
from spacy_biomedplm.abbreviations.context import WORD, Context
from spacy_biomedplm.abbreviations.units import GREEK, KNOWN, Unit

VOWELS = frozenset("aeiouy")
_CHEMICAL = frozenset("bis cis di iso mono n nor o p rac sec tert tetra trans tri".split()) | set(GREEK)
_SMALL = frozenset(("link", "clause"))
_REACH = 2000
"""Characters in which a short form may come again."""
_TRIES = 5
_OPEN_ENDS = frozenset("-–—,;:/")


def describe_candidate(text: str, candidate: Candidate) -> tuple[str, ...]:
    """Return the features that a candidate has whatever its long form is.

    text (str): The text.
    candidate (Candidate): The candidate.
    """
    start, end = candidate.short
    found = ["part.later"] if candidate.part else []
    if candidate.order == "short-long":
        found.append("order.short-long")
        bracket = end
    else:
        bracket = candidate.context[1]
        if not candidate.part and any(char.isalpha() for char in text[bracket:start]):
            found.append("part.lead")
        found += _describe_end(text[end : end + 3].lstrip(QUOTES))
    if text[bracket] in "([":
        found.append("bracket.attached")
    if _is_repeated(text, text[start:end], end):
        found.append("short.repeated")
    return tuple(found)


def _describe_end(after: str) -> list[str]:
    """Return the feature of what stands after a short form in a bracket."""
    if after[:1] in (")", "]"):
        return ["bracket.followed"] if after[1:2].isalnum() or after[1:2] in ("-", "/") else []
    return ["part.equal" if after[:1] in ("=", "<", ">") else "part.comma" if after[:1] in (",", ";") else "part.first"]


def _is_repeated(text: str, short: str, start: int) -> bool:
    """Return whether a short form soon comes again as a word."""
    end = start + _REACH
    for _ in range(_TRIES):
        start = text.find(short, start, end)
        if start < 0:
            return False
        if not (text[start - 1].isalnum() or text[start + len(short) : start + len(short) + 1].isalnum()):
            return True
        start += len(short)
    return False


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
    if units[0].kind == "number":
        found.append("short.number")
    if short.rstrip(")]")[-1] in "+-−–*":
        found.append("short.sign")
    return found


def describe_missed(units: tuple[Unit, ...], number: int) -> str:
    """Return the feature of a unit that stands for nothing in the long form.

    units (tuple[Unit, ...]): The short form.
    number (int): Which of them.
    """
    unit = units[number]
    if unit.kind != "letter":
        return f"missed.{unit.kind}"
    place = "last" if number == len(units) - 1 else "inner"
    return f"missed.{place}.{'upper' if unit.upper else 'lower'}"


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
        found = [(place, "start.link" if context.kinds[word] in _SMALL else "start.word")]
    else:
        kind = "prefix" if _is_prefix(context.lower[token:place]) else "part"
        found = [(token, f"start.{kind}.whole"), (place, f"start.{kind}.cut")]
    missed = [unit for unit, match in zip(units, path, strict=True) if match < 0]
    first = context.words[context.starts[word]]
    while first and not context.spaced[first]:
        first -= 1
    if len(missed) == 1:
        which = "second" if path[1:2] == (-1,) else "later"
        places = context.find(missed[0])
        for before in range(first - 1, max(first - 4, -1), -1):
            if context.kinds[before] != "word":
                break
            if context.starts[before] in places:
                near = "" if before == first - 1 else ".far"
                found.append((context.token_start(before), f"start.rotated.{which}{near}"))
                break
    return found


def known_starts(context: Context, short: str) -> list[int]:
    """Return where long forms begin that a short form is known for, though they do not have its letters.

    context (Context): The text.
    short (str): The short form.
    """
    found = (
        len(context.text) - len(long)
        for long in KNOWN.get(short.lower().replace("(", "").replace(")", ""), ())
        if context.lower.endswith(long)
    )
    return [start for start in found if start in context.starts]


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
    elsewhere = list(_find_elsewhere(context, start, units, path))
    places = [place for place in path if place >= 0]
    matched = {context.words[place] for place in places}
    heads = {context.words[place] for place in places if place == context.starts[context.words[place]]}
    heads |= {word for _, word in elsewhere}
    found = {
        "long.one": int(words == 1),
        "long.more": max(0, words - len(units) - 1),
        "long.short": int(len(context.text) - start <= len(units) + 2),
        "long.clause": context.kinds[first:].count("clause"),
        "single.one": int(words == 1 and len(units) == 1),
        "single.more": int(words > 1 and len(units) == 1),
        "one.upper": int(words == 1 < len(units) and all(unit.upper for unit in units)),
        "one.heads": int(words == 1 < len(heads)),
    }
    found |= Counter(f"elsewhere.{kind}" for kind, _ in elsewhere)
    if len(units) > 1 and words > 1 and path.count(-1) == len(elsewhere):
        wanted = {word for word in range(first, max(matched) + 1) if _is_wanted(context, word)} | {first}
        if wanted <= heads:
            found["all.exact" if len(heads) == len(units) else "all.heads"] = 1
        elif wanted <= heads | matched:
            found["all.matched"] = 1
    return found


def _is_wanted(context: Context, word: int) -> bool:
    """Return whether a short form made of all first letters has one of this word."""
    return context.spaced[word] and context.kinds[word] not in _SMALL


def _find_elsewhere(
    context: Context, start: int, units: tuple[Unit, ...], path: tuple[int, ...]
) -> Iterator[tuple[str, int]]:
    """Yield the kinds of the units that an alignment lacks and the words that begin with them in another order."""
    taken = {context.words[place] for place in path if place >= 0 and place == context.starts[context.words[place]]}
    for unit, place in zip(units, path, strict=True):
        if place >= 0:
            continue
        for match in context.find(unit):
            word = context.words[match]
            if match >= start and (unit.kind != "letter" or (match == context.starts[word] and word not in taken)):
                taken.add(word)
                yield unit.kind, word
                break


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
        if context.kinds[word] in _SMALL:
            return [f"link.{case}"]
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
