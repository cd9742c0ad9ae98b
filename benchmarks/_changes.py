"""Answers made of gold documents by changing some of their annotations, for the comparison of scorers."""

import random
from dataclasses import replace

from _originals import Records

from spacy_biomedplm.evaluation import answers, classification, concepts
from spacy_biomedplm.types import ArgumentRecord, ConceptRecord, DocumentRecord, MentionRecord


def _words(record: DocumentRecord) -> list[tuple[int, int]]:
    starts = [0, *(place + 1 for place, char in enumerate(record.text) if char == " ")]
    return [(start, (record.text + " ").index(" ", start)) for start in starts]


def flat(record: DocumentRecord) -> DocumentRecord:
    """Return a document with mentions of whole words that do not overlap, as tags can tell them."""
    words = _words(record)
    starts, ends = {start for start, _ in words}, {end for _, end in words}
    kept: list[MentionRecord] = []
    for mention in sorted(record.mentions, key=lambda m: m.start):
        whole = mention.start in starts and mention.end in ends and mention.start < mention.end
        if whole and (not kept or mention.start > kept[-1].end):
            kept.append(mention)
    return replace(record, mentions=tuple(kept))


def change_words(records: Records, rate: float, rng: random.Random) -> list[DocumentRecord]:
    """Drop, move, relabel and add mentions of whole words."""
    labels = sorted({m.label for record in records for m in record.mentions})
    changed = []
    for record in records:
        words = _words(record)
        places = {start: number for number, (start, _) in enumerate(words)} | {
            end: n for n, (_, end) in enumerate(words)
        }
        mentions = []
        for mention in record.mentions:
            first, last = places[mention.start], places[mention.end]
            change = rng.choice(("drop", "left", "right", "label", "split")) if rng.random() < rate else ""
            if change == "left":
                first = max(0, first + rng.choice((-1, 1)))
            elif change == "right":
                last = min(len(words) - 1, last + rng.choice((-1, 1)))
            elif change == "split":
                last = first
            label = rng.choice(labels) if change == "label" else mention.label
            if change != "drop" and first <= last:
                span = (words[first][0], words[last][1])
                mentions.append(replace(mention, label=label, fragments=(span,), text=None))
        if rng.random() < rate:
            mentions.append(MentionRecord("new", rng.choice(labels), (rng.choice(words),)))
        changed.append(flat(replace(record, mentions=tuple(mentions))))
    return changed


def change_mentions(records: Records, rate: float, rng: random.Random) -> list[DocumentRecord]:
    """Drop, move, relabel, double and link otherwise mentions anywhere; also relations between concepts."""
    labels = sorted({m.label for record in records for m in record.mentions})
    known = sorted({c.id for record in records for m in record.mentions for c in m.concepts})
    changed = []
    for record in records:
        mentions = []
        for mention in record.mentions:
            change = rng.choice(("drop", "move", "label", "double", "link", "more")) if rng.random() < rate else ""
            if change == "move":
                start = max(0, mention.start + rng.randint(-2, 2))
                mention = replace(mention, fragments=((start, max(start + 1, mention.end + rng.randint(-2, 2))),))
            elif change == "label":
                mention = replace(mention, label=rng.choice(labels))
            elif change == "link":
                mention = replace(mention, concepts=(ConceptRecord("", rng.choice([*known, "-1", "MESH:D1"])),))
            elif change == "more":
                mention = replace(mention, concepts=(*mention.concepts, ConceptRecord("", rng.choice(known))))
            mentions += [mention] * {"drop": 0, "double": 2}.get(change, 1)
        found = []
        for relation in record.relations:
            change = rng.choice(("drop", "swap", "target", "double")) if rng.random() < rate else ""
            one, two = relation.arguments
            if change == "target":
                two = replace(two, target=rng.choice(known))
            pair = (two, one) if change == "swap" else (one, two)
            found += [replace(relation, arguments=pair)] * {"drop": 0, "double": 2}.get(change, 1)
        changed.append(replace(record, mentions=tuple(mentions), relations=tuple(found)))
    return changed


def change_relations(records: Records, rate: float, rng: random.Random) -> list[DocumentRecord]:
    """Drop, relabel, turn round, double and lead elsewhere relations between mentions; add some."""
    labels = sorted({relation.label for record in records for relation in record.relations})
    changed = []
    for record in records:
        names = [[m.id for m in record.mentions if (m.label == "CHEMICAL") is side] for side in (True, False)]
        found = []
        for relation in record.relations:
            one, two = relation.arguments
            change = rng.choice(("drop", "label", "swap", "target", "double", "again")) if rng.random() < rate else ""
            if change == "target":
                two = replace(two, target=rng.choice(names[1]))
            label = rng.choice(labels) if change in ("label", "again") else relation.label
            new = replace(relation, label=label, arguments=(two, one) if change == "swap" else (one, two))
            found += [relation, new] if change == "again" else [new] * {"drop": 0, "double": 2}.get(change, 1)
        if rng.random() < rate and all(names) and record.relations:
            pair = (ArgumentRecord("Arg1", rng.choice(names[0])), ArgumentRecord("Arg2", rng.choice(names[1])))
            found.append(replace(record.relations[0], label=rng.choice(labels), arguments=pair))
        changed.append(replace(record, relations=tuple(found)))
    return changed


