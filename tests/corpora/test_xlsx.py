import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.rows import read_rows
from spacy_biomedplm.errors import BiomedplmError

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="{kind}/worksheet" Target="worksheets/sheet1.xml"/>'
    '<Relationship Id="rId2" Type="{kind}/styles" Target="styles.xml"/>'
    '<Relationship Id="rId3" Type="{kind}/sharedStrings" Target="/xl/sharedStrings.xml"/></Relationships>'
)
STRINGS = (
    "<si><t>ID</t></si><si><t>Text</t></si><si><r><t>Is it </t></r><r><rPr/><t xml:space='preserve'>flu?</t></r>"
    "<rPh><t>furu</t></rPh></si><si><t>A_x000D_B_x005F_x000A_</t></si>"
)
ROWS = (
    '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c><c r="C1" s="4"/></row>'
    '<row r="2"><c r="A2"><v>7</v></c><c r="B2" t="s"><v>2</v></c></row>'
    '<row r="3"/>'
    '<row r="5"><c r="B5" t="inlineStr"><is><t>No &lt; 3</t></is></c></row>'
    '<row><c t="str"><f>1+1</f><v>2</v></c><c t="s"><v>3</v></c></row>'
)
WANTED = [
    (2, {"ID": "7", "Text": "Is it flu?"}),
    (5, {"ID": "", "Text": "No < 3"}),
    (6, {"ID": "2", "Text": "A\rB_x000A_"}),
]


def parts(rows=ROWS, *, space=MAIN, strings=STRINGS):
    return {
        "xl/_rels/workbook.xml.rels": RELATIONS.format(kind=space),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{space}"><sheetData>{rows}</sheetData></worksheet>',
        "xl/sharedStrings.xml": f'<sst xmlns="{space}">{strings}</sst>',
    }


def pack(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def read(path, report=None, **options):
    return [(row.line, dict(row.values)) for row in read_rows(path, report or Report(), **options)]


@pytest.mark.parametrize("space", [MAIN, STRICT])
def test_read_rows_of_a_workbook(write, space):
    assert read(write("A.XLSX", pack(parts(space=space)))) == WANTED


def test_read_rows_of_a_workbook_with_given_columns(write):
    path = write("a.xlsx", pack(parts()))
    assert read(path, columns=["id", "text"])[:2] == [
        (1, {"id": "ID", "text": "Text"}),
        (2, {"id": "7", "text": "Is it flu?"}),
    ]


def test_read_rows_of_a_workbook_wants_no_more_cells_than_columns(write):
    path = write("a.xlsx", pack(parts(ROWS + '<row r="9"><c r="A9"><v>1</v></c><c r="D9"><v>8</v></c></row>')))
    with pytest.raises(BiomedplmError, match=r"B425.*line 9: 3 columns, wanted 2"):
        read(path)
    report = Report(errors="skip")
    assert read(path, report) == WANTED
    assert report.counts == {"dropped": 1}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"xl/_rels/workbook.xml.rels": None}, "is not in it"),
        ({"xl/_rels/workbook.xml.rels": "<x"}, "B428"),
        ({"xl/sharedStrings.xml": None}, "'xl/sharedStrings.xml' is not in it"),
        ({"xl/sharedStrings.xml": "<!DOCTYPE sst [<!ENTITY a 'b'>]><sst>&a;</sst>"}, "document type declaration"),
        ({"xl/worksheets/sheet1.xml": "<worksheet><row>"}, r"sheet1\.xml', line 1"),
        ({"xl/worksheets/sheet1.xml": '<w><row r="x"/></w>'}, "'x' is no whole number"),
        ({"xl/worksheets/sheet1.xml": '<w><row r="99999999999999999999"/></w>'}, "is no whole number"),
        ({"xl/worksheets/sheet1.xml": '<w><row><c r="XFE1"><v>1</v></c></row></w>'}, "'XFE1' is no cell"),
        ({"xl/worksheets/sheet1.xml": '<w><row><c r="1"><v>1</v></c></row></w>'}, "'1' is no cell"),
        ({"xl/worksheets/sheet1.xml": '<w><row><c t="s"><v>4</v></c></row></w>'}, "the text 4 of 4"),
        ({"xl/worksheets/sheet1.xml": '<w><row><c t="s"><v>-1</v></c></row></w>'}, "'-1' is no whole number"),
        ({"xl/worksheets/sheet1.xml": "<w><row><c><f>A2</f></c></row></w>"}, "a formula has no value"),
    ],
)
def test_read_rows_says_what_is_wrong_with_a_workbook(write, change, said):
    files = {name: content for name, content in {**parts(), **change}.items() if content is not None}
    path = write("a.xlsx", pack(files))
    with pytest.raises(BiomedplmError, match=said):
        read(path)
    with pytest.raises(BiomedplmError, match="B438"):
        read(path, Report(errors="repair"))


def test_read_rows_reads_one_sheet_only(write):
    files = parts()
    more = '<Relationship Type="/worksheet" Target="worksheets/sheet2.xml"/></Relationships>'
    files["xl/_rels/workbook.xml.rels"] = files["xl/_rels/workbook.xml.rels"].replace("</Relationships>", more)
    files["xl/worksheets/sheet2.xml"] = "<worksheet><sheetData/></worksheet>"
    assert read(write("a.xlsx", pack(files))) == WANTED
    files["xl/worksheets/sheet2.xml"] = files["xl/worksheets/sheet1.xml"]
    with pytest.raises(BiomedplmError, match="2 of its sheets have cells"):
        read(write("a.xlsx", pack(files)))


def test_read_rows_wants_an_archive(write, tmp_path):
    with pytest.raises(BiomedplmError, match=r"B428.*no ZIP archive"):
        read(write("a.xlsx", "ID,Text\n"))
    with pytest.raises(BiomedplmError, match="B401"):
        read(tmp_path / "none.xlsx")


def test_read_rows_refuses_a_bomb(write):
    files = parts()
    files["xl/worksheets/sheet1.xml"] = " " * (1 << 27)
    with pytest.raises(BiomedplmError, match="B437"):
        read(write("a.xlsx", pack(files)))


@given(st.integers(0, 2000), st.binary(min_size=1, max_size=8))
@settings(max_examples=200)
def test_read_rows_of_broken_workbooks_raises_its_own_error_only(tmp_path_factory, at, change):
    content = pack(parts())
    path = tmp_path_factory.mktemp("bytes") / "a.xlsx"
    path.write_bytes(content[:at] + change + content[at + len(change) :])
    for mode in ("raise", "repair"):
        try:
            read(path, Report(errors=mode))
        except BiomedplmError:
            continue
