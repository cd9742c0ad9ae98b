"""The layout of the 2010 i2b2/VA challenge: NAME.txt, NAME.con, NAME.ast and NAME.rel, side by side in a folder."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.file_names import FileNames, encode_text
from spacy_biomedplm.writers.i2b2_lines import TokenPlaces, place_mention, quotable
from spacy_biomedplm.writers.losses import count_infons, count_losses

ASSERTION = "Assertion"
ROLES = ("Arg1", "Arg2")


def write_i2b2(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents in the layout of 2010.

    records (Iterable[DocumentRecord]): Documents, written one after the other.
    path (Path): Folder, made if it is not there.
    losses (Counter[str]): Counts what the layout cannot hold.
    """
    path.mkdir(parents=True, exist_ok=True)
    names = FileNames(losses)
    for record in records:
        name = names.take(record.doc_id)
        for suffix, content in {".txt": record.text, **format_i2b2(record, losses)}.items():
            (path / f"{name}{suffix}").write_bytes(encode_text(content))


def format_i2b2(record: DocumentRecord, losses: Counter[str]) -> dict[str, str]:
    """Return the files of annotations of a document.

    record (DocumentRecord): Mentions in one fragment become concepts, whole tokens of them; attributes with the label
        "Assertion" become assertions, relations of two mentions relations.
    losses (Counter[str]): Counts what the layout cannot hold.
    RETURNS (dict[str, str]): Contents by ".con", ".ast" and ".rel".
    """
    count_losses(record, losses, keeps=("attributes", "mention texts", "relations"))
    places = TokenPlaces(record.text)
    concepts: dict[str, str] = {}
    labels: dict[str, str] = {}
    for mention in record.mentions:
        if len(mention.fragments) != 1:
            losses["discontinuous mentions"] += 1
            continue
        placed = place_mention(record, mention, places, losses)
        if placed is not None:
            concepts[mention.id] = f'c="{placed[0]}" {placed[1]}'
            labels[mention.id] = quotable(mention.label, losses)
    asserted = []
    for attribute in record.attributes:
        if attribute.label == ASSERTION and attribute.target in concepts:
            value = quotable(attribute.value, losses)
            asserted.append(f'{concepts[attribute.target]}||t="{labels[attribute.target]}"||a="{value}"')
        else:
            losses["attributes"] += 1
    return {
        ".con": _lines(f'{concept}||t="{labels[name]}"' for name, concept in concepts.items()),
        ".ast": _lines(asserted),
        ".rel": _lines(_relations(record, concepts, losses)),
    }


def _relations(record: DocumentRecord, concepts: dict[str, str], losses: Counter[str]) -> Iterable[str]:
    for relation in record.relations:
        targets = [argument.target for argument in relation.arguments if argument.target in concepts]
        if len(targets) != 2 or len(relation.arguments) != 2:
            losses["relations"] += 1
            continue
        if tuple(argument.role for argument in relation.arguments) != ROLES:
            losses["roles of relations"] += 1
        if lost := count_infons(relation.infons):
            losses["relation infons"] += lost
        yield f'{concepts[targets[0]]}||r="{quotable(relation.label, losses)}"||{concepts[targets[1]]}'


def _lines(lines: Iterable[str]) -> str:
    return "".join(f"{line}\n" for line in lines)
