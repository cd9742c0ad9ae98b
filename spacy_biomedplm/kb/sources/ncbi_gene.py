"""Genes of NCBI: gene_info, and the genes that others replaced."""

from collections.abc import Iterator
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.concepts import Concept, Name
from spacy_biomedplm.kb.reading import Reading
from spacy_biomedplm.kb.sources.lines import drop_row, read_lines

_INFO_COLUMNS = 15
_HISTORY_COLUMNS = 5
_NONE = "-"
# Symbol of records that are there to hang notes on, one for each species; they are no genes.
_PLACEHOLDER = "NEWENTRY"
_WANTED = "the 15 or 16 tab-separated columns of gene_info, or the 5 of gene_history"


def read_ncbi_gene(
    path: Path, name: str, reading: Reading, *, species: tuple[str, ...] = (), kinds: tuple[str, ...] = ()
) -> Iterator[Concept]:
    """Yield the genes of NCBI.

    path (Path): gene_info, or gene_history, which gives retired identifiers to the genes that replaced them.
    name (str): Of the source. reading (Reading): Where problems go.
    species (tuple[str, ...]): Taxa whose genes are wanted, such as "9606"; empty for all. A file without any gene of
        one of them is an error.
    kinds (tuple[str, ...]): Types of genes that are wanted, such as "protein-coding"; empty for all.
    RAISES (BiomedplmError): B569 for a broken row, as the report decides, B572 for a species or kind that the file does
        not have, and what ``read_lines`` raises.
    """
    found: dict[str, set[str]] = {"species": set(), "kind": set()}
    for number, line in read_lines(path, reading.report):
        fields = line.split("\t")
        if line.startswith("#"):
            continue
        if len(fields) not in (_HISTORY_COLUMNS, _INFO_COLUMNS, _INFO_COLUMNS + 1) or not fields[1]:
            drop_row(reading.report, path, number, f"it has {len(fields)} columns, or no identifier", _WANTED)
            continue
        found["species"].add(fields[0])
        reading.line = number
        if len(fields) > _HISTORY_COLUMNS:
            found["kind"].add(fields[9])
        if species and fields[0] not in species:
            reading.report.counts[f"genes of {name} of other species"] += 1
        elif len(fields) == _HISTORY_COLUMNS:
            if fields[1] != _NONE:
                yield Concept(f"NCBIGene:{fields[1]}", xrefs=(f"NCBIGene:{fields[2]}",))
        elif kinds and fields[9] not in kinds:
            reading.report.counts[f"genes of {name} of other kinds"] += 1
        elif fields[2] == _PLACEHOLDER:
            reading.report.counts[f"records of {name} that stand for no gene"] += 1
        else:
            yield _gene(fields, name)
    for option, wanted in (("species", species), ("kind", kinds if found["kind"] else ())):
        for value in wanted:
            if value not in found[option]:
                known = ", ".join(sorted(found[option])[:20])
                raise BiomedplmError(coded("B572", option=f"{option} of genes in '{path}'", value=value, known=known))


def _gene(fields: list[str], source: str) -> Concept:
    symbol, synonyms, xrefs, description = fields[2], fields[4], fields[5], fields[8]
    official, full_name, others = fields[10], fields[11], fields[13]
    texts = [("symbol", official), ("symbol", symbol), ("full name", full_name), ("description", description)]
    texts += [("synonym", text) for text in synonyms.split("|")]
    texts += [("designation", text) for text in others.split("|")]
    return Concept(
        f"NCBIGene:{fields[1]}",
        tuple(Name(text, source, kind) for kind, text in texts if text not in ("", _NONE)),
        xrefs=tuple(one for one in xrefs.split("|") if one not in ("", _NONE)),
    )
