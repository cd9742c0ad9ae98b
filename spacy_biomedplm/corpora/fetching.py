"""The files of a corpus, from the folder of corpora or from where its record says, checked by their digests."""

import gzip
import hashlib
import io
import os
import re
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

from spacy_biomedplm.corpora.catalogue import locate
from spacy_biomedplm.corpora.containers import ARCHIVES, is_archive, read_files
from spacy_biomedplm.corpora.corpus import Corpus, Download
from spacy_biomedplm.corpora.digests import digest_file
from spacy_biomedplm.corpora.downloads import Progress, download
from spacy_biomedplm.corpora.problems import Report
from spacy_biomedplm.errors import BiomedplmError, coded

Observer = Callable[[str, int, int | None], None]
"""Called with the name of a file, the bytes that are there, and how many there will be, if that is known."""


@dataclass(frozen=True)
class Fetched:
    """A file of a corpus that is there now.

    name (str): As the record has it. path (Path): Where it lies.
    how (str): "there" already, "copied" from the folder of corpora, or "downloaded".
    """

    name: str
    path: Path
    how: Literal["there", "copied", "downloaded"]


def fetch_corpus(
    corpus: Corpus, target: Path, *, source: Path | None = None, progress: Observer = lambda name, done, total: None
) -> Iterator[Fetched]:
    """Bring the files of a corpus into a folder.

    corpus (Corpus): From the catalogue.
    target (Path): Folder of corpora; the files go into the folder of the corpus in it.
    source (Path | None): Folder of corpora that may hold them already.
    progress (Observer): Called while files are downloaded.
    RETURNS (Iterator[Fetched]): Each file when it is there. No file is there unless it is complete and its digest is
        right.
    RAISES (BiomedplmError): By the call: B492 if files are missing that need an agreement, B493 if nothing says where
        to download them. Then B491 for a file whose digest is another, B497 for an archive without the files
        that were looked for, B498 where files cannot be written, and the errors of ``download``.
    """
    found: dict[str, Path | None] = {}
    names = dict.fromkeys((*corpus.list_files(), *corpus.downloads))
    for name in names:
        if name == "." and corpus.downloads:
            continue
        places = (locate(corpus, name, folder) for folder in (target, source) if folder is not None)
        found[name] = next((path for path in places if path is not None), None)
    missing = [name for name, path in found.items() if path is None and name not in corpus.downloads]
    if missing or not found:
        values = {"name": corpus.name, "source": corpus.source, "how": corpus.how, "folder": target / corpus.folder}
        code = "B492" if corpus.access == "agreement" else "B493"
        raise BiomedplmError(coded(code, **values, files=", ".join(missing) or "all of it"))
    return _fetch(corpus, target, found, progress)


def _fetch(corpus: Corpus, target: Path, found: Mapping[str, Path | None], progress: Observer) -> Iterator[Fetched]:
    archives: dict[str, Path] = {}
    for name, path in found.items():
        if path is not None and path == locate(corpus, name, target):
            _check(corpus, name, path)
            yield Fetched(name, path, "there")
        elif path is not None:
            yield Fetched(name, _copy(corpus, name, path, target), "copied")
        else:
            entry = corpus.downloads[name]
            goal = target / corpus.folder / name
            observe = partial(progress, name)
            if entry.folder is None:
                _download(corpus, name, goal, observe)
            else:
                if entry.url not in archives:
                    archives[entry.url] = _archive_path(goal.parent, entry)
                    download(entry.url, archives[entry.url], observe)
                _pack(corpus, name, entry, archives[entry.url], goal)
            yield Fetched(name, goal, "downloaded")
    for archive in archives.values():
        archive.unlink(missing_ok=True)


def _check(corpus: Corpus, name: str, path: Path, shown: object = None, packed: str | None = None) -> None:
    wanted = corpus.sha256.get(name)
    found = wanted and digest_file(path, packed)
    if found != wanted:
        raise BiomedplmError(coded("B491", path=shown or path, found=found, wanted=wanted, name=corpus.name))


def _copy(corpus: Corpus, name: str, path: Path, target: Path) -> Path:
    # What lies unpacked stays so.
    goal = (target / corpus.folder / name).with_name(path.name)
    half = goal.with_name(f"{goal.name}.partial")
    _check(corpus, name, path)
    with _writing(goal, half):
        goal.parent.mkdir(parents=True, exist_ok=True)
        _remove(half)
        if path.is_dir():
            shutil.copytree(path, half)
        else:
            shutil.copyfile(path, half)
        os.replace(half, goal)
    return goal


@contextmanager
def _writing(goal: Path, *partials: Path) -> Iterator[None]:
    try:
        yield
    except OSError as err:
        raise BiomedplmError(coded("B498", path=goal, reason=err.strerror or err)) from err
    finally:
        for partial in partials:
            _remove(partial)


def _download(corpus: Corpus, name: str, goal: Path, progress: Progress) -> None:
    entry = corpus.downloads[name]
    half = goal.with_name(f"{goal.name}.partial")
    packed = goal.with_name(f"{goal.name}.packed")
    download(entry.url, half, progress)
    is_plain = name.endswith(".gz") and not entry.url.endswith((".gz", ".tgz"))
    with _writing(goal, half, packed):
        _check(corpus, name, half, entry.url, name.removesuffix(".gz") if is_plain else name)
        if is_plain:
            with half.open("rb") as plain, gzip.GzipFile(packed, "wb", mtime=0) as stream:
                shutil.copyfileobj(plain, stream)
        os.replace(packed if is_plain else half, goal)


def _archive_path(folder: Path, entry: Download) -> Path:
    return folder / f"archive-{hashlib.sha256(entry.url.encode()).hexdigest()[:12]}.partial"


def _pack(corpus: Corpus, name: str, entry: Download, archive: Path, goal: Path) -> None:
    """Make a file of the corpus from members of an archive: a .tar.gz of all of them, or else the only one."""
    half = goal.with_name(f"{goal.name}.partial")
    with _writing(goal, half):
        try:
            members = _read_members(archive, entry)
            count = _write_archive(members, half) if name.endswith(ARCHIVES) else _write_member(members, half)
            if not count:
                raise BiomedplmError(coded("B497", url=entry.url, folder=entry.folder, name=corpus.name))
            _check(corpus, name, half, f"{entry.url} ({entry.folder})", name)
        except BiomedplmError:
            archive.unlink()
            raise
        os.replace(half, goal)


def _write_archive(members: Iterable[tuple[str, bytes]], path: Path) -> int:
    count = 0
    with tarfile.open(path, "w:gz") as packed:
        for member, content in members:
            info = tarfile.TarInfo(member)
            info.size = len(content)
            packed.addfile(info, io.BytesIO(content))
            count += 1
    return count


def _write_member(members: Iterable[tuple[str, bytes]], path: Path) -> int:
    first = next(iter(members), None)
    if first is None:
        return 0
    path.write_bytes(first[1])
    return 1


def _read_members(archive: Path, entry: Download) -> Iterator[tuple[str, bytes]]:
    pattern = re.compile(entry.match)
    folder = f"{entry.folder}/" if entry.folder else ""
    # Archives of a repository, which are .tar.gz, have one folder around all files, named after the commit.
    has_outer = not is_archive(archive)

    def inner(name: str) -> str:
        return name.partition("/")[2] if has_outer else name

    def is_wanted(name: str) -> bool:
        return inner(name).startswith(folder) and pattern.fullmatch(inner(name)[len(folder) :]) is not None

    for member in read_files(archive, is_wanted, Report(), shown=entry.url):
        yield entry.prefix + inner(member.name)[len(folder) :], b"".join(member.chunks)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
