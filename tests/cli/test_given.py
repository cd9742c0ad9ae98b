import csv
import json
from collections import Counter

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Span

from spacy_biomedplm.attributes import Argument, Event, Link, score_key
from spacy_biomedplm.cli import batches
from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.evaluation.metrics import get_metric
from spacy_biomedplm.evaluation.running import predict
from spacy_biomedplm.formats import FORMATS
from spacy_biomedplm.linking.annotation import annotate
from spacy_biomedplm.types import ConceptRecord, DocumentRecord, MentionRecord

TEXT = "IL-4 increases phosphorylation of STAT6 at Y641 . aspirin does not phosphorylate JAK1 ."
GIVEN = (
    "T1\tGene_or_gene_product 0 4\tIL-4\nT3\tGene_or_gene_product 34 39\tSTAT6\nT7\tGene_or_gene_product 81 85\tJAK1\n"
)
GOLD = """T8\tPhosphorylation 15 30\tphosphorylation
T9\tPhosphorylation 67 80\tphosphorylate
E1\tPhosphorylation:T8 Theme:T3
E2\tPhosphorylation:T9 Theme:T7
M1\tNegation E2
"""
ANSWER = """T8\tPositive_regulation 5 14\tincreases
T9\tPhosphorylation 15 30\tphosphorylation
T10\tPhosphorylation 67 80\tphosphorylate
T11\tAmino_acid 43 47\tY641
E1\tPhosphorylation:T9 Theme:T3 Site:T11
E2\tPhosphorylation:T10 Theme:T7
E3\tPositive_regulation:T8 Theme:E1 Cause:T1
M1\tNegation E2
"""


def find_events(doc):
    """Phosphorylation of the next entity, and its positive regulation by the one before."""
    spans = list(doc.spans.get("entities", doc.ents))
    entities = {span.start: span for span in spans}
    events, triggers, extra = [], [], []
    for token in doc:
        if not token.lower_.startswith("phosphorylat"):
            continue
        following = next((entities[place] for place in range(token.i, len(doc)) if place in entities), None)
        if following is None:
            continue
        trigger = Span(doc, token.i, token.i + 1, label="Phosphorylation", span_id="toy")
        arguments = [Argument("Theme", following)]
        triggers.append(trigger)
        if doc.text[following.end_char :].startswith(" at Y641"):
            place = following.end_char + 4
            extra.append(doc.char_span(place, place + 4, label="Amino_acid", span_id="toy"))
            arguments.append(Argument("Site", extra[-1]))
        event = Event(
            trigger, trigger.label_, tuple(arguments), negated=doc[token.i - 1].text == "not", score=0.87654321
        )
        events.append(event)
        if doc[token.i - 1].text == "increases":
            above = Span(doc, token.i - 1, token.i, label="Positive_regulation", span_id="toy")
            triggers.append(above)
            causes = [Argument("Cause", entities[place]) for place in sorted(entities) if place < token.i]
            events.append(Event(above, above.label_, (Argument("Theme", event), *causes[-1:])))
    doc.spans["entities"] = [*spans, *extra]
    doc.spans["triggers"] = sorted(triggers)
    doc._.events = events[::-1]
    doc.user_data["biomedplm_guidelines"] = ["toy"]
    return doc


def link_to(doc):
    annotate(doc, "toy", {score_key(span): [Link("TOY:1", 0.5)] for span in doc.spans.get("entities", doc.ents)})
    return doc


@pytest.fixture(scope="session")
def event_model(tmp_path_factory):
    """A pipeline that finds entities, links them, and finds events."""
    if not Language.has_factory("toy_events"):
        Language.factory("toy_events", assigns=["doc._.events", "doc.spans"], func=lambda nlp, name: find_events)
        Language.component("toy_linker", assigns=["doc.ents", "span._.links"], func=link_to)
    nlp = spacy.blank("en")
    ruler = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "CHEMICAL", "pattern": "aspirin"}, {"label": "GENE", "pattern": "STAT6"}])
    nlp.add_pipe("toy_linker")
    nlp.add_pipe("toy_events")
    path = tmp_path_factory.mktemp("events") / "model"
    nlp.to_disk(path)
    return str(path)


