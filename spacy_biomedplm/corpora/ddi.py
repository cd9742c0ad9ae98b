"""The DDI corpus: one XML file for each document, in a folder or a .tar.gz."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring
from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.documents import LabelScheme, Mention, Record, make_doc
from spacy_biomedplm.corpora.files import read_members
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded


def read_ddi(
    path: Path | str, vocab: Vocab, *, scheme: LabelScheme | None = None, report: Report | None = None
) -> Iterator[Doc]:
    """Stream the documents of the DDI corpus.

    path (Path | str): A folder, or a .tar (also .tar.gz), which is read in place and never extracted.
    vocab (Vocab): The pipeline's vocabulary.
    scheme (LabelScheme | None): Labels of the corpus; None keeps the labels of the files.
    report (Report | None): Collects repaired and dropped mentions.
    YIELDS (Doc): In the order of the names. ``doc.text`` is the sentences with a line break between them; an
        entity in several parts becomes the span that covers them. Interactions (pairs) are not read.
    RAISES (BiomedplmError): B401-B403 for a missing or damaged folder or archive, B404 for an unknown label, B408
        without any document, B419 for a file that is not such XML (also one that declares entities).
    """
    path = Path(path)
    empty = True
    for name, content in sorted(read_members(path, (".xml",)).items()):
        empty = False
        yield make_doc(vocab, _parse(content, name, f"{path}:{name}"), scheme=scheme, report=report)
    if empty:
        raise BiomedplmError(coded("B408", path=path, wanted="XML files"))


def _parse(content: bytes, name: str, shown: str) -> Record:
    try:
        root: Element = fromstring(content, forbid_dtd=True)
    except (ParseError, DefusedXmlException, UnicodeDecodeError, LookupError) as err:
        raise BiomedplmError(coded("B419", path=shown, reason=err)) from err
    texts = []
    mentions: list[Mention] = []
    offset = 0
    for sentence in root.iter("sentence"):
        text = sentence.get("text", "")
        mentions.extend(_parse_entity(entity, offset, shown) for entity in sentence.iter("entity"))
        texts.append(text)
        offset += len(text) + 1
    return Record(root.get("id") or PurePosixPath(name).stem, "\n".join(texts), mentions, shown)


def _parse_entity(entity: Element, offset: int, shown: str) -> Mention:
    parts = [part.split("-") for part in entity.get("charOffset", "").split(";")]
    label = entity.get("type")
    if not label or not all(len(part) == 2 and part[0].isdecimal() and part[1].isdecimal() for part in parts):
        raise BiomedplmError(coded("B419", path=shown, reason=f"entity {entity.get('id')} has no type or offsets"))
    start = min(int(first) for first, _ in parts)
    # The corpus counts to the last character, not to the one after it.
    end = max(int(last) for _, last in parts) + 1
    return Mention(offset + start, offset + end, label, entity.get("text") if len(parts) == 1 else None)
