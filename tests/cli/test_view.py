from collections import Counter

import pytest
import spacy
from spacy.tokens import Doc, Span
from typer.testing import CliRunner

from spacy_biomedplm.attributes import Argument, Event, Relation
from spacy_biomedplm.cli import app
from spacy_biomedplm.cli.display import print_docs
from spacy_biomedplm.cli.viewing import View, summarise


def test_view_writes_a_page_and_prints_entities(run, toy_model, corpus, tmp_path):
    page = tmp_path / "page.html"
    result = run("view", corpus, "-m", toy_model, "-o", page)
    assert result.exit_code == 0, result.stderr
    assert "d0  Trial 0 of aspirin" in result.stdout
    assert "heart failure" in result.stdout
    assert "20 documents: CHEMICAL 40, DISEASE 40" in result.stdout
    html = page.read_text(encoding="utf8")
    assert html.count('<article class="document">') == 20
    assert "CHEMICAL <b>40</b>" in html
    assert 'title="CHEMICAL, score 0.75, as in toy"' in html
    again = run("view", corpus, "-m", toy_model, "-o", page, "--limit", "2", "-g", "bc5cdr", "-q")
    assert again.exit_code == 0, again.stderr
    assert again.stdout == ""
    html = page.read_text(encoding="utf8")
    assert "2 documents (the input has more), found by en_pipeline 0.0.0, as bc5cdr annotates" in html
    assert sorted(path.name for path in tmp_path.iterdir()) == ["docs.jsonl", "page.html"]


def test_view_reads_stdin(toy_model, tmp_path):
    command = ["view", "-", "-m", toy_model, "-o", str(tmp_path / "page.html")]
    result = CliRunner().invoke(app, command, input="Aspirin helps against fever.")
    assert result.exit_code == 0, result.stderr
    assert "Aspirin" in result.stdout
    result = CliRunner().invoke(app, command, input=b"\xff")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error [B607] stdin, line 1, byte 1 of the input: not valid UTF-8")


def test_view_shows_what_cannot_be_shown(run, toy_model, tmp_path):
    path = tmp_path / "in.jsonl"
    path.write_text(
        '{"text": ""}\n{"text": "\\ud800 <script>\\u0000\\u001b[31m [bold]aspirin[/bold]"}\n', encoding="utf8"
    )
    result = run("view", path, "-m", toy_model, "-o", tmp_path / "page.html")
    assert result.exit_code == 0, result.stderr
    assert "[W601]" in result.stderr
    assert "[bold]aspirin[/bold]" in result.stdout
    assert "\x00" not in result.stdout
    assert "\x1b" not in result.stdout
    html = (tmp_path / "page.html").read_text(encoding="utf8")
    assert "<script" not in html
    assert "This document has no text." in html
    assert "\ufffd &lt;script&gt;\ufffd\ufffd[31m [bold]" in html


@pytest.mark.parametrize("limit", ["0", "-1"])
def test_view_refuses_odd_limits(run, toy_model, corpus, tmp_path, limit):
    result = run("view", corpus, "-m", toy_model, "-o", tmp_path / "page.html", "--limit", limit)
    assert result.exit_code == 1
    assert result.stderr == f"Error [B635] Wanted --limit 1 or more, found {limit}.\n"


def test_view_prints_relations_and_events(capsys):
    words = "IL-4 [bold]induces phosphorylation\x1b of STAT6".split()
    doc = Doc(spacy.blank("en").vocab, words=words)
    il4, stat6 = (Span(doc, place, place + 1, label="Protein") for place in (0, 4))
    inner = Event(doc[2:3], "Phosphorylation", (Argument("Theme", stat6),), speculated=True)
    doc._.events = [
        Event(doc[1:2], "Regulation", (Argument("Theme", inner), Argument("Cause", il4)), True, score=0.875)
    ]
    doc._.relations = [Relation(il4, "acts [on]", "NCBIGene:6778", 0.5)]
    print_docs(View((summarise(doc),), Counter()))
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "head relation tail score" in lines
    assert "IL-4 acts [on] NCBIGene:6778 0.50" in lines
    assert "event trigger score" in lines
    shown = " ".join(lines)
    assert "\x1b" not in shown
    assert "1 Regulation(Theme: Phosphorylation(Theme: STAT6)" in shown
    assert "[bold]induces 0.88" in shown
    assert "[negated]" in shown
    assert "2 Phosphorylation(Theme: STAT6) [speculated] phosphorylation\ufffd" in lines
    assert lines[-1] == "1 document: no entities; 1 relation; 2 events"
    print_docs(View((summarise(doc),), Counter()), quiet=True)
    assert capsys.readouterr().out == ""
