"""Does a language model load here, and what does it cost: ``check_model``."""

import contextlib
import re
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import spacy
import torch
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d
from thinc.util import get_torch_default_device

from spacy_biomedplm.encoder.architecture import build_plm_encoder
from spacy_biomedplm.encoder.loading import load_plm, piece_tokenizer
from spacy_biomedplm.encoder.precision import choose_dtype
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.layers.torch_shim import torch_shim
from spacy_biomedplm.plm.catalogue import find_model, find_similar, find_variant
from spacy_biomedplm.plm.language_model import LanguageModel
from spacy_biomedplm.plm.tiny import save_tiny

_SECONDS = 1.0
_COPIES = 8
TEXTS = (
    "A 63-year-old man with type 2 diabetes was admitted with fever, dyspnoea and a productive cough for three days.",
    "Mutations of BRCA1 impair homologous recombination and make tumour cells sensitive to inhibitors of PARP.",
    "Metformin 500 mg was stopped because of lactic acidosis; creatinine rose from 0.9 to 2.4 mg/dL.",
    "No focal consolidation, pleural effusion or pneumothorax is seen on the chest radiograph.",
    "Phosphorylation of STAT3 by JAK2 was required for the expression of interleukin-6 in HeLa cells.",
    "Patients were randomised to receive either rituximab plus methotrexate or placebo for 24 weeks.",
    "The bite of Anopheles gambiae transmits Plasmodium falciparum, the parasite that causes severe malaria.",
    "been on lithium for 2 months now and the tremor in my hands is driving me mad, anyone else??",
)
"""Sentences of literature, notes, reports and forums on which models are timed."""
RESIDUES = (
    "M K T A Y I A K Q R Q I S F V K S H F S R Q L E E R L G L I E V Q A P I L S R V G D G T Q D N L S G A E K A",
)
K_MERS = ("ATGGCC TGGCCA GGCCAT GCCATT CCATTG CATTGT ATTGTA TTGTAA TGTAAT GTAATG TAATGG AATGGG ATGGGC TGGGCC GGGCCG",)


@dataclass(frozen=True)
class Check:
    """What was found out of a model.

    name (str): What was asked for. model (LanguageModel | None): Its record, if the catalogue has one.
    obstacle (str): Why it was not loaded; empty if a network was.
    tiny (str): Why a tiny random model of its architecture was measured in its stead; empty if itself was.
    loaded (str): What was loaded: folder, or name on the hub, or architecture.
    device, dtype (str): Where and in which type it computed.
    width, layers, parameters (int): Of the vectors; of the network, without its head.
    words_per_second (float): On TEXTS, on this machine. pieces_per_word (float): On TEXTS.
    peak_memory (int | None): Bytes of the process, or on a GPU of the device; None where the system does not say.
    """

    name: str
    model: LanguageModel | None
    obstacle: str = ""
    tiny: str = ""
    loaded: str = ""
    device: str = ""
    dtype: str = ""
    width: int = 0
    layers: int = 0
    parameters: int = 0
    words_per_second: float = 0.0
    pieces_per_word: float = 0.0
    peak_memory: int | None = None


def check_model(name: str, *, tiny: bool = False) -> Check:
    """Load a model as the encoder of a pipeline does, and measure it on the device that is set.

    name (str): Folder, installed package, name in the catalogue or name on the Hugging Face hub.
    tiny (bool): Do not look for the weights; measure a tiny random model of its architecture.
    RETURNS (Check): Where the hub cannot be reached, a model of the catalogue is measured as a tiny random one, and
        ``tiny`` says so.
    RAISES (BiomedplmError): B508 if there is no such model, B102 to B110 if its files do not do.
    """
    # A folder that is there is meant, whatever the catalogue calls so.
    model = None if (Path(name) / "config.json").is_file() else find_model(name)
    if model is None:
        if tiny:
            raise BiomedplmError(coded("B508", name=name, known=find_similar(name)))
        return _load_and_measure(name, name, None)
    hub = find_variant(model, name).hub
    if tiny:
        return _measure_tiny(name, model, "no weights were looked for")
    if not model.is_available or model.loads is None or hub is None:
        return Check(name, model, obstacle=model.why or "It is not on the Hugging Face hub: see its address.")
    try:
        return _load_and_measure(name, hub, model)
    except BiomedplmError as error:
        if not _is_offline(error):
            raise
    return _measure_tiny(name, model, "the Hugging Face hub cannot be reached, and its weights are not on this machine")


