"""From the files that a config names to cut corpora, without held-out documents."""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.cache import TokenCache, build_cache, digest_of, open_cache
from spacy_biomedplm.plm.config import DataConfig
from spacy_biomedplm.plm.networks import Vocabulary
from spacy_biomedplm.plm.objectives import Corpora
from spacy_biomedplm.plm.sources import RUNNING_TEXT, Reading, Source
from spacy_biomedplm.plm.text import RawDocument

EXCLUDED_FILE = "excluded.jsonl"
# Called with the name of a corpus and the number of its documents read so far.
Progress = Callable[[str, int], None]


def prepare_corpora(
    data: DataConfig, vocabulary: Vocabulary, progress: Progress, source: Source = RUNNING_TEXT
) -> tuple[Corpora, dict[str, Any]]:
    """Return the cut corpora; what is in the cache and was made of the same is taken from there.

    data (DataConfig): The section [data].
    vocabulary (Vocabulary): It cuts the text.
    progress (Progress): Called from time to time.
    source (Source): How corpora are read; an objective says it.
    RETURNS (tuple[Corpora, dict]): The corpora, and for each, by name, what it was made of with its counts.
    RAISES (BiomedplmError): B520 to B525 for files and disk (B547, B548 for tables of names), B536 if a corpus holds
        held-out documents that may not be there; what they are is in excluded.jsonl in the folder of that corpus.
    """
    exclusions: Any = None
    rules = {
        "exclude": [_digest_file(path) for path in data.exclude],
        "excluded": data.excluded,
        "validation": data.validation,
        "vocabulary": digest_of(vocabulary.tokenizer.to_str()),
        **source.made_of,
    }
    caches: list[tuple[TokenCache, TokenCache]] = []
    records: dict[str, Any] = {}
    for corpus in data.corpora:
        folder = data.cache / corpus.name
        files = [file for path in corpus.paths for file in source.find_files(path)]
        made_of = {**rules, "files": [_digest_file(file) for file in files]}
        if open_cache(folder, "train", made_of) is None:
            if exclusions is None:
                exclusions = source.read_exclusions(data.exclude)
            reading = source.read(files, exclusions, drop=data.excluded == "drop")
            _build(corpus.name, data, source, reading, vocabulary, made_of, progress)
        opened = [open_cache(folder, part, made_of) for part in ("train", "validation")]
        train, validation = (cache for cache in opened if cache is not None)
        caches.append((train, validation))
        records[corpus.name] = json.loads((folder / "meta.json").read_text(encoding="utf8"))
    weights = [c.weight or float(len(train.ids)) for c, (train, _) in zip(data.corpora, caches, strict=True)]
    names = [corpus.name for corpus in data.corpora]
    return Corpora(names, [train for train, _ in caches], [held for _, held in caches], weights), records


def _build(
    name: str,
    data: DataConfig,
    source: Source,
    reading: Reading,
    vocabulary: Vocabulary,
    made_of: dict[str, Any],
    progress: Progress,
) -> None:
    folder = data.cache / name

    def documents() -> Iterator[RawDocument]:
        for number, document in enumerate(reading.documents, start=1):
            if number % 1000 == 0:
                progress(name, number)
            yield document

    shutil.rmtree(folder, ignore_errors=True)
    build_cache(
        folder,
        documents(),
        vocabulary.tokenizer,
        validation=data.validation,
        made_of=made_of,
        split=source.split,
        counts=reading.counts,
    )
    matches = reading.matches
    listing = "".join(json.dumps(asdict(match)) + "\n" for match in matches)
    if matches and data.excluded == "refuse":
        refused = data.cache / f"{name}.{EXCLUDED_FILE}"
        shutil.rmtree(folder)
        refused.write_text(listing, encoding="utf8")
        shown = ", ".join(f"{match.doc_id} ({match.reason} of {match.held_out_id})" for match in matches[:3])
        raise BiomedplmError(coded("B536", name=name, count=len(matches), shown=shown, path=refused))
    (folder / EXCLUDED_FILE).write_text(listing, encoding="utf8")


def _digest_file(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with path.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise BiomedplmError(coded("B520", path=path, suffixes=error.strerror)) from error
    return digest.hexdigest()
