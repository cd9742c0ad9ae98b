"""The tables of DrugProt and ChemProt: abstracts, entities and relations, each in a tsv file."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

from spacy_biomedplm.types import DocumentRecord, MentionRecord, PassageRecord, RelationRecord
from spacy_biomedplm.writers.losses import count_infons, count_losses

EVALUATED = frozenset({"CPR:3", "CPR:4", "CPR:5", "CPR:6", "CPR:9"})
"""Groups of relations that ChemProt evaluates."""

_BREAK = re.compile("[\t\r\n]")
_IDENTIFIER = re.compile(r"[^\s:]+")
_CHEMPROT_INFONS = {"evaluated", "type"}
_Row = Callable[[str, RelationRecord, list[str]], str]


def write_drugprot(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as the tables of DrugProt.

    records (Iterable[DocumentRecord]): Documents. A passage "title" says where the title ends; without one it is the
        first line. One character, which the format does not store, divides it from the abstract.
    path (Path): Folder, made if it is not there: abstracts.tsv, entities.tsv, relations.tsv.
    losses (Counter[str]): Counts what the format cannot hold.
    """
    _write(records, path, losses, _drugprot_row, set())


def write_chemprot(records: Iterable[DocumentRecord], path: Path, losses: Counter[str]) -> None:
    """Write documents as the tables of ChemProt.

    records (Iterable[DocumentRecord]): As for ``write_drugprot``. The label of a relation is its group ("CPR:4");
        infons "type" and "evaluated" are columns of their own. Without them the type is UNDEFINED, and those of the
        five groups of the task are evaluated.
    path (Path): Folder, made if it is not there: abstracts.tsv, entities.tsv, relations.tsv.
    losses (Counter[str]): Counts what the format cannot hold.
    """
    _write(records, path, losses, _chemprot_row, _CHEMPROT_INFONS)


def _write(
    records: Iterable[DocumentRecord], path: Path, losses: Counter[str], row: _Row, relation_infons: set[str]
) -> None:
    path.mkdir(parents=True, exist_ok=True)
    seen: set[str] = set()
    with ExitStack() as stack:
        abstracts, entities, relations = (
            stack.enter_context((path / f"{name}.tsv").open("w", encoding="utf-8", newline="\n"))
            for name in ("abstracts", "entities", "relations")
        )
        for record in records:
            count_losses(record, losses, keeps=("mention texts", "passages", "relations"))
            doc_id = _unique(record.doc_id, seen, losses)
            title, abstract = _divide(record, losses)
            abstracts.write(f"{doc_id}\t{_flat(title, losses)}\t{_flat(abstract, losses)}\n")
            names = _names(record, losses)
            entities.writelines(_entity_rows(doc_id, record, names, losses))
            for relation in record.relations:
                arguments = _arguments(relation, names, losses)
                if arguments:
                    if lost := count_infons(relation.infons, relation_infons):
                        losses["relation infons"] += lost
                    relations.write(row(doc_id, relation, arguments))


def _drugprot_row(doc_id: str, relation: RelationRecord, arguments: list[str]) -> str:
    return "\t".join([doc_id, _BREAK.sub(" ", relation.label), *arguments]) + "\n"


def _chemprot_row(doc_id: str, relation: RelationRecord, arguments: list[str]) -> str:
    group = _BREAK.sub(" ", relation.label)
    evaluated = relation.infons.get("evaluated", "Y" if group in EVALUATED else "N")
    cells = [group, _BREAK.sub(" ", evaluated), _BREAK.sub(" ", relation.infons.get("type", "UNDEFINED"))]
    return "\t".join([doc_id, *cells, *arguments]) + "\n"


def _unique(doc_id: str, seen: set[str], losses: Counter[str]) -> str:
    """Return an identifier that no document before has and that is one cell."""
    safe = _BREAK.sub(" ", doc_id).lstrip("\ufeff")
    name = safe
    number = 1
    while name in seen:
        number += 1
        name = f"{safe}-{number}"
    seen.add(name)
    if name != doc_id:
        losses["document identifiers"] += 1
    return name


def _flat(text: str, losses: Counter[str]) -> str:
    count = len(_BREAK.findall(text))
    if count:
        losses["tabs and line breaks"] += count
    return _BREAK.sub(" ", text)


def _divide(record: DocumentRecord, losses: Counter[str]) -> tuple[str, str]:
    """Return title and abstract; passages that do not come back are counted."""
    text = record.text
    title = next((passage for passage in record.passages if passage.kind == "title"), None)
    end = -1 if title is None else title.end
    if title is None or title.start or not text[end : end + 1].isspace():
        end = text.find("\n")
    if end < 0:
        end = len(text)
    kept = [PassageRecord(0, end, "title"), PassageRecord(end + 1, len(text), "abstract")]
    lost = sum(passage not in kept for passage in record.passages)
    if lost:
        losses["passages"] += lost
    if text[end : end + 1] not in ("", " "):
        losses["tabs and line breaks"] += 1
    return text[:end], text[end + 1 :]


def _names(record: DocumentRecord, losses: Counter[str]) -> dict[str, str]:
    """Return the identifiers under which the entities are written: their own, where these can be written."""
    own = {m.id for m in record.mentions if _IDENTIFIER.fullmatch(m.id)}
    names: dict[str, str] = {}
    number = 0
    for mention in record.mentions:
        if mention.is_trigger:
            continue
        names[mention.id] = mention.id
        if mention.id not in own:
            number += 1
            while f"T{number}" in own:
                number += 1
            names[mention.id] = f"T{number}"
            losses["identifiers"] += 1
    return names


def _entity_rows(doc_id: str, record: DocumentRecord, names: dict[str, str], losses: Counter[str]) -> Iterator[str]:
    for mention in record.mentions:
        if mention.id in names:
            if len(mention.fragments) > 1:
                losses["discontinuous mentions"] += 1
            text = _text(record, mention)
            if _BREAK.search(mention.label):
                losses["labels with tabs or line breaks"] += 1
            label = _BREAK.sub(" ", mention.label)
            cells = (doc_id, names[mention.id], label, str(mention.start), str(mention.end), _BREAK.sub(" ", text))
            yield "\t".join(cells) + "\n"


def _text(record: DocumentRecord, mention: MentionRecord) -> str:
    if mention.text is not None:
        return mention.text
    return record.text[mention.start : mention.end]


def _arguments(relation: RelationRecord, names: dict[str, str], losses: Counter[str]) -> list[str]:
    """Return the two cells of the arguments, or none if the relation cannot be written."""
    arguments = relation.arguments
    if len(arguments) != 2 or any(a.kind != "mention" or a.target not in names for a in arguments):
        losses["relations"] += 1
        return []
    roles = [argument.role for argument in arguments]
    if not all(_IDENTIFIER.fullmatch(role) for role in roles):
        losses["roles of relations"] += 1
        roles = ["Arg1", "Arg2"]
    if _BREAK.search(relation.label):
        losses["labels with tabs or line breaks"] += 1
    return [f"{role}:{names[argument.target]}" for role, argument in zip(roles, arguments, strict=True)]
