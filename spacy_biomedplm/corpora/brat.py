"""brat and BioNLP standoff: a .txt file and a .ann or .a1 file for each document, in a folder or a .tar.gz."""

from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.documents import LabelScheme, Mention, Record, make_doc
from spacy_biomedplm.corpora.files import decode, read_members
from spacy_biomedplm.corpora.problems import Problem, Report, tell
from spacy_biomedplm.errors import BiomedplmError, coded

ANNOTATION_SUFFIXES = (".ann", ".a1")


def read_brat(
    path: Path | str, vocab: Vocab, *, scheme: LabelScheme | None = None, report: Report | None = None
) -> Iterator[Doc]:
    """Stream the documents of a standoff corpus.

    path (Path | str): A folder, or a .tar (also .tar.gz), which is read in place and never extracted. A document
        is NAME.txt with NAME.ann or NAME.a1 beside it; an empty annotation file says that a text has no mention.
    vocab (Vocab): The pipeline's vocabulary.
    scheme (LabelScheme | None): Labels of the corpus; None keeps the labels of the files.
    report (Report | None): Collects repaired, dropped, excluded and skipped lines.
    YIELDS (Doc): In the order of the names. Text-bound annotations ("T" lines) become mentions; one in several
        fragments becomes the span that covers them. Every other line is skipped.
    RAISES (BiomedplmError): B401 if there is no such folder or archive, B402 for invalid UTF-8, B403 for a
        damaged archive, B404 for an unknown label, B408 without any document, B411 for a text without
        annotations or the reverse, B412 for a broken "T" line.
    """
    path = Path(path)
    contents = read_members(path, (".txt", *ANNOTATION_SUFFIXES))
    empty = True
    for text_name, annotation_name in _pair(contents, path):
        empty = False
        shown = f"{path}:{annotation_name}"
        text = decode(contents.pop(text_name), path=f"{path}:{text_name}", line=1)
        name = PurePosixPath(text_name).stem
        mentions = list(_parse(decode(contents[annotation_name], path=shown, line=1), name, shown, report))
        yield make_doc(vocab, Record(name, text, mentions, shown), scheme=scheme, report=report)
    if empty:
        raise BiomedplmError(coded("B408", path=path, wanted="pairs of NAME.txt and NAME.ann (or NAME.a1)"))


def _pair(names: Iterable[str], path: Path) -> Iterator[tuple[str, str]]:
    known = set(names)
    for name in sorted(known):
        base, dot, suffix = name.rpartition(".")
        if dot + suffix == ".txt":
            found = next((base + end for end in ANNOTATION_SUFFIXES if base + end in known), None)
            if found is None:
                raise BiomedplmError(coded("B411", path=path, name=name, missing=f"{base}.ann or {base}.a1"))
            yield name, found
        elif base + ".txt" not in known:
            raise BiomedplmError(coded("B411", path=path, name=name, missing=f"{base}.txt"))


def _parse(annotations: str, name: str, shown: str, report: Report | None) -> Iterator[Mention]:
    for number, line in enumerate(annotations.split("\n"), start=1):
        line = line.removesuffix("\r")
        if not line.strip():
            continue
        if not line.startswith("T"):
            tell(report, Problem("skipped", shown, number, name, f"not a text-bound annotation: '{line[:60]}'"))
            continue
        yield _parse_mention(line, number, shown)


def _parse_mention(line: str, number: int, shown: str) -> Mention:
    fields = line.split("\t")
    label, _, places = fields[1].partition(" ") if len(fields) >= 3 else ("", "", "")
    fragments = [fragment.split() for fragment in places.split(";")]
    whole = all(len(part) == 2 and part[0].isdecimal() and part[1].isdecimal() for part in fragments)
    if not label or not whole:
        raise BiomedplmError(coded("B412", path=shown, line=number, found=line[:60]))
    offsets = [(int(start), int(end)) for start, end in fragments]
    start, end = min(first for first, _ in offsets), max(after for _, after in offsets)
    # The text of a mention in fragments leaves out what lies between them, so it cannot check the offsets.
    return Mention(start, end, label, fields[2] if len(offsets) == 1 else None, number)
