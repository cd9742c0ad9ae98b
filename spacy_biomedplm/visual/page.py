"""A page that stands alone: documents with highlighted entities, relations and events, and a legend with counts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from spacy.tokens import Doc, Span

from spacy_biomedplm.about import __title__, __version__
from spacy_biomedplm.attributes import ENTITIES_KEY, Event
from spacy_biomedplm.visual.arcs import relation_arcs, render_arcs
from spacy_biomedplm.visual.colors import color_of
from spacy_biomedplm.visual.events import describe_events, event_arcs
from spacy_biomedplm.visual.marks import Mark, clean, css_class, mark_of, render_flat, render_stacked
from spacy_biomedplm.visual.style import STYLE

GENERATOR = f'<meta name="generator" content="{__title__}'
"""Stands in every page, so that a page can be told from other files."""

# Pixels of a row of text: a drawing is as wide as a card, and a little smaller on a narrow window.
_ROW = 720

# No script can run, whatever the documents hold.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render_doc(doc: Doc) -> str:
    """Return the section of one document.

    doc (Doc): Entities in ``doc.ents``; where ``doc.spans["entities"]`` holds more, a second view shows all of
        them. Identifier in ``doc._.doc_id``, title (with which the text begins) in ``doc.user_data["title"]``.
    RETURNS (str): HTML, escaped.
    """
    marks = [mark_of(ent) for ent in doc.ents]
    title, body = _split_title(doc, marks)
    parts = ['<article class="document">', '<header class="head">']
    if title:
        parts.append(f"<h2>{render_flat(doc.text[:title], [mark for mark in marks if mark.end <= title])}</h2>")
    if doc._.doc_id:
        parts.append(f'<p class="id">{clean(str(doc._.doc_id))}</p>')
    parts.append("</header>")
    if doc.text[body:].strip():
        parts.append(render_flat(doc.text[body:], [mark.moved(-body) for mark in marks if mark.start >= body]))
    elif not title:
        parts.append('<p class="note">This document has no text.</p>')
    parts.append(_table(marks))
    parts.append(_relations(doc))
    parts.append(_events(doc, marks))
    every = [mark_of(span) for span in sorted(doc.spans.get(ENTITIES_KEY, []))]
    if {_key(mark) for mark in every} - {_key(mark) for mark in marks}:
        summary = f"All {len(every)} mentions, with those that overlap or follow other guidelines"
        parts.append(f"<details><summary>{summary}</summary>{render_stacked(doc.text, every)}</details>")
    parts.append("</article>")
    return "\n".join(parts)


def render_page(sections: Sequence[str], counts: Counter[str], *, heading: str, notes: Iterable[str] = ()) -> str:
    """Return the whole page.

    sections (Sequence[str]): From render_doc.
    counts (Counter[str]): Entities in all documents, by label.
    heading (str): Heading and title of the page.
    notes (Iterable[str]): Lines below the heading.
    RETURNS (str): HTML without scripts and without anything fetched from elsewhere.
    """
    lines = "".join(f'<p class="note">{clean(note)}</p>' for note in notes)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'{GENERATOR} {escape(__version__)}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="color-scheme" content="light dark">',
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
            f"<title>{clean(heading)}</title>",
            f"<style>{STYLE}{_switches(counts)}</style>",
            "</head>",
            "<body>",
            f"<main><h1>{clean(heading)}</h1>{lines}",
            _legend(counts),
            *sections,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def _split_title(doc: Doc, marks: Sequence[Mark]) -> tuple[int, int]:
    """Return where the title ends and the body begins; 0 and 0 if there is none or an entity runs across."""
    title = doc.user_data.get("title")
    if not title or not doc.text.startswith(title):
        return 0, 0
    end = len(title)
    return (0, 0) if any(mark.start <= end < mark.end for mark in marks) else (end, min(end + 1, len(doc.text)))


def _key(mark: Mark) -> tuple[int, int, str]:
    return mark.start, mark.end, mark.label


def _table(marks: Sequence[Mark]) -> str:
    if not marks:
        return '<p class="note">No entities.</p>'
    rows = []
    for mark in marks:
        score = "" if mark.score is None else f"{mark.score:.2f}"
        dot = f'<span class="dot" style="background: {color_of(mark.label)}"></span>'
        rows.append(
            f'<tr class="{css_class(mark.label)}"><td>{clean(mark.text)}</td><td>{dot}{clean(mark.label)}</td>'
            f'<td class="number">{score}</td><td>{clean(mark.guideline)}</td>'
            f'<td class="number">{mark.start}–{mark.end}</td></tr>'
        )
    head = "<tr><th>Entity</th><th>Label</th><th>Score</th><th>Guideline</th><th>Characters</th></tr>"
    count = f"{len(marks)} {'entity' if len(marks) == 1 else 'entities'}"
    table = f'<div class="scroll"><table><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'
    return f"<details><summary>{count}</summary>{table}</details>"


def _relations(doc: Doc) -> str:
    """Return the relations of a document: arcs over its text, and a table."""
    relations = doc._.relations
    if not relations:
        return ""
    arcs = render_arcs(doc.text, [mark_of(span) for span in doc.ents], relation_arcs(doc))
    rows = []
    for relation in relations:
        head, tail = (clean(name_of_end(doc, end)) for end in (relation.head, relation.tail))
        score = "" if relation.score is None else f"{relation.score:.2f}"
        more = ", ".join(f"{name}: {value}" for name, value in relation.infons.items())
        rows.append(
            f"<tr><td>{head}</td><td>{clean(relation.label)}</td><td>{tail}</td>"
            f'<td class="number">{score}</td><td>{clean(more)}</td></tr>'
        )
    head = "<tr><th>Head</th><th>Relation</th><th>Tail</th><th>Score</th><th>More</th></tr>"
    count = f"{len(relations)} {'relation' if len(relations) == 1 else 'relations'}"
    table = f'<div class="scroll"><table><thead>{head}</thead><tbody>{"".join(rows)}</tbody></table></div>'
    return f"<details open><summary>{count}</summary>{arcs}{table}</details>"


def _events(doc: Doc, marks: Sequence[Mark]) -> str:
    """Return the events of a document: triggers and arcs over its text, and a line for each."""
    events = doc._.events
    if not events:
        return ""
    triggers, arcs = event_arcs(events)
    drawing = render_arcs(doc.text, [*marks, *triggers], arcs, width=_ROW)
    items = []
    for line in describe_events(events):
        score = "" if line.score is None else f' <span class="score">{line.score:.2f}</span>'
        items.append(f'<li>{line.html}{score} <span class="by">“{clean(line.trigger)}”</span></li>')
    count = f"{len(events)} {'event' if len(events) == 1 else 'events'}"
    return f'<details open><summary>{count}</summary>{drawing}<ol class="events">{"".join(items)}</ol></details>'


def name_of_end(doc: Doc, end: Span | Event | str) -> str:
    """Return the text of a mention, an event's trigger, or a concept with the first mention that stands for it.

    doc (Doc): The document. end (Span | Event | str): Head or tail of a relation.
    """
    if isinstance(end, Span):
        return end.text
    if isinstance(end, Event):
        return f"{end.trigger.text} ({end.label})"
    of_concept = (span.text for span in [*doc.ents, *doc.spans.get(ENTITIES_KEY, ())] if end in span.kb_id_.split("|"))
    text = next(of_concept, "")
    return f"{text} ({end})" if text else end


def _legend(counts: Counter[str]) -> str:
    items = []
    for label, number in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        name = css_class(label)
        items.append(
            f'<label style="background: {color_of(label)}"><input type="checkbox" id="show-{name}" checked>'
            f"{clean(label)} <b>{number:,}</b></label>"
        )
    return f'<nav class="legend" aria-label="Labels">{"".join(items)}</nav>' if items else ""


def _switches(counts: Counter[str]) -> str:
    """Return styles that take a label's marks away when its box in the legend is not ticked."""
    rules = []
    for label in counts:
        name = css_class(label)
        off = f"body:has(#show-{name}:not(:checked))"
        rules.append(f"{off} mark.{name}{{background:none!important;color:inherit;padding:0;margin:0}}")
        rules.append(f"{off} mark.{name} .label,{off} tr.{name}{{display:none}}")
    return "".join(rules)
