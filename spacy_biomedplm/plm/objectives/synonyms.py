"""Self-alignment of synonyms (Liu et al., 2021, SapBERT): names of a concept close together, others further away."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import normalize

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.cache import TokenCache
from spacy_biomedplm.plm.names import NameTables
from spacy_biomedplm.plm.networks import build_model, read_model_config
from spacy_biomedplm.plm.objectives.base import Arrays, Objective, Outcome
from spacy_biomedplm.plm.ragged import RaggedReader, pool
from spacy_biomedplm.plm.sampling import Frame, Ids

# Names of one retrieval in the validation, and how many retrievals for each sample that the loop asks for.
_SET_NAMES = 1024
_NAMES_PER_SAMPLE = 16
# Of the multi-similarity loss (Wang et al., 2019), as in SapBERT.
_ALPHA, _BETA, _BASE = 1.0, 60.0, 0.5


@dataclass(frozen=True)
class SynonymOptions:
    """Options of [objective].

    pooling ("cls" | "mean"): The vector of a name: that of its first piece, or the mean of all.
    pairs (int): Most pairs of names of one concept in a pass, 1 or more.
    margin (float): How much further than its furthest synonym another name may be and still counts, 0 or more.
    """

    pooling: Literal["cls", "mean"] = "cls"
    pairs: int = 50
    margin: float = 0.2


@dataclass(frozen=True)
class NamePair:
    """Two names of a concept.

    concept (int): Its number, other than that of any concept of another corpus.
    first, second (Ids): Pieces, special ones included.
    """

    concept: int
    first: Ids
    second: Ids


class NamePairs:
    """All pairs of names of a part of a corpus, in another order in each pass.

    cache (TokenCache): The part: each document is a concept, each sentence a name.
    frame (Frame): Special pieces around a name.
    length (int): Most pieces of a name, special pieces counted; longer ones are cut.
    seed (int): Of the order, and of which pairs a concept with more than ``pairs`` has in a pass.
    pairs (int): Most pairs of one concept.
    first_concept (int): Number of the first concept.
    RAISES (BiomedplmError): B549 if no concept has two names.
    """

    def __init__(
        self, cache: TokenCache, frame: Frame, length: int, seed: int, *, pairs: int, first_concept: int
    ) -> None:
        self.cache, self.frame, self.seed, self.first_concept = cache, frame, seed, first_concept
        self.body = length - len(frame.prefix) - len(frame.suffix)
        behind = np.searchsorted(cache.sentences, cache.documents, side="right")
        self._n_names = np.diff(behind, prepend=0)
        self._firsts = behind - self._n_names
        self._all_pairs = self._n_names * (self._n_names - 1) // 2
        self._pairs = np.minimum(self._all_pairs, pairs)
        self._ends = np.cumsum(self._pairs)
        if not self._pairs.any():
            raise BiomedplmError(coded("B549", concepts=len(cache.documents)))
        self._order: tuple[int, NDArray[np.int64]] = (-1, np.empty(0, dtype=np.int64))

    @property
    def n_sequences(self) -> int:
        """Pairs of one pass."""
        return int(self._ends[-1])

    @property
    def n_names(self) -> int:
        """Names of all concepts."""
        return len(self.cache.sentences)

    @property
    def n_cut(self) -> int:
        """Names that are longer than ``length``."""
        return int((np.diff(self.cache.sentences, prepend=0) > self.body).sum())

    @property
    def usable(self) -> NDArray[np.int64]:
        """Places of the concepts with two names or more."""
        return np.flatnonzero(self._pairs)

    def sequence(self, number: int) -> NamePair:
        """Return a pair.

        number (int): From 0; beyond one pass the next one begins.
        """
        turn, place = divmod(number, self.n_sequences)
        if self._order[0] != turn:
            self._order = (turn, np.random.default_rng((self.seed, turn)).permutation(self.n_sequences))
        chosen = int(self._order[1][place])
        concept = int(np.searchsorted(self._ends, chosen, side="right"))
        among = chosen - int(self._ends[concept] - self._pairs[concept])
        if self._all_pairs[concept] > self._pairs[concept]:
            rng = np.random.default_rng((self.seed, turn, 5, concept))
            among = int(rng.permutation(int(self._all_pairs[concept]))[among])
        # The pairs (i, j), i < j, are counted row by row: (0, 1), (0, 2), (1, 2), (0, 3) …
        second = (1 + math.isqrt(1 + 8 * among)) // 2
        first = among - second * (second - 1) // 2
        begin = int(self._firsts[concept])
        return NamePair(self.first_concept + concept, self._name(begin + first), self._name(begin + second))

    def names_of(self, concept: int) -> list[Ids]:
        """Return the pieces of all names of a concept.

        concept (int): Its place in this part.
        """
        begin = int(self._firsts[concept])
        return [self._name(begin + number) for number in range(int(self._n_names[concept]))]

    def _name(self, number: int) -> Ids:
        start = int(self.cache.sentences[number - 1]) if number else 0
        end = min(int(self.cache.sentences[number]), start + self.body)
        return np.concatenate([self.frame.prefix, self.cache.ids[start:end], self.frame.suffix]).astype(np.int64)


class SynonymAlignment(Objective):
    """[objective] name = "synonyms".

    [data] corpora are tables of names, see ``plm.names``; length is the most pieces of a name. A sample is a pair of
    names; what is hard is looked for within each micro-batch. The validation retrieves names of held-back concepts
    among sets of about a thousand.
    """

    options_class = SynonymOptions
    perplexity_of = ""
    source = NameTables()

    def build(self) -> None:
        """Make the encoder.

        RAISES (BiomedplmError): B550 if it makes no vector of a name, B530 if names do not begin with a special piece
            whose vector is asked for.
        """
        from transformers import AutoModel

        hugging = read_model_config(self.config.model, self.vocabulary)
        if hugging.is_encoder_decoder:
            reason = "the encoder is one half of the model only"
            raise BiomedplmError(coded("B550", found=hugging.model_type, reason=reason))
        self.model = self.network = build_model(
            AutoModel,
            self.config.model,
            self.vocabulary,
            length=self.config.data.length,
            seed=self.seed,
            hugging=hugging,
        )
        # No vector goes through it; it stays what it was.
        for name, value in self.model.named_parameters():
            if name.startswith("pooler."):
                value.requires_grad_(False)
        self.read = RaggedReader(self.model, self.vocabulary.id_of("pad"))
        if self.options.pooling == "cls" and not self.vocabulary.frame.prefix:
            raise BiomedplmError(coded("B530", folder=self.vocabulary.folder, role="cls"))
        if self.options.pooling == "cls" and not self._first_sees_last():
            reason = "the first piece does not see those behind it"
            raise BiomedplmError(coded("B550", found=hugging.model_type, reason=reason))

    @torch.no_grad()
    def _first_sees_last(self) -> bool:
        pair = self._streams[0].sequence(0)
        other = pair.first.copy()
        other[-1] = next(number for number in (int(other[0]), 0, 1) if number != other[-1])
        self.model.eval()
        vectors = self.read(torch.from_numpy(np.concatenate([pair.first, other])), torch.tensor([len(other)] * 2))
        self.model.train()
        return not torch.allclose(vectors[0], vectors[len(other)], rtol=1e-5, atol=1e-7)

    def make_streams(self, caches: Sequence[TokenCache]) -> list[Any]:
        """Return what hands out pairs of names.

        RAISES (BiomedplmError): B527 if the options are out of range, B549 for a part without synonyms.
        """
        options, config = self.options, self.config
        if options.pairs < 1 or options.margin < 0 or config.training.micro_batch < 2:
            reason = "pairs is 1 or more, margin 0 or more; names are compared within a micro_batch, so it is 2 or more"
            raise BiomedplmError(coded("B527", path="[objective]", reason=reason))
        firsts = np.cumsum([0, *(len(cache.documents) for cache in caches)])
        return [
            NamePairs(
                cache,
                self.vocabulary.frame,
                config.data.length,
                self.seed + number,
                pairs=options.pairs,
                first_concept=int(firsts[number]),
            )
            for number, cache in enumerate(caches)
        ]

    @property
    def remarks(self) -> Sequence[str]:
        """What is not learned from as it stands in the tables."""
        streams = [*self._streams, *self._held_back]
        found = []
        if n_cut := sum(stream.n_cut for stream in streams):
            n_names = sum(stream.n_names for stream in streams)
            found.append(f"{n_cut:,} of {n_names:,} names have more than {self._streams[0].body} pieces and are cut.")
        if n_lost := sum(len(stream.cache.documents) - len(stream.usable) for stream in streams):
            found.append(f"{n_lost:,} concepts have one name that is not empty in this vocabulary and are left out.")
        return found

    def stack(self, samples: list[Any]) -> list[NamePair]:
        """Return the pairs as they are."""
        return samples

    def arrays(self, samples: Any, rng: np.random.Generator) -> Arrays:
        """Return the pieces of all names end to end, their lengths, and numbers of concepts and of equal names."""
        names = [(pair.concept, name) for pair in samples for name in (pair.first, pair.second)]
        return _lay_end_to_end(names)

    def loss(self, batch: dict[str, torch.Tensor]) -> Outcome:
        """Return the multi-similarity loss of the hard pairs, and how often the nearest name is a synonym."""
        vectors = pool(self.read(batch["ids"], batch["lengths"]), batch["lengths"], mean=self.options.pooling == "mean")
        found = align(vectors, batch["concepts"], batch["names"], margin=self.options.margin)
        count = len(vectors)
        counts = {
            "loss": (float(found.loss.detach()) * count, count),
            "accuracy": (found.n_right, found.n_asked),
            "hard": (found.n_hard, count),
        }
        return Outcome(found.loss, counts)

    def validation_batches(self, count: int, most: int) -> list[Callable[[], Arrays]]:
        """Return sets of held-back names, whole concepts each: the same at every call."""
        rng = np.random.default_rng((self.seed, 3))
        concepts = [(stream, int(place)) for stream in self._held_back for place in rng.permutation(stream.usable)]
        sizes = np.cumsum([len(stream.names_of(place)) for stream, place in concepts])
        concepts = concepts[: max(1, int(np.searchsorted(sizes, _NAMES_PER_SAMPLE * most, side="right")))]
        if not concepts:
            return []
        n_sets = max(1, round(int(sizes[len(concepts) - 1]) / _SET_NAMES))

        def make(part: list[tuple[Any, int]]) -> Arrays:
            return _lay_end_to_end(
                [(stream.first_concept + place, name) for stream, place in part for name in stream.names_of(place)]
            )

        return [lambda part=concepts[number::n_sets]: make(part) for number in range(n_sets)]  # type: ignore[misc]


def _lay_end_to_end(names: Sequence[tuple[int, Ids]]) -> Arrays:
    equal: dict[bytes, int] = {}
    return {
        "ids": np.concatenate([name for _, name in names]),
        "lengths": np.array([len(name) for _, name in names], dtype=np.int64),
        "concepts": np.array([concept for concept, _ in names], dtype=np.int64),
        "names": np.array([equal.setdefault(name.tobytes(), len(equal)) for _, name in names], dtype=np.int64),
    }


@dataclass(frozen=True)
class Alignment:
    """How close the names of a batch are.

    loss (Tensor): The mean over the names, a scalar with gradient.
    n_right, n_asked (int): Names whose nearest other name is a synonym, of those that have one in the batch.
    n_hard (int): Names with a pair that counts.
    """

    loss: torch.Tensor
    n_right: int
    n_asked: int
    n_hard: int


def align(vectors: torch.Tensor, concepts: torch.Tensor, names: torch.Tensor, *, margin: float) -> Alignment:
    """Return the multi-similarity loss (Wang et al., 2019) over hard pairs, as in SapBERT (Liu et al., 2021, eq. 1, 2).

    vectors (Tensor): One for each name, fp32, shape (names, width); need not be normalised.
    concepts, names (Tensor): Numbers of the concept and of the name; names that are spelt alike have one number, and
        pairs of them are neither right nor wrong.
    margin (float): A synonym counts if some other name is closer to a name than it, give or take the margin; another
        name counts if some synonym is as far. Distances are those of the normalised vectors, in [0, 2].
    """
    normal = normalize(vectors, dim=1)
    cosine = normal @ normal.T
    different = names[:, None] != names[None]
    same = concepts[:, None] == concepts[None]
    alike, unlike = same & different, ~same & different
    with torch.no_grad():
        distance = (2 - 2 * cosine).clamp(min=0).sqrt()
        furthest = distance.masked_fill(~alike, -math.inf).amax(dim=1, keepdim=True)
        nearest = distance.masked_fill(~unlike, math.inf).amin(dim=1, keepdim=True)
        hard_alike = alike & (distance + margin >= nearest)
        hard_unlike = unlike & (distance <= furthest + margin)
        asked = alike.any(dim=1)
        best = cosine.masked_fill(~different, -math.inf).argmax(dim=1, keepdim=True)
        n_right = int(alike.gather(1, best)[:, 0][asked].sum())
    loss = _soft_sum(-_ALPHA * (cosine - _BASE), hard_alike) / _ALPHA
    loss = loss + _soft_sum(_BETA * (cosine - _BASE), hard_unlike) / _BETA
    n_hard = int((hard_alike | hard_unlike).any(dim=1).sum())
    return Alignment(loss.mean(), n_right, int(asked.sum()), n_hard)


def _soft_sum(values: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
    """Return log(1 + sum of exp) over the chosen values of each row."""
    values = values.masked_fill(~chosen, -math.inf)
    return torch.cat([values.new_zeros(len(values), 1), values], dim=1).logsumexp(dim=1)
