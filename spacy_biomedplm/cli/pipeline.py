"""Loading of a pipeline for a command: device, guideline, and one clear message if it fails."""

import hashlib
import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from thinc.api import require_cpu, require_gpu

import spacy_biomedplm.attributes  # noqa: F401 (registers the extension attributes)
from spacy_biomedplm.errors import BiomedplmError, coded

# What spaCy, its serialisation and the libraries below raise for a missing, damaged or foreign model.
_LOAD_FAILURES = (OSError, ValueError, ImportError, LookupError, TypeError, AttributeError, RuntimeError, EOFError)
_NO_LIMIT = 2**31 - 1


def load_pipeline(model: str, *, device: str = "cpu", guideline: str | None = None) -> Language:
    """Return a pipeline that reads documents of any length.

    model (str): Installed package, or folder.
    device (str): "cpu", or "cuda" with a number such as "cuda:0".
    guideline (str | None): Corpus whose annotation guideline and labels ``doc.ents`` follow; None for the harmonised
        labels, or what the pipeline's config says.
    RETURNS (Language): The pipeline.
    RAISES (BiomedplmError): B630 if there is no such model, B631 if it cannot be loaded, B632 and B633 if it
        does not know the guideline, B634 if the device cannot be used.
    """
    use_device(device)
    installed = installed_models()
    if model not in installed and not spacy.util.is_package(model) and not Path(model).exists():
        known = f"installed now: {', '.join(sorted(installed))}" if installed else "none is installed now"
        raise BiomedplmError(coded("B630", model=model, installed=known))
    try:
        nlp = spacy.load(model)
    except BiomedplmError:
        raise
    except _LOAD_FAILURES as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BiomedplmError(coded("B631", model=model, reason=reason.rstrip("."))) from error
    nlp.max_length = _NO_LIMIT
    if guideline is not None:
        set_guideline(nlp, guideline, model=model)
    return nlp


def use_device(device: str) -> None:
    """Make spaCy compute on a device.

    device (str): "cpu", "cuda" or "cuda:N".
    RAISES (BiomedplmError): B634 for another name, or if there is no such device.
    """
    match = re.fullmatch(r"cpu|cuda(?::(\d+))?", device)
    if match is None:
        raise BiomedplmError(coded("B634", device=device, reason="wanted cpu, or cuda:0, cuda:1 and so on"))
    if device == "cpu":
        require_cpu()
        return
    try:
        require_gpu(int(match.group(1) or 0))
    except _LOAD_FAILURES as error:
        advice = "use --device cpu, or install CuPy and a CUDA build of torch"
        reason = f"{' '.join(str(error).split()).rstrip('.')}; {advice}"
        raise BiomedplmError(coded("B634", device=device, reason=reason)) from error


def set_guideline(nlp: Language, guideline: str | None, *, model: str) -> None:
    """Make ``doc.ents``, relations and events follow the guideline of one corpus.

    Pipes of relations and of events that do not know it find nothing then.

    nlp (Language): The pipeline.
    guideline (str | None): Name of the corpus; None for the harmonised labels.
    model (str): Name of the model, for messages.
    RAISES (BiomedplmError): B632 if no pipe knows it, B633 if no pipe has guidelines at all.
    """
    if guideline is None:
        for pipe in _pipes_with_guidelines(nlp):
            (pipe.set_guideline if hasattr(pipe, "set_guideline") else pipe.choose_guidelines)(None)
        return
    known = known_guidelines(nlp)
    if not known:
        raise BiomedplmError(coded("B633", model=model, guideline=guideline))
    if guideline not in known:
        raise BiomedplmError(coded("B632", model=model, guideline=guideline, known=", ".join(sorted(known))))
    for pipe in _pipes_with_guidelines(nlp):
        if hasattr(pipe, "choose_guidelines"):
            pipe.choose_guidelines([guideline] if guideline in pipe.guidelines else [])
        elif guideline in pipe.guidelines:
            pipe.set_guideline(guideline)


def known_guidelines(nlp: Language, *, of: str | None = None) -> dict[str, list[str]]:
    """Return the guidelines that a pipeline knows.

    nlp (Language): The pipeline. of (str | None): Attribute that pipes write, such as "doc._.events"; None for any.
    RETURNS (dict[str, list[str]]): Labels of each guideline; empty if no pipe has any.
    """
    found: dict[str, list[str]] = {}
    for pipe in _pipes_with_guidelines(nlp, of):
        for name, labels in pipe.guidelines.items():
            found.setdefault(name, []).extend(labels)
    return found


def _pipes_with_guidelines(nlp: Language, of: str | None = None) -> list[Any]:
    return [
        pipe
        for name, pipe in nlp.pipeline
        if hasattr(pipe, "set_guideline") or hasattr(pipe, "choose_guidelines")
        if of is None or of in nlp.get_pipe_meta(name).assigns
    ]


def installed_models() -> dict[str, str]:
    """Return the spaCy models that are installed as packages.

    RETURNS (dict[str, str]): Version of each, by name.
    """
    found = {}
    for entry in entry_points(group="spacy_models"):
        found[entry.name] = entry.dist.version if entry.dist is not None else ""
    return found


def model_identity(nlp: Language) -> str:
    """Return what tells one model from another, also after its folder was trained again.

    nlp (Language): A pipeline loaded from disk.
    RETURNS (str): Name, version and a digest of its files.
    """
    digest = hashlib.blake2b(digest_size=8)
    folder = nlp.path
    for path in sorted(folder.rglob("*")) if folder is not None else ():
        if path.is_file():
            digest.update(path.relative_to(folder).as_posix().encode("utf8"))
            with path.open("rb") as stream:
                while block := stream.read(1 << 20):
                    digest.update(block)
    return f"{nlp.meta['lang']}_{nlp.meta['name']} {nlp.meta['version']} ({digest.hexdigest()})"
