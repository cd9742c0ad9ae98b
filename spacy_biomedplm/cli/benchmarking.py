"""Suites of tasks over one pipeline."""

from spacy_biomedplm.cli.evaluation import evaluate_pipeline
from spacy_biomedplm.cli.pipeline import load_pipeline, model_identity, set_guideline
from spacy_biomedplm.corpora.catalogue import find_root, get_corpus, is_here
from spacy_biomedplm.evaluation.metrics import get_metric
from spacy_biomedplm.evaluation.running import Outcome, explain_lack, find_layers
from spacy_biomedplm.evaluation.suites import SuiteResult, Task, load_suite, run_suite


def benchmark(
    suite: str, model: str, *, device: str = "cpu", allow_noncommercial: bool = False
) -> tuple[str, SuiteResult]:
    """Return the scores of a pipeline on the tasks of a suite.

    suite (str): Name, or JSON file.
    model (str): Installed package, or folder.
    device (str): "cpu" or "cuda:N".
    allow_noncommercial (bool): Read corpora whose terms forbid commercial use.
    RETURNS (tuple[str, SuiteResult]): Name, version and digest of the model, and the result. The pipeline follows the
        guideline of each corpus that it knows, and the harmonised labels otherwise.
    RAISES (BiomedplmError): B725-B727 for the suite; B416 without a folder of corpora; as load_pipeline.
    """
    tasks = load_suite(suite)
    nlp = load_pipeline(model, device=device)
    layers = find_layers(nlp)
    root = find_root()

    def run(task: Task) -> Outcome:
        metric = get_metric(task.metric)
        corpus = get_corpus(task.corpus)
        reason = explain_lack(metric, layers)
        if not reason and corpus.files and task.split not in corpus.files:
            reason = f"the corpus has no split '{task.split}'"
        if not reason and not (corpus.files and is_here(corpus, task.split, root)):
            why = "needs an agreement" if corpus.access == "agreement" else "not in the folder of corpora"
            reason = f"{why}; `biomedplm corpora info {corpus.name}` says how to get it"
        if reason:
            return Outcome(metric, reason=reason)
        set_guideline(nlp, None, model=model)
        found = evaluate_pipeline(
            nlp,
            corpus.name,
            split=task.split,
            metrics=[task.metric],
            only=task.labels,
            model=model,
            allow_noncommercial=allow_noncommercial,
        )
        return found.outcomes[0]

    return model_identity(nlp), run_suite(tasks, run)
