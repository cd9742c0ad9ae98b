import re
from xml.etree import ElementTree

import pytest
import spacy
from spacy.tokens import Doc, Span

from spacy_biomedplm.attributes import DETAILS_KEY, Argument, Event, Link, score_key, set_links
from spacy_biomedplm.visual.arcs import render_arcs
from spacy_biomedplm.visual.events import describe_events, event_arcs, number_events
from spacy_biomedplm.visual.marks import mark_of
from spacy_biomedplm.visual.page import render_doc

WORDS = "IL-4 did not up-regulate the phosphorylation of STAT6 and STAT1 . Nothing here . It may be degraded .".split()
NASTY = "<script>alert('1')</script> & \"\x00\x1b\nlong"


@pytest.fixture
def doc() -> Doc:
    return make_doc(WORDS, IL4=(0, 1), STAT6=(7, 8), STAT1=(9, 10))


def make_doc(words: list[str], **places: tuple[int, int]) -> Doc:
    doc = Doc(spacy.blank("en").vocab, words=words)
    doc.ents = [Span(doc, start, end, label="Protein") for start, end in places.values()]
    return doc


def trigger(doc: Doc, word: str, label: str = "") -> Span:
    place = [token.text for token in doc].index(word)
    return Span(doc, place, place + 1, label=label or word)


def arguments(**targets: Span | Event | str) -> tuple[Argument, ...]:
    return tuple(Argument(role, target) for role, target in targets.items())


def drawings(doc: Doc, width: float | None = 2000) -> list[ElementTree.Element]:
    triggers, arcs = event_arcs(doc._.events)
    html = render_arcs(doc.text, [*map(mark_of, doc.ents), *triggers], arcs, width=width)
    return [ElementTree.fromstring(svg) for svg in re.findall(r"<svg.*?</svg>", html, re.DOTALL)]


def groups(svg: ElementTree.Element, name: str) -> list[ElementTree.Element]:
    return [node for node in svg.iter("g") if node.get("class", "").split()[0] == name]


def box_of(svg: ElementTree.Element, name: str) -> tuple[float, float, float]:
    """Left, right and top of the box with a name."""
    (found,) = (node for node in groups(svg, "box") if node.findtext("text") == name)
    rect = found.find("rect")
    x, y, width = (float(rect.get(key)) for key in ("x", "y", "width"))
    return x, x + width, y


def line_of(arc: ElementTree.Element) -> list[tuple[float, float]]:
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", arc.find("path").get("d"))]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def two_of_each(doc: Doc) -> None:
    """Two nested events: four events on two triggers, with what is said of some."""
    il4, stat6, stat1 = doc.ents
    inner = [
        Event(trigger(doc, "phosphorylation"), "Phosphorylation", arguments(Theme=stat6), score=0.9),
        Event(trigger(doc, "phosphorylation"), "Phosphorylation", arguments(Theme=stat1), speculated=True),
    ]
    doc._.events = [
        Event(
            trigger(doc, "up-regulate"), "Positive_regulation", arguments(Theme=inner[0], Cause=il4), True, score=0.87
        ),
        Event(trigger(doc, "up-regulate"), "Positive_regulation", arguments(Theme=inner[1]), True, True),
    ]


def test_events_are_said_in_words(doc: Doc) -> None:
    two_of_each(doc)
    assert [(line.number, line.text, line.trigger, line.score) for line in describe_events(doc._.events)] == [
        (
            1,
            "Positive_regulation(Theme: Phosphorylation(Theme: STAT6), Cause: IL-4) [negated]",
            "up-regulate",
            0.87,
        ),
        (
            2,
            "Positive_regulation(Theme: Phosphorylation(Theme: STAT1) [speculated]) [negated] [speculated]",
            "up-regulate",
            None,
        ),
        (3, "Phosphorylation(Theme: STAT6)", "phosphorylation", 0.9),
        (4, "Phosphorylation(Theme: STAT1) [speculated]", "phosphorylation", None),
    ]


