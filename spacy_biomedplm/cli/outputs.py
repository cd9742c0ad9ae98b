"""What ``biomedplm extract`` writes of a document, in each format."""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from spacy.tokens import Doc

from spacy_biomedplm.documents import make_record
from spacy_biomedplm.inputs import InputDoc
from spacy_biomedplm.types import ConceptRecord, DocumentRecord, MentionRecord, PassageRecord
from spacy_biomedplm.writers import doc_to_jsonl, format_pubtator
from spacy_biomedplm.writers.answers import format_answer
from spacy_biomedplm.writers.brat import file_name_of
from spacy_biomedplm.writers.folder import format_files
from spacy_biomedplm.writers.tables import COLUMNS, format_header, format_rows

Writer = Callable[[Doc, InputDoc, "Counter[str]"], str]
"""From a document, what it was read from, and a count of what is lost, to its part of the output."""

FORMATS = ("jsonl", "pubtator", "a2", "csv")


def make_flat_record(doc: Doc, *, path: str = "") -> DocumentRecord:
    """Return the title, the text and the entities of ``doc.ents``, and nothing else that a document holds.

    doc (Doc): Identifier in ``doc._.doc_id``, title (with which the text begins) in ``doc.user_data["title"]``.
    path (str): File it came from, for messages.
    """
    text, title = doc.text, doc.user_data.get("title")
    mentions = tuple(
        MentionRecord(
            f"T{number}",
            ent.label_,
            ((ent.start_char, ent.end_char),),
            concepts=(ConceptRecord("", ent.kb_id_),) if ent.kb_id_ else (),
        )
        for number, ent in enumerate(doc.ents, start=1)
    )
    passages = (PassageRecord(0, len(title), "title"),) if title and text.startswith(title) else ()
    return DocumentRecord(doc._.doc_id or "", text, mentions, passages=passages, path=path)


def writer_name(output_format: str, table: str) -> str:
    """Return the key of WRITERS. output_format (str): One of FORMATS. table (str): Which table of CSV."""
    return f"csv-{table}" if output_format == "csv" else output_format


def _write_jsonl(doc: Doc, origin: InputDoc, losses: Counter[str]) -> str:
    return doc_to_jsonl(doc, source=origin.source)


def _write_pubtator(doc: Doc, origin: InputDoc, losses: Counter[str]) -> str:
    # What the format cannot hold is not in the record either, but for line breaks, which docs/formats.md tells of.
    return format_pubtator(make_flat_record(doc, path=origin.source), Counter())


def _write_answer(doc: Doc, origin: InputDoc, losses: Counter[str]) -> str:
    given = None if origin.record is None else {mention.id for mention in origin.record.mentions}
    return format_files(file_name_of(origin.doc_id), format_answer(make_record(doc), losses, given=given))


def _write_rows(doc: Doc, origin: InputDoc, losses: Counter[str], *, table: str) -> str:
    return format_rows(make_record(doc), table, losses)


WRITERS: Mapping[str, Writer] = {
    "jsonl": _write_jsonl,
    "pubtator": _write_pubtator,
    "a2": _write_answer,
    **{writer_name("csv", table): partial(_write_rows, table=table) for table in COLUMNS},
}
"""What writes one document, by name."""

HEADERS: Mapping[str, str] = {writer_name("csv", table): format_header(table) for table in COLUMNS}
"""What stands at the beginning of an output, by name of the writer."""
