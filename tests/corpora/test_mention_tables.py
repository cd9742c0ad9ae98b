import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.mention_tables import read_mention_tables
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError

PAIR = {
    "mentions": [
        {"text": "gene", "start": "gs", "end": "ge", "label": "Gene", "concept": "gid", "resource": "NCBI Gene"},
        {"text": "sign", "start": "ss", "end": "se", "label": "Sign"},
    ],
    "relation": {"label": "causes", "column": "rel", "positive": "True"},
}
HEAD = "id\ttext\tgene\tsign\tgid\tgs\tge\tss\tse\trel\tnote\n"
ROWS = HEAD + (
    "1\tABC1 and fever and cough\tABC1\tfever\t77\t0\t4\t9\t14\tTrue\tx\n"
    "1\tABC1 and fever and cough\tABC1\tcough\t77\t0\t4\t19\t24\tFalse\ty\n"
    "1\tOther fever by ABC1\tABC1\tfever\t\t15\t19\t6\t11\tTrue\tz\n"
)
ADE = {
    "columns": ["id", "text", "effect", "es", "ee", "drug", "ds", "de"],
    "delimiter": "|",
    "doc_id": "id",
    "offsets": "document",
    "mentions": [
        {"text": "drug", "start": "ds", "end": "de", "label": "Drug"},
        {"text": "effect", "start": "es", "end": "ee", "label": "Effect"},
    ],
    "relation": {"label": "ADE"},
}


def read(path, **options):
    return list(read_mention_tables(path, **options))


def shown(record):
    return [(m.id, m.label, record.text_of(m)) for m in record.mentions]


def test_read_mention_tables_joins_the_rows_of_a_text(write):
    first, second = read(write("a.tsv", ROWS), doc_id="id", **PAIR)
    assert (first.doc_id, second.doc_id) == ("1", "1#2")
    assert shown(first) == [("T1", "Gene", "ABC1"), ("T2", "Sign", "fever"), ("T3", "Sign", "cough")]
    assert [c.id for c in first.mentions[0].concepts] == ["77"]
    (relation,) = first.relations
    assert (relation.label, [a.target for a in relation.arguments]) == ("causes", ["T1", "T2"])
    assert first.infons == {"unrelated": "T1 T3", "note": "x; y"}
    assert second.mentions[0].concepts == ()
    assert len(second.relations) == 1


def test_read_mention_tables_places_offsets_of_the_document(write):
    # "rash" is there twice; its distance from the drug tells which is meant. The sentence begins at 96.
    text = "rash now, later rash by drugX"
    rows = f"7|{text}|rash|112|116|drugX|120|125\n7|{text}|rash|96|100|drugX|120|125\n"
    (record,) = read(write("a.rel", rows), **ADE)
    assert shown(record) == [("T1", "Drug", "drugX"), ("T2", "Effect", "rash"), ("T3", "Effect", "rash")]
    assert [m.fragments[0][0] for m in record.mentions] == [24, 16, 0]
    assert [len(r.arguments) for r in record.relations] == [2, 2]


def test_read_mention_tables_tells_repeated_pairs_apart_by_their_distance(write):
    text = "rash by drugX; rash by drugX"
    rows = f"7|{text}|rash|50|54|drugX|58|63\n7|{text}|rash|65|69|drugX|73|78\n"
    (record,) = read(write("a.rel", rows), **ADE)
    assert [m.fragments[0][0] for m in record.mentions] == [8, 0, 23, 15]


def test_read_mention_tables_finds_mentions(write):
    rows = "C1||cat||a category, a <tgt>CAT</tgt>, a cat\nC2||cat||categories and a cat\nC3||cat||concatenate\n"
    mention = {"text": "m", "label": "Concept", "concept": "c", "resource": "UMLS"}
    options = {"columns": ["c", "m", "text"], "delimiter": "||", "offsets": "find", "mentions": [mention]}
    records = read(write("a.txt", rows), **options)
    assert [record.mentions[0].fragments[0] for record in records] == [(19, 22), (17, 20), (3, 6)]
    assert [fit(record, Report()) and record.mentions[0].concepts[0].id for record in records] == ["C1", "C2", "C3"]


def test_read_mention_tables_takes_the_whole_text(write):
    options = {
        "columns": ["c", "text"],
        "delimiter": "\t",
        "quoted": True,
        "mentions": [{"label": "ADR", "concept": "c"}],
    }
    (record,) = read(write("a.txt", '9\t"felt ""flat"""\n'), **options)
    assert shown(record) == [("T1", "ADR", 'felt "flat"')]


@pytest.mark.parametrize(
    ("content", "options", "code"),
    [
        (ROWS.replace("\t9\t14", "\t9\tx"), PAIR, "B427"),
        (ROWS.replace("\t9\t14", "\t9\t" + "1" * 5000), PAIR, "B427"),
        (ROWS, {**PAIR, "text": "nothing"}, "B426"),
        (ROWS, {**PAIR, "offsets": "elsewhere"}, "B429"),
        (ROWS, {"mentions": []}, "B429"),
        (ROWS, {"mentions": [{"text": "gene"}]}, "B429"),
        (ROWS, {"mentions": [{"label": "x", "begin": "gs"}]}, "B429"),
        (ROWS, {"mentions": PAIR["mentions"][:1], "relation": {"label": "x"}}, "B429"),
    ],
)
def test_read_mention_tables_refuses(write, content, options, code):
    with pytest.raises(BiomedplmError, match=code):
        read(write("a.tsv", content), **options)


def test_read_mention_tables_skips_what_cannot_be_found(write):
    report = Report(errors="skip")
    (record,) = read(write("a.rel", "7|rash by drugX|cough|50|55|drugX|58|63\n"), report=report, **ADE)
    assert (record.mentions, record.relations) == ((), ())
    assert report.counts["dropped"] == 1


@given(st.binary(max_size=150), st.sampled_from(["text", "document", "find"]))
@settings(max_examples=200)
def test_read_mention_tables_raises_its_own_error_only(tmp_path_factory, data, offsets):
    path = tmp_path_factory.mktemp("bytes") / "a.rel"
    path.write_bytes(b"7|rash by drugX|rash|50|54|drugX|58|63\n8|" + data)
    for report in (Report(), Report(errors="repair")):
        try:
            for record in read(path, report=report, **{**ADE, "offsets": offsets}):
                fit(record, report)
        except BiomedplmError:
            continue
