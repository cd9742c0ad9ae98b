from spacy_biomedplm.kb.concepts import Concept, Entity, Name


def test_concepts_are_compared_and_hashed_by_what_they_say() -> None:
    one, other = (Concept("C0000001", (Name("cold", "MSH"),)) for _ in range(2))
    assert one == other
    assert len({one, other}) == 1


def test_entity_has_the_fields_of_scispacy() -> None:
    assert Entity._fields == ("concept_id", "canonical_name", "aliases", "types", "definition")
    assert Entity("C1", "cold", []) == ("C1", "cold", [], [], None)
