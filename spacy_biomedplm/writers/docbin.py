"""spaCy's DocBin: all that a record holds, ready for training and for ``DocBin().from_disk``."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.types import DocumentRecord


def write_docbin(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as one DocBin with user data; nothing is lost but that triggers stand between entities.

    records (Iterable[DocumentRecord]): Documents, which ``make_doc`` makes.
    path (Path): The file. It is written in one piece, so that all documents must fit in memory, packed.
    losses (Counter[str]): Left as it is.
    RAISES (BiomedplmError): B430-B432 for a record that ``fit`` would mend or leave out.
    """
    vocab = Vocab()
    store = DocBin(store_user_data=True)
    for record in records:
        store.add(make_doc(vocab, record))
    path.write_bytes(store.to_bytes())