def change_biored(records: Records, rate: float, rng: random.Random) -> list[DocumentRecord]:
    """Drop, retype, turn round, and call new or not new relations between concepts; one for each pair."""
    types = sorted({relation.label for record in records for relation in record.relations})
    known = sorted({a.target for record in records for relation in record.relations for a in relation.arguments})
    changed = []
    for record in records:
        found = {}
        for relation in record.relations:
            one, two = relation.arguments
            if rng.random() < rate:
                change = rng.choice(("drop", "type", "novelty", "swap", "target"))
                if change == "drop":
                    continue
                if change == "type":
                    relation = replace(relation, label=rng.choice(types))
                elif change == "novelty":
                    relation = replace(relation, infons={"novelty": rng.choice(("Novel", "No"))})
                elif change == "target":
                    two = replace(two, target=rng.choice(known))
                one, two = (two, one) if change == "swap" else (one, two)
            found[tuple(sorted((one.target, two.target)))] = replace(relation, arguments=(one, two))
        changed.append(replace(record, relations=tuple(found.values())))
    return changed


def change_labels(records: Records, rate: float, rng: random.Random) -> list[DocumentRecord]:
    """Choose another class."""
    changed = []
    for record in records:
        right = rng.choice([*record.labels]) if rng.random() < rate else classification.best_label(record.labels)
        changed.append(replace(record, labels={name: float(name == right) for name in record.labels}))
    return changed


def flip_labels(records: Records, rate: float, rng: random.Random) -> list[DocumentRecord]:
    """Turn labels on and off."""
    return [
        replace(r, labels={name: 1 - value if rng.random() < rate / 4 else value for name, value in r.labels.items()})
        for r in records
    ]


def change_numbers(records: Records, rate: float, rng: random.Random) -> list[DocumentRecord]:
    """Add noise to a number."""
    return [replace(r, labels={"similarity": r.labels["similarity"] + rng.gauss(0, 5 * rate)}) for r in records]


def change_answers(records: Records, rate: float, rng: random.Random) -> list[DocumentRecord]:
    """Drop, spell otherwise, replace, reorder and add answers; five at most to a factoid."""
    pool = sorted({name for record in records for group in record.answers for name in group})
    changed = []
    for record in records:
        if record.infons["type"] == "yesno":
            changed += change_labels([record], rate, rng)
            continue
        found = []
        for group in record.answers:
            change = rng.choice(("drop", "case", "other", "synonym", "twice")) if rng.random() < rate else ""
            name = rng.choice(pool) if change == "other" else rng.choice(group) if change == "synonym" else group[0]
            name = name.upper() if change == "case" else name
            found += [(name,)] * {"drop": 0, "twice": 2}.get(change, 1)
        found += [(rng.choice(pool),) for _ in range(3) if rng.random() < rate]
        if rng.random() < rate:
            rng.shuffle(found)
        limit = answers.MAX_FACTOIDS if record.infons["type"] == "factoid" else None
        changed.append(replace(record, answers=tuple(found[:limit])))
    return changed


def rank_concepts(records: Records, rate: float, rng: random.Random) -> list[DocumentRecord]:
    """Give every mention ten candidates, the right one at any rank or missing."""
    pool = sorted({c.id for record in records for m in record.mentions for c in m.concepts})
    changed = []
    for record in records:
        mentions = []
        for mention in record.mentions:
            names = rng.sample(pool, 10)
            if rng.random() > rate / 2:
                right = rng.choice(concepts.concept_ids(mention.concepts, None))
                names.insert(min(9, int(rng.expovariate(1 / (5 * rate)))), right)
            mentions.append(replace(mention, concepts=tuple(ConceptRecord("", name) for name in names[:10])))
        changed.append(replace(record, mentions=tuple(mentions)))
    return changed


def linkable(records: Records) -> list[DocumentRecord]:
    """Return documents with mentions that have a concept, each place once."""
    kept = []
    for record in records:
        places = {m.fragments: m for m in record.mentions if concepts.concept_ids(m.concepts, None)}
        kept.append(replace(record, mentions=tuple(places.values())))
    return kept


def as_chemprot(records: Records) -> list[DocumentRecord]:
    """Return DrugProt documents with the groups of ChemProt in place of relation types."""
    groups = {
        **dict.fromkeys(("ACTIVATOR", "INDIRECT-UPREGULATOR"), "CPR:3"),
        **dict.fromkeys(("INHIBITOR", "INDIRECT-DOWNREGULATOR"), "CPR:4"),
        **dict.fromkeys(("AGONIST", "AGONIST-ACTIVATOR", "AGONIST-INHIBITOR"), "CPR:5"),
        "ANTAGONIST": "CPR:6",
        **dict.fromkeys(("SUBSTRATE", "PRODUCT-OF", "SUBSTRATE_PRODUCT-OF"), "CPR:9"),
        **dict.fromkeys(("PART-OF", "DIRECT-REGULATOR"), "CPR:1"),
    }
    return [replace(r, relations=tuple(replace(x, label=groups[x.label]) for x in r.relations)) for r in records]
