"""Files from http and https servers: resumed where they broke off, and in place only when they are whole."""

import http.client
import re
import urllib.error
import urllib.request
from collections.abc import Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from spacy_biomedplm.about import __title__, __version__
from spacy_biomedplm.errors import BiomedplmError, coded

CHUNK_BYTES = 1 << 17
TIMEOUT_SECONDS = 60.0

Progress = Callable[[int, int | None], None]
"""Called with the bytes that are there and how many there will be, if the server says."""


class _SameScheme(urllib.request.HTTPRedirectHandler):
    """Follows redirects within http, or within https."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        """Return the request for the new address.

        RAISES (BiomedplmError): B494 if its scheme is another.
        """
        if urlsplit(newurl).scheme != urlsplit(req.full_url).scheme:
            raise BiomedplmError(coded("B494", url=req.full_url, found=newurl))
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _make_opener() -> urllib.request.OpenerDirector:
    # Not build_opener: its openers read files and ftp too.
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPErrorProcessor(),
        _SameScheme(),
    ):
        opener.add_handler(handler)
    return opener


def download(url: str, partial: Path, progress: Progress = lambda done, total: None) -> None:
    """Download a file.

    url (str): Address, http or https.
    partial (Path): Where it is put. If a part of it is there, only the rest is asked for. The caller checks what it is
        and gives it its name.
    progress (Progress): Called after every chunk.
    RAISES (BiomedplmError): B490 if the server cannot be reached, B494 if the address is of another scheme or leads to
        one, B495 if the server refuses, B496 if the transfer breaks off, B498 if the file cannot be written.
    """
    if urlsplit(url).scheme not in ("http", "https"):
        raise BiomedplmError(coded("B494", url=url, found=url))
    try:
        partial.parent.mkdir(parents=True, exist_ok=True)
        begun = partial.stat().st_size if partial.is_file() else 0
        response = _open(url, begun)
        if response is not None:
            with response:
                _save(response, url, partial, begun, progress)
    except (urllib.error.URLError, http.client.HTTPException, ConnectionError, TimeoutError) as err:
        reason = getattr(err, "reason", None) or err
        raise BiomedplmError(coded("B490", url=url, reason=reason)) from err
    except OSError as err:
        raise BiomedplmError(coded("B498", path=partial, reason=err.strerror or err)) from err


def _open(url: str, start: int) -> Any:
    """Return the response to a request for a file from a byte on, or None if that is its end."""
    headers = {"User-Agent": f"{__title__}/{__version__}", "Accept-Encoding": "identity"}
    if start:
        headers["Range"] = f"bytes={start}-"
    try:
        return _make_opener().open(urllib.request.Request(url, headers=headers), timeout=TIMEOUT_SECONDS)
    except urllib.error.HTTPError as err:
        with err:
            if start and err.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                is_whole = err.headers.get("Content-Range") == f"bytes */{start}"
                return None if is_whole else _open(url, 0)
            raise BiomedplmError(coded("B495", url=url, status=err.code, reason=err.reason)) from err


def _save(response: Any, url: str, partial: Path, begun: int, progress: Progress) -> None:
    ranged = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    resumed = response.status == HTTPStatus.PARTIAL_CONTENT and ranged is not None and int(ranged.group(1)) == begun
    if response.status == HTTPStatus.PARTIAL_CONTENT and not resumed:
        raise BiomedplmError(coded("B495", url=url, status=response.status, reason="not the bytes that were asked for"))
    done = begun if resumed else 0
    size = response.headers.get("Content-Length", "")
    total = done + int(size) if size.isdigit() else None
    with partial.open("ab" if resumed else "wb") as stream:
        progress(done, total)
        while chunk := _read(response, url, done, total):
            stream.write(chunk)
            done += len(chunk)
            progress(done, total)
    if total is not None and done != total:
        raise BiomedplmError(coded("B496", url=url, found=done, wanted=total))


def _read(response: Any, url: str, done: int, total: int | None) -> bytes:
    try:
        chunk: bytes = response.read(CHUNK_BYTES)
    except (http.client.HTTPException, OSError) as err:
        wanted = "?" if total is None else total
        raise BiomedplmError(coded("B496", url=url, found=done, wanted=wanted)) from err
    return chunk
