import gzip
from pathlib import Path

import pytest

from spacy_biomedplm.inputs import find_inputs, read_documents


@pytest.fixture
def read(tmp_path):
    """Write bytes to a file of a name and read its documents."""

    def read_file(name, data):
        path = Path(tmp_path, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        data = data.encode("utf8") if isinstance(data, str) else data
        path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
        return list(read_documents(find_inputs([path]).files))

    return read_file
