from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from spacy.language import Language

from spacy_biomedplm.encoder import precision
from spacy_biomedplm.encoder.precision import choose_dtype, cpu_supports_bf16

ARCHITECTURES = "bert electra distilbert roberta longformer modernbert albert xlnet deberta-v2 t5".split()
CPU = torch.device("cpu")


@pytest.mark.parametrize("kind", ARCHITECTURES)
def test_bf16_is_close_to_fp32(kind: str, nlp: Language, make_encoder: Any) -> None:
    docs = [nlp.make_doc("Treatment with aspirin in heart failure and lithium of the kinase. " * n) for n in (1, 4)]
    exact = make_encoder(kind).predict(docs)
    rounded = make_encoder(kind, precision="bf16").predict(docs)
    for one, other in zip(exact, rounded, strict=True):
        assert other.dtype == np.float32
        cosine = (one * other).sum(1) / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)
        # The tests' weights are fifteen times as large as those of a real model; so are the errors.
        assert cosine.mean() > 0.99


def test_bf16_keeps_rotary_frequencies_exact(make_encoder: Any) -> None:
    module = make_encoder("modernbert", precision="bf16").shims[0].module
    assert {param.dtype for param in module.parameters()} == {torch.bfloat16}
    frequencies = [buffer for name, buffer in module.named_buffers() if "inv_freq" in name]
    assert frequencies
    assert all(buffer.dtype == torch.float32 for buffer in frequencies)


def test_bf16_learns_small_updates(nlp: Language, make_encoder: Any) -> None:
    """Steps too small for bf16 add up in the fp32 copy of the weights."""
    from thinc.api import Adam

    model = make_encoder("bert", precision="bf16")
    param = next(model.shims[0].module.parameters())
    before = param.detach().clone()
    optimizer = Adam(1e-5, use_averages=False, L2=0.0)
    docs = [nlp.make_doc("the cell")]
    moved = []
    for _ in range(60):
        vectors, backprop = model.begin_update(docs)
        backprop([np.tanh(vectors[0])])
        model.finish_update(optimizer)
        moved.append(float((param - before).detach().abs().max()))
    assert moved[0] < moved[-1]
    assert float((model.shims[0]._masters[0][1] - before.float()).abs().max()) > 1e-4


@pytest.mark.parametrize(("wanted", "dtype"), [("fp32", torch.float32), ("bf16", torch.bfloat16)])
def test_choose_dtype_explicit(wanted: Any, dtype: torch.dtype) -> None:
    assert choose_dtype(wanted, CPU) is dtype


@pytest.mark.parametrize(
    ("cpuinfo", "supported"),
    [
        ("processor : 0\nflags\t\t: fpu avx2 amx_bf16 amx_tile\n", True),
        ("processor : 0\nflags\t\t: fpu avx512_bf16\n", True),
        ("processor : 0\nFeatures\t: fp asimd bf16 i8mm\n", True),
        ("processor : 0\nflags\t\t: fpu avx2 avx512f\n", False),
        ("nothing", False),
        (None, False),
    ],
)
def test_choose_dtype_auto_follows_the_cpu(
    cpuinfo: str | None, supported: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "cpuinfo"
    if cpuinfo is not None:
        file.write_text(cpuinfo, encoding="utf-8")
    monkeypatch.setattr(precision, "Path", lambda name: file)
    assert cpu_supports_bf16() is supported
    assert choose_dtype("auto", CPU) is (torch.bfloat16 if supported else torch.float32)
