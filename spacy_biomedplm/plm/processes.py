"""The processes that train together, one per device, through accelerate; usually there is one."""

import os
from collections.abc import Iterable

import torch

from spacy_biomedplm.errors import BiomedplmError, coded


class Processes:
    """This process among those that ``accelerate launch`` started.

    device (str): "auto", "cpu" or a name of torch; with several processes the one that accelerate gives.
    RAISES (BiomedplmError): B537 if there are several and accelerate is not installed, B538 for a device that torch
        does not have.
    """

    def __init__(self, device: str) -> None:
        self.rank, self.count = 0, 1
        self._accelerator = None
        if int(os.environ.get("WORLD_SIZE", "1")) > 1:
            try:
                from accelerate import Accelerator
            except ImportError as error:
                raise BiomedplmError(coded("B537")) from error
            self._accelerator = Accelerator(cpu=device == "cpu")
            self.rank, self.count = self._accelerator.process_index, self._accelerator.num_processes
            self.device: torch.device = self._accelerator.device
            return
        name = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
        try:
            self.device = torch.empty(0, device=name).device
        except (RuntimeError, AssertionError) as error:
            raise BiomedplmError(coded("B538", found=name, reason=str(error).split("\n")[0])) from error

    def mean(self, tensors: Iterable[torch.Tensor]) -> None:
        """Replace tensors by their mean over all processes.

        tensors (Iterable[Tensor]): The same in number and shape in each.
        """
        if self._accelerator is not None:
            for tensor in tensors:
                tensor.copy_(self._accelerator.reduce(tensor, "mean"))

    def total(self, values: list[float]) -> list[float]:
        """Return the sums of numbers over all processes.

        values (list[float]): As many in each.
        """
        if self._accelerator is None:
            return values
        found = self._accelerator.reduce(torch.tensor(values, dtype=torch.float64, device=self.device), "sum")
        return list(map(float, found))

    def wait(self) -> None:
        """Wait for all processes."""
        if self._accelerator is not None:
            self._accelerator.wait_for_everyone()
