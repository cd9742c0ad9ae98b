"""The DrugProt and ChemProt tables: abstracts in one tsv file, entities in another."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.documents import LabelScheme, Mention, Record, make_doc
from spacy_biomedplm.corpora.files import read_lines
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded


def read_drugprot(
    path: Path | str,
    vocab: Vocab,
    *,
    entities: Path | str,
    scheme: LabelScheme | None = None,
    report: Report | None = None,
) -> Iterator[Doc]:
    """Stream the abstracts of a pair of tables.

    path (Path | str): Three tab-separated columns: identifier, title, abstract. Gzip'd if it ends in ".gz".
    vocab (Vocab): The pipeline's vocabulary.
    entities (Path | str): Six columns: identifier, number ("T1"), label, first character, the character after
        the last, text. Entities of an identifier without an abstract are left alone.
    scheme (LabelScheme | None): Labels of the corpus; None keeps the labels of the file.
    report (Report | None): Collects repaired and dropped mentions.
    YIELDS (Doc): ``doc.text`` is the title, a space and the abstract.
    RAISES (BiomedplmError): B401-B403 for unreadable files, B404 for an unknown label, B408 for a file without
        documents, B413 for a row with the wrong columns.
    """
    path = Path(path)
    mentions = _read_entities(Path(entities))
    empty = True
    for number, line in read_lines(path):
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != 3:
            raise BiomedplmError(coded("B413", path=path, line=number, columns=len(fields), wanted=3, found=line[:60]))
        empty = False
        record = Record(fields[0], f"{fields[1]} {fields[2]}", mentions.pop(fields[0], []), str(entities))
        yield make_doc(vocab, record, scheme=scheme, report=report)
    if empty:
        raise BiomedplmError(coded("B408", path=path, wanted="rows of identifier, title and abstract"))


def _read_entities(path: Path) -> dict[str, list[Mention]]:
    mentions: dict[str, list[Mention]] = defaultdict(list)
    for number, line in read_lines(path):
        if not line.strip():
            continue
        fields = line.split("\t")
        if len(fields) != 6 or not (fields[3].isdecimal() and fields[4].isdecimal()):
            raise BiomedplmError(coded("B413", path=path, line=number, columns=len(fields), wanted=6, found=line[:60]))
        mentions[fields[0]].append(Mention(int(fields[3]), int(fields[4]), fields[2], fields[5], number))
    return mentions
