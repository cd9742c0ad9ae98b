"""Plain text: a folder with a file for each document."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.file_names import FileNames, encode_text
from spacy_biomedplm.writers.losses import count_losses


def write_txt(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write the texts of documents, each as a file.

    records (Iterable[DocumentRecord]): Documents.
    path (Path): The folder, which is made. A file is named after the identifier, as far as it can name one.
    losses (Counter[str]): What the format cannot express, by kind; added to.
    """
    path.mkdir(parents=True, exist_ok=True)
    names = FileNames(losses)
    for record in records:
        count_losses(record, losses, keeps=())
        if entities := sum(not mention.is_trigger for mention in record.mentions):
            losses["entities"] += entities
        (path / f"{names.take(record.doc_id)}.txt").write_bytes(encode_text(record.text))
