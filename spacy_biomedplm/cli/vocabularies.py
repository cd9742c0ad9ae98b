"""What the commands of ``biomedplm vocab`` do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from spacy_biomedplm.cli.console import err_console, out_console, say
from spacy_biomedplm.encoder.loading import load_tokenizer
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.exclusions import Exclusions
from spacy_biomedplm.plm.extension import Init, extend_vocabulary
from spacy_biomedplm.plm.fertility import EntityWords, Fertility, measure_fertility
from spacy_biomedplm.plm.text import SUFFIXES, iter_texts
from spacy_biomedplm.plm.vocabulary import (
    LearnedKind,
    make_kmer_vocabulary,
    make_residue_vocabulary,
    save_vocabulary,
    train_vocabulary,
)
from spacy_biomedplm.plm.words import check_unknown

_SHOWN_EVERY = 500
_EXAMPLES = 12
_WITHOUT_TEXT = ("residues", "k-mers")

Show = Callable[[str], None]


def train(
    texts: Sequence[Path],
    output: Path,
    kind: str,
    *,
    size: int,
    cased: bool,
    min_count: int,
    k: int,
    exclude: Sequence[Path],
) -> None:
    """Make a vocabulary and say what it holds.

    texts, exclude (Sequence[Path]): Raw text, and what is left out of it; see ``plm.text`` and ``plm.exclusions``.
    output (Path): New folder. kind (str): One of the kinds of ``plm.vocabulary``, "residues" or "k-mers".
    size, min_count (int): As for ``train_vocabulary``. cased (bool): Keep upper case. k (int): For "k-mers".
    RAISES (BiomedplmError): As the modules of plm; B513 if the output exists, B517 if text is missing or of no use.
    """
    _check_output(output)
    if (kind in _WITHOUT_TEXT) == bool(texts):
        wanted = "none: this kind is fixed" if texts else "files or folders: this kind is learned"
        raise BiomedplmError(coded("B517", option="TEXT", value=" ".join(map(str, texts)) or "nothing", wanted=wanted))
    if kind in _WITHOUT_TEXT:
        tokenizer = make_kmer_vocabulary(k) if kind == "k-mers" else make_residue_vocabulary()
    else:
        with _Reading(texts, exclude, "Learning the vocabulary") as reading:
            tokenizer = train_vocabulary(
                reading, cast(LearnedKind, kind), size, lowercase=not cased, min_count=min_count
            )
        reading.say_excluded()
    save_vocabulary(tokenizer, output)
    entries = tokenizer.get_vocab_size()
    if kind not in _WITHOUT_TEXT and entries < size:
        say(f"The text does not give {size:,} entries that occur {min_count} times.")
    out_console().print(f"{entries:,} entries in {output}", soft_wrap=True, markup=False)


def extend(
    model: str,
    texts: Sequence[Path],
    output: Path,
    *,
    n_entries: int,
    init: str,
    min_documents: int,
    exclude: Sequence[Path],
) -> None:
    """Extend the vocabulary of a model and say what it gained.

    texts, exclude (Sequence[Path]): Raw text, and what is left out of it; see ``plm.text`` and ``plm.exclusions``.
    model, output, n_entries, init, min_documents: As for ``extend_vocabulary``.
    RAISES (BiomedplmError): As ``extend_vocabulary`` and ``iter_texts``.
    """
    _check_output(output)
    with _Reading(texts, exclude, "Extending the model") as reading:
        done = extend_vocabulary(
            model, reading, output, n_entries=n_entries, init=cast(Init, init), min_documents=min_documents
        )
    reading.say_excluded()
    if len(done.entries) < n_entries:
        say(f"No more than {len(done.entries):,} of {n_entries:,} entries occur in {min_documents} documents.")
    table = Table(box=None, show_header=False, pad_edge=False)
    examples = ", ".join(entry.text for entry in done.entries[:_EXAMPLES])
    table.add_row("corpus", f"{done.n_documents:,} documents, {done.n_words:,} words")
    table.add_row("entries", f"{len(done.entries):,} new ones from {done.first_id:,} on: {escape(examples)} …")
    table.add_row("pieces per word", f"{done.pieces_before:.3f} → {done.pieces_after:.3f} in this corpus")
    if done.cosine is not None:
        mapped = f"{done.n_mapped:,} rows; cosine with the true row of words left out of the map {done.cosine:.2f}"
        table.add_row("word vectors", mapped)
    table.add_row("model", escape(str(output)))
    out_console().print(table)


@dataclass(frozen=True)
class FertilityRow:
    """Words of a corpus and how vocabularies cut them.

    corpus (str): Name or file. split (str | None): Split of a catalogued corpus.
    words (str): Which words: "outside" of entities, "entities", or "entities: " and a label.
    count (int): How many there are.
    models (dict[str, Fertility]): By the name of the model.
    """

    corpus: str
    split: str | None
    words: str
    count: int
    models: dict[str, Fertility]

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data."""
        return {
            "corpus": self.corpus,
            "split": self.split,
            "words": self.words,
            "count": self.count,
            "models": {
                name: {
                    "pieces_per_word": found.pieces_per_word,
                    "pieces": found.pieces,
                    "whole_words": found.whole,
                    "words_with_unknown": found.unknown,
                }
                for name, found in self.models.items()
            },
        }


