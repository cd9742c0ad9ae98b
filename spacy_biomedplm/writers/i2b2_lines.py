"""What the line-and-token layouts of i2b2 share: from characters to places such as "12:3 12:5"."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter

from spacy_biomedplm.types import DocumentRecord, Fragment, MentionRecord

_TOKEN = re.compile(r"\S+")


class TokenPlaces:
    """Names the tokens of a text by line and number: lines end at a line feed, tokens at white space.

    text (str): The text of a document.
    """

    def __init__(self, text: str) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.points: list[str] = []
        begin = 0
        for number, line in enumerate(text.split("\n"), start=1):
            for token, match in enumerate(_TOKEN.finditer(line)):
                self.starts.append(begin + match.start())
                self.ends.append(begin + match.end())
                self.points.append(f"{number}:{token}")
            begin += len(line) + 1

    def around(self, fragment: Fragment) -> tuple[str, Fragment] | None:
        """Return the place of the tokens that characters touch, and the characters of those tokens.

        fragment (Fragment): Characters of the text.
        RETURNS (tuple[str, Fragment] | None): Such as "12:3 12:5"; None if there is nothing but white space.
        """
        first = bisect_right(self.ends, fragment[0])
        last = bisect_left(self.starts, fragment[1]) - 1
        if first > last:
            return None
        return f"{self.points[first]} {self.points[last]}", (self.starts[first], self.ends[last])


def place_mention(
    record: DocumentRecord, mention: MentionRecord, places: TokenPlaces, losses: Counter[str]
) -> tuple[str, str] | None:
    """Return the text and the place of a mention as these layouts write them, or None if they cannot.

    record (DocumentRecord): Its document.
    mention (MentionRecord): One that begins or ends inside a token is written with the whole token and counted.
    places (TokenPlaces): Of the document's text.
    losses (Counter[str]): Counts by kind, added to.
    """
    found = [places.around(fragment) for fragment in mention.fragments]
    whole = [place for place in found if place is not None]
    if not whole or len(whole) < len(found):
        losses["mentions without a token"] += 1
        return None
    points = ",".join(place for place, _ in whole)
    if any(given != taken for given, (_, taken) in zip(mention.fragments, whole, strict=True)):
        losses["mentions inside tokens"] += 1
    elif mention.text is not None and _flat(mention.text) != _flat(record.text_of(mention)):
        return " ".join(mention.text.split()), points
    if mention.text is not None:
        losses["mention texts"] += 1
    return " ... ".join(_flat(record.text[start:end]) for _, (start, end) in whole), points


def _flat(text: str) -> str:
    return " ".join(text.split()).lower()


def quotable(label: str, losses: Counter[str]) -> str:
    """Return a label as it can stand between quotes.

    label (str): Of a mention or a relation, or the value of an attribute.
    losses (Counter[str]): Counts labels that had to be changed.
    """
    safe = re.sub(r'["\r\n]|\|\|', "_", label)
    if safe != label:
        losses["labels with quotes, bars or line breaks"] += 1
    return safe
