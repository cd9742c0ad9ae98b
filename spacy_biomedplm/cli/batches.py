"""Documents in batches through a pipeline, in this process or in several."""

import os
import signal
from collections import Counter, deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process, resource_tracker
from threading import Thread

import torch
from spacy.language import Language

from spacy_biomedplm.attributes import EVENTS_KEY, RELATIONS_KEY
from spacy_biomedplm.cli.given import leave_given, read_batch
from spacy_biomedplm.cli.outputs import WRITERS
from spacy_biomedplm.cli.pipeline import load_pipeline
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.event_ids import number_events
from spacy_biomedplm.inputs import InputDoc

MAX_BATCH_CHARS = 500_000
"""A batch ends with the document that takes it past this: vectors of a few thousand pages do not fit in memory."""


@dataclass(frozen=True)
class BatchResult:
    """What a batch became.

    records (str): Its documents in the output format.
    words (int): Their words, divided by white space.
    labels (Counter[str]): Their entities, by label.
    events, relations (int): Their events and relations.
    losses (Counter[str]): What of them the format cannot express, by kind.
    """

    records: str
    words: int
    labels: Counter[str]
    events: int = 0
    relations: int = 0
    losses: Counter[str] = field(default_factory=Counter)


def make_batches(docs: Iterable[InputDoc], batch_size: int) -> Iterator[list[InputDoc]]:
    """Yield documents in batches; where they divide depends on nothing but the documents and the size.

    docs (Iterable[InputDoc]): Documents.
    batch_size (int): Documents per batch, at least 1.
    YIELDS (list[InputDoc]): At most so many documents, and fewer if they are long.
    """
    batch: list[InputDoc] = []
    chars = 0
    for doc in docs:
        batch.append(doc)
        chars += len(doc.text)
        if len(batch) == batch_size or chars >= MAX_BATCH_CHARS:
            yield batch
            batch, chars = [], 0
    if batch:
        yield batch


def process_batch(nlp: Language, batch: list[InputDoc], output_format: str) -> BatchResult:
    """Return the records of a batch.

    nlp (Language): The pipeline.
    batch (list[InputDoc]): Documents.
    output_format (str): Key of WRITERS.
    RETURNS (BatchResult): One record for each document, in order.
    RAISES (BiomedplmError): If a document cannot be written in the format.
    """
    write = WRITERS[output_format]
    records: list[str] = []
    labels: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    losses: Counter[str] = Counter()
    # Words of one batch must not stay in the vocabulary: over millions of documents it would fill the memory.
    with memory_errors(), nlp.memory_zone():
        for doc, origin in zip(read_batch(nlp, batch), batch, strict=True):
            doc._.doc_id = origin.doc_id
            if origin.title is not None:
                doc.user_data["title"] = origin.title
            number_events(doc)
            records.append(write(doc, origin, losses))
            labels.update(ent.label_ for ent in doc.ents)
            counts.update({key: len(doc.user_data.get(key, ())) for key in (EVENTS_KEY, RELATIONS_KEY)})
    words = sum(len(doc.text.split()) for doc in batch)
    return BatchResult("".join(records), words, labels, counts[EVENTS_KEY], counts[RELATIONS_KEY], losses)


@contextmanager
def memory_errors() -> Iterator[None]:
    """Turn every kind of exhausted memory, of this machine or of its GPU, into one clear error.

    RAISES (BiomedplmError): B637.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        text = " ".join(str(error).split())
        exhausted = isinstance(error, (MemoryError, torch.OutOfMemoryError)) or "can't allocate memory" in text
        if not exhausted:
            raise
        raise BiomedplmError(coded("B637", reason=text[:120].rstrip(".") or "out of memory")) from error


def map_here(
    nlp: Language, batches: Iterable[list[InputDoc]], output_format: str
) -> Generator[tuple[list[InputDoc], BatchResult], None, None]:
    """Yield each batch with its result, worked out in this process.

    nlp (Language): The pipeline.
    batches (Iterable[list[InputDoc]]): Batches.
    output_format (str): Key of WRITERS.
    YIELDS (tuple[list[InputDoc], BatchResult]): In order.
    """
    for batch in batches:
        yield batch, process_batch(nlp, batch, output_format)


def map_in_processes(
    batches: Iterable[list[InputDoc]],
    output_format: str,
    *,
    model: str,
    guideline: str | None,
    n_process: int,
    given: bool = False,
) -> Generator[tuple[list[InputDoc], BatchResult], None, None]:
    """Yield each batch with its result, worked out in several processes that load the pipeline themselves.

    batches (Iterable[list[InputDoc]]): Batches; no more than two per process are taken ahead. Where they end with
        an error, the batches before it are finished first.
    output_format (str): Key of WRITERS.
    model (str): Installed package, or folder.
    guideline (str | None): As in load_pipeline.
    n_process (int): Number of processes.
    given (bool): Whether documents have their entities; then the pipeline finds none.
    YIELDS (tuple[list[InputDoc], BatchResult]): In order.
    RAISES (BiomedplmError): B636 if a process dies.
    """
    # Started anew, not forked: after a fork, torch's threads can wait for each other for ever.
    context = get_context("spawn")
    threads = max(1, (os.cpu_count() or 1) // n_process)
    pending: deque[tuple[list[InputDoc], Future[BatchResult]]] = deque()
    problem: BiomedplmError | None = None
    source: Iterator[list[InputDoc]] | None = iter(batches)
    pool = ProcessPoolExecutor(n_process, context, _start_worker, (model, guideline, output_format, threads, given))
    try:
        while True:
            while source is not None and len(pending) < 2 * n_process:
                try:
                    batch = next(source, None)
                except BiomedplmError as error:
                    problem, batch = error, None
                if batch is None:
                    source = None
                    break
                with _interrupts_blocked():
                    pending.append((batch, pool.submit(_work, batch)))
            if not pending:
                break
            batch, future = pending.popleft()
            yield batch, future.result()
    except BrokenProcessPool as error:
        raise BiomedplmError(coded("B636")) from error
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    if problem is not None:
        raise problem


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Hold back Ctrl-C while processes start, so that they never see it: the parent alone tells them to stop."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # It lets signals through again once it has started its own process.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


_worker: tuple[Language, str] | None = None


def _start_worker(model: str, guideline: str | None, output_format: str, threads: int, given: bool) -> None:
    global _worker
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_exit_with_parent, daemon=True).start()
    torch.set_num_threads(threads)
    nlp = load_pipeline(model, guideline=guideline)
    if given:
        leave_given(nlp)
    _worker = nlp, output_format


def _exit_with_parent() -> None:
    """Wait for the parent's end: a worker whose parent was killed would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(batch: list[InputDoc]) -> BatchResult:
    if _worker is None:
        raise BiomedplmError(coded("B636"))
    nlp, output_format = _worker
    return process_batch(nlp, batch, output_format)
