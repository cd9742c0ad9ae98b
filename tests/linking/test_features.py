import numpy as np

from spacy_biomedplm.linking.candidates import find_candidates
from spacy_biomedplm.linking.features import describe, feature_names
from spacy_biomedplm.linking.learned import LearnedNames
from spacy_biomedplm.linking.lexical import LEXICAL, words_of
from spacy_biomedplm.linking.mentions import Mention


def mention(text, name=None, doc=0):
    return Mention(doc, f"0:{len(text)}:7:Disease:", "Disease", text, name or text)


def test_features(knowledge):
    mentions = [mention("breast cancer"), mention("BC", "breast cancers"), mention("tumours", doc=1)]
    found = find_candidates(mentions, knowledge.index, knowledge.groups, 3)
    words = [frozenset(words_of("a breast cancer, BC")), frozenset()]
    features = describe(mentions, found, knowledge, LearnedNames(), words)
    names = feature_names(found.columns)
    starts = found.starts(3)
    for place, rows in enumerate(features):
        assert rows.shape == (starts[place + 1] - starts[place] + 1, len(names))
        assert np.isfinite(rows).all()
        assert rows[-1].tolist() == [0.0] * (len(names) - 1) + [1.0]
    # The same concept under another name in the same document.
    assert features[0][:-1, names.index("name of another mention")].max() > 0.9
    assert features[2][:-1, names.index("name of another mention")].max() == 0


def test_what_is_known_of_concepts_and_texts_is_kept(knowledge, monkeypatch):
    found = find_candidates([mention("breast cancer")], knowledge.index, knowledge.groups, 3)
    names = np.maximum(found.names.max(axis=1), 0)
    first = knowledge.compare("breast cancer", names, found.concepts)
    assert first.shape == (len(found), 2 * len(LEXICAL))
    assert knowledge.compare("breast cancer", names, found.concepts) is first
    assert knowledge.compare("breast cancers", names, found.concepts) is not first
    facts = knowledge.facts(knowledge.base.row_of("MESH:D001943"))
    assert (facts.id, facts.kinds[-1]) == ("MESH:D001943", "MESH")
    monkeypatch.setattr("spacy_biomedplm.linking.knowledge._KEPT", 1)
    assert [knowledge.facts(row).row for row in (0, 1, 0)] == [0, 1, 0]
