"""A folder of finished measurements, each in a file of its own that is there whole or not at all."""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spacy_biomedplm.encoder.loading import find_folder
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.cache import digest_of

FINISHED_FOLDER = "finished"
_BLOCK = 1 << 20


class ComparisonStore:
    """Measurements by what they were made of, so that one of other files, data or settings is never taken.

    folder (Path): Of the comparison; made if need be.
    RAISES (BiomedplmError): B556 if it cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder / FINISHED_FOLDER
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BiomedplmError(coded("B556", path=self.folder, reason=error.strerror)) from error

    def get(
        self, made_of: dict[str, Any], about: dict[str, Any], compute: Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        """Return a measurement: the stored one, or a new one, which is stored.

        made_of (dict[str, Any]): Everything that decides it, as plain data.
        about (dict[str, Any]): For people who look into the file.
        compute (Callable[[], dict]): Makes it, as plain data.
        RAISES (BiomedplmError): B556 if a file is damaged or cannot be written.
        """
        path = self.folder / f"{digest_of(made_of)}.json"
        if path.exists():
            return self._read(path)
        found = compute()
        # As a later run will read it.
        text = json.dumps({**about, "made_of": made_of, "found": found}, indent=1)
        partial = path.with_name(f"{path.name}.partial")
        try:
            partial.write_text(text, encoding="utf8")
            os.replace(partial, path)
        except OSError as error:
            raise BiomedplmError(coded("B556", path=path, reason=error.strerror)) from error
        result: dict[str, Any] = json.loads(text)["found"]
        return result

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            found = json.loads(path.read_text(encoding="utf8"))["found"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise BiomedplmError(coded("B556", path=path, reason=f"it is damaged: {error!r}; remove it")) from error
        if not isinstance(found, dict):
            raise BiomedplmError(coded("B556", path=path, reason="it is damaged; remove it"))
        return found


def digest_of_encoder(name: str) -> str:
    """Return a digest of the files of an encoder: config, tokenizer and weights.

    name (str): As for ``load_plm``.
    RAISES (BiomedplmError): B101 if it is nowhere.
    """
    digest = hashlib.blake2b(digest_size=16)
    folder = find_folder(name)
    files = [path for pattern in ("*.json", "*.txt", "*.model", "*.safetensors") for path in folder.glob(pattern)]
    for path in sorted(path for path in files if path.is_file()):
        digest.update(path.name.encode("utf8"))
        with path.open("rb") as stream:
            while block := stream.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()