@pytest.fixture
def task(tmp_path):
    """A folder of a shared task: two documents, one of them with a gold answer."""
    folder = tmp_path / "task"
    folder.mkdir()
    contents = {"one": (TEXT, GIVEN, GOLD), "two": ("Nothing here.\n", "", None)}
    for name, parts in contents.items():
        for ending, content in zip(("txt", "a1", "a2"), parts, strict=True):
            if content is not None:
                (folder / f"{name}.{ending}").write_text(content, encoding="utf8")
    return folder


def read_lines(path):
    return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]


def list_files(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_extract_answers_a_shared_task(run, event_model, task, tmp_path):
    output = tmp_path / "out"
    result = run("extract", task, "-m", event_model, "-o", output, "--entities", "given", "--format", "a2")
    assert result.exit_code == 0, result.stderr
    assert sorted(path.name for path in output.iterdir()) == [
        f"{n}.{e}" for n in ("one", "two") for e in ("a1", "a2", "txt")
    ]
    assert (output / "one.a2").read_text(encoding="utf8") == ANSWER
    assert (output / "one.a1").read_text(encoding="utf8") == GIVEN
    assert (output / "one.txt").read_text(encoding="utf8") == TEXT
    assert (output / "two.a2").read_bytes() == b""
    for cell in ("not expressed: concepts", "not expressed: scores", "events"):
        assert cell in result.stdout


def test_written_answers_have_the_score_of_the_documents(run, event_model, task, tmp_path):
    run("extract", task, "-m", event_model, "-o", tmp_path / "out", "-e", "given", "-f", "a2")
    gold, written = (list(read_brat(folder)) for folder in (task, tmp_path / "out"))
    direct = predict(spacy.load(event_model), gold, given=("mentions",))
    score = get_metric("events-cg13").score
    assert score(gold, written) == score(gold, direct)
    assert 0 < score(gold, written).main < 1


@pytest.mark.parametrize("name", ["brat", "jsonl", "pubtator", "bioc-xml", "bioc-json", "docbin"])
def test_extract_takes_entities_of_other_formats(run, event_model, tmp_path, name):
    mentions = (
        MentionRecord("T1", "Gene", ((0, 4),), concepts=(ConceptRecord("NCBIGene", "3565"),)),
        MentionRecord("T2", "Gene", ((34, 39),)),
    )
    record = DocumentRecord("1", TEXT.replace(" . ", ".\n"), mentions)
    path = tmp_path / f"in{(*FORMATS[name].suffixes, '')[0]}"
    FORMATS[name].write([record], path, Counter())
    result = run("extract", path, "-m", event_model, "-o", tmp_path / "out", "--entities", "given")
    assert result.exit_code == 0, result.stderr
    (row,) = read_lines(tmp_path / "out")
    found = {entity["text"]: entity for entity in row["spans"]["entities"]}
    assert list(found) == ["IL-4", "STAT6", "Y641"]
    # Concepts that the file gives stay, and no linker adds others to the document.
    assert (found["IL-4"]["kb_id"], found["STAT6"]["kb_id"]) == ("3565", None)
    assert [event["label"] for event in row["events"]] == ["Phosphorylation", "Positive_regulation"]


def test_extract_links_given_entities_without_concepts(run, event_model, task, tmp_path):
    run("extract", task, "-m", event_model, "-o", tmp_path / "out", "-e", "given")
    first, second = read_lines(tmp_path / "out")
    assert [entity["kb_id"] for entity in first["entities"]] == ["TOY:1"] * 3
    assert [entity["id"] for entity in first["entities"]] == ["T1", "T3", "T7"]
    assert (second["id"], second["entities"], second["text"]) == ("two", [], "Nothing here.\n")


def test_extract_reads_text_and_entities_alone(run, event_model, tmp_path):
    row = {
        "id": "1",
        "title": "IL-4",
        "text": TEXT,
        "spans": {
            "entities": [{"id": "x", "start": 34, "end": 39, "label": "GGP", "guideline": "me"}],
            "triggers": [{"id": "y", "start": 15, "end": 30, "label": "Old"}],
            "other": [{"id": "z", "start": 0, "end": 4, "label": "Old"}],
        },
        "events": [{"id": "E1", "label": "Old", "trigger": "y", "arguments": []}],
        "attributes": [{"id": "M1", "label": "Negation", "target": "E1", "value": ""}],
    }
    (tmp_path / "in.jsonl").write_text(json.dumps(row), encoding="utf8")
    run("extract", tmp_path / "in.jsonl", "-m", event_model, "-o", tmp_path / "out", "-e", "given")
    (found,) = read_lines(tmp_path / "out")
    assert [(entity["id"], entity["guideline"]) for entity in found["entities"]] == [("x", "me")]
    assert found["title"] == "IL-4"
    assert "attributes" not in found
    assert "Old" not in json.dumps(found)


def test_extract_gives_the_same_identifiers_in_every_run(run, event_model, task, tmp_path):
    outputs = []
    for number, size in enumerate((1, 2, 128)):
        output = tmp_path / f"out{number}"
        run("extract", task, "-m", event_model, "-o", output, "-e", "given", "-b", size)
        outputs.append(output.read_bytes())
    assert len(set(outputs)) == 1
    events = json.loads(outputs[0].splitlines()[0])["events"]
    assert [(event["id"], event["trigger"], event.get("score")) for event in events] == [
        ("E1", "T5", 0.8765),
        ("E2", "T6", 0.8765),
        ("E3", "T4", None),
    ]


def test_identifier_of_a_single_trigger_is_not_its_guideline(run, event_model, tmp_path):
    (tmp_path / "in.txt").write_text("phosphorylation of STAT6", encoding="utf8")
    run("extract", tmp_path / "in.txt", "-m", event_model, "-o", tmp_path / "out")
    (row,) = read_lines(tmp_path / "out")
    (trigger,) = row["spans"]["triggers"]
    assert (trigger["id"], trigger["guideline"], row["events"][0]["trigger"]) == ("T2", "toy", "T2")


def test_extract_writes_answers_about_its_own_entities(run, event_model, tmp_path):
    (tmp_path / "in.txt").write_text(TEXT, encoding="utf8")
    result = run("extract", tmp_path / "in.txt", "-m", event_model, "-o", tmp_path / "out", "-f", "a2")
    assert result.exit_code == 0, result.stderr
    files = list_files(tmp_path / "out")
    assert files["in.a1"].decode() == "T1\tGENE 34 39\tSTAT6\nT2\tCHEMICAL 50 57\taspirin\nT3\tAmino_acid 43 47\tY641\n"
    assert "Phosphorylation:T5 Theme:T1 Site:T3" in files["in.a2"].decode()


@pytest.mark.parametrize("number", [1, 2])
def test_resume_of_answers_gives_the_same_files(run, event_model, task, tmp_path, monkeypatch, number):
    command = ("extract", task, "-m", event_model, "-e", "given", "-f", "a2", "-b", 1, "-o")
    for name in ("three", "four"):
        for ending in ("txt", "a1"):
            (task / f"{name}.{ending}").write_bytes((task / f"one.{ending}").read_bytes())
    assert run(*command, tmp_path / "wanted").exit_code == 0
    real, left = batches.process_batch, [number]

    def stop(*args):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        return real(*args)

    output = tmp_path / "out"
    output.mkdir()
    monkeypatch.setattr(batches, "process_batch", stop)
    assert run(*command, output).exit_code == 130
    assert not any(output.iterdir())
    monkeypatch.setattr(batches, "process_batch", real)
    assert run(*command, output).stderr.startswith("Error [B621] ")
    assert run(*command, output, "--resume").exit_code == 0
    assert list_files(output) == list_files(tmp_path / "wanted")
    result = run(*command, output, "--resume")
    assert result.stderr == f"'{output}' is complete already; nothing to do.\n"
    assert run(*command, output).stderr.startswith("Error [B620] ")
    # A change of what is given makes it another run.
    (task / "one.a1").write_text(GIVEN.replace("T7", "T8"), encoding="utf8")
    (task / "one.a2").unlink()
    assert run(*command, output, "--resume").stderr.startswith("Error [B620] ")
    assert list_files(output) == list_files(tmp_path / "wanted")


@pytest.mark.parametrize(("table", "rows"), [("events", 3), ("relations", 0), ("entities", 4)])
def test_extract_writes_tables(run, event_model, task, tmp_path, table, rows):
    command = ("extract", task, "-m", event_model, "-e", "given", "-f", "csv", "--table", table, "-o", tmp_path / "out")
    result = run(*command)
    assert result.exit_code == 0, result.stderr
    with (tmp_path / "out").open(encoding="utf8", newline="") as stream:
        found = list(csv.DictReader(stream))
    assert [row["doc_id"] for row in found] == ["one"] * rows
    assert ("[W606] No document has anything for the table 'relations'" in result.stderr) is (table == "relations")
    if table == "events":
        assert found[-1]["event"] == (
            "Positive_regulation(Theme: Phosphorylation(Theme: STAT6, Site: Y641), Cause: IL-4)"
        )


def test_table_of_no_document_has_a_header(run, event_model, tmp_path):
    (tmp_path / "in.jsonl").touch()
    run("extract", tmp_path / "in.jsonl", "-m", event_model, "-o", tmp_path / "out", "-f", "csv")
    assert (tmp_path / "out").read_text(encoding="utf8").startswith("doc_id,event_id,type,")


def test_resume_of_a_table_writes_one_header(run, event_model, task, tmp_path, monkeypatch):
    command = ("extract", task, "-m", event_model, "-e", "given", "-f", "csv", "-b", 1, "-o", tmp_path / "out.csv")
    real = batches.process_batch

    def stop(nlp, batch, output_format):
        if batch[0].doc_id == "two":
            raise KeyboardInterrupt
        return real(nlp, batch, output_format)

    monkeypatch.setattr(batches, "process_batch", stop)
    assert run(*command).exit_code == 130
    monkeypatch.setattr(batches, "process_batch", real)
    assert run(*command, "--resume").exit_code == 0
    lines = (tmp_path / "out.csv").read_text(encoding="utf8").splitlines()
    assert [line.split(",")[0] for line in lines] == ["doc_id", "one", "one", "one"]


def test_extract_refuses_a_pipe_that_replaces_given_entities(run, toy_model, task, tmp_path):
    result = run("extract", task, "-m", toy_model, "-o", tmp_path / "out", "-e", "given")
    assert result.exit_code == 1
    assert "[B651] Document 'one': a pipe of the model put other entities in place of the given ones" in result.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (["-e", "given", "-g", "bc5cdr"], "[B633] The model"),
        (["--from", "brat"], "[B635] Wanted --from with --entities given"),
        (["-e", "given", "--from", "nothing"], "[B660] The format of"),
    ],
)
def test_extract_refuses_options_that_contradict(run, event_model, task, tmp_path, change, message):
    result = run("extract", task, "-m", event_model, "-o", tmp_path / "out", *change)
    assert result.exit_code == 1
    assert message in result.stderr


