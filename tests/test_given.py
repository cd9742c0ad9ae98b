import pytest
import spacy
from spacy.language import Language

from spacy_biomedplm.given import find_finders, given_mentions
from spacy_biomedplm.types import DocumentRecord, MentionRecord

PIPES = {
    "toy_ner": ["doc.ents", "doc.spans"],
    "toy_linking": ["doc.ents", "span._.links"],
    "toy_abbreviating": ["doc._.abbreviations"],
    "toy_eventing": ["doc._.events", "doc.spans"],
    "toy_unknowing": [],
}


@pytest.mark.parametrize(("given", "wanted"), [("entities", ["toy_ner"]), ("concepts", ["toy_ner", "toy_linking"])])
def test_find_finders(given: str, wanted: list[str]) -> None:
    nlp = spacy.blank("en")
    for name, assigns in PIPES.items():
        if not Language.has_factory(name):
            Language.component(name, assigns=assigns, func=lambda doc: doc)
        nlp.add_pipe(name)
    assert find_finders(nlp, given) == wanted  # type: ignore[arg-type]


def test_given_mentions_are_those_of_a1() -> None:
    def mention(name: str, file: str, *, is_trigger: bool) -> MentionRecord:
        return MentionRecord(name, "X", ((0, 1),), infons={"file": file} if file else {}, is_trigger=is_trigger)

    mentions = (
        mention("T1", "", is_trigger=False),
        mention("T2", "a1", is_trigger=True),
        mention("T3", "", is_trigger=True),
        mention("T4", "a2", is_trigger=False),
    )
    assert [one.id for one in given_mentions(DocumentRecord("1", "x", mentions))] == ["T1", "T2"]
