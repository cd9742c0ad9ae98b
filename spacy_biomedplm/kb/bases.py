"""Where knowledge bases are looked for."""

import os
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.kb.layout import DESCRIPTION

ROOT_VARIABLE = "BIOMEDPLM_KB"
"""Environment variable: folder with a folder for each knowledge base."""


def find_base(name: str) -> Path:
    """Return the folder of a knowledge base.

    name (str): Path of its folder, or its name in the folder that the environment variable BIOMEDPLM_KB names.
    RAISES (BiomedplmError): B575 if there is none; the message lists those there are.
    """
    root = os.environ.get(ROOT_VARIABLE)
    for folder in (Path(name), *((Path(root) / name,) if root else ())):
        if (folder / DESCRIPTION).is_file():
            return folder
    known = sorted(path.parent.name for path in Path(root).glob(f"*/{DESCRIPTION}")) if root else []
    where = f"{ROOT_VARIABLE} ({root}) holds: {', '.join(known) or 'none'}" if root else f"{ROOT_VARIABLE} is not set"
    raise BiomedplmError(coded("B575", name=name, where=where))
