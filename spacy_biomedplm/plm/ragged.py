"""Sequences of different lengths through an encoder, as one line of pieces (torch only)."""

import sys
from typing import Any

import numpy as np
import torch

from spacy_biomedplm.encoder.windows import plan_layouts
from spacy_biomedplm.plm.networks import SequenceReader


class RaggedReader:
    """Reads sequences that lie end to end: on CPUs as they are, elsewhere as a padded matrix.

    encoder (PreTrainedModel): The encoder; weights and gradients are its own.
    pad (int): Id of padding.
    """

    def __init__(self, encoder: Any, pad: int) -> None:
        self.encoder = encoder
        self.pad = pad
        self.fast = SequenceReader(encoder).fast

    def __call__(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        """Return the vectors of the last layer.

        ids (Tensor): Piece ids of all sequences, int64, shape (pieces,).
        lengths (Tensor): Pieces of each sequence, at least 1, int64, shape (sequences,).
        RETURNS (Tensor): Shape (pieces, width).
        """
        if self.fast is None or ids.device.type != "cpu":
            return self._read_padded(ids, lengths)
        counts = lengths.tolist()
        (layout,) = plan_layouts(counts, max_cells=sys.maxsize)
        ends = np.concatenate([[0], np.cumsum(counts)])
        # Where each piece lies in the layout, in the order of the line.
        cells = np.empty(len(ids), dtype=np.int64)
        for window, start in zip(layout.windows, layout.starts, strict=True):
            cells[ends[window] : ends[window + 1]] = np.arange(start, start + counts[window])
        places = torch.from_numpy(cells)
        spread = torch.full((layout.n_cells,), self.pad).scatter_(0, places, ids)
        last = torch.empty(0)
        for hidden in self.fast.hidden_states(spread, layout):
            last = hidden
        return last[places]

    def _read_padded(self, ids: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
        real = torch.arange(int(lengths.max()), device=ids.device) < lengths[:, None]
        padded = torch.full(real.shape, self.pad, device=ids.device)
        padded[real] = ids
        return self.encoder(input_ids=padded, attention_mask=real.long())[0][real]


def pool(vectors: torch.Tensor, lengths: torch.Tensor, *, mean: bool) -> torch.Tensor:
    """Return one vector for each sequence, in fp32.

    vectors (Tensor): Shape (pieces, width). lengths (Tensor): Pieces of each sequence, at least 1.
    mean (bool): The mean of all pieces, special ones too; else the vector of the first.
    """
    ends = lengths.cumsum(0)
    if not mean:
        return vectors[ends - lengths].float()
    owners = torch.repeat_interleave(torch.arange(len(lengths), device=lengths.device), lengths)
    sums = torch.zeros(len(lengths), vectors.shape[1], device=vectors.device).index_add(0, owners, vectors.float())
    return sums / lengths[:, None]