def test_each_event_has_a_box_and_an_arc_to_each_argument(doc: Doc) -> None:
    two_of_each(doc)
    (svg,) = drawings(doc)
    assert {node.findtext("text") for node in groups(svg, "box")} == {
        "Positive_regulation 1, negated",
        "Positive_regulation 2, negated, speculated",
        "Phosphorylation 3",
        "Phosphorylation 4, speculated",
    }
    assert sorted(node.findtext("title") for node in groups(svg, "arc")) == [
        "Cause: Positive_regulation 1 – IL-4",
        "Theme: Phosphorylation 3 – STAT6",
        "Theme: Phosphorylation 4 – STAT1",
        "Theme: Positive_regulation 1 – Phosphorylation 3",
        "Theme: Positive_regulation 2 – Phosphorylation 4",
    ]
    assert sorted(node.findtext("text") for node in groups(svg, "arc")) == ["Cause", *["Theme"] * 4]
    assert svg.get("aria-label") == "Events 1, 2, 3, 4 of the list below"


def test_an_arc_begins_and_ends_at_its_own_box(doc: Doc) -> None:
    two_of_each(doc)
    (svg,) = drawings(doc)
    lines = {node.findtext("title"): line_of(node) for node in groups(svg, "arc")}
    outer = box_of(svg, "Positive_regulation 1, negated"), box_of(svg, "Positive_regulation 2, negated, speculated")
    inner = box_of(svg, "Phosphorylation 3"), box_of(svg, "Phosphorylation 4, speculated")
    assert outer[1][0] < outer[0][0] < outer[0][1] < outer[1][1]  # The lower box can be seen on both sides.
    assert outer[0][2] < outer[1][2]
    for number, other in ((0, 3), (1, 4)):
        (x, y), *_, (last_x, last_y) = lines[f"Theme: Positive_regulation {number + 1} – Phosphorylation {other}"]
        assert outer[number][0] <= x <= outer[number][1]
        assert inner[number][0] <= last_x <= inner[number][1]
        assert abs(y - outer[number][2]) <= 2
        assert abs(last_y - inner[number][2]) <= 2
    # What leaves the lower boxes does not go through the upper ones.
    assert lines["Theme: Positive_regulation 2 – Phosphorylation 4"][0][0] > outer[0][1]


def test_what_is_said_of_events_can_be_seen_without_colors(doc: Doc) -> None:
    two_of_each(doc)
    (svg,) = drawings(doc)
    boxes = {node.findtext("text"): node for node in groups(svg, "box")}
    assert {name for name, node in boxes.items() if node.find("path") is not None} == {
        "Positive_regulation 1, negated",
        "Positive_regulation 2, negated, speculated",
    }
    assert {name for name, node in boxes.items() if node.get("class") == "box maybe"} == {
        "Positive_regulation 2, negated, speculated",
        "Phosphorylation 4, speculated",
    }


def make_dense() -> Doc:
    """Return a text of short entities and triggers side by side, with one or two events on each trigger."""
    words = "a binds b and c binds d , e binds f .".split() * 3
    doc = make_doc(words, **{f"e{n}": (n, n + 1) for n in range(len(words)) if words[n] in "abcdef"})
    ents = [*doc.ents]
    doc._.events = [
        Event(
            Span(doc, n, n + 1, label="B"),
            "Positive_regulation",
            arguments(Theme=doc[n - 1 : n], Theme2=ents[(2 * n) % len(ents)], Site=ents[n % len(ents)]),
        )
        for n in range(len(words))
        if words[n] == "binds"
        for _ in range(1 + n % 2)
    ]
    return doc


@pytest.mark.parametrize("width", [300, 500, 2000])
def test_boxes_and_labels_do_not_overlap(width: int) -> None:
    (svg,) = drawings(make_dense(), width)
    shapes = []
    for node in [*groups(svg, "box"), *groups(svg, "arc")]:
        x, y, *size = (float(node.find("rect").get(key)) for key in ("x", "y", "width", "height"))
        assert 0 <= x <= x + size[0] <= float(svg.get("width"))
        assert 0 <= y <= y + size[1] <= float(svg.get("height"))
        shapes.append((x, y, x + size[0], y + size[1]))
    # The rectangle of a label is a little higher than its letters.
    for number, (left, top, right, bottom) in enumerate(shapes):
        for other in shapes[:number]:
            apart = other[2] <= left + 0.2 or right <= other[0] + 0.2 or other[3] <= top + 5 or bottom <= other[1] + 5
            assert apart, (number, shapes)


