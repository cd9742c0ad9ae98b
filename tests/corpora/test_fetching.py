"""Downloads, from a server of this machine."""

import gzip
import io
import json
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from spacy_biomedplm.corpora.corpus import Corpus, parse_corpus
from spacy_biomedplm.corpora.digests import digest_file
from spacy_biomedplm.corpora.downloads import download
from spacy_biomedplm.corpora.fetching import fetch_corpus
from spacy_biomedplm.errors import BiomedplmError

Write = Callable[..., Path]
TEXT = b"Kelvanol stopped the fever.\n" * 20_000


class Server:
    """Files by path; what was asked for; what it should do wrong."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.redirects: dict[str, str] = {}
        self.requests: list[tuple[str, str | None]] = []
        self.ranges = True
        self.stop_after: int | None = None
        self.url = ""


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers.get("Range")
            state.requests.append((self.path, wanted))
            if self.path in state.redirects:
                self.send_response(302)
                self.send_header("Location", state.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            content = state.files.get(self.path)
            if content is None:
                self.send_error(404)
                return
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and state.ranges else 0
            if start >= len(content) and start:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(content)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            self.wfile.write(content[start : state.stop_after])

        def log_message(self, format: str, *args: object) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=httpd.serve_forever, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{httpd.server_port}"
    yield state
    httpd.shutdown()
    httpd.server_close()
    thread.join()


def _pack(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def _zip(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def digest(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, bytes], str]:
    """Digest of a file with this name and content."""

    def find(name: str, content: bytes) -> str:
        path = tmp_path_factory.mktemp("digest") / name
        path.write_bytes(content)
        return digest_file(path)

    return find


def _corpus(names: list[str], *, access: str = "public", how: str = "", **fields: object) -> Corpus:
    record = {
        **{"name": "toy", "title": "Toy", "tasks": ["ner"], "languages": ["en"], "layers": {"ner": ["Drug"]}},
        **{"licence": "none", "commercial": True, "access": access, "source": "toys.org", "how": how},
        **{"citation": "Nobody", "reader": "pubtator", "files": {"train": {"path": names}}, **fields},
    }
    return parse_corpus(json.dumps(record), path="toy.json", stem="toy")


# downloads


def test_download_writes_all_and_reports(server: Server, tmp_path: Path) -> None:
    server.files["/a"] = TEXT
    seen: list[tuple[int, int | None]] = []
    download(f"{server.url}/a", tmp_path / "x" / "a.partial", lambda done, total: seen.append((done, total)))
    assert (tmp_path / "x" / "a.partial").read_bytes() == TEXT
    assert seen[0] == (0, len(TEXT))
    assert seen[-1] == (len(TEXT), len(TEXT))
    assert len(seen) > 3


@pytest.mark.parametrize("ranges", [True, False])
def test_download_goes_on_where_it_broke_off(ranges: bool, server: Server, tmp_path: Path) -> None:
    server.files["/a"] = TEXT
    partial = tmp_path / "a.partial"
    server.stop_after = 100_000
    with pytest.raises(BiomedplmError, match=rf"B496.*after 100000 of {len(TEXT)} bytes"):
        download(f"{server.url}/a", partial)
    assert partial.read_bytes() == TEXT[:100_000]
    server.stop_after = None
    server.ranges = ranges
    download(f"{server.url}/a", partial)
    assert partial.read_bytes() == TEXT
    assert server.requests[-1] == ("/a", "bytes=100000-")
    # Complete already; without ranges it is fetched anew.
    download(f"{server.url}/a", partial)
    assert partial.read_bytes() == TEXT


def test_download_begins_anew_if_the_part_is_too_long(server: Server, tmp_path: Path) -> None:
    server.files["/a"] = b"Kelvanol"
    partial = tmp_path / "a.partial"
    partial.write_bytes(b"something longer")
    download(f"{server.url}/a", partial)
    assert partial.read_bytes() == b"Kelvanol"


def test_download_follows_redirects_of_its_scheme_only(server: Server, tmp_path: Path) -> None:
    server.files["/b"] = b"Kelvanol"
    server.redirects = {"/a": "/b", "/c": "https://127.0.0.1/b", "/d": "file:///etc/passwd", "/e": "ftp://127.0.0.1/b"}
    download(f"{server.url}/a", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == b"Kelvanol"
    with pytest.raises(BiomedplmError, match=r"B494.*leads to 'https://127\.0\.0\.1/b'"):
        download(f"{server.url}/c", tmp_path / "c")
    for name in "de":
        with pytest.raises(BiomedplmError, match=r"B49[45]"):
            download(f"{server.url}/{name}", tmp_path / name)
    for url in ("file:///etc/passwd", "ftp://127.0.0.1/a", "data:,a", "/etc/passwd"):
        with pytest.raises(BiomedplmError, match="B494"):
            download(url, tmp_path / "x")


def test_download_says_what_the_server_says(server: Server, tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B495.*404"):
        download(f"{server.url}/a", tmp_path / "a")


def test_download_says_that_it_is_offline(server: Server, tmp_path: Path) -> None:
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(BiomedplmError, match=r"B490.*cannot be reached.*Check the network"):
        download(f"http://127.0.0.1:{port + 1 if port < 65_000 else port - 1}/a", tmp_path / "a")


def test_download_says_that_it_cannot_write(server: Server, write: Write) -> None:
    server.files["/a"] = TEXT
    with pytest.raises(BiomedplmError, match="B498"):
        download(f"{server.url}/a", write("file", "") / "a.partial")


# corpora


def test_fetch_downloads_checks_and_packs(server: Server, tmp_path: Path, digest: Callable[[str, bytes], str]) -> None:
    server.files = {"/a.txt": TEXT, "/b.txt": TEXT, "/c.txt.gz": gzip.compress(TEXT)}
    names = ["a.txt", "b.txt.gz", "c.txt.gz"]
    downloads = {name: {"url": f"{server.url}/{name}"} for name in names}
    downloads["b.txt.gz"] = {"url": f"{server.url}/b.txt"}
    corpus = _corpus(names, sha256=dict.fromkeys(names, digest("a.txt", TEXT)), downloads=downloads)
    seen: list[str] = []
    found = list(fetch_corpus(corpus, tmp_path, progress=lambda name, done, total: seen.append(name)))
    assert [(file.name, file.how) for file in found] == [(name, "downloaded") for name in names]
    assert set(seen) == set(names)
    assert (tmp_path / "toy" / "a.txt").read_bytes() == TEXT
    assert gzip.decompress((tmp_path / "toy" / "b.txt.gz").read_bytes()) == TEXT
    assert sorted(path.name for path in (tmp_path / "toy").iterdir()) == names
    server.requests.clear()
    assert [file.how for file in fetch_corpus(corpus, tmp_path)] == ["there"] * 3
    assert not server.requests


def test_fetch_takes_members_of_archives(server: Server, tmp_path: Path, digest: Callable[[str, bytes], str]) -> None:
    tree = {"repo-1a/data/train/x.txt": b"x", "repo-1a/data/train/y.ann": b"y", "repo-1a/data/test/x.txt": b"z"}
    server.files = {
        "/repo": _pack({**tree, "repo-1a/../evil.txt": b"e", "repo-1a/data/train/LICENSE": b"l"}),
        "/zip": _zip({"top/ids.txt": b"1\n", "top/other.txt": b"2\n"}),
    }
    names = ["train.tar.gz", "test.tar.gz", "ids.txt"]
    sha256 = {
        "train.tar.gz": digest("t.tar.gz", _pack({"x.txt": b"x", "y.ann": b"y"})),
        "test.tar.gz": digest("t.tar.gz", _pack({"texts/x.txt": b"z"})),
        "ids.txt": digest("ids.txt", b"1\n"),
    }
    downloads = {
        "train.tar.gz": {"url": f"{server.url}/repo", "folder": "data/train", "match": r".*\.(txt|ann)"},
        "test.tar.gz": {"url": f"{server.url}/repo", "folder": "data/test", "prefix": "texts/"},
        "ids.txt": {"url": f"{server.url}/zip", "folder": "top", "match": r"ids\.txt"},
    }
    found = list(fetch_corpus(_corpus(names, sha256=sha256, downloads=downloads), tmp_path))
    assert [file.how for file in found] == ["downloaded"] * 3
    assert [path for path, _ in server.requests] == ["/repo", "/zip"]
    assert sorted(path.name for path in (tmp_path / "toy").iterdir()) == sorted(names)
    with tarfile.open(tmp_path / "toy" / "train.tar.gz") as archive:
        assert archive.getnames() == ["x.txt", "y.ann"]


def test_fetch_copies_what_the_folder_of_corpora_has(write: Write, tmp_path: Path) -> None:
    source = write("corpora/toy/a.txt", "Kelvanol").parent.parent
    write("corpora/toy/b/x.txt", "x")
    corpus = _corpus(["a.txt.gz", "b.tar.gz"], access="agreement")
    target = tmp_path / "target"
    assert [file.how for file in fetch_corpus(corpus, target, source=source)] == ["copied", "copied"]
    assert (target / "toy" / "a.txt").read_text() == "Kelvanol"
    assert (target / "toy" / "b" / "x.txt").read_text() == "x"
    assert [file.how for file in fetch_corpus(corpus, target)] == ["there", "there"]


def test_fetch_copies_from_a_folder_inside_the_target(write: Write, tmp_path: Path) -> None:
    source = write("mirror/toy/a.txt", "Kelvanol").parent.parent
    assert [file.how for file in fetch_corpus(_corpus(["a.txt"]), tmp_path, source=source)] == ["copied"]
    assert (tmp_path / "toy" / "a.txt").read_text() == "Kelvanol"


def test_fetch_leaves_nothing_that_is_not_right(
    server: Server, tmp_path: Path, digest: Callable[[str, bytes], str]
) -> None:
    server.files = {
        "/a": b"other",
        "/z": _zip({"x.txt": b"other"}),
        "/broken": _pack({"r/x.txt": TEXT})[:500],
        "/evil": _pack({"r/../x.txt": TEXT}),
    }
    wanted = digest("a.txt", b"Kelvanol")
    for code, entry in (
        ("B491", {"url": f"{server.url}/a"}),
        ("B491", {"url": f"{server.url}/z", "folder": "", "match": "x.*"}),
        ("B497", {"url": f"{server.url}/z", "folder": "nowhere"}),
        ("B403", {"url": f"{server.url}/broken", "folder": ""}),
        ("B403", {"url": f"{server.url}/a", "folder": ""}),
        ("B435", {"url": f"{server.url}/evil", "folder": ""}),
    ):
        corpus = _corpus(["a.txt"], sha256={"a.txt": wanted}, downloads={"a.txt": entry})
        with pytest.raises(BiomedplmError, match=code):
            list(fetch_corpus(corpus, tmp_path))
        assert not list((tmp_path / "toy").iterdir()), entry


def test_fetch_checks_what_is_there(write: Write, tmp_path: Path, digest: Callable[[str, bytes], str]) -> None:
    corpus = _corpus(["a.txt"], sha256={"a.txt": digest("a.txt", b"Kelvanol")})
    write("toy/a.txt", "another version")
    with pytest.raises(BiomedplmError, match=r"B491.*a\.txt.*move it away"):
        list(fetch_corpus(corpus, tmp_path))
    with pytest.raises(BiomedplmError, match="B491"):
        list(fetch_corpus(corpus, tmp_path / "target", source=tmp_path))
    assert (tmp_path / "toy" / "a.txt").read_text() == "another version"


def test_fetch_says_how_to_get_what_it_cannot_get(tmp_path: Path) -> None:
    corpus = _corpus(["a.txt"], access="agreement", how="Sign the agreement of the toy makers.")
    with pytest.raises(BiomedplmError, match=r"B492.*a\.txt.*Sign the agreement.*toys\.org.*toy'"):
        fetch_corpus(corpus, tmp_path)
    with pytest.raises(BiomedplmError, match=r"B493.*a\.txt.*toys\.org.*Ask the makers"):
        fetch_corpus(_corpus(["a.txt"], how="Ask the makers."), tmp_path)
    with pytest.raises(BiomedplmError, match=r"B493.*all of it"):
        fetch_corpus(_corpus(["a.txt"], files={}), tmp_path)
    assert not list(tmp_path.iterdir())


def test_fetch_keeps_the_part_of_a_broken_transfer(
    server: Server, tmp_path: Path, digest: Callable[[str, bytes], str]
) -> None:
    server.files["/a"] = TEXT
    corpus = _corpus(
        ["a.txt"], sha256={"a.txt": digest("a.txt", TEXT)}, downloads={"a.txt": {"url": f"{server.url}/a"}}
    )
    server.stop_after = 1000
    with pytest.raises(BiomedplmError, match="B496"):
        list(fetch_corpus(corpus, tmp_path))
    assert [path.name for path in (tmp_path / "toy").iterdir()] == ["a.txt.partial"]
    server.stop_after = None
    assert [file.how for file in fetch_corpus(corpus, tmp_path)] == ["downloaded"]
    assert server.requests[-1][1] == "bytes=1000-"


@pytest.mark.corpora
def test_every_digest_of_the_catalogue_is_right(corpora_folder: Path) -> None:
    from spacy_biomedplm.corpora.catalogue import locate, read_catalogue

    checked = 0
    for corpus in read_catalogue().values():
        for name, wanted in corpus.sha256.items():
            path = locate(corpus, name, corpora_folder)
            if path is not None:
                assert digest_file(path) == wanted, f"{corpus.name}: {name}"
                checked += 1
    assert checked
