"""From input files to one output of what a pipeline finds, safe against interruption."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from spacy.language import Language

from spacy_biomedplm.cli.batches import BatchResult, make_batches, map_here, map_in_processes
from spacy_biomedplm.cli.given import OPTION, GivenInput, find_given, leave_given, read_given
from spacy_biomedplm.cli.outputs import FORMATS, HEADERS, writer_name
from spacy_biomedplm.cli.pipeline import known_guidelines, load_pipeline, model_identity
from spacy_biomedplm.corpora.problems import ErrorMode, Report
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.inputs import InputDoc, find_inputs, read_documents
from spacy_biomedplm.writers.brat import file_name_of, same_name
from spacy_biomedplm.writers.checkpoint import (
    CheckpointedOutput,
    RunState,
    check_output,
    completed_state,
    is_taken,
    partial_paths,
)
from spacy_biomedplm.writers.tables import COLUMNS

DEFAULT_BATCH_SIZE = 128


@dataclass(frozen=True)
class ExtractOptions:
    """What to read, how, and where to write it.

    inputs (tuple[str, ...]): Files and folders.
    output (Path): Output file, compressed if its name ends in .gz; a folder if the format is "a2".
    model (str): Installed package, or folder.
    output_format (str): "jsonl", "pubtator", "a2" or "csv".
    table (str): "events", "relations" or "entities": the table that CSV has.
    given (bool): Entities are those of the input, not found.
    source_format (str | None): Format of inputs with given entities; None takes what their names say.
    errors (ErrorMode): What to do with broken items of such inputs.
    guideline (str | None): Corpus whose annotation guideline the entities follow.
    batch_size (int): Documents per batch, at least 1.
    n_process (int): Processes, at least 1; -1 for one per CPU.
    device (str): "cpu" or "cuda:N".
    resume (bool): Continue an interrupted run.
    """

    inputs: tuple[str, ...]
    output: Path
    model: str
    output_format: str = "jsonl"
    table: str = "events"
    given: bool = False
    source_format: str | None = None
    errors: ErrorMode = "raise"
    guideline: str | None = None
    batch_size: int = DEFAULT_BATCH_SIZE
    n_process: int = 1
    device: str = "cpu"
    resume: bool = False

    @property
    def processes(self) -> int:
        """The number of processes, with -1 resolved."""
        return (os.cpu_count() or 1) if self.n_process == -1 else self.n_process

    @property
    def writer(self) -> str:
        """Name of what writes a document."""
        return writer_name(self.output_format, self.table)

    @property
    def is_folder(self) -> bool:
        """Whether the output is a folder."""
        return self.output_format == "a2"


@dataclass(frozen=True)
class ExtractSummary:
    """What a run did.

    state (RunState): Documents, words and entities in the output.
    seconds (float): Time of this run, without loading.
    resumed (int): Documents that an earlier run had written.
    new_words (int): Words read by this run.
    ignored (int): Files and folders in the input folders that are hidden or have another format.
    complete_before (bool): The output was complete already; nothing was done.
    report (Report): What was broken of inputs with given entities.
    pipes (tuple[str, ...]): Names of the pipes that ran.
    """

    state: RunState
    seconds: float = 0.0
    resumed: int = 0
    new_words: int = 0
    ignored: int = 0
    complete_before: bool = False
    report: Report = field(default_factory=Report)
    pipes: tuple[str, ...] = ()

    @property
    def words_per_second(self) -> float:
        """Words read by this run per second, 0 if it took no time."""
        return self.new_words / self.seconds if self.seconds else 0.0


Observer = Callable[[RunState, int, int], None]
"""Called with the state of the output, bytes of the input done, bytes of all input: before and after each batch. Where
entities are given, both are 0."""


@dataclass(frozen=True)
class _Source:
    """The documents to read.

    names (Sequence[str]): Its files, as the user named them.
    read (Callable): Returns the documents; takes a report of what is broken, where entities are given.
    size (int): Bytes of all files, 0 if nobody knows. ignored (int): Files and folders that are not read.
    """

    names: Sequence[str]
    read: Callable[[Report], Iterator[InputDoc]]
    size: int = 0
    ignored: int = 0


def _open_source(options: ExtractOptions) -> _Source:
    if options.given:
        given = find_given(options.inputs, options.source_format)
        return _Source(list(map(_describe, given)), lambda report: read_given(given, report))
    inputs = find_inputs(options.inputs)
    names = [file.name for file in inputs.files]
    return _Source(names, lambda report: read_documents(inputs.files), inputs.size, inputs.ignored)


def _describe(given: GivenInput) -> str:
    return f"{given.format.name}:{given.path}"


def extract(options: ExtractOptions, observe: Observer | None = None) -> ExtractSummary:
    """Write what a pipeline finds in all documents to one output.

    options (ExtractOptions): What to do.
    observe (Observer | None): Is told of the progress.
    RETURNS (ExtractSummary): Every input document is in the output.
    RAISES (BiomedplmError): Codes B601 to B636 for input, output, model and options; B651, B660 and those of the
        readers where entities are given, B444 for a document that cannot have files of its own. However it ends, what
        was written lies in OUTPUT.partial and ``resume`` continues it; the output is then byte for byte that of a run
        without a stop. A run that wrote nothing leaves nothing. With ``resume``, an output that the same run made
        from the same documents is complete; any other file in its place is B620.
    """
    _check_options(options)
    partial, state_path = partial_paths(options.output)
    source = _open_source(options)
    exists = options.resume and is_taken(options.output, is_folder=options.is_folder)
    # A folder is made of the partial output, which is left over if a run was killed right after that.
    exists = exists and options.output.is_dir() == options.is_folder and (options.is_folder or not partial.exists())
    if not exists:
        check_output(options.output, resume=options.resume, is_folder=options.is_folder)
    nlp = load_pipeline(options.model, device=options.device, guideline=options.guideline)
    _check_guideline(options, nlp)
    settings = _settings(options, source.names, model_identity(nlp))
    report = Report(errors=options.errors)
    if exists:
        state = _completed(options, settings, source.read(report))
        for left_over in (partial, state_path):  # If a run was killed between its last steps.
            left_over.unlink(missing_ok=True)
        return ExtractSummary(state, complete_before=True)
    if options.given:
        leave_given(nlp)
    output = CheckpointedOutput(options.output, settings, resume=options.resume, is_folder=options.is_folder)
    before = output.state
    start = time.monotonic()
    try:
        docs = source.read(report)
        docs = _skip_written(_check_names(docs) if options.is_folder else docs, before, partial)
        batches = make_batches(docs, options.batch_size)
        if options.processes == 1:
            results = map_here(nlp, batches, options.writer)
        else:
            names: dict[str, Any] = {"model": options.model, "guideline": options.guideline, "given": options.given}
            results = map_in_processes(batches, options.writer, n_process=options.processes, **names)
        if options.writer in HEADERS and not before.size:
            output.append(HEADERS[options.writer], before)
        _write(results, output, source.size, observe)
        output.finish()
    finally:
        output.stop()  # Does nothing after finish().
    return ExtractSummary(
        output.state,
        time.monotonic() - start,
        before.documents,
        output.state.words - before.words,
        source.ignored,
        report=report,
        pipes=tuple(nlp.pipe_names),
    )


def _check_options(options: ExtractOptions) -> None:
    if options.batch_size < 1:
        raise BiomedplmError(coded("B635", name="--batch-size", wanted="1 or more", found=options.batch_size))
    if options.n_process < 1 and options.n_process != -1:
        message = coded("B635", name="--n-process", wanted="1 or more, or -1 for all CPUs", found=options.n_process)
        raise BiomedplmError(message)
    if options.processes > 1 and options.device != "cpu":
        wanted = f"1 with --device {options.device}"
        raise BiomedplmError(coded("B635", name="--n-process", wanted=wanted, found=options.n_process))
    choices = (("--format", options.output_format, FORMATS), ("--table", options.table, tuple(COLUMNS)))
    for name, found, known in choices:
        if found not in known:
            raise BiomedplmError(coded("B635", name=name, wanted=" or ".join(known), found=found))
    if options.source_format is not None and not options.given:
        raise BiomedplmError(coded("B635", name=OPTION, wanted="with --entities given", found="without"))


def _settings(options: ExtractOptions, names: Sequence[str], identity: str) -> dict[str, Any]:
    digest = hashlib.blake2b(json.dumps(list(names)).encode("utf8"), digest_size=8).hexdigest()
    return {
        "inputs": f"{len(names)} files (digest of their names: {digest})",
        "model": identity,
        "--format": options.output_format,
        "--table": options.table if options.output_format == "csv" else None,
        "--entities": "given" if options.given else "predicted",
        "--errors": options.errors if options.given else None,
        "--guideline": options.guideline,
        "--batch-size": options.batch_size,
        "--device": options.device,
    }


def _check_guideline(options: ExtractOptions, nlp: Language) -> None:
    events = known_guidelines(nlp, of="doc._.events")
    if options.output_format == "a2" and options.guideline is None and len(events) > 1:
        wanted = f"one of {', '.join(events)} with --format a2, because a task knows its own types only"
        raise BiomedplmError(coded("B635", name="--guideline", wanted=wanted, found="none"))
    if options.given and options.guideline is not None:
        known = {*events, *known_guidelines(nlp, of="doc._.relations")}
        if options.guideline not in known:
            wanted = f"one of {', '.join(sorted(known)) or 'none'} with --entities given"
            raise BiomedplmError(coded("B635", name="--guideline", wanted=wanted, found=options.guideline))


def _completed(options: ExtractOptions, settings: dict[str, Any], docs: Iterator[InputDoc]) -> RunState:
    """Return the state of an output that this very run would make; it is an error if it is anything else."""
    state = completed_state(options.output, settings)
    if state is not None:
        digest = ""
        for doc in docs:
            digest = _chain(digest, doc)
        if digest == state.digest:  # A chain: it differs if there are more documents, or fewer.
            return state
    raise BiomedplmError(coded("B620", path=options.output))


def _check_names(docs: Iterator[InputDoc]) -> Iterator[InputDoc]:
    """Yield documents each of which can have files of its own; it is an error if one cannot."""
    names: set[str] = set()
    for doc in docs:
        name = file_name_of(doc.doc_id)
        if name in names:
            raise same_name(doc.doc_id)
        names.add(name)
        yield doc


def _write(
    results: Generator[tuple[list[InputDoc], BatchResult], None, None],
    output: CheckpointedOutput,
    total_bytes: int,
    observe: Observer | None,
) -> None:
    if observe is not None:
        observe(output.state, 0, total_bytes)
    with closing(results):
        for batch, result in results:
            output.append(result.records, _advance(output.state, batch, result))
            if observe is not None:
                observe(output.state, batch[-1].position, total_bytes)


def _advance(state: RunState, batch: list[InputDoc], result: BatchResult) -> RunState:
    digest = state.digest
    for doc in batch:
        digest = _chain(digest, doc)
    return RunState(
        documents=state.documents + len(batch),
        words=state.words + result.words,
        labels=dict(Counter(state.labels) + result.labels),
        replaced=state.replaced + sum(doc.replaced for doc in batch),
        replaced_documents=state.replaced_documents + sum(doc.replaced > 0 for doc in batch),
        events=state.events + result.events,
        relations=state.relations + result.relations,
        losses=dict(Counter(state.losses) + result.losses),
        digest=digest,
    )


def _chain(digest: str, doc: InputDoc) -> str:
    parts: list[Any] = [digest, doc.source, doc.doc_id, doc.title, doc.text]
    if doc.record is not None:
        parts += [asdict(mention) for mention in doc.record.mentions]
    content = json.dumps(parts)
    return hashlib.blake2b(content.encode("utf8"), digest_size=16).hexdigest()


def _skip_written(docs: Iterator[InputDoc], state: RunState, partial: Path) -> Iterator[InputDoc]:
    """Yield what comes after the documents that are written; they must be the same as they were."""
    digest = ""
    for number in range(state.documents):
        doc = next(docs, None)
        if doc is None:
            message = coded("B623", documents=state.documents, partial=partial, reason=f"there are only {number}")
            raise BiomedplmError(message)
        digest = _chain(digest, doc)
    if digest != state.digest:
        message = coded("B623", documents=state.documents, partial=partial, reason="their texts or names have changed")
        raise BiomedplmError(message)
    return docs
