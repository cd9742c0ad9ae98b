from pathlib import Path

import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.assembly import assemble
from spacy_biomedplm.kb.config import KbConfig, MappingConfig, MappingFile, SourceConfig, read_config
from spacy_biomedplm.kb.filters import Filters

WHOLE = """
name = "diseases"
definitions = false
xref_prefixes = ["MESH"]
errors = "skip"

[filters]
languages = ["en"]
obsolete = true

[mapping]
to = ["UMLS"]

[[mapping.files]]
path = "mondo.sssom.tsv"
licence = "CC BY 4.0"

[[mapping.files]]
path = "own.sssom.tsv"
name = "own"

[[sources]]
path = "$BIOMEDPLM_CORPORA/kb/doid.obo.gz"
format = "obo"
name = "DO"
prefixes = ["DOID"]
term_types = ["name", "EXACT"]
types = ["T047"]
same_as = ["UMLS"]
licence = "CC0"
options = { language = "en" }

[[sources]]
path = "genes/gene_info"
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "kb.toml"
    path.write_text(text, encoding="utf8")
    return path


def test_read_config_fills_every_part(tmp_path, monkeypatch):
    monkeypatch.setenv("BIOMEDPLM_CORPORA", "/corpora")
    do = SourceConfig(
        Path("/corpora/kb/doid.obo.gz"),
        "obo",
        "DO",
        prefixes=("DOID",),
        term_types=("name", "EXACT"),
        types=("T047",),
        same_as=("UMLS",),
        licence="CC0",
        options={"language": "en"},
    )
    assert read_config(write(tmp_path, WHOLE)) == KbConfig(
        "diseases",
        (do, SourceConfig(tmp_path / "genes" / "gene_info")),
        mapping=MappingConfig(
            ("UMLS",),
            (
                MappingFile(tmp_path / "mondo.sssom.tsv", licence="CC BY 4.0"),
                MappingFile(tmp_path / "own.sssom.tsv", "own"),
            ),
        ),
        filters=Filters(languages=("en",), obsolete=True),
        definitions=False,
        xref_prefixes=("MESH",),
        errors="skip",
    )


def test_read_config_needs_the_folder_of_corpora_only_where_it_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("BIOMEDPLM_CORPORA", raising=False)
    with pytest.raises(BiomedplmError, match="B416"):
        read_config(write(tmp_path, WHOLE))
    read_config(write(tmp_path, 'name = "a"\n[[sources]]\npath = "a.obo"\n'))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name = ", "Invalid value"),
        ('name = "a"', "needs 'sources'"),
        ('name = "a"\nsources = []', r"no \[\[sources\]\]"),
        ('name = "a"\nsources = [1]', "number 1 is 1, wanted a table"),
        ('name = "a"\n[[sources]]\nformat = "obo"', "needs 'path'"),
        ('name = "a"\n[[sources]]\npath = ""', "wanted a path"),
        ('name = "a"\n[[sources]]\npath = "a"\nprefix = ["DOID"]', "no 'prefix'.*prefixes"),
        ('name = "a"\nfilter = 1\n[[sources]]\npath = "a"', "no 'filter'.*filters"),
        ('name = "a"\ndefinitions = 1\n[[sources]]\npath = "a"', "is 1, wanted true or false"),
        ('name = "a"\nerrors = "ignore"\n[[sources]]\npath = "a"', "wanted one of raise, skip, repair"),
        ('name = "a"\n[[sources]]\npath = "a"\ntypes = "T047"', "wanted a list, each item a text"),
        ('name = "a"\n[[sources]]\npath = "a"\nsame_as = ["UMLS"]', r"\[mapping\] needs 'to'"),
        (
            'name = "a"\n[mapping]\nto = ["UMLS"]\nfiles = ["a"]\n[[sources]]\npath = "a"',
            "'files' of .*, number 1 is 'a', wanted a table",
        ),
        (
            'name = "a"\n[mapping]\nto = ["UMLS"]\n[[mapping.files]]\nname = "a"\n[[sources]]\npath = "a"',
            "needs 'path'",
        ),
        ('name = "a"\n[mapping]\nto = ["UMLS"]\n[[sources]]\npath = "a"', "no source 'same_as'"),
    ],
)
def test_read_config_says_what_is_wrong(text, said, tmp_path):
    with pytest.raises(BiomedplmError, match=f"(?s)B567.*{said}"):
        read_config(write(tmp_path, text))


def test_read_config_refuses_what_is_no_file_of_text(tmp_path):
    with pytest.raises(BiomedplmError, match="B567"):
        read_config(tmp_path / "missing.toml")
    (tmp_path / "kb.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(BiomedplmError, match="B567"):
        read_config(tmp_path / "kb.toml")


@pytest.mark.corpora
def test_read_config_reads_the_example_of_the_docs_which_can_be_built(corpora_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("BIOMEDPLM_CORPORA", str(corpora_folder))
    text = Path("docs/knowledge-base.md").read_text(encoding="utf8").split("```toml\n")[1].split("```")[0]
    built = assemble(read_config(write(tmp_path, text)), tmp_path / "kb")
    assert [one.name for one in built.sources] == ["MEDIC", "DO"]
    assert built.base.find("DOID:2841") == built.base.find("MESH:D001249") == ["C0004096"]
    assert built.base["C0011849"].names[0].text == "Diabetes Mellitus"
