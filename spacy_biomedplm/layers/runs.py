"""Runs of rows, such as the tokens of mentions, in one go."""

import numpy as np
import torch

from spacy_biomedplm.layers.pairs import Ints


def spread_runs(starts: Ints, stops: Ints, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the rows of runs, end to end, and the run that each belongs to.

    starts, stops (Ints): First row of each run, and the one after the last. device (torch.device): Of what is returned.
    """
    counts = stops - starts
    members = np.repeat(np.arange(len(starts)), counts)
    rows = np.arange(len(members)) - np.repeat(np.cumsum(counts) - counts, counts) + np.repeat(starts, counts)
    return torch.from_numpy(rows).to(device), torch.from_numpy(members).to(device)


def highest_of_runs(vectors: torch.Tensor, starts: Ints, stops: Ints) -> torch.Tensor:
    """Return the largest value of each component in each run, shape (runs, width).

    vectors (Tensor): Shape (rows, width). starts, stops (Ints): Runs, none of them empty.
    """
    rows, members = spread_runs(starts, stops, vectors.device)
    index = members[:, None].expand(-1, vectors.shape[1])
    empty = vectors.new_full((len(starts), vectors.shape[1]), -torch.inf)
    return empty.scatter_reduce(0, index, vectors[rows], "amax")
