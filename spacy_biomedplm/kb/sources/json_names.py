"""Names by id: a JSON object whose members are ids, each with the list of its names."""

from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.corpora.containers import printable
from spacy_biomedplm.corpora.json_scanner import JsonScanner
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, open_chunks

_WANTED = "an object of ids, each with a list of names"
_WANTED_IDS = "an object of ids, each with the id that took its place"


def read_json_names(
    path: Path, name: str, reading: Reading, *, prefix: str = "", successors: str = ""
) -> Iterator[Concept]:
    """Yield the concepts of an object of ids with their names.

    path (Path): JSON, perhaps gzip'd, such as DrugBank's aliases or the dictionary of PhenoTagger. The first name is
        the preferred one.
    name (str): Of the source. reading (Reading): Where problems go.
    prefix (str): Of ids that have none.
    successors (str): Name of a file in the same folder: an object of ids with those that took their place, or with
        themselves. Names of former ids are left out, the ids are cross-references of their successors.
    RAISES (BiomedplmError): B580 for JSON that is no object, B572 for successors in another folder, B569 for a member
        of another form, as the report decides; B402 and B450 for bytes that are no JSON, and what ``open_chunks`` and
        its bytes raise.
    """
    former = dict(_read_successors(path, successors, prefix, reading)) if successors else {}
    for new, old in ((new, old) for old, new in former.items()):
        yield Concept(new, xrefs=(old,))
    left_out = 0
    scanner = _open(path, _WANTED)
    for key in scanner.keys():
        texts = scanner.value()
        id = _complete(key, prefix)
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            drop_row(reading.report, path, scanner.line, f"'{key[:40]}' has no list of texts", _WANTED)
        elif id in former:
            left_out += 1
        else:
            reading.line = scanner.line
            names = (Name(text, name, "synonym" if place else "name") for place, text in enumerate(texts))
            yield Concept(id, tuple(names))
    scanner.end()
    if left_out:
        reading.report.counts[f"former ids of {name} whose names are left out"] += left_out


def _read_successors(path: Path, file: str, prefix: str, reading: Reading) -> Iterator[tuple[str, str]]:
    """Yield former ids, each with the one that took its place."""
    if Path(file).name != file:
        option = "value of the option 'successors'"
        raise BiomedplmError(coded("B572", option=option, value=file, known="names of files in the same folder"))
    other = path.with_name(file)
    scanner = _open(other, _WANTED_IDS)
    for key in scanner.keys():
        new = scanner.value()
        if not isinstance(new, str):
            drop_row(reading.report, other, scanner.line, f"'{key[:40]}' has no text", _WANTED_IDS)
        elif new != key:
            yield _complete(key, prefix), _complete(new, prefix)


def _open(path: Path, wanted: str) -> JsonScanner:
    scanner = JsonScanner(open_chunks(path), printable(path))
    if scanner.peek() != "{":
        raise BiomedplmError(coded("B580", path=path, line=scanner.line, reason="it is no JSON object", wanted=wanted))
    return scanner


def _complete(id: str, prefix: str) -> str:
    return f"{prefix}:{id}" if prefix and ":" not in id else id
