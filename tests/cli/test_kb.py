import json
import shutil

import pytest

SOURCES = """\
D000001|100001||Heart Attack|Infarct of heart
D000002||Fever|FEVERS
D000003||Yellow Fever
D000004||Cold
"""
ONTOLOGY = """\
format-version: 1.2
data-version: 2024-01-01

[Term]
id: DOID:1
name: fever
def: "Warmth of the body." []
synonym: "pyrexia" EXACT []
xref: MESH:D000002

[Term]
id: DOID:2
name: yellow fever of old
synonym: "fever, yellow [old]" RELATED []
is_a: DOID:1
"""
CONFIG = """\
name = "toy"

[mapping]
to = ["MESH"]

[[sources]]
path = "medic.txt"
format = "medic"
name = "MEDIC"
types = ["T047"]
licence = "own"

[[sources]]
path = "do.obo"
format = "obo"
name = "DO"
same_as = ["MESH"]
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kb")
    for name, text in (("medic.txt", SOURCES), ("do.obo", ONTOLOGY), ("toy.toml", CONFIG)):
        (folder / name).write_text(text, encoding="utf8")
    return folder


@pytest.fixture
def kb(files, run):
    if not (files / "kb").exists():
        result = run("kb", "build", files / "toy.toml", "-o", files / "kb", "--indexes")
        assert result.exit_code == 0, result.output
        assert "toy: 5 concepts, 10 names" in result.output
        assert "exact, ngrams" in result.output
    return files / "kb"


def flat(result):
    return " ".join(result.output.split())


def test_build_takes_sources(run, files, tmp_path):
    result = run("kb", "build", f"medic:{files / 'medic.txt'}", files / "do.obo", "-o", tmp_path / "two", "--json")
    assert result.exit_code == 0, result.output
    record = json.loads(result.stdout)
    assert (record["name"], record["counts"]["concepts"], record["counts"]["definitions"]) == ("two", 6, 1)
    assert [(one["name"], one["format"], one["names"]) for one in record["sources"]] == [
        ("medic", "medic", 6),
        ("do", "obo", 4),
    ]
    options = ("--from", "obo", "--name", "new", "--no-definitions", "--term-type", "name", "--json")
    record = json.loads(run("kb", "build", files / "do.obo", "-o", tmp_path / "one", *options).stdout)
    assert (record["name"], record["counts"]["names"], record["counts"]["definitions"]) == ("new", 2, 0)


@pytest.mark.parametrize(
    ("code", "arguments"),
    [
        ("B567", ("toy.toml", "do.obo")),
        ("B567", ("toy.toml", "--from", "obo")),
        ("B568", ("do.obo", "--from", "owl")),
        ("B569", ("do.obo", "--from", "medic")),
        ("B572", ("toy.toml", "--group", "NONE")),
        ("B572", ("toy.toml", "--type", "T023")),
        ("B401", ("missing.obo",)),
    ],
)
def test_build_refuses_what_cannot_be(code, arguments, run, files, tmp_path):
    paths = [files / one if "." in one else one for one in arguments]
    result = run("kb", "build", *paths, "-o", tmp_path / "new")
    assert result.exit_code == 1
    assert code in result.output
    assert list(tmp_path.iterdir()) == []


def test_build_does_not_touch_what_is_there(run, files, kb):
    result = run("kb", "build", files / "toy.toml", "-o", kb)
    assert result.exit_code == 1
    assert "B564" in result.output


def test_search_finds_names(run, kb):
    rows = json.loads(run("kb", "search", "fevers, yellow", "--kb", kb, "--json").stdout)
    assert (rows[0]["id"], rows[0]["name"], rows[0]["types"]) == ("MESH:D000003", "Yellow Fever", ["T047"])
    assert set(rows[0]["evidence"]) <= {"exact", "ngrams"}
    assert rows[0]["score"] > rows[1]["score"]
    table = run("kb", "search", "pyrexia", "--kb", kb).stdout
    assert "MESH:D000002" in table
    assert "Disease or Syndrome" in table


def test_search_keeps_to_filters(run, kb):
    def ids(*options):
        result = run("kb", "search", "yellow fever", "--kb", kb, "--json", *options)
        assert result.exit_code == 0, result.output
        return [row["id"] for row in json.loads(result.stdout)]

    assert ids("-k", 1) == ["MESH:D000003"]
    assert ids("-k", 1, "--source", "DO") == ["DOID:2"]
    assert ids("--group", "DISO") == ids("--type", "T047") == ["MESH:D000003", "MESH:D000002"]
    assert ids("--term-type", "RELATED") == ["DOID:2"]
    for option, value in (("--source", "GO"), ("--language", "xx"), ("--type", "T001"), ("--group", "ABCD")):
        assert "B572" in run("kb", "search", "fever", "--kb", kb, option, value).output
    assert "B595" in run("kb", "search", "fever", "--kb", kb, "-k", 0).output


def test_search_says_why_nothing_was_found(run, kb, tmp_path):
    def found(base, *options):
        result = run("kb", "search", "fever", "--kb", base, *options)
        assert result.exit_code == 0, result.output
        return flat(result)

    (tmp_path / "plain.tsv").write_text("id\tname\nX:1\tfever\n", encoding="utf8")
    assert run("kb", "build", tmp_path / "plain.tsv", "-o", tmp_path / "plain").exit_code == 0
    assert "Its concepts have no semantic types" in found(tmp_path / "plain", "--group", "DISO")
    assert "No concept is of the group CHEM; there are: DISO." in found(kb, "--group", "CHEM")
    assert "MESH:D000002" in found(kb, "--suppressed", "--language", "ENG")
    text = flat(run("kb", "search", "qqqqqq", "--kb", kb, "--suppressed", "--obsolete"))
    assert "Nothing was found. The base was built without suppressed names" in text
    assert "`biomedplm kb build --obsolete` keeps them" in text


def test_search_works_without_indexes(run, files, tmp_path, monkeypatch, tiny_plm):
    assert run("kb", "build", files / "toy.toml", "-o", tmp_path / "kb").exit_code == 0
    monkeypatch.setenv("BIOMEDPLM_KB", str(tmp_path))
    result = run("kb", "search", "FEVERS (yellow)", "--kb", "kb")
    assert "no indexes" in result.stderr
    assert "MESH:D000003" in result.stdout
    assert "Nothing was found" in run("kb", "search", "fevr", "--kb", "kb").stdout
    assert "Nothing was found" in run("kb", "search", "–", "--kb", "kb").stdout
    assert "exact, ngrams" in run("kb", "index", "kb").stderr
    assert "All indexes" in run("kb", "index", "kb").stderr
    assert "MESH:D000002" in run("kb", "search", "fevr", "--kb", "kb").stdout
    assert "dense" in run("kb", "index", "kb", "--encoder", tiny_plm("bert")).stderr
    assert "All indexes" in run("kb", "index", "kb", "--encoder", tiny_plm("bert")).stderr
    assert run("kb", "index", "kb", "--encoder", tmp_path / "none").exit_code == 0


def test_show_says_everything(run, kb):
    record = json.loads(run("kb", "show", "msh:D000002", "--kb", kb, "--json").stdout)
    assert (record["id"], record["definition"]) == ("MESH:D000002", "Warmth of the body.")
    assert record["type_names"] == {"T047": "Disease or Syndrome"}
    assert record["children"] == {"DOID:2": "yellow fever of old"}
    text = flat(run("kb", "show", "DOID:1", "--kb", kb))
    for part in (
        "MESH:D000002: Fever",
        "stands for │ DOID:1",
        "names, MEDIC",
        "pyrexia (EXACT)",
        "DOID:2 yellow fever of old",
    ):
        assert part in text
    assert "[old]" in run("kb", "show", "DOID:2", "--kb", kb).stdout


def test_show_names_what_is_near_an_unknown_id(run, kb):
    result = run("kb", "show", "MESH:D0000031", "--kb", kb)
    assert result.exit_code == 1
    assert "B566" in result.output
    assert "MESH:D000003, MESH:D000004" in flat(result)


def test_info_says_what_is_there(run, kb):
    record = json.loads(run("kb", "info", kb, "--json").stdout)
    assert record["counts"]["concepts"] == 5
    assert record["prefixes"] == {"DOID": 1, "MESH": 4}
    assert record["groups"] == {"DISO": 4}
    assert record["indexes"] == ["exact", "ngrams"]
    assert {one["name"]: one["names"] for one in record["sources"]} == {"MEDIC": 6, "DO": 4}
    text = flat(run("kb", "info", kb, "--verify"))
    assert "own" in text
    assert "2024-01-01" in text


def break_index(kb, how):
    path = kb / "ngrams" / ("index.json" if how == "description" else "scales.bin")
    if not path.exists():
        path = max((kb / "ngrams").glob("*.bin"), key=lambda one: one.stat().st_size)
    if how == "flipped":
        raw = bytearray(path.read_bytes())
        raw[len(raw) // 2] ^= 1
        path.write_bytes(raw)
    else:
        path.unlink()
    return path.name


@pytest.mark.parametrize("how", ["flipped", "missing", "description"])
def test_a_damaged_index_is_found_and_made_anew(run, files, kb, tmp_path, how):
    own = tmp_path / "kb"
    shutil.copytree(kb, own)
    before = {path.name: path.read_bytes() for path in (own / "ngrams").iterdir()}
    assert run("kb", "info", own, "--verify").exit_code == 0
    name = break_index(own, how)
    result = run("kb", "info", own, "--verify")
    assert result.exit_code == 1
    assert "B594" in result.output
    assert f"ngrams/{name}" in "".join(result.output.split())
    text = flat(run("kb", "index", own))
    assert "ngrams is made anew" in text
    assert "B594" in text
    assert "exact is made anew" not in text
    assert {path.name: path.read_bytes() for path in (own / "ngrams").iterdir()} == before
    assert "All indexes" in run("kb", "index", own).stderr


def test_a_damaged_dense_index_needs_its_encoder(run, kb, tmp_path, tiny_plm):
    own = tmp_path / "kb"
    shutil.copytree(kb, own)
    assert run("kb", "index", own, "--encoder", tiny_plm("bert")).exit_code == 0
    (own / "dense" / "index.json").unlink()
    assert "dense/index.json" in "".join(run("kb", "info", own, "--verify").output.split())
    result = run("kb", "index", own)
    assert (result.exit_code, "B594" in result.output) == (1, True)
    assert "dense is made anew" in flat(run("kb", "index", own, "--encoder", tiny_plm("bert")))
    assert run("kb", "info", own, "--verify").exit_code == 0


def test_info_lists_mappings(run, files, tmp_path):
    matches = "subject_id\tpredicate_id\tobject_id\nDOID:2\tskos:exactMatch\tMESH:D000002\n"
    (tmp_path / "do.sssom.tsv").write_text(matches, encoding="utf8")
    table = '[[mapping.files]]\npath = "do.sssom.tsv"\nlicence = "CC0 of toys"\n\n[[sources]]'
    config = CONFIG.replace("[[sources]]", table, 1).replace('path = "medic', f'path = "{files}/medic')
    (tmp_path / "toy.toml").write_text(config.replace('path = "do.obo', f'path = "{files}/do.obo'), encoding="utf8")
    assert run("kb", "build", tmp_path / "toy.toml", "-o", tmp_path / "kb").exit_code == 0
    assert json.loads(run("kb", "info", tmp_path / "kb", "--json").stdout)["mappings"] == [
        {"name": "do.sssom", "licence": "CC0 of toys"}
    ]
    assert "no names; CC0 of toys" in flat(run("kb", "info", tmp_path / "kb"))


def test_info_refuses_what_is_no_base(run, tmp_path):
    result = run("kb", "info", tmp_path)
    assert result.exit_code == 1
    assert "B575" in result.output


def test_diff_counts_and_lists(run, files, kb, tmp_path):
    run("kb", "build", f"medic:{files / 'medic.txt'}", "-o", tmp_path / "old")
    result = run("kb", "diff", tmp_path / "old", kb, "--json")
    rows = {row["id"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert rows["DOID:2"]["kind"] == "added"
    assert rows["MESH:D000002"]["fields"]["names"] == {"removed": [], "added": ["fever", "pyrexia"]}
    text = flat(run("kb", "diff", tmp_path / "old", kb, "--limit", 1))
    assert "added: 1" in text
    assert "changed: types: 4" in text
    assert "No difference" in run("kb", "diff", kb, kb).output


def test_export_writes_files(run, kb, tmp_path):
    result = run("kb", "export", kb, "-o", tmp_path / "kb.jsonl")
    assert "5 concepts" in result.stderr
    assert len((tmp_path / "kb.jsonl").read_text(encoding="utf8").splitlines()) == 5
    assert "B620" in run("kb", "export", kb, "-o", tmp_path / "kb.jsonl").output
    run("kb", "export", kb, "-o", tmp_path / "kb.scispacy.jsonl", "--format", "scispacy", "--source", "DO")
    rows = [json.loads(line) for line in (tmp_path / "kb.scispacy.jsonl").read_text(encoding="utf8").splitlines()]
    assert [row["concept_id"] for row in rows] == ["DOID:2", "MESH:D000002"]


@pytest.mark.parametrize("form", ["jsonl", "tsv"])
def test_export_writes_to_standard_output(run, kb, tmp_path, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    run("kb", "export", kb, "-o", "kb.text", "--format", form)
    result = run("kb", "export", kb, "-o", "-", "--format", form)
    assert result.exit_code == 0
    assert result.stdout == (tmp_path / "kb.text").read_text(encoding="utf8")
    assert "5 concepts written to standard output" in result.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["kb.text"]
