import pytest

from spacy_biomedplm.linking.candidates import find_candidates
from spacy_biomedplm.linking.gold import Gold
from spacy_biomedplm.linking.learned import LearnedNames
from spacy_biomedplm.linking.linker import Linker
from spacy_biomedplm.linking.mentions import Mention


def mention(text, name=None, doc=0):
    return Mention(doc, f"0:{len(text)}:7:Disease:", "Disease", text, name or text)


@pytest.fixture
def linker(knowledge):
    return Linker(knowledge, LearnedNames(), None, k=5)


def test_candidates_say_who_found_them_by_which_name(knowledge):
    found = find_candidates([mention("BC", "breast cancer"), mention("zzz")], knowledge.index, knowledge.groups, 3)
    assert found.columns[:2] == (("name", "vocabulary", "exact"), ("name", "vocabulary", "ngrams"))
    row = found.concepts.tolist().index(knowledge.base.row_of("MESH:D001943"))
    assert knowledge.base.name_text(int(found.names[row, 0])) == "breast cancer"
    assert found.scores[row, 0] > 0.9
    assert found.starts(2).tolist()[-1] == len(found)


def test_the_batch_does_not_matter(linker):
    mentions = [mention("breast cancer"), mention("type ii diabetes"), mention("breast and ovarian cancer", doc=1)]
    together = linker.link(mentions, ["breast cancer and type ii diabetes", "breast and ovarian cancer"])
    alone = linker.link([mention("breast and ovarian cancer")], ["breast and ovarian cancer"])
    assert together[2] == alone[0]
    assert [links[0].concept_id for links in together] == [
        "MESH:D001943",
        "MESH:D003924",
        "MESH:D001943|MESH:D010051",
    ]


def test_nothing_to_link(linker):
    assert linker.link([], []) == []
    assert linker.link([mention("qqqq")], ["qqqq"]) == [[]]


def test_a_lesson_has_a_row_for_no_concept(linker, knowledge):
    gold = [
        Gold(mention("breast cancer"), (frozenset(["MESH:D001943"]),)),
        Gold(mention("breast cancer"), (frozenset(["MESH:D001943"]),)),
        Gold(mention("malaise"), ()),
    ]
    lesson = linker.prepare(gold, "breast cancer, malaise", {})
    assert len(lesson.features) == 2
    assert [len(rows) for rows in lesson.right] == [len(rows) for rows in lesson.features]
    assert [rows.sum() for rows in lesson.right] == [1, 1]
    assert not lesson.right[0][-1]
    assert lesson.right[1][-1]