def report(
    models: Sequence[str],
    corpora: Sequence[str],
    *,
    split: str | None = None,
    format: str | None = None,
    allow_noncommercial: bool = False,
) -> list[FertilityRow]:
    """Return how vocabularies cut the words of corpora.

    models (Sequence[str]): As for ``load_tokenizer``.
    corpora (Sequence[str]): Names in the catalogue, or files and folders.
    split (str | None): Of catalogued corpora; None for all that are there.
    format (str | None): Key of FORMATS, for files; by default the name tells it, and .txt is raw text.
    allow_noncommercial (bool): Read corpora whose terms forbid commercial use.
    RAISES (BiomedplmError): As ``load_tokenizer`` and the readers; B414 for a corpus that is neither, B417 if no split
        is there, B510 if there are no words, B519 for a tokenizer that fails on unknown characters, B660 for a file of
        unknown format.
    """
    tokenizers = {name: load_tokenizer(name) for name in dict.fromkeys(models)}
    for name, tokenizer in tokenizers.items():
        check_unknown(name, tokenizer)
    rows: list[FertilityRow] = []
    with err_console().status("Counting words") as status:
        for corpus in corpora:
            for part, words in _count(corpus, split, format, allow_noncommercial, status.update):
                for kind, counts in words.by_place().items():
                    found = {name: measure_fertility(made, counts) for name, made in tokenizers.items()}
                    rows.append(FertilityRow(corpus, part, kind, counts.total(), found))
    return rows


def print_report(models: Sequence[str], rows: Sequence[FertilityRow]) -> None:
    """Print pieces per word, a column for each vocabulary.

    models (Sequence[str]): Their names, in order. rows (Sequence[FertilityRow]): From ``report``.
    """
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title="pieces per word", title_justify="left")
    table.add_column("corpus", no_wrap=True)
    table.add_column("split")
    table.add_column("words", no_wrap=True)
    table.add_column("count", justify="right")
    names = list(dict.fromkeys(models))
    short = [Path(name).name for name in names]
    for name, last in zip(names, short, strict=True):
        table.add_column(escape(last if short.count(last) == 1 else name), justify="right", overflow="fold")
    for row in rows:
        cells = [f"{row.models[name].pieces / row.count:.3f}" for name in names]
        table.add_row(escape(Path(row.corpus).name), row.split or "", escape(row.words), f"{row.count:,}", *cells)
    out_console().print(table)
    for name in names:
        unknown = sum(row.models[name].unknown for row in rows if ": " not in row.words)
        if unknown:
            say(f"{name}: {unknown:,} words have characters that the vocabulary does not know.")


