"""A folder of files that grows as one file, so that a run can be stopped at any point."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path


def format_files(name: str, contents: Mapping[str, str]) -> str:
    """Return the files of a document as a line.

    name (str): Their name without an ending.
    contents (Mapping[str, str]): Text of each by its ending, such as {".a2": "…"}.
    """
    return json.dumps([name, dict(contents)]) + "\n"


def unpack_files(journal: Path, folder: Path) -> None:
    """Make a folder of the files in a journal.

    journal (Path): Lines of ``format_files``.
    folder (Path): What is in its place goes.
    """
    if folder.is_dir():
        shutil.rmtree(folder)
    folder.mkdir()
    with journal.open(encoding="utf8", newline="\n") as stream:
        for line in stream:
            name, contents = json.loads(line)
            for ending, content in contents.items():
                with (folder / f"{name}{ending}").open("xb") as file:
                    file.write(content.encode())
