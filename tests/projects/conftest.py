"""The folders of projects/ and their scripts."""

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

PROJECTS = Path(__file__).parents[2] / "projects"
# The source distribution has the tests, not the projects.
collect_ignore_glob = [] if PROJECTS.is_dir() else ["test_*.py"]


@pytest.fixture
def projects() -> Path:
    """The folder of all projects."""
    return PROJECTS


@pytest.fixture
def load_script(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], ModuleType]]:
    """Loader of a script: load_script("en_biomed_trf/scripts/prepare.py"); scripts import those beside them."""
    loaded: list[str] = []

    def load(path: str) -> ModuleType:
        script = PROJECTS / path
        monkeypatch.syspath_prepend(str(script.parent))
        before = set(sys.modules)
        spec = importlib.util.spec_from_file_location(f"script_{script.stem}", script)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[spec.name] = module
        spec.loader.exec_module(module)
        beside = {file.stem for file in script.parent.glob("*.py")}
        loaded.extend(name for name in set(sys.modules) - before if name in beside or name == spec.name)
        return module

    yield load
    for name in loaded:
        sys.modules.pop(name, None)
