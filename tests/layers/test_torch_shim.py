import copy
import pickle
from typing import Any

import pytest
import srsly
import torch
from thinc.api import Adam, Model
from torch import nn

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.layers.torch_shim import TorchShim, fill_module, torch_shim


class Net(nn.Module):
    """Two linear layers, and one that shares its weights with the first."""

    def __init__(self, width: int, tied: bool = False) -> None:
        super().__init__()
        self.low = nn.Linear(width, width)
        self.high = nn.Linear(width, width)
        if tied:
            self.again = nn.Linear(width, width, bias=False)
            self.again.weight = self.low.weight


def build(config: dict[str, Any]) -> Net:
    return Net(config["width"], config.get("tied", False))


def all_groups(module: nn.Module) -> list[dict[str, Any]]:
    return [{"params": list(module.parameters()), "lr_scale": 1.0}]


def high_group(module: Any) -> list[dict[str, Any]]:
    for param in module.low.parameters():
        param.requires_grad_(False)
    return [{"params": list(module.high.parameters()), "lr_scale": 2.0}]


def no_groups(module: nn.Module) -> list[dict[str, Any]]:
    module.requires_grad_(False)
    return []


def make_shim(
    groups: Any = all_groups, *, decay: float = 0.0, dtype: torch.dtype = torch.float32, **config: Any
) -> TorchShim:
    config = {"width": 3, **config}
    torch.manual_seed(0)
    shim = TorchShim(build, groups, average_decay=decay)
    shim.set_module(config, build(config), dtype)
    return shim


def weights_of(shim: TorchShim) -> dict[str, torch.Tensor]:
    return {name: tensor.clone() for name, tensor in shim.module.state_dict().items()}


def assert_same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> None:
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name


def learn(shim: TorchShim, optimizer: Any, steps: int = 1, start: int = 0) -> None:
    for step in range(start, start + steps):
        generator = torch.Generator().manual_seed(step)
        inputs = torch.randn(4, 3, generator=generator, dtype=torch.float32).to(next(shim.module.parameters()).dtype)
        module: Any = shim.module
        module.high(module.low(inputs)).square().sum().backward()
        shim.finish_update(optimizer)
        optimizer.step_schedules()


def adam(**settings: Any) -> Any:
    return Adam(**{"learn_rate": 0.01, "L2": 0.0, "grad_clip": 0.0, "use_averages": True, **settings})


# The step


def test_finish_update_equals_torch_adamw() -> None:
    shim, twin = make_shim(), make_shim()
    learn(shim, adam(L2=0.1, grad_clip=1.0), steps=5)
    optimizer = torch.optim.AdamW(twin.module.parameters(), lr=0.01, eps=1e-8, weight_decay=0.1)
    module: Any = twin.module
    for step in range(5):
        inputs = torch.randn(4, 3, generator=torch.Generator().manual_seed(step))
        optimizer.zero_grad()
        module.high(module.low(inputs)).square().sum().backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
    for name, tensor in weights_of(twin).items():
        torch.testing.assert_close(weights_of(shim)[name], tensor)


def test_finish_update_without_gradient_does_nothing() -> None:
    shim = make_shim()
    before = weights_of(shim)
    shim.finish_update(adam(L2=0.5))
    assert_same(weights_of(shim), before)


def test_finish_update_follows_the_schedule() -> None:
    shim = make_shim()
    before = weights_of(shim)
    learn(shim, adam(learn_rate=0.0))
    assert_same(weights_of(shim), before)


def test_groups_that_are_left_out_do_not_move() -> None:
    shim = make_shim(high_group)
    before = weights_of(shim)
    learn(shim, adam())
    after = weights_of(shim)
    assert torch.equal(before["low.weight"], after["low.weight"])
    assert (before["high.bias"] - after["high.bias"]).abs().max() == pytest.approx(0.02, rel=1e-3)
    assert all(param.grad is None for param in shim.module.parameters())


def test_everything_frozen_is_allowed() -> None:
    shim = make_shim(no_groups, decay=0.9)
    before = weights_of(shim)
    shim.finish_update(adam())
    assert shim.checkpoint() == {}
    with shim.use_params({}):
        assert_same(weights_of(shim), before)


def test_finish_update_waits_for_the_backward_pass() -> None:
    """As in nlp.update(sgd=…), which finishes the encoder before the heads have sent their gradients."""
    shim, twin = make_shim(), make_shim()
    learn(twin, adam(), steps=3)
    optimizer = adam()
    for step in range(3):
        inputs = torch.randn(4, 3, generator=torch.Generator().manual_seed(step))
        module: Any = shim.module
        loss = module.high(module.low(inputs)).square().sum()
        shim.begin_backward()
        shim.finish_update(optimizer)
        loss.backward()
        shim.end_backward()
        optimizer.step_schedules()
    assert_same(weights_of(shim), weights_of(twin))


def test_step_that_waits_is_not_lost_without_a_backward_pass() -> None:
    shim = make_shim()
    before = weights_of(shim)
    module: Any = shim.module
    module.high(module.low(torch.ones(1, 3))).sum().backward()
    shim.begin_backward()
    shim.finish_update(adam())
    assert_same(weights_of(shim), before)
    shim.begin_backward()
    assert not torch.equal(weights_of(shim)["high.bias"], before["high.bias"])


# Averages


