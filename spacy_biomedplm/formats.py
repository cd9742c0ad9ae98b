"""The formats that annotated documents are read from and written to: one table."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from spacy_biomedplm.corpora.bigbio import read_bigbio
from spacy_biomedplm.corpora.bioc import read_bioc_json, read_bioc_xml
from spacy_biomedplm.corpora.brat import read_brat
from spacy_biomedplm.corpora.chemprot import read_chemprot
from spacy_biomedplm.corpora.ddi import read_ddi
from spacy_biomedplm.corpora.docbin import read_docbin
from spacy_biomedplm.corpora.drugprot import read_drugprot
from spacy_biomedplm.corpora.ebm_nlp import read_ebm_nlp
from spacy_biomedplm.corpora.i2b2 import read_i2b2
from spacy_biomedplm.corpora.i2b2_medication import read_i2b2_medication
from spacy_biomedplm.corpora.i2b2_xml import read_i2b2_xml
from spacy_biomedplm.corpora.iob import read_iob
from spacy_biomedplm.corpora.jats import read_jats
from spacy_biomedplm.corpora.jsonl import read_jsonl
from spacy_biomedplm.corpora.knowtator import read_knowtator
from spacy_biomedplm.corpora.ppi import read_ppi
from spacy_biomedplm.corpora.pubmed import read_pubmed_xml
from spacy_biomedplm.corpora.pubtator import read_pubtator
from spacy_biomedplm.corpora.txt import read_txt
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import DocumentRecord
from spacy_biomedplm.writers.bigbio import write_bigbio
from spacy_biomedplm.writers.bioc import write_bioc_json, write_bioc_xml
from spacy_biomedplm.writers.brat import write_a2, write_brat
from spacy_biomedplm.writers.conll import write_conll
from spacy_biomedplm.writers.ddi import write_ddi, write_ppi
from spacy_biomedplm.writers.docbin import write_docbin
from spacy_biomedplm.writers.drugprot import write_chemprot, write_drugprot
from spacy_biomedplm.writers.ebm_nlp import write_ebm_nlp
from spacy_biomedplm.writers.i2b2 import write_i2b2
from spacy_biomedplm.writers.i2b2_medication import write_i2b2_medication
from spacy_biomedplm.writers.jsonl import write_jsonl
from spacy_biomedplm.writers.knowtator import write_knowtator
from spacy_biomedplm.writers.pubmed import write_pubmed_xml
from spacy_biomedplm.writers.pubtator import write_pubtator
from spacy_biomedplm.writers.txt import write_txt


@dataclass(frozen=True)
class Format:
    """One format.

    name (str): As commands take it.
    read (Callable): From a file or folder to records; takes ``report``.
    write (Callable | None): From records to a file or folder, counting losses; None where the format is only read.
    suffixes (tuple[str, ...]): Endings of names that can be of no other format.
    """

    name: str
    read: Callable[..., Iterator[DocumentRecord]]
    write: Callable[[Iterable[DocumentRecord], Path, "Counter[str]"], None] | None
    suffixes: tuple[str, ...] = ()


FORMATS = {
    known.name: known
    for known in (
        Format("brat", read_brat, write_brat),
        Format("a2", read_brat, write_a2),
        Format("bioc-xml", read_bioc_xml, write_bioc_xml, (".bioc.xml", ".bioc")),
        Format("bioc-json", read_bioc_json, write_bioc_json, (".bioc.json",)),
        Format("pubtator", read_pubtator, write_pubtator, (".pubtator", ".pubtator.txt")),
        Format("conll", read_iob, write_conll, (".conll", ".iob", ".iob2", ".bio", ".bioes")),
        Format("jsonl", read_jsonl, write_jsonl, (".jsonl", ".ndjson")),
        Format("bigbio", read_bigbio, write_bigbio, (".bigbio.json", ".bigbio.jsonl")),
        Format("i2b2", read_i2b2, write_i2b2),
        Format("i2b2-medication", read_i2b2_medication, write_i2b2_medication),
        Format("i2b2-xml", read_i2b2_xml, None),
        Format("ddi", read_ddi, write_ddi),
        Format("ppi", read_ppi, write_ppi),
        Format("chemprot", read_chemprot, write_chemprot),
        Format("drugprot", read_drugprot, write_drugprot),
        Format("knowtator", read_knowtator, write_knowtator, (".knowtator.xml",)),
        Format("ebm-nlp", read_ebm_nlp, write_ebm_nlp),
        Format("pubmed-xml", read_pubmed_xml, write_pubmed_xml),
        Format("jats", read_jats, None, (".nxml",)),
        Format("txt", read_txt, write_txt),
        Format("docbin", read_docbin, write_docbin, (".spacy",)),
    )
}


def find_format(path: Path, name: str | None, *, option: str) -> Format:
    """Return the format of a file or folder.

    path (Path): Its name decides where no format is given.
    name (str | None): Key of FORMATS.
    option (str): Option that would give it, for the message.
    RAISES (BiomedplmError): B660 if there is no such format, or the name does not say.
    """
    if name is not None:
        if name not in FORMATS:
            known = ", ".join(FORMATS)
            raise BiomedplmError(
                coded("B660", path=path, reason=f"there is no format '{name}'", option=option, known=known)
            )
        return FORMATS[name]
    plain = path.name.lower().removesuffix(".gz")
    fitting = [(len(end), known.name) for known in FORMATS.values() for end in known.suffixes if plain.endswith(end)]
    if fitting:
        return FORMATS[max(fitting)[1]]
    reason = "its name does not say which format it has"
    raise BiomedplmError(coded("B660", path=path, reason=reason, option=option, known=", ".join(FORMATS)))
