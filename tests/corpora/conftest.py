"""What the tests of the corpora share: a vocabulary, and a writer of small files."""

from collections.abc import Callable
from pathlib import Path

import pytest
from spacy.vocab import Vocab

Write = Callable[..., Path]


@pytest.fixture(scope="session")
def vocab() -> Vocab:
    return Vocab()


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file below the test's folder and return its path."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file