@pytest.mark.parametrize("width", [300, 500, 2000])
def test_arcs_do_not_run_through_boxes(width: int) -> None:
    (svg,) = drawings(make_dense(), width)
    boxes = [
        [float(node.find("rect").get(key)) for key in ("x", "y", "width", "height")] for node in groups(svg, "box")
    ]
    for arc in groups(svg, "arc"):
        points = line_of(arc)
        ends = [point for point in (points[0], points[-1]) if 1 < point[0] < float(svg.get("width")) - 1]
        level = min(y for _, y in points)
        left, right = sorted((points[0][0], points[-1][0]))
        for x, y, across, height in boxes:
            assert level < y or level > y + height or x + across < left or x > right
            # Neither end is behind a box: it is at the upper edge of one, or beside it.
            assert all(not x < end_x < x + across or not y + 2 < end_y < y + height for end_x, end_y in ends)
            assert all(not x < end_x < x + across or not level < y + height < end_y for end_x, end_y in ends)


@pytest.mark.parametrize("words", [["TNF", "induces", "x"], ["x", "induces", "TNF"], ["TNF", "x", "induces"]])
def test_no_box_is_above_the_middle_of_an_entity_beside_it(words: list[str]) -> None:
    place = words.index("TNF")
    doc = make_doc(words, TNF=(place, place + 1))
    doc._.events = [Event(trigger(doc, "induces"), "Positive_regulation", arguments(Cause=doc.ents[0]))]
    (svg,) = drawings(doc)
    left, right, _ = box_of(svg, "Positive_regulation 1")
    assert not left - 1 < line_of(groups(svg, "arc")[0])[-1][0] < right + 1


def test_events_without_arguments_are_drawn(doc: Doc) -> None:
    doc._.events = [
        Event(trigger(doc, "degraded"), "Degradation", (Argument("Theme", "MESH:D000001"),)),
        Event(trigger(doc, "not"), "X"),
    ]
    first, second = drawings(doc)
    assert [node.findtext("text") for svg in (first, second) for node in groups(svg, "box")] == ["X 1", "Degradation 2"]
    assert groups(first, "arc") == groups(second, "arc") == []
    assert [node.text for node in second.iter("text")][:4] == ["It", "may", "be", "degraded"]
    assert [line.text for line in describe_events(doc._.events)] == ["X", "Degradation(Theme: MESH:D000001)"]


def test_arc_between_rows_is_drawn_in_both_and_names_the_other_end(doc: Doc) -> None:
    inner = Event(trigger(doc, "degraded"), "Degradation", arguments(Theme=doc.ents[1]))
    doc._.events = [Event(trigger(doc, "up-regulate"), "Regulation", arguments(Theme=inner, Cause=doc.ents[0]))]
    (svg,) = drawings(doc, 300)
    rows = {node.text: float(node.get("y")) for node in svg.iter("text") if node.get("class") != "name"}
    assert rows["IL-4"] < rows["STAT6"] < rows["degraded"]
    assert sorted(node.findtext("text") for node in groups(svg, "arc")) == [
        "Cause",
        "Theme of 1",
        "Theme of 2",
        "Theme: Degradation 2",
        "Theme: STAT6",
    ]
    left, right = 1.0, float(svg.get("width")) - 1
    lines = {node.findtext("text"): line_of(node) for node in groups(svg, "arc")}
    # Down: from the right edge to the left one; up: the other way round.
    assert lines["Theme: Degradation 2"][-1][0] == right
    assert lines["Theme of 1"][0][0] == left
    assert lines["Theme: STAT6"][-1][0] == left
    assert lines["Theme of 2"][0][0] == right
    tips = {node.findtext("text") for node in groups(svg, "arc") if node.find("path[@class='tip']") is not None}
    assert tips == {"Cause", "Theme of 1", "Theme of 2"}


def test_a_sentence_that_is_not_joined_is_not_drawn(doc: Doc) -> None:
    two_of_each(doc)
    assert "Nothing" not in render_doc(doc).split("<svg")[1]
    assert render_arcs(doc.text, map(mark_of, doc.ents), [], width=500) == ""


def test_trigger_and_entity_in_one_place_have_a_box_each(doc: Doc) -> None:
    il4 = doc.ents[0]
    doc._.events = [Event(trigger(doc, "IL-4", "Gene_expression"), "Gene_expression", arguments(Theme=il4))]
    (svg,) = drawings(doc)
    upper, lower = box_of(svg, "Gene_expression 1"), box_of(svg, "Protein")
    assert upper[2] < lower[2]
    ((x, _), *_, (last, y)) = line_of(groups(svg, "arc")[0])
    assert upper[0] <= x <= upper[1] < last <= lower[1]
    assert abs(y - lower[2]) <= 2


