"""The layout of the 2010 i2b2/VA challenge: a text, and its concepts, assertions and relations in files of lines.

=========  ====================================================================================
NAME.txt   the text; lines count from 1, their tokens (split at white space) from 0
NAME.con   ``c="chest pain" 12:3 12:4||t="problem"``: first and last token, the last one inclusive
NAME.ast   ``c="chest pain" 12:3 12:4||t="problem"||a="absent"``
NAME.rel   ``c="aspirin" 12:1 12:1||r="TrAP"||c="chest pain" 12:3 12:4``
=========  ====================================================================================

Described in Uzuner et al. (2011), 2010 i2b2/VA challenge on concepts, assertions, and relations in clinical text,
J Am Med Inform Assoc 18:552-556, and in "Annotation File Formatting", which the data come with. The coreference
challenge of 2011 has the same .con files. Of n2c2 2018, track 2 (adverse drug events) is brat standoff, which
``read_brat`` takes, and track 1 is XML, which ``read_i2b2_xml`` takes.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from spacy_biomedplm.corpora.beside import decoded, find_text, is_hidden
from spacy_biomedplm.corpora.i2b2_lines import (
    POINT,
    Places,
    TokenLines,
    TokenPlace,
    count_lines,
    own_text,
)
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_members
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import ArgumentRecord, AttributeRecord, DocumentRecord, MentionRecord, RelationRecord

ASSERTION = "Assertion"
"""Label of the attribute that says what a text asserts of a problem: its value is "present", "absent" …"""
ROLES = ("Arg1", "Arg2")
_LAYERS = (".con", ".ast", ".rel")
_FOLDERS = frozenset("txt text con concept concepts ast assertion assertions rel relation relations".split())
_CONCEPT = re.compile(rf'c="(.*)" {POINT} {POINT}')
_RELATION = re.compile(r'\|\|r="([^"]*)"\|\|(?=c=")')


def read_i2b2(
    path: Path | str, *, texts: Path | str | None = None, report: Report | None = None
) -> Iterator[DocumentRecord]:
    """Stream the documents of a corpus in the layout of 2010.

    path (Path | str): A folder, or an archive (.tar, .tar.gz, .zip), read in place. The files of a
        document lie side by side, or in sibling folders as released (beth/txt, beth/concept, beth/ast, beth/rel).
    texts (Path | str | None): Folder or archive of the texts, if they lie elsewhere.
    report (Report | None): What to do with broken lines; None stops at the first.
    YIELDS (DocumentRecord): In the order of the names. Concepts are mentions; without a .con file they are taken from
        the .ast file. Assertions are attributes with the label "Assertion". The text that a line gives is
        kept only where it differs from the document's by more than case and white space.
    RAISES (BiomedplmError): B401-B403 for a missing or damaged folder or archive, B408 without any document, B411 for
        a text without annotations or the reverse, B471 for a line that is none, B472 for a place that the text does
        not have, B473 for an assertion or a relation of something that is no concept.
    """
    report = report or Report()
    path = Path(path)
    contents = read_members(path, (".txt", *_LAYERS), report)
    shown = {name: f"{path}:{name}" for name in contents}
    if texts is not None:
        found = read_members(Path(texts), (".txt",), report)
        shown.update((name, f"{texts}:{name}") for name in found)
        contents = {name: content for name, content in contents.items() if not name.endswith(".txt")} | found
    empty = True
    for stem, text_name, layers in _pair([name for name in contents if not is_hidden(name)], path, report):
        files = {
            suffix: decoded(contents[name], path=shown[name], doc_id=stem, report=report)
            for suffix, name in ((".txt", text_name), *layers.items())
        }
        text = files[".txt"]
        if text is not None:
            empty = False
            yield _Document(stem, text, {suffix: shown[name] for suffix, name in layers.items()}, report).read(files)
    if empty:
        raise report.nothing_read(path, "NAME.txt with NAME.con, and perhaps .ast and .rel")


def _pair(names: Iterable[str], path: Path, report: Report) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield the name of each document, its text, and its files of annotations by their ending."""
    texts: dict[str, list[str]] = defaultdict(list)
    layers: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for name in sorted(names):
        file = PurePosixPath(name)
        if file.suffix == ".txt":
            texts[file.stem].append(name)
        else:
            folder = file.parent.parent if file.parent.name.lower() in _FOLDERS else file.parent
            layers[str(folder), file.stem][file.suffix] = name
    used = set()
    for (_, stem), found in sorted(layers.items()):
        first = next(iter(found.values()))
        text = find_text(stem, str(PurePosixPath(first).parent), texts)
        if text is None:
            report.drop(coded("B411", path=path, name=first, missing=f"{stem}.txt"), path=f"{path}:{first}")
        else:
            used.add(text)
            yield stem, text, found
    for name in sorted({name for group in texts.values() for name in group} - used):
        report.drop(coded("B411", path=path, name=name, missing=f"{name[:-4]}.con"), path=f"{path}:{name}")


