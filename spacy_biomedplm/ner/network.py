"""The torch module of the token head, and its losses."""

from typing import Any

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from spacy_biomedplm.ner.tags import TagScheme


class TaggerNetwork(nn.Module):
    """Scores of every guideline's tags for every token.

    width (int): Width of the token vectors.
    schemes (list[TagScheme]): The guidelines.
    hidden (int): Width of each direction of the BiLSTM; 0 for none.
    crf (bool): Whether transitions between tags have learned scores (Lafferty et al., 2001).
    """

    def __init__(self, width: int, schemes: list[TagScheme], *, hidden: int, crf: bool) -> None:
        super().__init__()
        self.schemes = schemes
        self.lstm = nn.LSTM(width, hidden, bidirectional=True, batch_first=True) if hidden else None
        self.output = nn.Linear(2 * hidden or width, schemes[-1].columns.stop)
        # Most words are no entities: what reads entities is not flooded while nothing has been learned.
        with torch.no_grad():
            self.output.bias[[scheme.columns.start for scheme in schemes]] += 3.0
        self.transitions = nn.ParameterList([torch.zeros(s.n_tags, s.n_tags) for s in schemes] if crf else [])

    def forward(self, vectors: torch.Tensor, lengths: list[int], dropout: float) -> torch.Tensor:
        """Return the scores.

        vectors (Tensor): Shape (tokens of all documents, width), float32.
        lengths (list[int]): Tokens of each document.
        dropout (float): Share of vector components set to 0, in [0, 1).
        RETURNS (Tensor): Shape (tokens of all documents, tags of all guidelines).
        """
        vectors = nn.functional.dropout(vectors, dropout, training=dropout > 0)
        if not len(vectors):
            return vectors.new_zeros((0, self.output.out_features))
        if self.lstm is not None:
            vectors = self._read_in_order(vectors, [length for length in lengths if length])
            vectors = nn.functional.dropout(vectors, dropout, training=dropout > 0)
        return self.output(vectors)

    def _read_in_order(self, vectors: torch.Tensor, lengths: list[int]) -> torch.Tensor:
        assert self.lstm is not None
        padded = nn.utils.rnn.pad_sequence(list(vectors.split(lengths)), batch_first=True)
        packed = pack_padded_sequence(padded, torch.tensor(lengths), batch_first=True, enforce_sorted=False)
        read, _ = pad_packed_sequence(self.lstm(packed)[0], batch_first=True)
        return torch.cat([row[:length] for row, length in zip(read, lengths, strict=True)])

    def loss(
        self, scores: torch.Tensor, scheme: int, tags: torch.Tensor, lengths: list[int], unknown: torch.Tensor | None
    ) -> torch.Tensor:
        """Return the loss of one guideline, summed over tokens.

        scores (Tensor): Scores of the guideline's tags, shape (tokens, n_tags).
        scheme (int): Number of the guideline.
        tags (Tensor): Right tags, shape (tokens,).
        lengths (list[int]): Tokens of each document, all above 0.
        unknown (Tensor | None): For each token and tag, whether the tag belongs to a label the document was not
            annotated for, shape (tokens, n_tags). Where the right tag is O, those tags count as right as well
            (marginal likelihood of a partial annotation; Tsuboi et al., 2008).
        """
        if unknown is None and not len(self.transitions):
            return cross_entropy(scores, tags, reduction="sum")
        allowed = nn.functional.one_hot(tags, scores.shape[1]).bool()
        if unknown is not None:
            allowed |= unknown & (tags == 0)[:, None]
        narrowed = scores.masked_fill(~allowed, -1e4)
        if not len(self.transitions):
            return (scores.logsumexp(1) - narrowed.logsumexp(1)).sum()
        weights = self._path_weights(scheme)
        return _path_sums(scores, lengths, weights) - _path_sums(narrowed, lengths, weights)

    def _path_weights(self, scheme: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        tags = self.schemes[scheme]
        learned = self.transitions[scheme]
        legal = torch.from_numpy(tags.transitions).to(learned.device)
        begin, finish = (torch.from_numpy(border).to(learned.device) for border in tags.borders)
        return learned + legal, begin, finish


def _path_sums(
    scores: torch.Tensor, lengths: list[int], weights: tuple[torch.Tensor, torch.Tensor, torch.Tensor]
) -> torch.Tensor:
    """Return the log of the summed weights of all paths, summed over documents (forward algorithm)."""
    transitions, begin, finish = weights
    padded = nn.utils.rnn.pad_sequence(list(scores.split(lengths)), batch_first=True)
    ends = torch.tensor(lengths, device=scores.device)
    total = padded[:, 0] + begin
    for t in range(1, padded.shape[1]):
        step = (total[:, :, None] + transitions[None]).logsumexp(1) + padded[:, t]
        total = torch.where((t < ends)[:, None], step, total)
    return (total + finish).logsumexp(1).sum()


def tagger_groups(network: nn.Module, *, lr_scale: float) -> list[dict[str, Any]]:
    """Return all parameters as groups for the optimizer; transitions learn ten times as fast as the rest.

    network (nn.Module): A TaggerNetwork.
    lr_scale (float): Factor on the learning rate of the config.
    """
    named = list(network.named_parameters())
    slow = [p for name, p in named if not name.startswith("transitions")]
    fast = [p for name, p in named if name.startswith("transitions")]
    groups = [{"params": slow, "lr_scale": lr_scale}]
    return [*groups, {"params": fast, "lr_scale": 10 * lr_scale}] if fast else groups
