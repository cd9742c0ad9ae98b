"""What a reader repaired or left out: collected, counted and never printed."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from spacy_biomedplm.errors import BiomedplmError, coded

ErrorMode = Literal["raise", "skip", "repair"]
ProblemKind = Literal["repaired", "dropped", "excluded"]


@dataclass(frozen=True)
class Problem:
    """One thing in a corpus file that did not become an annotation exactly as it stands there.

    kind (ProblemKind): "repaired" (mended as the detail says), "dropped" (lost, because it is broken) or "excluded"
        (its label is left out by the corpus' label map).
    path (str): The file, or "archive.tar.gz:member".
    line (int): Line number from 1; 0 if the problem has no line.
    doc_id (str): Identifier of the document.
    detail (str): What was found and what was done.
    label (str): Label of the annotation, if it has one.
    is_mention (bool): Whether a mention was lost, which a score counts as missed.
    """

    kind: ProblemKind
    path: str
    line: int
    doc_id: str
    detail: str
    label: str = ""
    is_mention: bool = False


class _StoppedError(BiomedplmError):
    """Raised because the report's mode is "raise"; its message says how to go on."""


@dataclass
class Report:
    """What readers do with broken items, and the list of what they did.

    errors (ErrorMode): "raise" stops at the first one; "skip" leaves broken items out; "repair" mends those that can
        be mended in one way only, and leaves the others out. Whatever is mended or left out is counted and listed.
    limit (int): How many problems are listed one by one; all of them are counted.
    whole (bool): A file, document or row that cannot be read any further is an error in every mode: what is scored, or
        compared with training documents, must be all there.
    """

    errors: ErrorMode = "raise"
    limit: int = 10_000
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    whole: bool = False

    def add(self, problem: Problem) -> None:
        """Count a problem and list it if there is room.

        problem (Problem): What happened.
        """
        self.counts[problem.kind] += 1
        if len(self.problems) < self.limit:
            self.problems.append(problem)

    def drop(
        self,
        message: str,
        *,
        path: str,
        line: int = 0,
        doc_id: str = "",
        label: str = "",
        is_mention: bool = False,
    ) -> None:
        """Leave a broken item out, or stop.

        message (str): From ``coded``: what was found, what was wanted, how to repair it.
        path, line, doc_id, label, is_mention: As in Problem.
        RAISES (BiomedplmError): The message, if errors is "raise".
        """
        self._stop(message)
        self.add(Problem("dropped", path, line, doc_id, message, label, is_mention))

    def mend(
        self,
        message: str,
        mended: str,
        *,
        path: str,
        line: int = 0,
        doc_id: str = "",
        label: str = "",
        is_mention: bool = False,
    ) -> bool:
        """Return whether the caller may mend a broken item; if not, it is left out.

        message (str): From ``coded``: what was found, what was wanted, how to repair it.
        mended (str): What mending makes of it.
        path, line, doc_id, label, is_mention: As in Problem.
        RAISES (BiomedplmError): The message, if errors is "raise".
        """
        self._stop(message, f"repair mends it ({mended}), skip leaves it out; both list it")
        if self.errors == "skip":
            self.add(Problem("dropped", path, line, doc_id, message, label, is_mention))
            return False
        self.add(Problem("repaired", path, line, doc_id, f"{message} Mended: {mended}.", label))
        return True

    def _stop(self, message: str, otherwise: str = "skip leaves it out and lists it") -> None:
        if self.errors == "raise":
            raise _StoppedError(f"{message} Or go on with another mode of errors: {otherwise}.")

    @contextmanager
    def leaving_out(self, path: str, line: int = 0, doc_id: str = "") -> Iterator[None]:
        """Leave out what cannot be read any further inside of the block: the rest of a file, or an item of it.

        path, line, doc_id: As in Problem.
        RAISES (BiomedplmError): The message of what the block raises, if errors is "raise" or ``whole`` is set.
        """
        try:
            yield
        except _StoppedError:
            raise
        except BiomedplmError as err:
            if self.whole:
                raise
            self._stop(str(err))
            self.add(Problem("dropped", path, line, doc_id, str(err)))

    def nothing_read(self, path: object, wanted: str) -> BiomedplmError:
        """Return the error for files that gave no document, whatever was to be left out.

        path (object): What was read.
        wanted (str): What it should hold.
        """
        shown = str(path)
        inside = (f"{shown}/", f"{shown}:")
        found = [
            problem
            for problem in self.problems
            if problem.kind == "dropped" and (shown in (".", problem.path) or problem.path.startswith(inside))
        ]
        if not found:
            return BiomedplmError(coded("B408", path=path, wanted=wanted))
        return BiomedplmError(coded("B438", path=path, count=len(found), first=found[0].detail))
