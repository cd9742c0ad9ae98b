"""From the files that a config names to cut corpora, without held-out documents."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.cache import TokenCache, build_cache, digest_file, digest_of, open_cache
from spacy_biomedplm.plm.config import CorpusConfig, DataConfig
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
    RAISES (BiomedplmError): B520 to B525 for files and disk (B547, B548 for tables of names), B551 if something else
        lies where a cut corpus belongs, B557 for text that the vocabulary does not know, B558 for an exclusion list
        without entries, B536 if a corpus holds held-out documents that may not be there; what they are is then in
        NAME.excluded.jsonl in the cache.
    """
    exclusions: Any = None
    held_out = [file for path in data.exclude for file in source.find_files(path)]
    rules = {
        "exclude": [digest_file(file) for file in held_out],
        "excluded": data.excluded,
        "validation": data.validation,
        "vocabulary": digest_of(vocabulary.tokenizer.to_str()),
        **source.made_of,
    }
    caches: list[tuple[TokenCache, TokenCache]] = []
    records: dict[str, Any] = {}
    for corpus in data.corpora:
        folder = data.cache / corpus.name
        _check_paths(corpus, folder)
        files = [file for path in corpus.paths for file in source.find_files(path)]
        made_of = {**rules, "files": [digest_file(file) for file in files]}
        if open_cache(folder, "train", made_of) is None:
            if exclusions is None:
                exclusions = source.read_exclusions(held_out)
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

    def finish() -> dict[str, Any]:
        listing = "".join(json.dumps(asdict(match)) + "\n" for match in reading.matches)
        if reading.matches and data.excluded == "refuse":
            refused = data.cache / f"{name}.{EXCLUDED_FILE}"
            refused.write_text(listing, encoding="utf8")
            shown = ", ".join(f"{m.doc_id} ({m.reason} of {m.held_out_id})" for m in reading.matches[:3])
            raise BiomedplmError(coded("B536", name=name, count=len(reading.matches), shown=shown, path=refused))
        return {EXCLUDED_FILE: listing, "meta.json": {"read": dict(reading.counts)} if reading.counts else {}}

    build_cache(
        folder,
        documents(),
        vocabulary.tokenizer,
        validation=data.validation,
        made_of=made_of,
        split=source.split,
        unknown=vocabulary.find("unk"),
        finish=finish,
    )


def _check_paths(corpus: CorpusConfig, folder: Path) -> None:
    for path in corpus.paths:
        if path.resolve().is_relative_to(folder.resolve()):
            raise BiomedplmError(coded("B551", path=folder, found=f"{path}, of which it is to be made"))
