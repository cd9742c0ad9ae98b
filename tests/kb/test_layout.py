import hashlib
import json
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb import layout
from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.kb.layout import COLUMNS, TEXTS, Writer, gather

ALL = (*COLUMNS, *TEXTS)


def rewrite(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Change kb.json, with the checksum that then is right."""
    path = folder / "kb.json"
    described = json.loads(path.read_text(encoding="utf8"))
    change(described)
    described.pop("digest", None)
    digest = hashlib.sha256(json.dumps(described, sort_keys=True).encode()).hexdigest()
    path.write_text(json.dumps({**described, "digest": digest}), encoding="utf8")


def use(base: KnowledgeBase) -> None:
    """Ask for all that a base can be asked for; only our own errors may come."""
    calls: list[Callable[[], object]] = [lambda: list(base), lambda: list(base.iter_names(2))]
    methods = (base.__getitem__, base.cui_to_entity.__getitem__, base.find, base.find_xref, base.children)
    for id in ("MESH:D10", "MESH:D13", "C0000010", "MESH:D99"):
        calls += [partial(method, id) for method in (*methods, base.parents, base.ancestors, base.descendants)]
    calls += [partial(base.concept, row) for row in range(base.n_concepts)]
    calls += [partial(base.name_at, row) for row in range(base.n_names)]
    for filters in (Filters(types=("T191",)), Filters(term_types=("name",)), Filters(languages=("en",))):
        calls.append(partial(base.select, filters))
    for call in calls:
        with suppress(BiomedplmError):
            call()


def test_layout_small_bases_are_compared_with_their_checksums(base: KnowledgeBase) -> None:
    for name in ALL:
        path = base.folder / f"{name}.bin"
        raw = path.read_bytes()
        for damaged in (raw[:-1], raw + b"\0", bytes([raw[0] ^ 1]) + raw[1:], raw[:-1] + bytes([raw[-1] ^ 128])):
            path.write_bytes(damaged)
            with pytest.raises(BiomedplmError, match=rf"B563.*{name}\.bin"):
                KnowledgeBase.open(base.folder)
        path.unlink()
        with pytest.raises(BiomedplmError, match=rf"B563.*{name}\.bin.*missing"):
            KnowledgeBase.open(base.folder)
        path.write_bytes(raw)
    assert KnowledgeBase.open(base.folder) == base


def test_layout_links_are_not_followed(base: KnowledgeBase, tmp_path: Path) -> None:
    path = base.folder / "names.bin"
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BiomedplmError, match="B563"):
        KnowledgeBase.open(base.folder)


def test_layout_large_bases_are_verified_on_request(base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_ALWAYS_VERIFIED", 0)
    path = base.folder / "names.bin"
    path.write_bytes(path.read_bytes().replace(b"Cancer", b"Kancer", 1))
    KnowledgeBase.open(base.folder)
    with pytest.raises(BiomedplmError, match=r"B563.*names\.bin"):
        KnowledgeBase.open(base.folder, verify=True)


@pytest.mark.parametrize("column", ALL)
def test_layout_damage_that_is_not_seen_on_opening_raises_only_our_errors(
    column: str, base: KnowledgeBase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "_ALWAYS_VERIFIED", 0)
    path = base.folder / f"{column}.bin"
    raw = path.read_bytes()
    width = int(COLUMNS[column][0][1]) if column in COLUMNS else 1
    numbers = np.frombuffer(raw, dtype=f"<u{width}")
    for damaged in (b"\xff" * len(raw), bytes(len(raw)), numbers[::-1].tobytes(), (numbers + 1).tobytes()):
        inner = bytearray(damaged)
        if column in layout.ENDS:
            inner[:width], inner[-width:] = raw[:width], raw[-width:]
        for written in (damaged, bytes(inner)):
            path.write_bytes(written)
            try:
                found = KnowledgeBase.open(base.folder)
            except BiomedplmError:
                continue
            use(found)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", "\0", "[" * 100_000, '{"format": "other"}', '{"format": "biomedplm-kb"', "1" * 5000, "NaN"],
)
def test_layout_foreign_descriptions_are_errors(base: KnowledgeBase, text: str) -> None:
    (base.folder / "kb.json").write_text(text, encoding="utf8")
    with pytest.raises(BiomedplmError, match="B561"):
        KnowledgeBase.open(base.folder)


def test_layout_descriptions_that_were_changed_are_errors(base: KnowledgeBase) -> None:
    path = base.folder / "kb.json"
    path.write_text(path.read_text(encoding="utf8").replace('"tiny"', '"other"'), encoding="utf8")
    with pytest.raises(BiomedplmError, match=r"B561.*checksum"):
        KnowledgeBase.open(base.folder)


def test_layout_of_another_version_is_an_error(base: KnowledgeBase) -> None:
    rewrite(base.folder, lambda found: found.update(version=2))
    with pytest.raises(BiomedplmError, match=r"B562.*version 2"):
        KnowledgeBase.open(base.folder)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *(
            (("counts", key), value)
            for key in ("concepts", "names", "xrefs")
            for value in (-1, 0, 10**30, "5", None, True)
        ),
        *((("tables", key), value) for key in layout.TABLES for value in (None, 5, [5], [None], {})),
        (("tables", "sources"), [{"version": "1"}]),
        (("tables", "sources"), [{"name": 5}]),
        *((("tables", "mappings"), value) for value in (None, {}, [5], [{"version": "1"}], [{"name": 5}])),
        (("files", "names"), None),
        (("files", "names"), {"bytes": 7}),
        (("files", "names"), {"bytes": -7, "sha256": ""}),
        (("files", "names"), {"bytes": 10**30, "sha256": ""}),
        (("files", "names"), {"bytes": True, "sha256": 5}),
        (("files", "../names"), {"bytes": 7, "sha256": ""}),
        (("files",), []),
        (("name",), 5),
        (("filters",), None),
    ],
)
def test_layout_descriptions_that_do_not_fit_are_errors(
    base: KnowledgeBase, path: tuple[str, ...], value: object
) -> None:
    def change(found: dict[str, Any]) -> None:
        *outer, last = path
        for key in outer:
            found = found[key]
        found[last] = value

    rewrite(base.folder, change)
    with pytest.raises(BiomedplmError, match=r"B56[13]"):
        KnowledgeBase.open(base.folder)


def test_layout_tables_that_are_too_short_are_errors_when_they_are_read(base: KnowledgeBase) -> None:
    rewrite(base.folder, lambda found: found["tables"].update(sources=[], types=[], languages=[], term_types=[]))
    found = KnowledgeBase.open(base.folder)
    use(found)
    with pytest.raises(BiomedplmError, match="B563"):
        found["MESH:D10"]


def test_writer_refuses_numbers_that_do_not_fit(tmp_path: Path) -> None:
    with pytest.raises(BiomedplmError, match=r"B573.*4294967295"):
        Writer(tmp_path).array("name_starts", np.array([2**32]))


def test_gather_yields_pieces_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout, "_CHUNK", 16)
    blob = np.frombuffer(b"abcdefghij", np.uint8)
    starts, lengths = np.array([8, 0, 4, 0, 2]), np.array([2, 3, 0, 9, 1])
    assert b"".join(gather(blob, starts, lengths)) == b"ijabcabcdefghic"
