"""The corpora the package knows, one JSON file for each in records/: what is where, with which labels and terms."""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from difflib import get_close_matches
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from spacy.tokens import Doc
from spacy.vocab import Vocab

from spacy_biomedplm.corpora.corpus import ONLY, Corpus, parse_corpus
from spacy_biomedplm.corpora.files import read_lines
from spacy_biomedplm.corpora.placement import fit
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.documents import make_doc
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.types import ConceptRecord, DocumentRecord

ROOT_VARIABLE = "BIOMEDPLM_CORPORA"
RECORDS = Path(__file__).with_name("records")
READERS: Mapping[str, str] = {
    "a2": "brat.read_brat",
    "ab3p": "abbreviations.read_ab3p",
    "acronyms": "abbreviations.read_acronyms",
    "bigbio": "bigbio.read_bigbio",
    "bioasq": "questions.read_bioasq",
    "bioc-json": "bioc.read_bioc_json",
    "bioc-xml": "bioc.read_bioc_xml",
    "brat": "brat.read_brat",
    "binding-residues": "fasta.read_binding_residues",
    "chemprot": "chemprot.read_chemprot",
    "cmdd": "dialogues.read_cmdd",
    "conll": "iob.read_iob",
    "consultations": "dialogues.read_consultations",
    "ddi": "ddi.read_ddi",
    "deeploc": "fasta.read_deeploc",
    "dialogue-lists": "dialogues.read_dialogue_lists",
    "docbin": "docbin.read_docbin",
    "drugprot": "drugprot.read_drugprot",
    "e3c": "e3c.read_e3c",
    "ebm-nlp": "ebm_nlp.read_ebm_nlp",
    "hpo-cases": "hpo_gsc.read_hpo_cases",
    "hpo-gsc": "hpo_gsc.read_hpo_gsc",
    "i2b2": "i2b2.read_i2b2",
    "i2b2-medication": "i2b2_medication.read_i2b2_medication",
    "i2b2-xml": "i2b2_xml.read_i2b2_xml",
    "iob": "iob.read_iob",
    "jats": "jats.read_jats",
    "jsonl": "jsonl.read_jsonl",
    "knowtator": "knowtator.read_knowtator",
    "labelled-sentences": "labelled.read_labelled_sentences",
    "liveqa": "question_xml.read_liveqa",
    "mediqa-answers": "summaries.read_mediqa_answers",
    "mediqa-qa": "question_xml.read_mediqa_qa",
    "mediqa-rqe": "question_xml.read_mediqa_rqe",
    "medquad": "question_xml.read_medquad",
    "mention-tables": "mention_tables.read_mention_tables",
    "ms2": "summaries.read_ms2",
    "ppi": "ppi.read_ppi",
    "primock57": "primock57.read_primock57",
    "pubmed-xml": "pubmed.read_pubmed_xml",
    "pubmedqa": "questions.read_pubmedqa",
    "pubtator": "pubtator.read_pubtator",
    "residue-rows": "residues.read_residue_rows",
    "residue-tables": "residues.read_residue_tables",
    "tables": "tables.read_tables",
    "txt": "txt.read_txt",
}
"""Module and function of each reader, which is imported when it is needed."""


@lru_cache(maxsize=1)
def read_catalogue() -> Mapping[str, Corpus]:
    """Return every corpus by its name, in alphabetical order.

    RAISES (BiomedplmError): B422 for a record that is not whole.
    """
    files = sorted(RECORDS.glob("*.json"))
    records = (parse_corpus(file.read_text(encoding="utf-8"), path=str(file), stem=file.stem) for file in files)
    return {record.name: record for record in records}


def get_corpus(name: str) -> Corpus:
    """Return the record of a corpus.

    name (str): Such as "bc5cdr", in any case.
    RAISES (BiomedplmError): B414 if the catalogue has no such corpus.
    """
    found = read_catalogue().get(name.casefold())
    if found is None:
        raise BiomedplmError(coded("B414", name=name, known=find_similar(name)))
    return found


