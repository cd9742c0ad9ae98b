import pytest

from spacy_biomedplm.corpora.problems import Report


@pytest.mark.parametrize(
    ("path", "other", "counted"),
    [
        ("/a/b", "/a/b", True),
        ("/a/b", "/a/b/c.xml", True),
        ("/a/b.zip", "/a/b.zip:c.xml", True),
        (".", "c.xml", True),
        ("/a/b", "/a/bc", False),
        ("/a/b", "/a", False),
    ],
)
def test_nothing_read_names_what_was_left_out_of_the_same_files(path: str, other: str, counted: bool) -> None:
    report = Report(errors="skip")
    report.drop("this is broken", path=other)
    message = str(report.nothing_read(path, "documents"))
    assert ("B438" in message and "this is broken" in message) == counted
    assert ("B408" in message) != counted
