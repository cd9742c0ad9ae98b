"""From one format through another and back: what both can express stays as it is."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora import Report, fit, read_brat, read_pubtator
from spacy_biomedplm.corpora.bioc import read_bioc_json, read_bioc_xml
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.bioc import write_bioc_json, write_bioc_xml
from spacy_biomedplm.writers.brat import write_a2, write_brat
from spacy_biomedplm.writers.pubtator import format_pubtator

Reader = Callable[..., Iterator[DocumentRecord]]
Writer = Callable[[Iterable[DocumentRecord], Path, "Counter[str]"], None]
both = pytest.mark.parametrize(
    ("write", "read"), [(write_bioc_xml, read_bioc_xml), (write_bioc_json, read_bioc_json)], ids=["xml", "json"]
)

TEXT = "Inducing IL-4 blocks β-catenin,\nperhaps also γ-catenin binding to DNA.\n"
GIVEN = """\
T1\tProtein 9 13\tIL-4
T2\tProtein 21 30\tβ-catenin
T3\tProtein 45 54\tγ-catenin
"""
ASKED = """\
T4\tPositive_regulation 0 8\tInducing
T5\tNegative_regulation 14 20\tblocks
T6\tBinding 55 62\tbinding
T7\tSite 66 69\tDNA
E1\tPositive_regulation:T4 Theme:T1
E2\tNegative_regulation:T5 Cause:E1 Theme:E3
E3\tBinding:T6 Theme:T2 Theme2:T3 Site:T7
M1\tSpeculation E3
M2\tNegation E2
*\tEquiv T2 T3
"""
FREE = """\
T1\tGene 21 22;23 30\tβ catenin
T2\tGene 45 54\tγ-catenin
T3\tCue 32 39\tperhaps
E1\tDoubt:T3 Theme:T2
R1\tSimilar Arg1:T1 Arg2:T2
A1\tCertain T2
A2\tLevel R1 low
N1\tReference T2 NCBIGene:3728\tJUP
N2\tReference T2 UniProt:P14923\tplakoglobin
#1\tAnnotatorNotes T1\tlook it up; twice
#2\tAnnotatorNotes E1\tor not
*\tAlias T1 T2
"""


def through(records: Iterable[DocumentRecord], write: Writer, read: Reader, folder: Path) -> list[DocumentRecord]:
    losses = Counter[str]()
    write(records, folder / "through", losses)
    assert not losses
    return [fit(record, Report()) for record in read(folder / "through")]


@both
@pytest.mark.parametrize(
    ("files", "write_standoff"),
    [({"a.txt": TEXT, "a.a1": GIVEN, "a.a2": ASKED}, write_a2), ({"a.txt": TEXT, "a.ann": FREE}, write_brat)],
    ids=["a2", "brat"],
)
def test_standoff_through_bioc(
    files: dict[str, str], write_standoff: Writer, write: Writer, read: Reader, tmp_path: Path
) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name, content in files.items():
        (source / name).write_bytes(content.encode())
    records = [fit(record, Report()) for record in read_brat(source)]
    assert records[0].events
    found = through(records, write, read, tmp_path)
    assert found == records
    write_standoff(found, tmp_path / "back", Counter())
    for name, content in files.items():
        assert sorted((tmp_path / "back" / name).read_text(encoding="utf8").split("\n")) == sorted(content.split("\n"))


PUBTATOR = """\
7|t|Abenol & <pain>
7|a|It stops neck and back pain in p.V600E carriers.
7\t0\t6\tAbenol\tChemical\tMESH:D1
7\t25\t43\tneck and back pain\tDisease\tD2|D3\tneck pain|back pain
7\t47\t54\tp.V600E\tVariant\tp|SUB|V|600|E;Gene:673;RS#:113
7\t25\t29\tneck\tPart
7\t30\t33\tand\tOther\t-
7\t16\t18\tIt\tOther\t
7\tCID\tD1\tD2
7\tAssociation\tD2\tp|SUB|V|600|E\tNovel

8|t|
8|a|No title

"""


@both
def test_pubtator_through_bioc(write: Writer, read: Reader, tmp_path: Path) -> None:
    path = tmp_path / "a.pubtator"
    path.write_text(PUBTATOR, encoding="utf8", newline="")
    records = [fit(record, Report()) for record in read_pubtator(path)]
    found = through(records, write, read, tmp_path)
    assert found == records
    losses = Counter[str]()
    assert "".join(format_pubtator(record, losses) for record in found) == PUBTATOR
    assert not losses


WORD = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="\ufffe\uffff"),
    min_size=1,
    max_size=6,
)
COLUMN = st.sampled_from([[], ["-"], [""], ["D1"], ["D1|D2"], ["1;2,-1"], ["c|DEL|1|"], ["MESH:D1", "x|y"], ["-", ""]])


@both
@settings(max_examples=100)
@given(title=st.lists(WORD, max_size=4), body=st.lists(WORD, min_size=1, max_size=6), data=st.data())
def test_any_pubtator_through_bioc(
    title: list[str],
    body: list[str],
    data: st.DataObject,
    write: Writer,
    read: Reader,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("cross")
    text = f"{' '.join(title)} {' '.join(body)}"
    lines = [f"1|t|{' '.join(title)}", f"1|a|{' '.join(body)}"]
    for _ in range(data.draw(st.integers(0, 4))):
        start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
        lines.append("\t".join(["1", str(start), str(end), text[start:end], data.draw(WORD), *data.draw(COLUMN)]))
    content = "\n".join([*lines, "1\tCID\tD1\tD2", "1\tBinds\t1\t2\tNo", "", ""])
    (folder / "a.txt").write_text(content, encoding="utf8", newline="")
    records = [fit(record, Report()) for record in read_pubtator(folder / "a.txt")]
    found = through(records, write, read, folder)
    assert found == records
    assert "".join(format_pubtator(record, Counter()) for record in found) == content


@pytest.mark.corpora
def test_files_of_bc5cdr_come_out_as_they_are(corpora_folder: Path) -> None:
    folder = corpora_folder / "bc5cdr"
    for path in sorted(folder.glob("*.PubTator.txt")):
        losses = Counter[str]()
        written = "".join(format_pubtator(record, losses) for record in read_pubtator(path))
        assert written == path.read_text(encoding="utf8")
        assert not losses
    report = Report("repair")
    records = [fit(record, report) for record in read_bioc_xml(folder / "BioC.tar.gz")]
    # Four discontinuous mentions lie one or two characters off.
    assert (len(records), report.counts) == (1500, {"repaired": 4})
