"""The indexes of names against scispaCy's, on one base and the same mentions: speed, memory and recall.

python benchmarks/linking_index.py --scispacy PYTHON
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import typer
from _common import OutputOption, TableOption, markdown_table, provenance, resident_mb, run, save

from spacy_biomedplm.corpora.catalogue import find_root, read_corpus
from spacy_biomedplm.index.opening import build_lexical, open_indexes
from spacy_biomedplm.kb.assembly import assemble
from spacy_biomedplm.kb.config import KbConfig, SourceConfig
from spacy_biomedplm.kb.curies import join_id
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase

K = 30
DEPTHS = (1, 5, 30)
CORPORA = {"bc5cdr": {"Disease"}, "ncbi-disease": None}


class Mentions(NamedTuple):
    """Test mentions of a corpus.

    texts (list[str]): As they stand. gold (list[set[str]]): Concepts of the base that count as right for each; nothing
        for one that the base lacks, which every system misses.
    """

    texts: list[str]
    gold: list[set[str]]


def build_base(folder: Path, genes: bool) -> KnowledgeBase:
    """Return a base of the diseases of MEDIC. folder (Path): New. genes (bool): With NCBI's human genes."""
    root = find_root()
    sources = [SourceConfig(root / "kb-ctd-medic" / "medic_06Jul2012.txt.gz", format="medic")]
    if genes:
        sources.append(SourceConfig(root / "kb-ncbi-gene" / "Homo_sapiens.gene_info.gz", format="ncbi-gene"))
    return assemble(KbConfig("linking", tuple(sources), definitions=False), folder).base


def read_mentions(base: KnowledgeBase, name: str, labels: set[str] | None) -> Mentions:
    """Return the test mentions of a corpus that have a concept; of several concepts any one counts.

    base (KnowledgeBase): Follows former and alternative ids. name (str): The corpus. labels (set | None): Of mentions.
    """
    mentions = Mentions([], [])
    for record in read_corpus(name, "test"):
        for mention in record.mentions:
            concepts = [one for one in mention.concepts if one.id not in ("", "-1")]
            if concepts and (labels is None or mention.label in labels):
                mentions.texts.append(record.text[mention.start : mention.end])
                mentions.gold.append({id for one in concepts for id in base.find(join_id(one.resource, one.id))})
    return mentions


def measure_ours(base: KnowledgeBase, mentions: dict[str, Mentions]) -> dict[str, Any]:
    """Return what building, opening and asking takes, and the concepts found. base, mentions: What is asked."""
    start = time.perf_counter()
    build_lexical(base)
    build_seconds = time.perf_counter() - start
    before, start = resident_mb(), time.perf_counter()
    hybrid = open_indexes(base)
    load_seconds = time.perf_counter() - start
    ranked, seconds = {}, 0.0
    for corpus, (texts, _) in mentions.items():
        start = time.perf_counter()
        found = hybrid.candidates(texts, K)
        seconds += time.perf_counter() - start
        ranked[corpus] = [[base.id_of(one.concept) for one in row] for row in found]
    return {
        "build_seconds": build_seconds,
        "load_seconds": load_seconds,
        "load_mb": resident_mb() - before,
        "query_seconds": seconds,
        "ranked": ranked,
    }


def measure_scispacy(base: KnowledgeBase, mentions: dict[str, Mentions], python: Path, folder: Path) -> dict[str, Any]:
    """Return the same of scispaCy. python (Path): Where it is installed. folder (Path): For what it writes."""
    given, out = folder / "given.json", folder / "found.json"
    concepts = {id: [name.text for name in base[id].names] for id in base}
    texts = {corpus: one.texts for corpus, one in mentions.items()}
    given.write_text(json.dumps({"concepts": concepts, "mentions": texts}), encoding="utf8")
    (folder / "scispacy").mkdir()
    script = Path(__file__).with_name("_scispacy_index.py")
    command = [str(python), str(script), str(given), str(folder / "scispacy"), str(os.cpu_count()), str(out)]
    if subprocess.run(command, check=False).returncode:
        raise typer.Exit(1)
    return dict(json.loads(out.read_text(encoding="utf8")))


def summarise(found: dict[str, Any], mentions: dict[str, Mentions]) -> dict[str, Any]:
    """Return the figures of a system. found (dict): As measured. mentions (dict): With what is right."""
    ranked = found.pop("ranked")
    n_texts = sum(len(one.texts) for one in mentions.values())
    summary = {key: round(one, 3) if isinstance(one, float) else one for key, one in found.items()}
    summary["mentions_per_second"] = round(n_texts / found["query_seconds"], 1)
    for corpus, one in mentions.items():
        for depth in DEPTHS:
            right = sum(bool(gold & set(row[:depth])) for gold, row in zip(one.gold, ranked[corpus], strict=True))
            summary[f"{corpus}_recall@{depth}"] = round(100 * right / len(one.texts), 2)
    return summary


def main(
    scispacy: Path = typer.Option(None, help="Python with scispacy==0.6.2; without it only ours is measured."),
    genes: bool = typer.Option(True, help="With NCBI's human genes too, not with the diseases only."),
    output: Path = OutputOption,
    table: Path = TableOption,
) -> None:
    """Measure the indexes."""
    with tempfile.TemporaryDirectory(prefix="linking-") as scratch:
        base = build_base(Path(scratch) / "base", genes)
        mentions = {name: read_mentions(base, name, labels) for name, labels in CORPORA.items()}
        figures = {"ours": summarise(measure_ours(base, mentions), mentions)}
        if scispacy is not None:
            theirs = measure_scispacy(base, mentions, scispacy, Path(scratch))
            figures["scispacy"] = summarise(theirs, mentions)
        counts = {"names": base.n_names, "concepts": base.n_concepts}
        counts |= {f"{name}_mentions": len(one.texts) for name, one in mentions.items()}
    record = {
        "figure": "names of a base, asked for the test mentions of BC5CDR (diseases) and NCBI-disease, k = 30",
        **provenance(None),
        **counts,
        "systems": figures,
    }
    name = "linking_index" if genes else "linking_index_diseases"
    save(name, record, describe_systems(record), output=output, docs=table)


def describe_systems(record: dict[str, Any]) -> str:
    """Return the table. record (dict[str, Any]): Of the benchmark."""
    figures = record["systems"]
    titles = {"ours": "ours", "scispacy": f"scispaCy {figures.get('scispacy', {}).get('version', '')}"}
    rows = [
        ["build, s", *(f"{one['build_seconds']:,.1f}" for one in figures.values())],
        ["load, s", *(f"{one['load_seconds']:.3f}" for one in figures.values())],
        ["memory that loading and asking adds, MB", *(f"{one['load_mb']:.0f}" for one in figures.values())],
        ["mentions/s", *(f"{one['mentions_per_second']:,.0f}" for one in figures.values())],
    ]
    for corpus in CORPORA:
        recalls = ("/".join(f"{one[f'{corpus}_recall@{depth}']:.1f}" for depth in DEPTHS) for one in figures.values())
        rows.append([f"{corpus}: recall@{'/'.join(map(str, DEPTHS))}, %", *recalls])
    return markdown_table(["", *(titles[name] for name in figures)], rows)


if __name__ == "__main__":
    run(main)