@pytest.mark.parametrize(
    ("files", "reason"),
    [({"a.txt": "x"}, "no name of its files says it"), ({"a.jsonl": "", "b.pubtator": ""}, "jsonl, pubtator")],
)
def test_extract_asks_for_the_format_of_a_folder(run, event_model, tmp_path, files, reason):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf8")
    result = run("extract", folder, "-m", event_model, "-o", tmp_path / "out", "-e", "given")
    assert result.stderr.startswith(f"Error [B660] The format of '{folder}' is not known: ")
    assert reason in result.stderr
    result = run("extract", tmp_path / "gone", "-m", event_model, "-o", tmp_path / "out", "-e", "given")
    assert result.stderr.startswith("Error [B601] ")


def test_extract_lists_what_is_broken(run, event_model, task, tmp_path):
    (task / "one.a1").write_text(GIVEN + "T9\tGene 5 900\tx\n", encoding="utf8")
    command = ("extract", task, "-m", event_model, "-o", tmp_path / "out", "-e", "given")
    result = run(*command)
    assert result.exit_code == 1
    assert "skip leaves it out" in result.stderr
    result = run(*command, "--errors", "skip")
    assert result.exit_code == 0, result.stderr
    assert "broken items dropped" in result.stdout
    assert "dropped: [B405]" in result.stderr or "dropped: [B430]" in result.stderr


