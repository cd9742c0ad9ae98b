"""Digests of what is in a file, however it is packed."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from spacy_biomedplm.corpora.containers import ARCHIVES, is_packed, kind_of, read_chunks, read_files
from spacy_biomedplm.corpora.problems import Report


def digest_file(path: Path, name: str | None = None) -> str:
    """Return the SHA-256 of what is in a file.

    path (Path): A file or a folder.
    name (str | None): Name whose ending says how it is packed; None takes that of the path.
    RETURNS (str): Of the bytes of a plain file; of the unpacked bytes of a ".gz"; for an archive or a folder that of
        the lines "SHA-256, two spaces, name" of all its files in the order of their names, so that it does not
        depend on the order of members, their dates, or how hard they were squeezed.
    RAISES (BiomedplmError): B403 if the file is damaged, B435 if it holds links or members that point outside, B437 if
        it is made to exhaust memory.
    """
    name = name or path.name
    if kind_of(path) == "folder" or name.lower().endswith(ARCHIVES):
        members = read_files(path, lambda member: True, Report())
        lines = sorted((member.name, _digest(member.chunks)) for member in members)
        return _digest(f"{digest}  {member}\n".encode() for member, digest in lines)
    return _digest(read_chunks(path, unpack=is_packed(name)))


def _digest(chunks: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for chunk in chunks:
        digest.update(chunk)
    return digest.hexdigest()
