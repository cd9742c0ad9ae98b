"""EBM-NLP: abstracts of trials with their participants, interventions and outcomes, in two layouts.

The released one (2.0): documents/PMID.text, documents/PMID.tokens with one token a line, and for each layer
annotations/aggregated/PHASE/LAYER/PART/PMID.AGGREGATED.ann with one whole number for each token. PHASE is
``starting_spans`` (1: inside) or ``hierarchical_labels`` (numbers of ``DETAILS``), PART is ``train``, ``test/gold`` or
``test/crowd``. Layers overlap. Described in Nye et al. (2018), A Corpus with Multi-Level Annotations of Patients,
Interventions and Outcomes to Support Language Processing for Medical Literature, ACL, P18-1019, and in the README of
github.com/bepnye/EBM-NLP.

The one of EBM-PICO, as the BLURB and SciBERT benchmarks have it: one file of four columns (token, part of speech,
chunk, tag), "-DOCSTART- (PMID)" before each abstract, tags I-PAR, I-INT, I-OUT and O.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path, PurePosixPath

from spacy_biomedplm.corpora.beside import decoded, is_hidden
from spacy_biomedplm.corpora.containers import is_archive, kind_of
from spacy_biomedplm.corpora.files import read_lines
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.corpora.streams import read_members
from spacy_biomedplm.errors import coded
from spacy_biomedplm.types import DocumentRecord, Fragment, MentionRecord, PassageRecord

PHASES = ("starting_spans", "hierarchical_labels")
PARTS = ("train", "test/gold")
DETAILS = {
    "participants": ("Age", "Sex", "Sample-size", "Condition"),
    "interventions": ("Surgical", "Physical", "Pharmacological", "Educational", "Psychological", "Other", "Control"),
    "outcomes": ("Physical", "Pain", "Mortality", "Adverse-effects", "Mental", "Other"),
}
NO_POS, NO_CHUNK = "NN", "O"
"""What stands in columns 2 and 3 of every line of EBM-PICO."""
_ENDING = ".AGGREGATED.ann"
_DOCSTART = re.compile(r"-DOCSTART-(?: \((.*)\)| -X-.*)?")
_QUOTES = {"``", "''"}


def read_ebm_nlp(
    path: Path | str, *, part: str | None = None, report: Report | None = None
) -> Iterator[DocumentRecord]:
    """Stream the abstracts of EBM-NLP.

    path (Path | str): A file of four columns (gzip'd if it ends in ".gz"); or the folder with "documents" and
        "annotations", or an archive (.tar, .tar.gz, .zip) of it, which is read in place and never extracted.
    part (str | None): "train", "test/gold" or "test/crowd" of the released layout; None takes the first two.
    report (Report | None): What to do with broken items; None stops at the first.
    YIELDS (DocumentRecord): From columns: the text is the tokens with spaces between them, a line break between
        sentences, which are passages; labels are those of the tags. From the released layout: the text of PMID.text;
        mentions are runs of tokens with the same number, with the label of the layer ("participants") or layer and
        detail ("participants_Age"); infons of the document are "split" (the part) and "tokens" (characters of each).
    RAISES (BiomedplmError): B401-B403 for unreadable files, B408 without any document; B409 for a line without four
        columns, B410 for a tag that is none; B411 for an abstract without its tokens or text, B476 if labels and
        tokens differ in number, B477 if a token is not in the text, B478 for a number that is no label.
    """
    report = report or Report()
    path = Path(path)
    empty = True
    if kind_of(path) == "folder" or is_archive(path):
        parts = PARTS if part is None else (part,)
        wanted = f"documents/PMID.text and annotations of the part {' or '.join(parts)}"
        records = _read_release(path, parts, report)
    else:
        wanted = "lines of a token, a part of speech, a chunk and a tag"
        records = _read_columns(path, report)
    with report.leaving_out(str(path)):
        for record in records:
            empty = False
            yield record
    if empty:
        raise report.nothing_read(path, wanted)


_Row = tuple[int, str, str, str, str]
"""Line, token, part of speech, chunk, tag."""
_END: _Row = (0, "", "", "", "O")


@dataclass
class _Columns:
    """Collects the lines of one abstract."""

    doc_id: str
    path: str
    sentences: list[str] = field(default_factory=list)
    passages: list[PassageRecord] = field(default_factory=list)
    mentions: list[MentionRecord] = field(default_factory=list)
    begin: int = 0

    def add(self, rows: Sequence[_Row]) -> None:
        """Add a sentence."""
        _, tokens, pos, chunk, tags = zip(*rows, strict=True)
        text = " ".join(tokens)
        infons = {}
        if set(pos) != {NO_POS}:
            infons["pos"] = " ".join(pos)
        if set(chunk) != {NO_CHUNK}:
            infons["chunk"] = " ".join(chunk)
        self.passages.append(PassageRecord(self.begin, self.begin + len(text), "sentence", infons))
        if set(tags) != {"O"}:
            self._add_mentions(rows)
        self.sentences.append(text)
        self.begin += len(text) + 1

    def _add_mentions(self, rows: Sequence[_Row]) -> None:
        label, begin, first_line, end, start = "", 0, 0, 0, self.begin
        for line, token, _, _, tag in (*rows, _END):
            if label and tag != f"I-{label}":
                self.mentions.append(
                    MentionRecord(f"T{len(self.mentions) + 1}", label, ((begin, end),), line=first_line)
                )
                label = ""
            if tag != "O" and not label:
                label, begin, first_line = tag[2:], start, line
            end = start + len(token)
            start = end + 1

    def finish(self) -> DocumentRecord:
        text = "\n".join(self.sentences)
        return DocumentRecord(self.doc_id, text, tuple(self.mentions), passages=tuple(self.passages), path=self.path)


def _read_columns(path: Path, report: Report) -> Iterator[DocumentRecord]:
    document: _Columns | None = None
    rows: list[_Row] = []
    stem = path.name.split(".")[0]
    made = 0
    for number, line in read_lines(path):
        start = _DOCSTART.fullmatch(line) if line.startswith("-DOCSTART-") else None
        if start is None and line and not line.isspace():
            row = _parse_row(line, number, path, report)
            if row is not None:
                rows.append(row)
            continue
        if rows:
            document = document or _Columns(f"{stem}-{made:05d}", str(path))
            document.add(rows)
            rows = []
        if start is not None:
            if document is not None:
                yield document.finish()
                made += 1
            document = _Columns(start[1] or f"{stem}-{made:05d}", str(path))
    if rows:
        document = document or _Columns(f"{stem}-{made:05d}", str(path))
        document.add(rows)
    if document is not None:
        yield document.finish()


def _parse_row(line: str, number: int, path: Path, report: Report) -> _Row | None:
    fields = line.split(" ") if "\t" not in line else line.split("\t")
    if len(fields) != 4 or not all(fields):
        fields = line.split()
    if len(fields) != 4:
        message = coded("B409", path=path, line=number, columns=len(fields), wanted=4, found=line[:60])
        report.drop(message, path=str(path), line=number)
        return None
    token, pos, chunk, tag = fields
    if tag != "O" and not (tag[:2] in ("I-", "B-") and len(tag) > 2):
        report.drop(coded("B410", path=path, line=number, tag=tag[:60]), path=str(path), line=number)
        tag = "O"
    return number, token, pos, chunk, tag


def _read_release(path: Path, parts: Sequence[str], report: Report) -> Iterator[DocumentRecord]:
    contents = read_members(path, (_ENDING, ".tokens", ".text", ".pos"), report)
    documents: dict[str, dict[str, str]] = defaultdict(dict)
    annotated: dict[tuple[str, str], dict[tuple[str, str], str]] = defaultdict(dict)
    for name in contents:
        file = PurePosixPath(name)
        if is_hidden(name):
            continue
        if not name.endswith(_ENDING):
            documents[file.stem][file.suffix] = name
            continue
        phase = next((phase for phase in PHASES if phase in file.parent.parts), None)
        folders = file.parent.parts[file.parent.parts.index(phase) + 1 :] if phase else ()
        if phase and folders and folders[0] in DETAILS:
            annotated["/".join(folders[1:]), file.name.removesuffix(_ENDING)][phase, folders[0]] = name
    for part in parts:
        for _, doc_id in sorted(key for key in annotated if key[0] == part):
            files = {suffix: (f"{path}:{name}", contents[name]) for suffix, name in documents[doc_id].items()}
            layers = {key: (f"{path}:{name}", contents[name]) for key, name in annotated[part, doc_id].items()}
            record = _Abstract(doc_id, part, report).read(files, layers)
            if record is not None:
                yield record


_File = tuple[str, bytes]


@dataclass
class _Abstract:
    """Reads the files of one abstract in the released layout."""

    doc_id: str
    part: str
    report: Report

    def read(self, files: Mapping[str, _File], layers: Mapping[tuple[str, str], _File]) -> DocumentRecord | None:
        shown = next(iter(layers.values()))[0]
        for suffix in (".tokens", ".text"):
            if suffix not in files:
                message = coded("B411", path=shown, name=shown, missing=f"{self.doc_id}{suffix}")
                self.report.drop(message, path=shown, doc_id=self.doc_id)
                return None
        text, listed, tagged = (self._decode(files.get(suffix, ("", b""))) for suffix in (".text", ".tokens", ".pos"))
        if text is None or listed is None or tagged is None:
            return None
        tokens = _split(listed)
        placed = self._place(text, tokens, files[".tokens"][0])
        if placed is None:
            return None
        text, places = placed
        mentions: list[MentionRecord] = []
        for phase in PHASES:
            for layer in DETAILS:
                if (phase, layer) in layers:
                    self._read_layer(phase, layer, layers[phase, layer], places, mentions)
        infons = {"split": self.part, "tokens": " ".join(f"{start}-{end}" for start, end in places)}
        if tagged:
            infons["pos"] = " ".join(_split(tagged))
        return DocumentRecord(self.doc_id, text, tuple(mentions), infons=infons, path=shown)

    def _decode(self, file: _File) -> str | None:
        return decoded(file[1], path=file[0], doc_id=self.doc_id, report=self.report)

    def _place(self, text: str, tokens: Sequence[str], path: str) -> tuple[str, list[Fragment]] | None:
        """Return the text and the characters of its tokens, or None if the abstract is left out."""
        places = align(text, tokens)
        if len(places) == len(tokens):
            return text, places
        number = len(places)
        values = {"path": path, "doc_id": self.doc_id}
        message = coded("B477", **values, number=number + 1, found=tokens[number][:60])
        mended = "the text is the tokens with spaces between them"
        if not self.report.mend(message, mended, path=path, doc_id=self.doc_id):
            return None
        text = " ".join(tokens)
        return text, align(text, tokens)

    def _read_layer(
        self, phase: str, layer: str, file: _File, places: Sequence[Fragment], mentions: list[MentionRecord]
    ) -> None:
        content = self._decode(file)
        if content is None:
            return
        numbers = re.split(r"[\s,]+", content.strip()) if content.strip() else []
        if len(numbers) != len(places):
            values = {"path": file[0], "doc_id": self.doc_id}
            message = coded("B476", **values, found=len(numbers), wanted=len(places))
            self.report.drop(message, path=file[0], doc_id=self.doc_id, label=layer, is_mention=True)
            return
        names = ("", layer) if phase == PHASES[0] else ("", *(f"{layer}_{detail}" for detail in DETAILS[layer]))
        known = {str(number): name for number, name in enumerate(names)}
        for number in sorted(set(numbers) - known.keys()):
            line = numbers.index(number) + 1
            message = coded(
                "B478",
                path=file[0],
                line=line,
                doc_id=self.doc_id,
                found=f"'{number[:20]}'",
                layer=layer,
                last=len(names) - 1,
            )
            self.report.drop(message, path=file[0], line=line, doc_id=self.doc_id, label=layer, is_mention=True)
        for label, run in groupby(range(len(numbers)), key=lambda at: known.get(numbers[at], "")):
            if label:
                at = list(run)
                place = (places[at[0]][0], places[at[-1]][1])
                mentions.append(MentionRecord(f"T{len(mentions) + 1}", label, (place,), line=at[0] + 1))


def _split(content: str) -> list[str]:
    """Return the items of a file: one a line, or with spaces between them as in release 1."""
    content = content.strip("\r\n")
    if not content:
        return []
    return content.replace("\r\n", "\n").split("\n") if "\n" in content else content.split(" ")


def align(text: str, tokens: Sequence[str]) -> list[Fragment]:
    """Return the characters of tokens, one after the other with nothing but white space between them.

    text (str): The text.
    tokens (Sequence[str]): Its tokens; "``" and "''" may stand for a double quote, as the Penn Treebank has it.
    RETURNS (list[Fragment]): As many as there are before the first token that is not where it should be.
    """
    places: list[Fragment] = []
    cursor = 0
    for token in tokens:
        while cursor < len(text) and text[cursor].isspace() and not text.startswith(token, cursor):
            cursor += 1
        if text.startswith(token, cursor):
            end = cursor + len(token)
        elif token in _QUOTES and text.startswith('"', cursor):
            end = cursor + 1
        else:
            break
        places.append((cursor, end))
        cursor = end
    return places
