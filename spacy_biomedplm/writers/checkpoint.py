"""An output file that is complete or absent: it grows under another name and can be continued after a stop."""

import errno
import gzip
import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.writers.folder import unpack_files

try:
    import fcntl
except ImportError:  # Windows: no lock
    fcntl = None  # type: ignore[assignment]

STATE_VERSION = 1
_COMMIT_SECONDS = 1.0
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@dataclass(frozen=True)
class RunState:
    """How far a run has come: what is known of the records that are written.

    documents (int): Documents written.
    words (int): Their words.
    labels (dict[str, int]): Their entities, by label.
    replaced (int): Their replaced lone surrogates; replaced_documents (int) how many documents had any.
    events, relations (int): Their events and relations.
    losses (dict[str, int]): What of them the format cannot express, by kind.
    digest (str): Chained digest of their identifiers and texts.
    size (int): Bytes of the output file that hold them.
    """

    documents: int = 0
    words: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    replaced: int = 0
    replaced_documents: int = 0
    events: int = 0
    relations: int = 0
    losses: dict[str, int] = field(default_factory=dict)
    digest: str = ""
    size: int = 0


class CheckpointedOutput:
    """A file written batch by batch, as PATH.partial until it is finished.

    path (Path): The output. A name that ends in .gz is compressed, one gzip member per batch.
    settings (Mapping[str, Any]): All that decides the content (inputs, options, model), as plain data; a run is
        continued only with the same.
    resume (bool): Continue PATH.partial if it is there.
    is_folder (bool): The output becomes a folder; records are lines of ``folder.format_files``, which are files of it.
    RAISES (BiomedplmError): B620 if the output exists, B621 if a partial output exists and resume is False,
        B622 for other settings, B624 for a damaged state, B625 if both exist, B627 if the folder cannot be
        written, B628 if another process writes it.

    PATH.partial.state tells how many bytes of PATH.partial are whole batches, and is replaced in one step after
    those bytes are on the disk. Whatever stops a run, the bytes after that point are cut off by the next.
    PATH.done tells what run made a complete PATH, see completed_state().
    """

    def __init__(
        self, path: Path, settings: Mapping[str, Any], *, resume: bool = False, is_folder: bool = False
    ) -> None:
        self.path = path
        self.is_folder = is_folder
        self.partial, self.state_path = partial_paths(path)
        self.state = RunState()
        self._settings = dict(settings)
        self._committed = 0.0
        check_output(path, resume=resume, is_folder=is_folder)
        existed = self.partial.exists()
        self._file = self._open()
        try:
            self._lock()
            # An empty file without a state is a run that was stopped before its first commit.
            if existed and (self.partial.stat().st_size or self.state_path.exists()):
                self.state = self._load_state()
            self.rollback()
        except BaseException:
            self._close()
            raise

    def append(self, records: str, state: RunState) -> None:
        """Write the records of one batch, and from time to time make sure that they are on the disk.

        records (str): Whole records.
        state (RunState): The state with these records written; its size is set here.
        RAISES (BiomedplmError): B626 if the disk is full, B627 if it fails; the file then ends with the last batch.
        """
        data = records.encode("utf8")
        if self.path.suffix.lower() == ".gz" and not self.is_folder:
            data = gzip.compress(data, mtime=0)
        try:
            _write_all(self._file, data)
        except OSError as error:
            raise self._failure(error) from error
        # One assignment: an interrupt leaves either the state before this batch or the one after it.
        self.state = replace(state, size=self.state.size + len(data))
        if time.monotonic() - self._committed >= _COMMIT_SECONDS:
            self.commit()

    def commit(self) -> None:
        """Make sure that all batches written so far survive a crash.

        RAISES (BiomedplmError): B626, B627 as append().
        """
        try:
            os.fsync(self._file)
            _replace_file(self.state_path, json.dumps(self._record(), indent=1).encode("utf8"))
        except OSError as error:
            raise self._failure(error) from error
        self._committed = time.monotonic()

    def rollback(self) -> None:
        """Cut off what was written after the last whole batch, and commit.

        RAISES (BiomedplmError): B626, B627 as append().
        """
        try:
            os.ftruncate(self._file, self.state.size)
            os.lseek(self._file, 0, os.SEEK_END)
        except OSError as error:
            raise self._failure(error) from error
        self.commit()

    def finish(self) -> None:
        """Give the file its name, or make the folder of it; from then on it is complete.

        RAISES (BiomedplmError): B625 if a file of that name has appeared, B626, B627 as append().
        """
        self.commit()
        if is_taken(self.path, is_folder=self.is_folder):
            raise BiomedplmError(coded("B625", path=self.path, partial=self.partial))
        whole = self.partial.with_name(f"{self.partial.name}.files") if self.is_folder else self.partial
        try:
            if self.is_folder:
                unpack_files(self.partial, whole)
            done = {**self._record(), "output": _digest_of(whole)}
            _replace_file(done_path(self.path), json.dumps(done, indent=1).encode("utf8"))
        except OSError as error:
            raise self._failure(error) from error
        self._close()
        try:
            if self.is_folder and self.path.is_dir():
                self.path.rmdir()  # It is empty.
            os.replace(whole, self.path)
            _sync_folder(self.path.parent)
            self.partial.unlink(missing_ok=True)
            self.state_path.unlink()
        except OSError as error:
            raise self._failure(error) from error

    def stop(self) -> None:
        """End without finishing: keep the whole batches for the next run, or nothing if there are none."""
        if self._file < 0:
            return
        try:
            if self.state.documents:
                self.rollback()
            else:
                self.partial.unlink(missing_ok=True)
                self.state_path.unlink(missing_ok=True)
        except (OSError, BiomedplmError):
            pass  # The disk is full or gone: the state on the disk is older, but as valid.
        finally:
            self._close()

    def _record(self) -> dict[str, Any]:
        return {"version": STATE_VERSION, "settings": self._settings, "state": asdict(self.state)}

    def _close(self) -> None:
        file, self._file = self._file, -1
        os.close(file)

    def _open(self) -> int:
        try:
            return os.open(self.partial, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o666)
        except OSError as error:
            raise BiomedplmError(coded("B627", path=self.path, reason=error.strerror)) from error

    def _lock(self) -> None:
        if fcntl is None:
            return
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BiomedplmError(coded("B628", partial=self.partial)) from error
        except OSError:
            pass  # A file system without locks.

    def _load_state(self) -> RunState:
        try:
            content = json.loads(self.state_path.read_bytes())
            state = RunState(**content["state"])
            found = content["settings"] if content["version"] == STATE_VERSION else None
        except (OSError, ValueError, KeyError, TypeError) as error:
            reason = f"'{self.state_path.name}' is missing or damaged"
            raise self._cannot_continue(reason) from error
        if found is None:
            raise self._cannot_continue("it was begun by another version of spacy-biomedplm")
        for name, wanted in self._settings.items():
            if found.get(name) != wanted:
                message = coded("B622", partial=self.partial, name=name, found=found.get(name), wanted=wanted)
                raise BiomedplmError(message)
        if self.partial.stat().st_size < state.size:
            raise self._cannot_continue("it is shorter than its state says")
        return state

    def _cannot_continue(self, reason: str) -> BiomedplmError:
        return BiomedplmError(coded("B624", partial=self.partial, state=self.state_path, reason=reason))

    def _failure(self, error: OSError) -> BiomedplmError:
        reason = error.strerror or str(error)
        if error.errno not in _FULL:
            return BiomedplmError(coded("B627", path=self.path, reason=reason))
        hint = ", with --resume" if self.state.documents else ""
        return BiomedplmError(coded("B626", path=self.path, reason=reason, hint=hint))


