from math import log1p

from spacy_biomedplm.kb.filters import Filters
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase
from spacy_biomedplm.linking.gold import Gold, count_of, find_gold, pairs_of
from spacy_biomedplm.linking.knowledge import Knowledge
from spacy_biomedplm.linking.learned import LearnedNames
from spacy_biomedplm.linking.linker import Linker
from spacy_biomedplm.linking.mentions import Mention

BOTH = {"MESH:D003922", "MESH:D003924"}
MENTION = Mention(0, "0:8:0:Disease:", "Disease", "diabetes", "diabetes")


def test_all_concepts_that_a_gold_id_stands_for_are_counted(base):
    gold = Gold(MENTION, (frozenset(BOTH),))
    rows = list(count_of(gold, KnowledgeBase.open(base)))
    assert rows == [(("diabetes", "diabetes"), id, "Disease", ["T047", "MESH"]) for id in sorted(BOTH)]
    learned = LearnedNames()
    learned.count([rows])
    ids = sorted(BOTH)
    assert learned.shares("diabetes", ids, {}) == [(log1p(1), 0.5)] * 2
    assert learned.concepts == dict.fromkeys(ids, 1)
    # What a document has put in is taken out again.
    own = dict.fromkeys(pairs_of(gold), 1)
    assert learned.shares("diabetes", ids, own) == [(0.0, 0.0)] * 2
    assert {("", id) for id in ids} < set(own)


def test_mentions_of_several_concepts_or_none_are_not_counted(base):
    kb = KnowledgeBase.open(base)
    for concepts in ((frozenset(BOTH), frozenset({"MESH:D009369"})), (frozenset(),), ()):
        assert not list(count_of(Gold(MENTION, concepts), kb))
        assert not pairs_of(Gold(MENTION, concepts))


def test_all_concepts_that_a_gold_id_stands_for_are_right(base, make_doc):
    knowledge = Knowledge(base, Filters())
    doc = make_doc("She has diabetes mellitus.", ("Disease", "diabetes mellitus"), concepts=["MESH:D003920"])
    (gold,) = find_gold(doc, knowledge.base, None, write_out=True)
    assert gold.ids == ["MESH:D003920"]
    gold = gold._replace(concepts=(frozenset(BOTH),))
    lesson = Linker(knowledge, LearnedNames(), None, k=20).prepare([gold], doc.text, {})
    assert int(lesson.right[0].sum()) == 2
    assert not lesson.right[0][-1]