def find_similar(name: str) -> str:
    """Return the names of the catalogue that are most like another, for messages.

    name (str): What was asked for, in any case.
    """
    return ", ".join(get_close_matches(name.casefold(), read_catalogue(), n=5, cutoff=0.3)) or "none"


def find_root(root: Path | str | None = None) -> Path:
    """Return the folder of the corpora.

    root (Path | str | None): The folder; None takes the environment variable BIOMEDPLM_CORPORA.
    RAISES (BiomedplmError): B416 if neither says where it is, B401 if it is not there.
    """
    folder = root or os.environ.get(ROOT_VARIABLE)
    if not folder:
        raise BiomedplmError(coded("B416", variable=ROOT_VARIABLE))
    if not Path(folder).is_dir():
        raise BiomedplmError(coded("B401", path=folder))
    return Path(folder)


def locate(corpus: Corpus, name: str, root: Path) -> Path | None:
    """Return where a file of a corpus lies, or None if it is not there.

    corpus (Corpus): The corpus. name (str): As its record has it. root (Path): Folder of all corpora.
    RETURNS (Path | None): The file itself, or else what it packs: "train.tsv" for "train.tsv.gz", the folder "train"
        for "train.tar.gz".
    """
    folder = root / corpus.folder
    unpacked = name.removesuffix(".gz").removesuffix(".tar")
    found = (folder / candidate for candidate in dict.fromkeys((name, name.removesuffix(".gz"), unpacked)))
    return next((path for path in found if path.exists()), None)


def find_files(corpus: Corpus, split: str, root: Path) -> dict[str, list[Path]]:
    """Return where the files of a split lie, by the argument of the reader.

    corpus (Corpus): The corpus. split (str): One of its splits. root (Path): Folder of all corpora.
    RAISES (BiomedplmError): B415 for a split it lacks, B417 for a file that is not there.
    """
    if split not in corpus.files:
        known = ", ".join(corpus.splits) or "none whose files are known"
        raise BiomedplmError(coded("B415", name=corpus.name, split=split, known=known))
    found: dict[str, list[Path]] = {}
    for argument, names in corpus.files[split].items():
        found[argument] = []
        for name in [names] if isinstance(names, str) else names:
            path = locate(corpus, name, root)
            if path is None:
                values = {"path": root / corpus.folder / name, "split": split, "name": corpus.name, "root": root}
                source = f"{corpus.source}; {corpus.how}" if corpus.how else corpus.source
                raise BiomedplmError(
                    coded("B417", **values, source=source, folder=corpus.folder, variable=ROOT_VARIABLE)
                )
            found[argument].append(path)
    return found


def has_files(corpus: Corpus, root: Path | None) -> bool:
    """Return whether the files of at least one split are there.

    corpus (Corpus): The corpus. root (Path | None): Folder of all corpora, if there is one.
    """
    return root is not None and any(is_here(corpus, split, root) for split in corpus.splits)


def is_here(corpus: Corpus, split: str, root: Path) -> bool:
    """Return whether the files of a split are there.

    corpus (Corpus): The corpus. split (str): One of its splits. root (Path): Folder of all corpora.
    """
    return all(locate(corpus, name, root) is not None for name in corpus.list_files(split))


def read_corpus(
    name: str,
    split: str,
    root: Path | str | None = None,
    report: Report | None = None,
    *,
    allow_noncommercial: bool = False,
) -> Iterator[DocumentRecord]:
    """Stream the documents of one split of a corpus as records.

    name, split, root, report, allow_noncommercial: As for ``load_corpus``.
    RETURNS (Iterator[DocumentRecord]): With labels of the corpus' scheme; offsets fit the text.
    RAISES (BiomedplmError): As ``load_corpus``; at the end, B486 for identifiers of a list of documents (``ONLY``) that
        no document has.
    """
    corpus = get_corpus(name)
    paths = find_files(corpus, split, find_root(root)) if split in corpus.files else find_files(corpus, split, Path())
    if corpus.reader is None:
        raise BiomedplmError(coded("B420", name=corpus.name, path=paths["path"][0]))
    if not (corpus.commercial or allow_noncommercial):
        raise BiomedplmError(coded("B418", name=corpus.name, licence=corpus.licence))
    read = _find_reader(corpus.reader)
    return _read(corpus, read, paths, report or Report())


