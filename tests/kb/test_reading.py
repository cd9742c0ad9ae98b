from collections.abc import Callable

from spacy_biomedplm.kb.reading import Reading


def test_reading_note_keeps_what_was_known_first(make_reading: Callable[..., Reading]) -> None:
    reading = make_reading()
    reading.note("MSH", {"version": "2026", "licence": ""})
    reading.note("MSH", {"version": "2025", "licence": "open"})
    assert reading.origins == {"MSH": {"version": "2026", "licence": "open"}}


def test_reading_note_mapping_keeps_mappings_apart(make_reading: Callable[..., Reading]) -> None:
    reading = make_reading()
    reading.note_mapping("Mondo", {"licence": "CC BY 4.0", "url": ""})
    reading.note_mapping("own", {})
    assert reading.mappings == {"Mondo": {"licence": "CC BY 4.0"}, "own": {}}
    assert reading.origins == {}