def test_extract_refuses_two_documents_of_one_name(run, event_model, tmp_path):
    (tmp_path / "in.jsonl").write_text('{"id": "1", "text": "a"}\n{"id": "1", "text": "b"}\n', encoding="utf8")
    result = run("extract", tmp_path / "in.jsonl", "-m", event_model, "-o", tmp_path / "out", "-f", "a2")
    assert result.stderr.splitlines()[-1].startswith("Error [B444] Document '1' cannot have a file of its own")
    assert not (tmp_path / "out").exists()


class ToyEvents:
    """The events of ``find_events`` by two guidelines, as a pipe with several writes them."""

    def __init__(self, name):
        self.name = name
        self.guidelines = {"toy": ["Phosphorylation"], "other": ["Phosphorylation"]}
        self.chosen = None

    def choose_guidelines(self, names):
        self.chosen = names

    def __call__(self, doc):
        doc = find_events(doc)
        names = list(self.guidelines) if self.chosen is None else self.chosen
        events = [
            event._replace(trigger=Span(doc, event.trigger.start, event.trigger.end, event.label, span_id=name))
            for name in names
            for event in doc._.events
            if event.label == "Phosphorylation"
        ]
        doc._.events = events
        doc.spans["triggers"] = [event.trigger for event in events]
        doc.user_data["biomedplm_guidelines"] = list(self.guidelines)
        return doc


