"""Settings of every test: the network and model hubs are off, costly tests run only where they can."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

# Set before any test module imports huggingface_hub, which reads them at import.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_OFFLINE"] = "1"

LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}

# No deadline: the first call of a kernel, or a busy core, takes longer than hypothesis allows. The same examples every
# time in CI: a run must not fail for what a change did not touch.
settings.register_profile("house", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("house")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="run also the tests that take minutes")


def pytest_runtest_setup(item: pytest.Item) -> None:
    if item.get_closest_marker("slow") and not item.config.getoption("--slow"):
        pytest.skip("takes minutes: run with --slow")
    if item.get_closest_marker("corpora") and _find_corpora() is None:
        pytest.skip("BIOMEDPLM_CORPORA names no folder")
    if item.get_closest_marker("gpu") and not _has_cuda():
        pytest.skip("no CUDA device")


@pytest.fixture(scope="session")
def corpora_folder() -> Path:
    """The folder of corpora, for tests marked corpora."""
    folder = _find_corpora()
    assert folder is not None, "mark the test with pytest.mark.corpora"
    return folder


@pytest.fixture(autouse=True, scope="session")
def _no_network() -> Iterator[None]:
    """Fail every test that connects to another machine, also where the caller would catch an OSError."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, _guard(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", _guard_lookup(socket.getaddrinfo))
        yield


def _guard(connect: Any) -> Any:
    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in LOCAL_HOSTS:
            pytest.fail(f"the network is off in tests, connected to {address}")
        return connect(self, address)

    return guarded


def _guard_lookup(look_up: Any) -> Any:
    def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
        if host not in LOCAL_HOSTS:
            pytest.fail(f"the network is off in tests, looked up {host}")
        return look_up(host, *args, **kwargs)

    return guarded


def _find_corpora() -> Path | None:
    folder = Path(os.environ.get("BIOMEDPLM_CORPORA", "-"))
    return folder if folder.is_dir() else None


def _has_cuda() -> bool:
    import torch

    return torch.cuda.is_available()
