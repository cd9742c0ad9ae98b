import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.tables import read_tables
from spacy_biomedplm.documents import make_doc, make_record
from spacy_biomedplm.errors import BiomedplmError

FLAGS = "labels\tsentence\tindex\n0_0,1_1\tOne .\t7_s0\n0_1,1_0\tTwo .\t7_s1\n0_0,1_0\tThree .\t8_s0\n"
HOC = {"text": "sentence", "doc_id": "index", "labels": "labels", "flags": True, "names": {"0": "growth", "1": "death"}}


def read(path, **options):
    return list(read_tables(path, **options))


def test_read_tables_of_one_class(write):
    path = write("a.tsv", "index\tsentence\tlabel\nx\tA @GENE$ .\t1\nx\tB .\t0\n")
    first, second = read(path, text="sentence", doc_id="index", label="label", names={"0": "negative", "1": "positive"})
    assert (first.doc_id, first.text, first.labels) == ("x", "A @GENE$ .", {"negative": 0.0, "positive": 1.0})
    assert (second.doc_id, second.labels) == ("x#2", {"negative": 1.0, "positive": 0.0})
    assert first.infons == {}


def test_read_tables_without_names_keeps_the_class_of_the_file(write):
    path = write("a.jsonl", '{"text": "A", "label": "INHIBITOR", "metadata": []}\n{"text": "B", "label": ""}\n')
    first, second = read(path, label="label")
    assert (first.doc_id, first.labels, first.infons) == ("1", {"INHIBITOR": 1.0}, {"metadata": "[]"})
    assert second.labels == {}


def test_read_tables_of_pairs(write):
    path = write("a.tsv", "id\ta\tb\tscore\n9\tOne cell .\tTwo .\t3.4\n")
    (record,) = read(path, doc_id="id", text="a", text2="b", score="score")
    assert record.text == "One cell .\nTwo ."
    assert [(p.kind, record.text[p.start : p.end]) for p in record.passages] == [
        ("sentence1", "One cell ."),
        ("sentence2", "Two ."),
    ]
    assert record.labels == {"similarity": 3.4}


def test_read_tables_with_summaries(write):
    first, second = read_tables(write("a.csv", 'text,note,x\nLong.,"Sho""rt.",1\nLonger.,,2\n'), summary="note")
    assert (first.text, first.infons) == ("Long.", {"x": "1", "ideal_answers": '["Sho\\"rt."]'})
    assert second.infons == {"x": "2"}


def test_read_tables_of_several_classes(write):
    one, two, three = read(write("a.tsv", FLAGS), **HOC)
    assert one.labels == {"growth": 0.0, "death": 1.0}
    assert two.labels == {"growth": 1.0, "death": 0.0}
    assert not any(three.labels.values())
    (record,) = read(write("b.tsv", "text\tlabels\nA\tx; y;\n"), labels="labels", label_separator=";")
    assert record.labels == {"x": 1.0, "y": 1.0}


def test_read_tables_joins_the_rows_of_a_document(write):
    first, second = read(write("a.tsv", FLAGS), **HOC, group=r"(.+)_s\d+")
    assert (first.doc_id, first.text) == ("7", "One .\nTwo .")
    assert first.labels == {"growth": 1.0, "death": 1.0}
    assert [(p.kind, p.infons) for p in first.passages] == [
        ("sentence", {"id": "7_s0", "labels": "death"}),
        ("sentence", {"id": "7_s1", "labels": "growth"}),
    ]
    assert (second.doc_id, second.labels) == ("8", {"growth": 0.0, "death": 0.0})


@pytest.mark.parametrize(
    ("content", "options", "code"),
    [
        (FLAGS, {**HOC, "text": "text"}, "B426"),
        (FLAGS.replace("1_1", "1_2"), HOC, "B427"),
        (FLAGS.replace("1_1", "5_1"), HOC, "B427"),
        (FLAGS.replace("One .", " "), HOC, "B427"),
        ("text\tscore\nA\tx\n", {"score": "score"}, "B427"),
        ("text\tscore\nA\tnan\n", {"score": "score"}, "B427"),
        (FLAGS, {**HOC, "group": "("}, "B429"),
        (FLAGS, {**HOC, "group": ".+"}, "B429"),
        (FLAGS, {**HOC, "group": "(.)", "summary": "labels"}, "B429"),
        (FLAGS, {"text": "sentence", "summary": "note"}, "B426"),
        (FLAGS, {"text": "sentence", "flags": True}, "B429"),
        (FLAGS, {"text": "sentence", "text2": "index", "group": "(.)"}, "B429"),
        (FLAGS, {"text": "sentence", "text2": "index", "passage_kinds": ["a"]}, "B429"),
    ],
)
def test_read_tables_refuses(write, content, options, code):
    with pytest.raises(BiomedplmError, match=code):
        read(write("a.tsv", content), **options)


def test_read_tables_skips_broken_rows(write):
    report = Report(errors="skip")
    path = write("a.tsv", FLAGS.replace("1_1", "1_2"))
    assert [record.doc_id for record in read(path, report=report, **HOC)] == ["7_s1", "8_s0"]
    assert report.problems[0].doc_id == "7_s0"


CELLS = st.text(st.characters(exclude_characters="\t\n\r", exclude_categories=["Cs"]), min_size=1).filter(str.strip)


@given(st.lists(st.tuples(CELLS, CELLS, st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=3))
@settings(max_examples=200)
def test_read_tables_round_trip(tmp_path_factory, vocab, rows):
    path = tmp_path_factory.mktemp("tables") / "a.tsv"
    path.write_bytes("".join(f"{one}\t{two}\t{score!r}\n" for one, two, score in rows).encode())
    found = read(path, columns=["a", "b", "s"], text="a", text2="b", score="s")
    # A byte order mark at the beginning of a file is not text.
    wanted = [(one.removeprefix("\ufeff") if not n else one, two) for n, (one, two, _) in enumerate(rows)]
    assert [tuple(record.text[p.start : p.end] for p in record.passages) for record in found] == wanted
    assert [record.labels["similarity"] for record in found] == [score for _, _, score in rows]
    for record in found:
        assert make_record(make_doc(vocab, fit(record, Report()))) == record


@given(st.binary(max_size=200))
@settings(max_examples=200)
def test_read_tables_raises_its_own_error_only(tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("bytes")
    for name in ("a.tsv", "a.csv", "a.jsonl", "a.tsv.gz"):
        path = folder / name
        path.write_bytes(b"text\tlabel\n" + data if name == "a.tsv" else data)
        for report in (Report(), Report(errors="skip")):
            try:
                read(path, report=report, label="label", columns=["text", "label"] if name == "a.csv" else None)
            except BiomedplmError:
                continue