@pytest.fixture(scope="session")
def two_guidelines(tmp_path_factory):
    """A pipeline that finds events by two guidelines."""
    if not Language.has_factory("toy_guideline_events"):
        assigns = ["doc._.events"]
        Language.factory("toy_guideline_events", assigns=assigns, func=lambda nlp, name: ToyEvents(name))
    nlp = spacy.blank("en")
    nlp.add_pipe("toy_guideline_events")
    path = tmp_path_factory.mktemp("guidelines") / "model"
    nlp.to_disk(path)
    return str(path)


def test_answers_follow_one_guideline(run, two_guidelines, task, tmp_path):
    command = ["extract", task, "-m", two_guidelines, "-e", "given", "--format", "a2"]
    result = run(*command, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "[B635] Wanted --guideline one of toy, other with --format a2" in result.stderr
    assert run(*command, "-o", tmp_path / "out", "-g", "other").exit_code == 0
    lines = (tmp_path / "out" / "one.a2").read_text(encoding="utf8").splitlines()
    assert [line.split()[1].partition(":")[0] for line in lines if line[0] == "E"] == ["Phosphorylation"] * 2
    result = run(*command, "-o", tmp_path / "none", "-g", "bc5cdr")
    assert "[B632]" in result.stderr


def test_tables_say_which_guideline_an_event_follows(run, two_guidelines, task, tmp_path):
    out = tmp_path / "events.csv"
    assert run("extract", task, "-m", two_guidelines, "-e", "given", "--format", "csv", "-o", out).exit_code == 0
    with out.open(encoding="utf8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert sorted(row["guideline"] for row in rows) == ["other", "other", "toy", "toy"]


def test_gold_that_is_not_read_may_be_broken(run, event_model, task, tmp_path):
    (task / "one.a2").write_text(GOLD.replace("Theme:T3", "Theme:E2").replace("Theme:T7", "Theme:E1"), encoding="utf8")
    out = tmp_path / "out"
    assert run("extract", task, "-m", event_model, "-e", "given", "--format", "a2", "-o", out).exit_code == 0
