import sys

import pytest

from spacy_biomedplm.layers.memory import return_freed_memory


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_freed_blocks_between_others_are_given_back() -> None:
    def resident() -> int:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * 4096

    blocks = [bytearray(100_000) for _ in range(2_000)]
    kept = blocks[::100]
    before = resident()
    del blocks
    return_freed_memory()
    # Where the C library gives it back at once, or cannot, nothing is lost by the call.
    assert resident() <= before
    assert len(kept) == 20


def test_on_other_systems_nothing_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    from spacy_biomedplm.layers import memory

    memory._malloc_trim.cache_clear()
    monkeypatch.setattr(sys, "platform", "win32")
    return_freed_memory()
    assert memory._malloc_trim() is None
    memory._malloc_trim.cache_clear()
