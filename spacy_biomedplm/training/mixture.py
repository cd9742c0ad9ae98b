"""The reader "spacy-biomedplm.CorpusMixture.v1": several corpora as one stream, each with its own weight."""

import random
from collections.abc import Callable, Iterator
from pathlib import Path

from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example

from spacy_biomedplm import attributes as attributes
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.training.starting import Given, start_from


def create_corpus_mixture(
    path: Path | None,
    weights: dict[str, float] | None = None,
    shuffle: bool = False,
    seed: int = 0,
    max_docs: int | None = None,
    given: Given = "nothing",
) -> Callable[[Language], Iterator[Example]]:
    """Return a reader of a folder of corpora.

    path (Path | None): Folder with one NAME.spacy per corpus, written with store_user_data=True. None only where
        nothing is read, as in the config of a trained pipeline.
    weights (dict[str, float] | None): How often each corpus is seen per pass; 0.5 is a new random half in every
        pass, 2 is twice, 0 is never. Corpora that are not named have weight 1.
    shuffle (bool): Whether documents come in a new random order in every pass.
    seed (int): Seed of order and choice.
    max_docs (int | None): Read at most this many documents of each corpus.
    given ("nothing" | "entities" | "concepts"): What the predicted documents have from the start, see ``start_from``.
    RETURNS (Callable[[Language], Iterator[Example]]): Every call is one pass. A pass that shuffles begins with one
        document of each corpus, so that the first hundred examples, from which spaCy initialises, hold all labels.
    RAISES (BiomedplmError): B502 if the folder holds no corpus, B503 for a weight of an unknown corpus, B506 for a
        file that is damaged, B005 for a negative weight.
    """
    passes = 0
    corpora: dict[str, list[Doc]] = {}

    def read(nlp: Language) -> Iterator[Example]:
        nonlocal passes
        if not corpora:
            corpora.update(_load(path, nlp, weights or {}, max_docs))
        rng = random.Random(f"{seed}-{passes}")
        passes += 1
        heads: list[Doc] = []
        rest: list[Doc] = []
        for name, docs in corpora.items():
            chosen = _choose(docs, (weights or {}).get(name, 1.0), rng) if shuffle else docs
            heads.extend(chosen[:1])
            rest.extend(chosen[1:])
        if shuffle:
            rng.shuffle(rest)
        for doc in heads + rest:
            yield Example(start_from(doc, nlp, given), doc)

    return read


def _load(path: Path | None, nlp: Language, weights: dict[str, float], max_docs: int | None) -> dict[str, list[Doc]]:
    files = sorted(Path(path).glob("*.spacy")) if path else []
    if not files:
        raise BiomedplmError(coded("B502", folder=path))
    names = {file.stem for file in files}
    for name, weight in weights.items():
        if weight < 0:
            raise BiomedplmError(coded("B005", key=f"weights.{name}", value=weight, wanted="0 or more"))
        if name not in names:
            raise BiomedplmError(coded("B503", name=name, known=", ".join(sorted(names))))
    corpora = {}
    for file in files:
        if weights.get(file.stem, 1.0) > 0:
            corpora[file.stem] = _read_docs(file, nlp)[:max_docs]
    return corpora


def _read_docs(file: Path, nlp: Language) -> list[Doc]:
    try:
        return [doc for doc in DocBin().from_disk(file).get_docs(nlp.vocab) if len(doc)]
    except (OSError, ValueError, KeyError, TypeError, EOFError) as error:
        raise BiomedplmError(coded("B506", file=file, reason=error)) from error


def _choose(docs: list[Doc], weight: float, rng: random.Random) -> list[Doc]:
    whole, part = divmod(weight, 1.0)
    return docs * int(whole) + rng.sample(docs, round(part * len(docs)))
