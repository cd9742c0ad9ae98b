from spacy_biomedplm.event_order import order_events


def test_events_in_a_circle() -> None:
    assert order_events({"E1": ["E2", "T1"], "E2": ["E3"], "E3": ["T2"]}) == (["E3", "E2", "E1"], [])
    assert order_events({"E0": ["E1"], "E1": ["E2"], "E2": ["E1"]})[1] == ["E1", "E2"]
    deep = {f"E{n}": [f"E{n + 1}"] for n in range(20_000)}
    assert order_events(deep)[0][-1] == "E0"
