"""What a reader repaired, left out or skipped: collected, counted and never printed."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from spacy_biomedplm.errors import BiomedplmError, coded

ProblemKind = Literal["repaired", "dropped", "excluded", "skipped"]


@dataclass(frozen=True)
class Problem:
    """One thing in a corpus file that did not become a gold mention exactly as it stands there.

    kind (ProblemKind): "repaired" (a mention was moved or trimmed), "dropped" (a mention or document was lost
        because it could not be placed), "excluded" (its label is left out by the corpus' label map) or
        "skipped" (a line of another layer, such as a relation).
    path (str): The file, or "archive.tar.gz:member".
    line (int): Line number from 1; 0 if the problem has no line.
    doc_id (str): Identifier of the document.
    detail (str): What was found and what was done.
    """

    kind: ProblemKind
    path: str
    line: int
    doc_id: str
    detail: str


@dataclass
class Report:
    """A list of problems that readers fill.

    limit (int): How many problems are listed one by one; all of them are counted.
    """

    limit: int = 10_000
    problems: list[Problem] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, problem: Problem) -> None:
        """Count a problem and list it if there is room.

        problem (Problem): What happened.
        """
        self.counts[problem.kind] += 1
        if len(self.problems) < self.limit:
            self.problems.append(problem)


def tell(report: Report | None, problem: Problem) -> None:
    """Hand a problem to the caller: into the report, or as an error if gold would be lost unseen.

    report (Report | None): Where problems go. Without one, a "dropped" problem is an error; the others, which
        lose nothing the caller asked for, pass.
    problem (Problem): What happened.
    RAISES (BiomedplmError): B405 if something must be dropped and there is no report.
    """
    if report is not None:
        report.add(problem)
    elif problem.kind == "dropped":
        raise BiomedplmError(
            coded("B405", path=problem.path, line=problem.line, doc_id=problem.doc_id, detail=problem.detail)
        )
