"""Folders in the form of Hugging Face: made whole or not at all."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tokenizers import Tokenizer

from spacy_biomedplm.errors import BiomedplmError, coded

SPECIAL = {
    "pad_token": "[PAD]",
    "unk_token": "[UNK]",
    "cls_token": "[CLS]",
    "sep_token": "[SEP]",
    "mask_token": "[MASK]",
}
"""The special pieces of every vocabulary that is trained here; their ids are 0 to 4."""

_SETTINGS = "tokenizer_config.json"
_SPECIAL = "special_tokens_map.json"


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to write to, which gets its name when all is written; after an error nothing is left.

    path (Path): The folder that is to be.
    RAISES (BiomedplmError): B513 if it exists, B524 if it cannot be written.
    """
    if path.exists() or path.is_symlink():
        raise BiomedplmError(coded("B513", path=path))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    except OSError as error:
        raise BiomedplmError(coded("B524", path=path, reason=error.strerror)) from error
    try:
        yield partial
        partial.chmod(0o755)
        partial.rename(path)
    except OSError as error:
        raise BiomedplmError(coded("B524", path=path, reason=error.strerror or error)) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_tokenizer(tokenizer: Tokenizer, folder: Path, *, like: Path | None = None) -> None:
    """Write a tokenizer as transformers reads it.

    tokenizer (Tokenizer): Written as tokenizer.json, and in the older form of its kind (vocab.txt, merges.txt …).
    folder (Path): Where to write.
    like (Path | None): Folder whose settings are taken over; None writes those of a tokenizer with the pieces SPECIAL.
    """
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    tokenizer.model.save(str(folder))
    if like is not None:
        for name in (_SETTINGS, _SPECIAL):
            if (like / name).is_file():
                shutil.copyfile(like / name, folder / name)
        return
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "add_prefix_space": True,  # else transformers takes it out of a byte-level tokenizer.json
        "clean_up_tokenization_spaces": False,
        **SPECIAL,
    }
    for name, content in ((_SETTINGS, settings), (_SPECIAL, SPECIAL)):
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