def _load_and_measure(name: str, source: str, model: LanguageModel | None) -> Check:
    try:
        return _measure(name, source, model, loaded=source)
    except BiomedplmError as error:
        if _is_nowhere(error) or (model is None and _is_offline(error)):
            raise BiomedplmError(coded("B508", name=name, known=find_similar(name))) from error
        raise


def _is_offline(error: BiomedplmError) -> bool:
    from huggingface_hub.errors import LocalEntryNotFoundError

    return isinstance(error.__cause__, LocalEntryNotFoundError)


def _is_nowhere(error: BiomedplmError) -> bool:
    from huggingface_hub.errors import GatedRepoError, HFValidationError, RepositoryNotFoundError

    cause = error.__cause__
    if isinstance(cause, GatedRepoError):
        return False
    missing = cause is None and str(error).startswith("[B101]")
    return missing or isinstance(cause, (HFValidationError, RepositoryNotFoundError))


def _measure_tiny(name: str, model: LanguageModel, reason: str) -> Check:
    if model.loads is None:
        return Check(name, model, obstacle=model.why)
    with tempfile.TemporaryDirectory() as folder:
        save_tiny(model.loads, model.tokenizer, _texts_for(model), Path(folder))
        return _measure(name, folder, model, loaded=model.loads, tiny=reason)


def _measure(name: str, source: str, model: LanguageModel | None, *, loaded: str, tiny: str = "") -> Check:
    stored, network = load_plm(source, layer=-1)
    device = get_torch_default_device()
    dtype = choose_dtype("auto", device)
    encoder = build_plm_encoder(source, stored["width"])
    torch_shim(encoder).set_module(stored, network, dtype)
    docs = list(spacy.blank("en").pipe(_texts_for(model)))
    words = sum(len(doc) for doc in docs)
    pieces = sum(len(ids) for ids, _ in piece_tokenizer(stored).encode([doc.text for doc in docs]))
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    speed = _time(encoder, docs * _COPIES)
    return Check(
        name,
        model,
        tiny=tiny,
        loaded=loaded,
        device=str(device),
        dtype=str(dtype).removeprefix("torch."),
        width=stored["width"],
        layers=network.n_layers,
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        words_per_second=speed,
        pieces_per_word=pieces / words,
        peak_memory=peak_memory(device),
    )


def _texts_for(model: LanguageModel | None) -> Sequence[str]:
    if model is not None and model.tokens == "residues":
        return RESIDUES
    return K_MERS if model is not None and model.tokens == "nucleotides" else TEXTS


def _time(encoder: Model[list[Doc], list[Floats2d]], docs: list[Doc]) -> float:
    # The first pass packs weights and compiles kernels.
    encoder.predict(docs)
    words = passes = 0
    start = time.perf_counter()
    while time.perf_counter() - start < _SECONDS or passes == 0:
        encoder.predict(docs)
        words += sum(len(doc) for doc in docs)
        passes += 1
    return words / (time.perf_counter() - start)


def peak_memory(device: torch.device) -> int | None:
    """Return the most bytes that this process has taken so far, on a GPU those on the device.

    device (torch.device): Where it computes.
    RETURNS (int | None): None where the system does not say.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = Path("/proc/self/status")
    if status.exists():
        # What getrusage says counts from before the process began its program: its parent's memory is in it.
        found = re.search(r"^VmHWM:\s+(\d+) kB", status.read_text(encoding="utf8"), re.MULTILINE)
        if found is not None:
            return int(found.group(1)) * 1024
    with contextlib.suppress(ImportError):  # not on Windows
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return None
