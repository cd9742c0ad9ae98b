"""What the catalogue says of a corpus: ``Corpus``, made from one JSON file by ``parse_corpus``."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, get_args

from spacy_biomedplm.corpora.schemes import LabelScheme
from spacy_biomedplm.errors import BiomedplmError, coded

Access = Literal["public", "agreement", "unavailable"]

SPLITS = ("train", "dev", "test")
ONLY = "only"
"""Among the files of a split: the identifiers of its documents, one a line, where a file holds those of all splits."""
TASKS = (
    "ner",
    "linking",
    "relations",
    "events",
    "classification",
    "similarity",
    "inference",
    "qa",
    "summarisation",
    "dialogue",
    "negation",
    "abbreviations",
    "de-identification",
    "sequences",
    "pre-training",
)
LAYERS = ("ner", "linking", "relations", "events", "attributes", "cats", "answers", "summaries")
"""Entities, vocabularies of their concepts, relations, events, attributes, labels of the document, answers, reference
summaries."""
COUNTED = ("documents", "sentences", "mentions", "labels", "relations", "events")


@dataclass(frozen=True)
class Download:
    """Where a file comes from.

    url (str): Address, https or http. If the file is packed and the address is not, it is packed here.
    folder (str | None): The address is that of a .tar.gz or .zip; the file is made of its members in this folder (in
        a .tar.gz, below the one folder that archives of repositories have); None takes what is at the address. A file
        that is no archive itself is the first of them.
    match (str): Pattern for the names of those members, below the folder.
    prefix (str): What comes before their names.
    """

    url: str
    folder: str | None = None
    match: str = ".*"
    prefix: str = ""


@dataclass(frozen=True)
class Corpus:
    """A record of the catalogue.

    name (str): Name of the corpus. title (str): Its full name.
    tasks (tuple[str, ...]): Of TASKS. languages (tuple[str, ...]): Two-letter codes; empty for DNA and proteins.
    layers (Mapping[str, tuple[str, ...]]): What is annotated, by layer (of LAYERS), and under which labels; no labels
        where they are not a closed set.
    unannotated (Mapping[str, Mapping[str, Sequence[str]]]): Which of these labels a split lacks because its gold is
        not public; of a layer that it lacks altogether none are named.
    licence (str): Terms of use, as far as they are stated.
    commercial (bool): Whether the terms allow commercial use.
    access (Access): "public"; "agreement", if one must register or sign; or "unavailable".
    source (str): Where the files come from.
    how (str): How to get it, where that is not a download.
    citation (str): The paper.
    text (str): What kind of texts, such as "PubMed abstracts".
    survey (tuple[int, ...]): Tables of the survey that list it (6 to 14).
    reader (str | None): Key of READERS; None if no reader takes its files.
    files (Mapping[str, Mapping[str, str | Sequence[str]]]): For each split, the names of files or folders that the
        reader takes, by argument; "path" is the first argument, and several of these are read one after the other.
        "only" is a file with the identifiers of the documents, or several. The name "." is the folder itself.
    folder (str): Folder of the files, below that of all corpora.
    sha256 (Mapping[str, str]): Digests of the files; see ``digest_file``.
    downloads (Mapping[str, Download]): Where files come from.
    options (Mapping[str, Any]): Further arguments of the reader.
    label_map (Mapping[str, str | None]): See LabelScheme.
    vocabularies (Mapping[str, str]): By label, what identifiers are of that are numbers only, such as "NCBIGene".
    guideline (str): Name of the annotation guideline; that of the corpus unless several share one.
    ids (str): What the identifiers are ("pmid", "medline-ui"), or empty if they name nothing outside the corpus.
    pmid (str): Pattern whose group 1 is the PMID in an identifier; others have none.
    group (str): Pattern whose group 1 is shared by the documents of one article, which stay together in a split.
    counts (Mapping[str, Mapping[str, int]]): Published sizes: for each split, some of COUNTED.
    broken (Mapping[str, int]): How many items of a split are broken in the published files and repaired or left out by
        ``Report(errors="repair")``; splits without any are not named.
    oddities (tuple[str, ...]): What one must know, also where the published sizes do not hold.
    overlaps (Mapping[str, str]): Corpora with texts in common, and how many or which.
    metrics (tuple[str, ...]): Metrics that the field quotes (METRICS in evaluation/metrics.py), the main one first.
    """

    name: str
    title: str
    tasks: tuple[str, ...]
    languages: tuple[str, ...]
    layers: Mapping[str, tuple[str, ...]]
    licence: str
    commercial: bool
    access: Access
    source: str
    how: str
    citation: str
    text: str = ""
    survey: tuple[int, ...] = ()
    reader: str | None = None
    files: Mapping[str, Mapping[str, str | Sequence[str]]] = field(default_factory=dict)
    folder: str = ""
    sha256: Mapping[str, str] = field(default_factory=dict)
    downloads: Mapping[str, Download] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    label_map: Mapping[str, str | None] = field(default_factory=dict)
    vocabularies: Mapping[str, str] = field(default_factory=dict)
    unannotated: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    guideline: str = ""
    ids: str = ""
    pmid: str = r"(.+)"
    group: str = r"(.+)"
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    broken: Mapping[str, int] = field(default_factory=dict)
    oddities: tuple[str, ...] = ()
    overlaps: Mapping[str, str] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of its entities."""
        return self.layers.get("ner", ())

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits the corpus has: of "train", "dev" and "test", and then further tests ("test-ddi")."""
        return tuple(sorted(self.files, key=lambda split: SPLITS.index(split) if split in SPLITS else len(SPLITS)))

    @property
    def scheme(self) -> LabelScheme:
        """Names and labels for the readers."""
        return LabelScheme(self.name, self.labels, self.label_map)

    def annotated(self, split: str) -> dict[str, dict[str, list[str]]]:
        """Return what a split annotates, as ``doc._.annotated`` has it. split (str): One of the corpus."""
        lacking = self.unannotated.get(split, {})
        found = {}
        for layer, labels in self.layers.items():
            if layer not in lacking:
                found[layer] = {self.guideline: list(labels)}
            elif lacking[layer]:
                found[layer] = {self.guideline: [label for label in labels if label not in lacking[layer]]}
        return found

    def list_files(self, split: str | None = None) -> tuple[str, ...]:
        """Return the names of files and folders, each once.

        split (str | None): Those of one split; None for all.
        """
        found: dict[str, None] = {}
        for name in self.splits if split is None else (split,):
            for value in self.files[name].values():
                found.update(dict.fromkeys([value] if isinstance(value, str) else value))
        return tuple(found)

    def public_id(self, doc_id: str) -> str | None:
        """Return an identifier that other corpora share, such as "pmid:7769899", or None.

        doc_id (str): Identifier of a document of this corpus.
        """
        match = re.fullmatch(self.pmid, doc_id) if self.ids else None
        return f"{self.ids}:{match.group(1)}" if match else None

    def group_id(self, doc_id: str) -> str:
        """Return what the documents of one article have in common.

        doc_id (str): Identifier of a document of this corpus.
        """
        match = re.fullmatch(self.group, doc_id)
        return match.group(1) if match else doc_id


_TEXT, _TEXTS, _TABLE = "a text", "a list of texts", "an object"
_REQUIRED = {
    "name": _TEXT,
    "title": _TEXT,
    "tasks": _TEXTS,
    "languages": _TEXTS,
    "layers": _TABLE,
    "licence": _TEXT,
    "commercial": "true or false",
    "access": _TEXT,
    "source": _TEXT,
    "how": _TEXT,
    "citation": _TEXT,
}
_OPTIONAL = {
    **dict.fromkeys(("text", "folder", "guideline", "ids", "pmid", "group", "reader"), _TEXT),
    **dict.fromkeys(("files", "sha256", "downloads", "options", "label_map", "vocabularies", "unannotated"), _TABLE),
    **dict.fromkeys(("counts", "broken", "overlaps"), _TABLE),
    "survey": "a list of whole numbers",
    "oddities": _TEXTS,
    "metrics": _TEXTS,
}
_CHECKS = {
    _TEXT: lambda value: isinstance(value, str),
    _TEXTS: lambda value: isinstance(value, list) and all(isinstance(item, str) for item in value),
    _TABLE: lambda value: isinstance(value, dict),
    "true or false": lambda value: isinstance(value, bool),
    "a list of whole numbers": lambda value: isinstance(value, list) and all(type(item) is int for item in value),
}


def parse_corpus(content: str, *, path: str, stem: str) -> Corpus:
    """Return the corpus that a file of the catalogue describes.

    content (str): JSON object; its keys are the fields of Corpus.
    path (str): The file, for errors. stem (str): Its name without ".json", which must be that of the corpus.
    RAISES (BiomedplmError): B422 if it is not JSON, a field is missing, unknown or of another type, a value is none of
        those that are possible, or a name of a file leaves the folder of the corpus.
    """
    try:
        data = json.loads(content)
    except ValueError as err:
        raise BiomedplmError(coded("B422", path=path, reason=f"not JSON ({err})")) from err
    reason = _wrong_fields(data) or _wrong_values(data, stem)
    if reason:
        raise BiomedplmError(coded("B422", path=path, reason=reason))
    given = {
        **data,
        "layers": {layer: tuple(labels) for layer, labels in data["layers"].items()},
        "downloads": {name: Download(**entry) for name, entry in data.get("downloads", {}).items()},
        "folder": data.get("folder", data["name"]),
        "guideline": data.get("guideline", data["name"]),
    }
    for name in ("tasks", "languages", "survey", "oddities", "metrics"):
        given[name] = tuple(data.get(name, ()))
    return Corpus(**given)


def _wrong_fields(data: Any) -> str:
    if not isinstance(data, dict):
        return "not a JSON object"
    for name in _REQUIRED:
        if name not in data:
            return f"'{name}' is missing"
    for name, value in data.items():
        wanted = _REQUIRED.get(name) or _OPTIONAL.get(name)
        if wanted is None:
            return f"'{name}' is no field; there are {', '.join([*_REQUIRED, *_OPTIONAL])}"
        if not _CHECKS[wanted](value):
            return f"'{name}' must be {wanted}"
    return ""


def _wrong_values(data: Mapping[str, Any], stem: str) -> str:
    if data["name"] != stem or not re.fullmatch(r"[a-z0-9][a-z0-9.-]*", stem):
        return f"'name' must be that of the file, '{stem}', in lower case"
    closed = {"tasks": TASKS, "layers": LAYERS, "access": get_args(Access)}
    for name, known in closed.items():
        values = [data[name]] if isinstance(data[name], str) else data[name]
        for value in values:
            if value not in known:
                return f"'{name}' has '{value}', none of {', '.join(known)}"
    for layer, labels in data["layers"].items():
        if not _CHECKS[_TEXTS](labels):
            return f"the labels of '{layer}' must be {_TEXTS}"
    for split, lacking in data.get("unannotated", {}).items():
        if split not in data.get("files", {}) or not isinstance(lacking, dict):
            return f"'unannotated' has '{split}', wanted a split of 'files' with the labels that each layer lacks"
        for layer, labels in lacking.items():
            if layer not in data["layers"] or not set(labels) <= set(data["layers"][layer]):
                return f"'unannotated' has '{layer}' of '{split}', wanted labels of that layer of 'layers'"
    for name in ("pmid", "group"):
        if name in data and not _is_pattern(data[name]):
            return f"'{name}' must be a pattern with a group"
    return _wrong_files(data) or _wrong_downloads(data) or _wrong_counts(data)


def _is_pattern(value: str) -> bool:
    try:
        return re.compile(value).groups >= 1
    except re.error:
        return False


def _wrong_files(data: Mapping[str, Any]) -> str:
    names = [data.get("folder", "a"), *data.get("sha256", ()), *data.get("downloads", ())]
    for split, arguments in data.get("files", {}).items():
        if not isinstance(arguments, dict) or "path" not in arguments:
            return f"the split '{split}' must have a 'path'"
        for argument, value in arguments.items():
            several = argument in ("path", ONLY) and isinstance(value, list) and value
            if not isinstance(value, str) and not (several and _CHECKS[_TEXTS](value)):
                return f"'{argument}' of the split '{split}' must be the name of a file"
            names.extend([value] if isinstance(value, str) else value)
    bad = next((name for name in names if not is_inside(name)), None)
    if bad is not None:
        return f"'{bad}' must be a name below the folder of the corpus"
    bad = next((name for name, value in data.get("sha256", {}).items() if not _is_digest(value)), None)
    return f"the SHA-256 of '{bad}' must be 64 hexadecimal digits" if bad is not None else ""


def is_inside(name: str) -> bool:
    """Return whether the name of a file stays in its folder, on any system.

    name (str): With "/" between folders; "." is the folder itself.
    """
    parts = PurePosixPath(name).parts
    return (
        bool(parts or name == ".")
        and not name.startswith("/")
        and ".." not in parts
        and not re.search(r"[\\:\x00-\x1f]", name)
    )


def _is_digest(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value) is not None


def _wrong_downloads(data: Mapping[str, Any]) -> str:
    for name, entry in data.get("downloads", {}).items():
        known = {"url", "folder", "match", "prefix"}
        if not isinstance(entry, dict) or "url" not in entry or not set(entry) <= known:
            return f"the download of '{name}' must be an object with url, and perhaps folder, match, prefix"
        if not all(isinstance(value, str) for value in entry.values()):
            return f"the download of '{name}' must hold texts"
        if not re.match("https?://[^/]", entry["url"]):
            return f"the address of '{name}' must begin with https:// or http://"
        if name not in data.get("sha256", {}):
            return f"'{name}' has a download but no sha256"
    return ""


def _wrong_counts(data: Mapping[str, Any]) -> str:
    for split, counts in data.get("counts", {}).items():
        if not isinstance(counts, dict) or not set(counts) <= set(COUNTED):
            return f"the counts of '{split}' must be an object of {', '.join(COUNTED)}"
        if not all(type(number) is int and number >= 0 for number in counts.values()):
            return f"the counts of '{split}' must be whole numbers"
    for split, number in data.get("broken", {}).items():
        if split not in data.get("files", {}) or type(number) is not int or number < 1:
            return f"'broken' must give splits of the corpus and whole numbers from 1, not '{split}': {number!r}"
    return ""