def test_words_of_a_discontinuous_mention_are_its_fragments(doc: Doc) -> None:
    mention = Span(doc, 7, 10, label="Protein")
    place = mention.start_char
    doc.user_data[DETAILS_KEY] = {score_key(mention): {"fragments": [[place, place + 4], [place + 10, place + 15]]}}
    doc._.events = [Event(trigger(doc, "phosphorylation"), "Phosphorylation", arguments(Theme=mention))]
    assert describe_events(doc._.events)[0].text == "Phosphorylation(Theme: STAT STAT1)"
    assert len(groups(drawings(doc)[0], "arc")) == 1


def test_hostile_text_is_escaped() -> None:
    doc = make_doc(["<script>", "</svg>", NASTY, " \n "], a=(0, 1), b=(1, 2))
    doc.ents = [Span(doc, 0, 1, label=NASTY, kb_id=NASTY), doc.ents[1]]
    space = Span(doc, 3, 4, label=NASTY)
    event = Event(Span(doc, 2, 3, label=NASTY), NASTY, (Argument(NASTY, doc.ents[0]), Argument(NASTY, NASTY)), True)
    doc._.events = [Event(space, "\x1b" * 200, (Argument(NASTY * 50, event), Argument("", space)), True, True)]
    html = render_doc(doc)
    assert not re.search("<script|[\x00-\x08\x0b\x0e-\x1f]|<b>", html)
    (drawing,) = re.findall(r"<svg.*?</svg>", html, re.DOTALL)
    svg = ElementTree.fromstring(drawing)
    assert len(groups(svg, "box")) == 3  # Two triggers, and what is in the place of one.
    assert float(svg.get("width")) < 2000
    assert html.count("<li>") == 2


def test_trigger_of_white_space_is_drawn() -> None:
    doc = make_doc(["\n ", "a", " \n"])
    doc._.events = [Event(doc[place : place + 1], "X", arguments(Theme=doc[1:2])) for place in (0, 2)]
    (svg,) = drawings(doc)
    assert len(groups(svg, "box")) == len(groups(svg, "arc")) == 2


def test_page_lists_events_with_scores_and_concepts(doc: Doc) -> None:
    assert "event" not in render_doc(doc)
    links = [Link("X:2", 0.1), Link("NCBIGene:3565|X:1", 0.9)]
    doc.ents[0]._.score = 0.5
    set_links(doc, "linker", {score_key(doc.ents[0]): links})
    doc._.events = [Event(trigger(doc, "not"), "X", arguments(Theme=doc.ents[0]), True, score=0.875)]
    html = render_doc(doc)
    assert "1 event<" in html
    item = re.findall("<li>.*?</li>", html)[0]
    assert re.sub("<.*?>", "", item) == "X(Theme: IL-4) [negated] 0.88 “not”"
    assert '<span title="Protein, NCBIGene:3565, X:1, score 0.50">IL-4</span>' in item
    assert "IL-4: Protein, NCBIGene:3565, X:1, score 0.50</title>" in html


def test_numbers_follow_the_text(doc: Doc) -> None:
    two_of_each(doc)
    doc._.events = reversed(doc._.events)
    numbers = {mark.number: mark.start for mark in number_events(doc._.events)}
    assert [numbers[number] for number in (1, 2, 3, 4)] == sorted(numbers.values())


@pytest.mark.parametrize("same", [False, True], ids=["a trigger for each", "one trigger"])
def test_deep_nesting_is_shown(same: bool) -> None:
    words = [word for number in range(2000) for word in (f"p{number}", "regulates")]
    doc = make_doc(words, p=(0, 1))
    events: list[Event] = []
    for number in range(2000):
        place = 1 if same else 2 * number + 1
        target = events[-1] if events else doc.ents[0]
        events.append(Event(Span(doc, place, place + 1, label="R"), "Regulation", arguments(Theme=target)))
    doc._.events = [events[-1]]
    html = render_doc(doc)
    assert html.count('<g class="box"') == html.count("<li>") == 2000
    assert len(html) < 8_000_000
    lines = describe_events(doc._.events)
    assert max(len(line.text) for line in lines) < 600
    assert re.search(r"^Regulation\(Theme: Regulation \d+\)$", "\n".join(line.text for line in lines), re.MULTILINE)