def test_use_params_swaps_and_restores() -> None:
    shim = make_shim(decay=0.9)
    optimizer = adam()
    averages = {name: tensor for name, tensor in weights_of(shim).items()}
    for step in range(20):
        learn(shim, optimizer, start=step)
        decay = min(0.9, (2 + step) / (11 + step))
        averages = {name: decay * averages[name] + (1 - decay) * t for name, t in weights_of(shim).items()}
    assert optimizer.averages, "without an entry spaCy never enters use_params"
    current = weights_of(shim)
    with shim.use_params({}):
        for name, tensor in weights_of(shim).items():
            torch.testing.assert_close(tensor, averages[name])
            assert not torch.equal(tensor, current[name])
        stored = shim.to_bytes()
    assert_same(weights_of(shim), current)
    loaded = TorchShim(build, all_groups).from_bytes(stored)
    torch.testing.assert_close(weights_of(loaded)["low.weight"], averages["low.weight"])


def test_use_params_restores_after_an_error() -> None:
    shim = make_shim(decay=0.5)
    learn(shim, adam(), steps=3)
    current = weights_of(shim)
    with pytest.raises(RuntimeError, match="stop"), shim.use_params({}):
        raise RuntimeError("stop")
    assert_same(weights_of(shim), current)


def test_use_params_without_averages_changes_nothing() -> None:
    shim = make_shim()
    optimizer = adam()
    learn(shim, optimizer, steps=2)
    assert not optimizer.averages
    current = weights_of(shim)
    with shim.use_params({}):
        assert_same(weights_of(shim), current)


# Checkpoints


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("decay", [0.0, 0.9])
def test_restored_training_goes_on_exactly(dtype: torch.dtype, decay: float) -> None:
    whole = make_shim(decay=decay, dtype=dtype)
    learn(whole, adam(), steps=9)
    first = make_shim(decay=decay, dtype=dtype)
    learn(first, adam(), steps=4)
    state = {name: tensor.clone() for name, tensor in first.checkpoint().items()}
    second = make_shim(decay=decay, dtype=dtype)
    second.restore(state)
    learn(second, adam(), steps=5, start=4)
    assert_same(weights_of(second), weights_of(whole))
    assert_same(second.checkpoint(), whole.checkpoint())


def test_restore_of_another_model_raises_b501() -> None:
    shim = make_shim()
    learn(shim, adam())
    for other in (make_shim(width=4), make_shim(high_group), make_shim(decay=0.9), make_shim(no_groups)):
        with pytest.raises(BiomedplmError, match=r"B501.*holds 4 weights"):
            other.restore(shim.checkpoint())


def test_fast_forward_leaves_the_weights_alone() -> None:
    shim = make_shim()
    before = weights_of(shim)
    shim.fast_forward = True
    learn(shim, adam())
    assert_same(weights_of(shim), before)


# Storage


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_storage_is_exact(dtype: torch.dtype) -> None:
    shim = make_shim(dtype=dtype)
    for other in (
        TorchShim(build, all_groups).from_bytes(shim.to_bytes()),
        pickle.loads(pickle.dumps(shim)),
        copy.deepcopy(shim),
        shim.copy(),
    ):
        assert other.cfg == shim.cfg
        for name, tensor in weights_of(other).items():
            assert torch.equal(tensor, weights_of(shim)[name].float())
            assert tensor.data_ptr() != shim.module.state_dict()[name].data_ptr()


def test_nothing_is_pickled() -> None:
    message = srsly.msgpack_loads(make_shim().to_bytes())
    assert message.keys() == {"config", "weights"}
    assert int.from_bytes(message["weights"][:8], "little") < 10_000, "the length of a safetensors header"


def test_tied_weights_are_stored_once_and_stay_tied() -> None:
    shim = make_shim(tied=True)
    assert len(shim.to_bytes()) < len(make_shim().to_bytes()) + 200
    loaded: Any = TorchShim(build, all_groups).from_bytes(shim.to_bytes()).module
    assert loaded.again.weight is loaded.low.weight
    torch.testing.assert_close(loaded.low.weight, weights_of(shim)["low.weight"])


def test_shim_without_module_survives() -> None:
    shim = TorchShim(build, all_groups)
    again = TorchShim(build, all_groups).from_bytes(shim.to_bytes())
    for one in (shim, again, copy.deepcopy(shim)):
        with pytest.raises(BiomedplmError, match="B002"):
            one.module  # noqa: B018 - reading it is the test
        one.finish_update(adam())


@pytest.mark.parametrize("damage", [lambda data: data[:-20], lambda data: b"", lambda data: b"\x81\xa1a\x01"])
def test_damaged_bytes_raise_b003(damage: Any) -> None:
    with pytest.raises(BiomedplmError, match="B003"):
        TorchShim(build, all_groups).from_bytes(damage(make_shim().to_bytes()))


def test_other_weights_raise_b004() -> None:
    module = Net(3)
    weights = dict(module.state_dict())
    weights["low.bias"] = torch.zeros(4)
    weights["extra"] = weights.pop("high.weight")
    with pytest.raises(BiomedplmError) as caught:
        fill_module(module, weights)
    for part in ("B004", "3 differ", "high.weight is missing", "extra is unknown", "low.bias has shape (4,), not (3,)"):
        assert part in str(caught.value)


def test_torch_shim_is_found_in_its_model() -> None:
    shim = make_shim()
    assert torch_shim(Model("net", lambda model, X, is_train: (X, lambda d: d), shims=[shim])) is shim
