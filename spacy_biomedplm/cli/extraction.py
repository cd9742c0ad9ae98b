"""From input files to one output file of entities, safe against interruption."""

import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from spacy_biomedplm.cli.batches import WRITERS, BatchResult, make_batches, map_here, map_in_processes
from spacy_biomedplm.cli.pipeline import load_pipeline, model_identity
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.inputs import InputDoc, Inputs, find_inputs, read_documents
from spacy_biomedplm.writers.checkpoint import (
    CheckpointedOutput,
    RunState,
    check_output,
    completed_state,
    partial_paths,
)

DEFAULT_BATCH_SIZE = 128


@dataclass(frozen=True)
class ExtractOptions:
    """What to read, how, and where to write it.

    inputs (tuple[str, ...]): Files and folders.
    output (Path): Output file; compressed if its name ends in .gz.
    model (str): Installed package, or folder.
    output_format (str): "jsonl" or "pubtator".
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
    guideline: str | None = None
    batch_size: int = DEFAULT_BATCH_SIZE
    n_process: int = 1
    device: str = "cpu"
    resume: bool = False

    @property
    def processes(self) -> int:
        """The number of processes, with -1 resolved."""
        return (os.cpu_count() or 1) if self.n_process == -1 else self.n_process


@dataclass(frozen=True)
class ExtractSummary:
    """What a run did.

    state (RunState): Documents, words and entities in the output.
    seconds (float): Time of this run, without loading.
    resumed (int): Documents that an earlier run had written.
    new_words (int): Words read by this run.
    ignored (int): Files and folders in the input folders that are hidden or have another format.
    complete_before (bool): The output was complete already; nothing was done.
    """

    state: RunState
    seconds: float = 0.0
    resumed: int = 0
    new_words: int = 0
    ignored: int = 0
    complete_before: bool = False

    @property
    def words_per_second(self) -> float:
        """Words read by this run per second, 0 if it took no time."""
        return self.new_words / self.seconds if self.seconds else 0.0


Observer = Callable[[RunState, int, int], None]
"""Called with the state of the output, bytes of the input done, bytes of all input: before and after each batch."""


def extract(options: ExtractOptions, observe: Observer | None = None) -> ExtractSummary:
    """Write the entities of all documents to one file.

    options (ExtractOptions): What to do.
    observe (Observer | None): Is told of the progress.
    RETURNS (ExtractSummary): One record per input document is in the output.
    RAISES (BiomedplmError): Codes B601 to B636 for input, output, model and options. However it ends, what was
        written lies in OUTPUT.partial and ``resume`` continues it; the output is then byte for byte that of a run
        without a stop. A run that wrote nothing leaves nothing. With ``resume``, an output that the same run made
        from the same documents is complete; any other file in its place is B620.
    """
    _check_options(options)
    partial, state_path = partial_paths(options.output)
    inputs = find_inputs(options.inputs)
    exists = options.resume and options.output.is_file() and not partial.exists()
    if not exists:
        check_output(options.output, resume=options.resume)
    nlp = load_pipeline(options.model, device=options.device, guideline=options.guideline)
    settings = _settings(options, inputs, model_identity(nlp))
    if exists:
        state = _completed(options.output, settings, inputs)
        state_path.unlink(missing_ok=True)  # Left over if a run was killed between its last two steps.
        return ExtractSummary(state, complete_before=True)
    output = CheckpointedOutput(options.output, settings, resume=options.resume)
    before = output.state
    start = time.monotonic()
    try:
        docs = _skip_written(read_documents(inputs.files), before, partial)
        batches = make_batches(docs, options.batch_size)
        if options.processes == 1:
            results = map_here(nlp, batches, options.output_format)
        else:
            names: dict[str, Any] = {"model": options.model, "guideline": options.guideline}
            results = map_in_processes(batches, options.output_format, n_process=options.processes, **names)
        _write(results, output, inputs.size, observe)
        output.finish()
    finally:
        output.stop()  # Does nothing after finish().
    seconds = time.monotonic() - start
    new_words = output.state.words - before.words
    return ExtractSummary(output.state, seconds, before.documents, new_words, inputs.ignored)


def _check_options(options: ExtractOptions) -> None:
    if options.batch_size < 1:
        raise BiomedplmError(coded("B635", name="--batch-size", wanted="1 or more", found=options.batch_size))
    if options.n_process < 1 and options.n_process != -1:
        message = coded("B635", name="--n-process", wanted="1 or more, or -1 for all CPUs", found=options.n_process)
        raise BiomedplmError(message)
    if options.processes > 1 and options.device != "cpu":
        wanted = f"1 with --device {options.device}"
        raise BiomedplmError(coded("B635", name="--n-process", wanted=wanted, found=options.n_process))
    if options.output_format not in WRITERS:
        wanted = " or ".join(WRITERS)
        raise BiomedplmError(coded("B635", name="--format", wanted=wanted, found=options.output_format))


def _settings(options: ExtractOptions, inputs: Inputs, identity: str) -> dict[str, Any]:
    names = json.dumps([file.name for file in inputs.files])
    digest = hashlib.blake2b(names.encode("utf8"), digest_size=8).hexdigest()
    return {
        "inputs": f"{len(inputs.files)} files (digest of their names: {digest})",
        "model": identity,
        "--format": options.output_format,
        "--guideline": options.guideline,
        "--batch-size": options.batch_size,
        "--device": options.device,
    }


def _completed(output: Path, settings: dict[str, Any], inputs: Inputs) -> RunState:
    """Return the state of an output that this very run would make; it is an error if it is anything else."""
    state = completed_state(output, settings)
    if state is not None:
        digest = ""
        for doc in read_documents(inputs.files):
            digest = _chain(digest, doc)
        if digest == state.digest:  # A chain: it differs if there are more documents, or fewer.
            return state
    raise BiomedplmError(coded("B620", path=output))


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
        digest=digest,
    )


def _chain(digest: str, doc: InputDoc) -> str:
    content = json.dumps([digest, doc.source, doc.doc_id, doc.title, doc.text])
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