def _count(
    corpus: str, split: str | None, format: str | None, allow_noncommercial: bool, show: Show
) -> Iterator[tuple[str | None, EntityWords]]:
    path = Path(corpus)
    if not path.exists():
        yield from _count_catalogued(corpus, split, allow_noncommercial, show)
        return
    words = EntityWords()
    plain = path.name.lower().removesuffix(".gz")
    if format is None and Path(plain).suffix == SUFFIXES[0]:
        for document in iter_texts(path):
            words.add(document.text)
            _show_count(words, corpus, show)
    else:
        from spacy_biomedplm.corpora.placement import fit
        from spacy_biomedplm.corpora.problems import Report
        from spacy_biomedplm.formats import find_format

        problems = Report(errors="repair")
        records = find_format(path, format, option="--format").read(path, report=problems)
        _add_records(words, (fit(record, problems) for record in records), corpus, show)
        _say_problems(corpus, problems)
    if not words.by_place():
        raise BiomedplmError(coded("B510", documents=words.n_documents))
    yield None, words


def _count_catalogued(
    name: str, split: str | None, allow_noncommercial: bool, show: Show
) -> Iterator[tuple[str, EntityWords]]:
    from spacy_biomedplm.corpora.catalogue import find_files, find_root, get_corpus, is_here, read_corpus
    from spacy_biomedplm.corpora.problems import Report

    corpus, root = get_corpus(name), find_root()
    here = [known for known in corpus.splits if is_here(corpus, known, root)]
    if split is None and not here:
        # The error names the file that is missing.
        find_files(corpus, corpus.splits[0] if corpus.splits else "", root)
    for part in here if split is None else [split]:
        words, problems = EntityWords(), Report(errors="repair")
        records = read_corpus(name, part, root, problems, allow_noncommercial=allow_noncommercial)
        _add_records(words, records, f"{name}/{part}", show)
        _say_problems(f"{name}/{part}", problems)
        yield part, words


def _add_records(words: EntityWords, records: Iterator[Any], corpus: str, show: Show) -> None:
    for record in records:
        entities = [mention for mention in record.mentions if not mention.is_trigger]
        words.add(record.text, [(*fragment, mention.label) for mention in entities for fragment in mention.fragments])
        _show_count(words, corpus, show)


def _show_count(words: EntityWords, corpus: str, show: Show) -> None:
    if words.n_documents % _SHOWN_EVERY == 0:
        show(escape(f"Counting words of {corpus}: {words.n_documents:,} documents"))


def _say_problems(corpus: str, problems: Any) -> None:
    if problems.counts["repaired"] or problems.counts["dropped"]:
        counts = problems.counts
        say(f"{corpus}: {counts['repaired']:,} broken items were repaired, {counts['dropped']:,} left out.")


def _check_output(output: Path) -> None:
    """Before hours of reading."""
    if output.exists():
        raise BiomedplmError(coded("B513", path=output))


class _Reading:
    """Texts of files, less excluded documents; shows how many were read. A context and an iterable, read once."""

    def __init__(self, paths: Sequence[Path], exclude: Sequence[Path], then: str) -> None:
        self._paths = paths
        self._exclusions = Exclusions(exclude) if exclude else None
        self._then = then
        self._status = err_console().status("Reading")
        self.n_excluded = 0

    def __enter__(self) -> "_Reading":
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._status.stop()

    def __iter__(self) -> Iterator[str]:
        number = 0
        for path in self._paths:
            for document in iter_texts(path):
                number += 1
                if number % _SHOWN_EVERY == 0:
                    self._status.update(escape(f"Reading {path.name}: {number:,} documents"))
                if self._exclusions is not None and self._exclusions.find(document) is not None:
                    self.n_excluded += 1
                else:
                    yield document.text
        self._status.update(f"{self._then}: {number:,} documents")

    def say_excluded(self) -> None:
        """Say how many documents were left out, if some could have been."""
        if self._exclusions is not None:
            say(f"{self.n_excluded:,} documents were left out: they share text or an identifier with held-out ones.")
