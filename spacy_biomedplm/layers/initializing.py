"""What components that infer guidelines from examples are shown at initialisation."""

import warnings

from spacy.language import Language

from spacy_biomedplm.errors import coded


def warn_of_stream(nlp: Language | None, component: str) -> None:
    """Warn (W613) if a component is about to infer guidelines from the beginning of a stream.

    nlp (Language | None): The pipeline; ``spacy train`` with max_epochs = -1 shows the first hundred examples only.
    component (str): Name of the pipe.
    """
    if nlp is not None and nlp.config.get("training", {}).get("max_epochs") == -1:
        warnings.warn(coded("W613", component=component), stacklevel=3)
