"""How fast files of corpora are read to records, and how much memory that takes; on one core, in fresh processes.

python benchmarks/corpora_speed.py
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import typer
from _common import OutputOption, TableOption, console, markdown_table, provenance, run, save

from spacy_biomedplm.corpora import Report, read_brat, read_ddi, read_drugprot, read_iob, read_pubtator
from spacy_biomedplm.corpora.bioc import read_bioc_xml
from spacy_biomedplm.corpora.catalogue import find_root
from spacy_biomedplm.corpora.knowtator import read_knowtator
from spacy_biomedplm.corpora.ppi import read_ppi
from spacy_biomedplm.corpora.pubmed import read_pubmed_xml
from spacy_biomedplm.corpora.streams import read_streams
from spacy_biomedplm.types import DocumentRecord

PUBMED = "pubmed-xml"
FORMATS: dict[str, tuple[Callable[..., Iterator[DocumentRecord]], tuple[str, ...]]] = {
    "pubtator": (read_pubtator, ("*/*.PubTator", "*/*.PubTator.txt", "*/*.PubTator.gz", "ncbi-disease/*_corpus.txt")),
    "iob": (
        read_iob,
        ("bc*/*.tsv", "bionlp*-ner/*.tsv", "ex-ptm/*.tsv", "jnlpba/*.tsv", "linnaeus/*.tsv", "s800/*.tsv"),
    ),
    "brat": (read_brat, ("anatem/*.tar.gz", "bionlp-st-*/*.tar.gz", "cantemist/*.tar.gz", "meddocan/*.tar.gz")),
    "bioc-xml": (read_bioc_xml, ("*/BioC.tar.gz",)),
    "ddi": (read_ddi, ("ddi2013/*.tar.gz",)),
    "ppi": (read_ppi, ("ppi/*.xml",)),
    "knowtator": (read_knowtator, ("craft",)),
    "drugprot": (read_drugprot, ("drugprot",)),
}
_PARTS = ("BACKGROUND", "METHODS", "RESULTS", "CONCLUSIONS")


def measure(name: str, paths: list[Path]) -> dict[str, Any]:
    """Return what reading files takes in this process.

    name (str): Key of FORMATS, or PUBMED.
    paths (list[Path]): Files or folders, one after the other.
    RETURNS (dict[str, Any]): "documents", "mb" (10⁶ bytes, unpacked), "seconds" (of the processor), "mb_per_second",
        "resident_mb" (the most memory of the process) and "resident_before_mb" (when all is imported).
    """
    read = FORMATS[name][0] if name in FORMATS else read_pubmed_xml
    size = sum(len(chunk) for path in paths for _, _, chunks in read_streams(path, ("",), Report()) for chunk in chunks)
    before = _peak_mb()
    start = time.process_time()
    documents = sum(1 for path in paths for _ in read(path, report=Report(errors="repair")))
    seconds = time.process_time() - start
    return {
        "documents": documents,
        "mb": round(size / 1e6, 2),
        "seconds": round(seconds, 2),
        "mb_per_second": round(size / 1e6 / seconds, 1),
        "resident_before_mb": round(before),
        "resident_mb": round(_peak_mb()),
    }


def _peak_mb() -> float:
    # In KiB on Linux.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e6


def write_citations(path: Path, citations: int, seed: int) -> None:
    """Write a file such as PubMed gives out, with made-up words.

    path (Path): The file.
    citations (int): How many articles, about 8 kB each.
    seed (int): Of the random numbers.
    """
    chance = random.Random(seed)
    letters = "etaoinshrdlucmfpgwybvk"
    words = ["".join(chance.choices(letters, k=chance.randint(2, 11))) for _ in range(5_000)]
    with path.open("w", encoding="utf-8") as stream:
        stream.write('<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE PubmedArticleSet SYSTEM "pubmed.dtd">\n')
        stream.write("<PubmedArticleSet>\n")
        stream.writelines(_citation(number, chance, words) for number in range(1, citations + 1))
        stream.write("</PubmedArticleSet>\n")


def _citation(pmid: int, chance: random.Random, words: list[str]) -> str:
    def text(count: int) -> str:
        return " ".join(chance.choices(words, k=count))

    abstract = "".join(
        f'<AbstractText Label="{part}" NlmCategory="{part}">{text(55)} <i>{text(2)}</i> &lt; 0.05.</AbstractText>\n'
        for part in _PARTS
    )
    authors = "".join(
        f"<Author><LastName>{text(1)}</LastName><ForeName>{text(1)}</ForeName><Initials>A</Initials>"
        f"<AffiliationInfo><Affiliation>{text(10)}</Affiliation></AffiliationInfo></Author>\n"
        for _ in range(5)
    )
    headings = "".join(
        f'<MeshHeading><DescriptorName UI="D{chance.randrange(10**6):06}" MajorTopicYN="N">{text(2)}</DescriptorName>'
        '<QualifierName UI="Q000379" MajorTopicYN="Y">methods</QualifierName></MeshHeading>\n'
        for _ in range(10)
    )
    references = "".join(
        f'<Reference><Citation>{text(15)}</Citation><ArticleIdList><ArticleId IdType="pubmed">{number}</ArticleId>'
        "</ArticleIdList></Reference>\n"
        for number in range(8)
    )
    return (
        f'<PubmedArticle><MedlineCitation Status="MEDLINE" Owner="NLM"><PMID Version="1">{pmid}</PMID>\n'
        "<Article><Journal><JournalIssue><Volume>5</Volume><PubDate><Year>2001</Year></PubDate></JournalIssue>"
        f"<Title>{text(3)}</Title></Journal><ArticleTitle>{text(14)}.</ArticleTitle>\n<Abstract>{abstract}</Abstract>\n"
        f"<AuthorList>{authors}</AuthorList><Language>eng</Language></Article>\n"
        f"<MeshHeadingList>{headings}</MeshHeadingList></MedlineCitation>\n<PubmedData><ArticleIdList>"
        f'<ArticleId IdType="doi">10.1/{pmid}</ArticleId></ArticleIdList>'
        f"<ReferenceList>{references}</ReferenceList></PubmedData></PubmedArticle>\n"
    )


def measure_in_fresh_process(name: str, paths: list[Path]) -> dict[str, Any]:
    """Return what ``measure`` returns in a process that has done nothing before."""
    command = [sys.executable, __file__, *map(str, paths), "--here", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise typer.Exit(done.returncode)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main(
    paths: list[Path] = typer.Argument(None, help="Folders of corpora; what BIOMEDPLM_CORPORA names by default."),
    citations: int = typer.Option(30_000, min=1, help="Articles of the PubMed file that is made up."),
    seed: int = typer.Option(1, help="Of its words."),
    output: Path = OutputOption,
    table: Path = TableOption,
    here: str = typer.Option("", hidden=True, help="Measure the paths as this format, in this process."),
) -> None:
    """Measure readers."""
    if here:
        typer.echo(json.dumps(measure(here, paths)))
        return
    rows: dict[str, dict[str, Any]] = {}
    for name, (_, patterns) in FORMATS.items():
        found = sorted({path for root in paths or [find_root()] for pattern in patterns for path in root.glob(pattern)})
        if found:
            rows[name] = measure_in_fresh_process(name, found)
            console.print(f"{name}: {rows[name]['mb_per_second']} MB/s")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "citations.xml"
        write_citations(file, citations, seed)
        rows[PUBMED] = measure_in_fresh_process(PUBMED, [file])
    record = {
        "figure": "MB (10⁶ bytes, unpacked) read to records per second of one core; most resident memory in MB",
        "text": f"corpora as their folders have them; {PUBMED}: {citations:,} made-up citations in one file",
        **provenance(seed),
        "formats": rows,
    }
    columns = ("documents", "mb", "mb_per_second", "resident_before_mb", "resident_mb")
    cells = [[name, *(f"{row[column]:,}" for column in columns)] for name, row in rows.items()]
    names = ["format", "documents", "MB", "MB/s", "memory before, MB", "most memory, MB"]
    save("corpora_speed", record, markdown_table(names, cells), output=output, docs=table)


if __name__ == "__main__":
    run(main)