def _find_reader(name: str) -> Callable[..., Iterator[DocumentRecord]]:
    module, _, function = READERS[name].rpartition(".")
    found: Callable[..., Iterator[DocumentRecord]] = getattr(
        import_module(f"spacy_biomedplm.corpora.{module}"), function
    )
    return found


def _read(
    corpus: Corpus,
    read: Callable[..., Iterator[DocumentRecord]],
    paths: Mapping[str, list[Path]],
    report: Report,
) -> Iterator[DocumentRecord]:
    others: dict[str, Any] = {argument: found[0] for argument, found in paths.items() if argument not in ("path", ONLY)}
    lists = [(path, *line) for path in paths.get(ONLY, ()) for line in read_lines(path)]
    wanted = {line.strip(): (str(path), number) for path, number, line in lists if line.strip()}
    missing = dict(wanted)
    for path in paths["path"]:
        for record in read(path, report=report, **others, **corpus.options):
            missing.pop(record.doc_id, None)
            if ONLY not in paths or record.doc_id in wanted:
                record = corpus.scheme.apply(record, report) if corpus.labels else record
                yield fit(_name_vocabularies(record, corpus.vocabularies), report)
    for doc_id, (only, number) in missing.items():
        message = coded("B486", path=only, line=number, doc_id=doc_id, name=corpus.name)
        report.drop(message, path=only, line=number, doc_id=doc_id)


def _name_vocabularies(record: DocumentRecord, vocabularies: Mapping[str, str]) -> DocumentRecord:
    """Return a record whose concepts say what vocabulary they are of where their numbers do not."""
    if not vocabularies:
        return record

    def name(concept: ConceptRecord, label: str) -> ConceptRecord:
        is_bare = not concept.resource and concept.id.isdecimal() and label in vocabularies
        return replace(concept, resource=vocabularies[label]) if is_bare else concept

    mentions = (
        replace(mention, concepts=tuple(name(concept, mention.label) for concept in mention.concepts))
        for mention in record.mentions
    )
    return replace(record, mentions=tuple(mentions))


def load_corpus(
    name: str,
    split: str,
    vocab: Vocab,
    root: Path | str | None = None,
    report: Report | None = None,
    *,
    allow_noncommercial: bool = False,
) -> Iterator[Doc]:
    """Stream the reference documents of one split of a corpus.

    name (str): Name in the catalogue, in any case.
    split (str): "train", "dev", "test", "all" of a corpus without splits, or a further test of the corpus.
    vocab (Vocab): The pipeline's vocabulary.
    root (Path | str | None): Folder of the corpora; None takes the environment variable BIOMEDPLM_CORPORA.
    report (Report | None): What to do with broken annotations, and the list of what was done; None stops at the
        first.
    allow_noncommercial (bool): Read a corpus whose terms forbid commercial use.
    RETURNS (Iterator[Doc]): With labels of the corpus' scheme, and what it annotates in ``doc._.annotated``. Mistakes
        in the arguments are raised by the call, not by the first document.
    RAISES (BiomedplmError): B414 for an unknown corpus, B415 for a split it lacks, B416 without a folder, B417 for
        a missing file, B418 for terms that forbid commercial use, B420 if no reader takes its files; while reading,
        the errors of the reader.
    """
    corpus = get_corpus(name)
    records = read_corpus(name, split, root, report, allow_noncommercial=allow_noncommercial)
    return (make_reference(corpus, split, record, vocab) for record in records)


def make_reference(corpus: Corpus, split: str, record: DocumentRecord, vocab: Vocab) -> Doc:
    """Return the reference document of a record of a corpus.

    corpus (Corpus): The corpus. split (str): Where the record is from. record (DocumentRecord): From ``read_corpus``.
    vocab (Vocab): The pipeline's.
    """
    doc = make_doc(vocab, record)
    doc._.corpus = corpus.name
    doc._.annotated = corpus.annotated(split)
    return doc