def partial_paths(path: Path) -> tuple[Path, Path]:
    """Return where an unfinished output and its state lie.

    path (Path): The output.
    RETURNS (tuple[Path, Path]): PATH.partial and PATH.partial.state.
    """
    return path.with_name(path.name + ".partial"), path.with_name(path.name + ".partial.state")


def done_path(path: Path) -> Path:
    """Return where the record of the run that made an output lies.

    path (Path): The output.
    RETURNS (Path): PATH.done.
    """
    return path.with_name(path.name + ".done")


def completed_state(path: Path, settings: Mapping[str, Any]) -> RunState | None:
    """Return the final state of an output that a run with these settings made, or None for any other file.

    path (Path): The output.
    settings (Mapping[str, Any]): As in CheckpointedOutput.
    RETURNS (RunState | None): None if PATH.done is missing, damaged or of other settings, or if the bytes of PATH
        are not those that the run wrote.
    """
    try:
        content = json.loads(done_path(path).read_bytes())
        state = RunState(**content["state"])
        same = content["version"] == STATE_VERSION and content["settings"] == dict(settings)
        same = same and (path.is_dir() or path.stat().st_size == state.size) and _digest_of(path) == content["output"]
    except (OSError, ValueError, LookupError, TypeError):
        return None
    return state if same else None


def _digest_of(path: Path) -> str:
    digest = hashlib.blake2b(digest_size=16)
    if path.is_dir():
        for file in sorted(path.iterdir()):
            digest.update(f"{file.name}\0{_digest_of(file)}\0".encode())
        return digest.hexdigest()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def is_taken(path: Path, *, is_folder: bool = False) -> bool:
    """Return whether something is in the place of an output.

    path (Path): The output. is_folder (bool): It is to be a folder: an empty one may be there.
    """
    if is_folder and path.is_dir():
        return any(path.iterdir())
    return path.exists()


def check_output(path: Path, *, resume: bool = False, is_folder: bool = False) -> None:
    """Find out that an output cannot be begun before any work is done.

    path (Path): The output.
    resume (bool): Whether a partial output may be there.
    is_folder (bool): Whether the output is to be a folder, which may be there if it is empty.
    RAISES (BiomedplmError): B620, B621, B625, B627; see CheckpointedOutput.
    """
    partial, state = partial_paths(path)
    if not path.parent.is_dir():
        raise BiomedplmError(coded("B627", path=path, reason=f"there is no folder '{path.parent}'"))
    if path.is_dir() and not is_folder:
        raise BiomedplmError(coded("B627", path=path, reason="it is a folder"))
    taken = is_taken(path, is_folder=is_folder)
    if taken and partial.exists():
        raise BiomedplmError(coded("B625", path=path, partial=partial))
    if taken:
        raise BiomedplmError(coded("B620", path=path))
    if partial.exists() and not resume:
        raise BiomedplmError(coded("B621", path=path, partial=partial, state=state))


def _write_all(file: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(file, view) :]


def _replace_file(path: Path, data: bytes) -> None:
    """Write a small file in one step: readers and crashes see the old content or the new."""
    temporary = path.with_name(path.name + ".new")
    file = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o666)
    try:
        try:
            _write_all(file, data)
            os.fsync(file)
        finally:
            os.close(file)
        os.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