@dataclass
class _Document:
    """Reads the lines of one document."""

    doc_id: str
    text: str
    paths: Mapping[str, str]
    report: Report
    mentions: list[MentionRecord] = field(default_factory=list)
    at: dict[TokenPlace, list[MentionRecord]] = field(default_factory=lambda: defaultdict(list))
    places: dict[str, Places] = field(default_factory=dict)

    def read(self, files: Mapping[str, str | None]) -> DocumentRecord:
        lines = TokenLines(self.text)
        self.places = {suffix: Places(lines, path, self.doc_id, self.report) for suffix, path in self.paths.items()}
        concepts = files.get(".con")
        asserted = list(self._asserted(files.get(".ast") or ""))
        if concepts is not None:
            for number, line in count_lines(concepts):
                concept, _, label = line.rpartition('||t="')
                self._add_mention(".con", number, line, concept, label)
        elif ".con" not in self.paths:
            for number, line, concept, label, _ in asserted:
                self._add_mention(".ast", number, line, concept, label)
        return DocumentRecord(
            self.doc_id,
            self.text,
            tuple(self.mentions),
            relations=tuple(self._relations(files.get(".rel") or "")),
            attributes=tuple(self._attributes(asserted)),
            path=self.paths.get(".con") or next(iter(self.paths.values())),
        )

    def _add_mention(self, layer: str, number: int, line: str, concept: str, label: str) -> None:
        match = _CONCEPT.fullmatch(concept)
        if match is None or not label.endswith('"'):
            return self._drop_line(layer, number, line, 'c="…" 12:3 12:5||t="…"')
        place = _place(match)
        found = self.places[layer].find(place, number)
        if found is not None:
            text = own_text(self.text[found[0] : found[1]], match[1])
            mention = MentionRecord(f"T{len(self.mentions) + 1}", label[:-1], (found,), text, line=number)
            self.mentions.append(mention)
            self.at[place].append(mention)
        return None

    def _asserted(self, assertions: str) -> Iterator[tuple[int, str, str, str, str]]:
        for number, line in count_lines(assertions):
            rest, _, value = line.rpartition('||a="')
            concept, _, label = rest.rpartition('||t="')
            if value.endswith('"') and label.endswith('"'):
                yield number, line, concept, label, value[:-1]
            else:
                self._drop_line(".ast", number, line, 'c="…" 12:3 12:5||t="…"||a="…"')

    def _attributes(self, asserted: Iterable[tuple[int, str, str, str, str]]) -> Iterator[AttributeRecord]:
        # Some concepts are there twice, with an assertion each.
        times: Counter[tuple[TokenPlace, str]] = Counter()
        made = 0
        for number, line, concept, label, value in asserted:
            match = _CONCEPT.fullmatch(concept)
            if match is None:
                if ".con" in self.paths:
                    self._drop_line(".ast", number, line, 'c="…" 12:3 12:5||t="…"||a="…"')
                continue
            place = _place(match)
            same = [mention for mention in self.at.get(place, ()) if mention.label == label[:-1]]
            if not same:
                self._drop_reference(".ast", number, match)
                continue
            target = same[min(times[place, label], len(same) - 1)]
            times[place, label] += 1
            made += 1
            yield AttributeRecord(f"A{made}", ASSERTION, target.id, value, line=number)

    def _relations(self, relations: str) -> Iterator[RelationRecord]:
        made = 0
        for number, line in count_lines(relations):
            middle = _RELATION.search(line)
            ends = (
                [_CONCEPT.fullmatch(part) for part in (line[: middle.start()], line[middle.end() :])] if middle else []
            )
            matches = [match for match in ends if match is not None]
            if middle is None or len(matches) != 2:
                self._drop_line(".rel", number, line, 'c="…" 12:3 12:5||r="…"||c="…" 12:7 12:7')
                continue
            missing = next((match for match in matches if not self.at.get(_place(match))), None)
            if missing is not None:
                self._drop_reference(".rel", number, missing)
                continue
            made += 1
            targets = [self.at[_place(match)][0].id for match in matches]
            arguments = tuple(ArgumentRecord(role, target) for role, target in zip(ROLES, targets, strict=True))
            yield RelationRecord(f"R{made}", middle[1], arguments, line=number)

    def _drop_line(self, layer: str, number: int, line: str, wanted: str) -> None:
        path = self.paths[layer]
        message = coded("B471", path=path, line=number, found=line[:80], wanted=wanted)
        is_mention = layer == ".con" or (layer == ".ast" and ".con" not in self.paths)
        self.report.drop(message, path=path, line=number, doc_id=self.doc_id, is_mention=is_mention)

    def _drop_reference(self, layer: str, number: int, match: re.Match[str]) -> None:
        path = self.paths[layer]
        found = match[0][:80]
        message = coded("B473", path=path, line=number, doc_id=self.doc_id, found=found)
        self.report.drop(message, path=path, line=number, doc_id=self.doc_id)


def _place(match: re.Match[str]) -> TokenPlace:
    first_line, first, last_line, last = match.groups()[1:]
    return int(first_line), int(first), int(last_line), int(last)
