import pickle

import pytest
import spacy
from spacy.tokens import DocBin, Span
from spacy.training import Example
from thinc.api import Adam, fix_random_seed

from spacy_biomedplm.attributes import ABBREVIATIONS_KEY, LINKS_KEY, score_key
from spacy_biomedplm.documents import make_record
from spacy_biomedplm.errors import BiomedplmError
from spacy_biomedplm.kb.knowledge_base import KnowledgeBase


def make_nlp(base, **config):
    nlp = spacy.blank("en")
    nlp.add_pipe("biomedplm_linker", config={"linker_name": str(base), **config})
    return nlp


def ids(doc):
    return [ent.kb_id_ for ent in doc.ents]


def test_entities_get_concepts(base, make_doc):
    doc = make_doc(
        "Breast cancers and high blood pressure.", ("Disease", "Breast cancers"), ("Disease", "high blood pressure")
    )
    make_nlp(base)(doc)
    assert ids(doc) == ["MESH:D001943", "MESH:D006973"]
    concept, score = doc.ents[0]._.kb_ents[0]
    assert concept == "MESH:D001943"
    assert 0.5 < score <= 1


def test_the_knowledge_base_is_that_of_scispacy(base):
    linker = make_nlp(base).get_pipe("biomedplm_linker")
    entity = linker.kb.cui_to_entity["MESH:D001943"]
    assert entity.canonical_name == "breast neoplasms"
    assert entity.aliases == ["breast cancer", "tumour of the breast"]


def test_only_some_labels_are_linked(base, make_doc):
    doc = make_doc("diabetes and cancer", ("Disease", "diabetes"), ("Other", "cancer"))
    make_nlp(base, labels=["Disease"])(doc)
    assert ids(doc) == ["MESH:D003920", ""]
    assert doc.ents[1]._.links == {}


def test_an_entity_that_no_name_fits_has_no_concept(base, make_doc):
    doc = make_doc("a fractured zygomatic arch", ("Disease", "fractured zygomatic arch"))
    make_nlp(base)(doc)
    assert ids(doc) == [""]
    assert doc.ents[0]._.links == {"biomedplm_linker": []}
    assert doc.ents[0]._.kb_ents == []


def test_abbreviations_are_written_out(base, make_doc):
    text = "Adenomatous polyposis coli (APC). APC is rare."
    doc = make_doc(text, ("Disease", "APC"), ("Disease", "APC"))
    make_nlp(base)(doc)
    assert ids(doc) == ["MESH:D011125", "MESH:D011125"]
    doc.user_data[ABBREVIATIONS_KEY] = {}
    make_nlp(base)(doc)
    assert ids(doc) == ["", ""]
    del doc.user_data[ABBREVIATIONS_KEY]
    make_nlp(base, resolve_abbreviations=False)(doc)
    assert ids(doc) == ["", ""]


def test_a_composite_mention_has_all_its_concepts(base, make_doc):
    doc = make_doc("breast and ovarian cancers", ("Disease", "breast and ovarian cancers"))
    make_nlp(base)(doc)
    assert ids(doc) == ["MESH:D001943|MESH:D010051"]
    assert [id for id, _ in doc.ents[0]._.kb_ents] == ["MESH:D001943", "MESH:D010051"]
    assert [concept.id for concept in make_record(doc).mentions[0].concepts] == ["MESH:D001943", "MESH:D010051"]


@pytest.mark.parametrize("k", [1, 20])
def test_a_composite_mention_tells_what_each_part_rests_on(base, make_doc, k):
    doc = make_doc("breast and ovarian cancers", ("Disease", "breast and ovarian cancers"))
    make_nlp(base, evidence=True, k=k)(doc)
    (link,) = doc.ents[0]._.links["biomedplm_linker"]
    assert link.concept_id == "MESH:D001943|MESH:D010051"
    assert [part["name"] for part in link.evidence["parts"]] == ["breast cancer", "ovarian cancer"]


def test_two_linkers_leave_each_other_alone(base, gene_base, make_doc):
    nlp = make_nlp(base, threshold=0.3)
    nlp.add_pipe("biomedplm_linker", name="genes", config={"linker_name": str(gene_base), "threshold": 0.3})
    doc = nlp(make_doc("breast cancer", ("Entity", "breast cancer")))
    links = doc.ents[0]._.links
    assert list(links) == ["biomedplm_linker", "genes"]
    assert links["genes"][0].concept_id == "NCBIGene:672"
    assert doc.ents[0].kb_id_ == "MESH:D001943"
    assert "NCBIGene:672" in [id for id, _ in doc.ents[0]._.kb_ents]


def test_the_concepts_of_several_linkers_are_in_order_of_their_scores(make_doc):
    doc = make_doc("breast cancer", ("Disease", "breast cancer"))
    found = {
        "one": [["A", 0.9, None], ["B|C", 0.4, None], ["D", 0.2, None]],
        "two": [["D", 0.7, None], ["E", 0.4, None], ["A", 0.1, None]],
    }
    doc.user_data[LINKS_KEY] = {score_key(doc.ents[0]): found}
    wanted = [("A", 0.9), ("D", 0.7), ("B", 0.4), ("C", 0.4), ("E", 0.4)]
    assert doc.ents[0]._.kb_ents == wanted


def test_evidence_is_kept_on_request(base, make_doc):
    doc = make_nlp(base, evidence=True)(make_doc("tumour of the breast", ("Disease", "tumour of the breast")))
    evidence = doc.ents[0]._.links["biomedplm_linker"][0].evidence
    assert evidence["name"] == "tumour of the breast"
    assert evidence["index"] == "exact"


def test_filters(base, make_doc):
    doc = make_doc("diabetes", ("Disease", "diabetes"))
    assert ids(make_nlp(base, filters={"types": ["T047"]})(doc)) == ["MESH:D003920"]
    with pytest.raises(BiomedplmError, match=r"B572.*T191.*T047"):
        make_nlp(base, filters={"types": ["T191"]})(doc)
    with pytest.raises(BiomedplmError, match=r"B692.*tipes.*types"):
        make_nlp(base, filters={"tipes": ["T191"]})


@pytest.mark.parametrize("setting", [{"k": 0}, {"threshold": 1.5}, {"max_entities_per_mention": 0}])
def test_settings_that_cannot_be(base, setting):
    with pytest.raises(BiomedplmError, match=f"B692.*{next(iter(setting))}"):
        make_nlp(base, **setting)


def test_a_misspelt_base_is_an_error_that_lists_what_exists(base, make_doc, monkeypatch):
    monkeypatch.setenv("BIOMEDPLM_KB", str(base.parent))
    assert ids(make_nlp("diseases")(make_doc("cancer", ("Disease", "cancer")))) == ["MESH:D009369"]
    with pytest.raises(BiomedplmError, match=r"B575.*'desease'.*diseases"):
        make_nlp("desease")(make_doc("cancer", ("Disease", "cancer")))


def test_a_long_mention_and_an_empty_document(base, make_doc):
    nlp = make_nlp(base)
    text = "cancer " * 700
    doc = make_doc(text + "end", ("Disease", text + "end"))
    with pytest.warns(UserWarning, match="W603"):
        nlp(doc)
    assert [ent.kb_id_ for ent in doc.ents] == [""]
    doc.ents = [Span(doc, ent.start, ent.end, label=ent.label, kb_id="OLD") for ent in doc.ents]
    with pytest.warns(UserWarning, match="W603"):
        assert [ent.kb_id_ for ent in nlp(doc).ents] == [""]
    assert nlp(make_doc("")).ents == ()


def texts_and_entities():
    names = ["breast cancer", "type 2 diabetes", "hypertension", "diabetes", "ovarian cancer", "tumours"]
    return [(f"Patient {n} has {name} and cancer.", name) for n, name in enumerate(names * 4)]


def test_the_same_whatever_the_batch_the_order_or_the_processes(base, make_doc):
    nlp = make_nlp(base)

    def link(rows, **how):
        docs = [make_doc(text, ("Disease", name), ("Disease", "cancer.")) for text, name in rows]
        found = list(nlp.pipe(docs, **how))
        return {doc.text: [ent._.kb_ents for ent in doc.ents] for doc in found}

    rows = texts_and_entities()
    wanted = link(rows, batch_size=1)
    assert link(rows, batch_size=100) == wanted
    assert link(rows[::-1], batch_size=7) == wanted
    assert link(rows, batch_size=5, n_process=2) == wanted


def test_links_survive_storage(base, make_doc):
    doc = make_nlp(base)(make_doc("diabetes", ("Disease", "diabetes")))
    wanted = doc.ents[0]._.kb_ents
    again = next(iter(DocBin(docs=[doc], store_user_data=True).get_docs(doc.vocab)))
    assert again.ents[0]._.kb_ents == wanted
    assert pickle.loads(pickle.dumps(doc)).ents[0]._.kb_ents == wanted
    assert LINKS_KEY in again.user_data


def examples(make_doc):
    rows = [
        ("The lump was a tumour of 2 cm.", "tumour", "MESH:D001943"),
        ("A raised pressure was seen.", "raised pressure", "MESH:D006973"),
        ("He had raised pressure again.", "raised pressure", "MESH:D006973"),
        ("She has diabetes type 2.", "diabetes type 2", "MESH:D003924"),
        ("A cancer of the breast was found.", "cancer of the breast", "MESH:D001943"),
        ("Nothing but malaise.", "malaise", ""),
    ]
    made = []
    for text, found, concept in rows * 3:
        reference = make_doc(text, ("Disease", found), concepts=[concept])
        predicted = make_doc(text, ("Disease", found))
        made.append(Example(predicted, reference))
    return made


def train(nlp, made, epochs=30):
    fix_random_seed(0)
    linker = nlp.get_pipe("biomedplm_linker")
    nlp.initialize(lambda: made)
    optimizer = Adam(0.02)
    losses = []
    for _ in range(epochs):
        found = {}
        linker.update(made, sgd=optimizer, losses=found)
        losses.append(found["biomedplm_linker"])
    return linker, losses


def test_it_learns_and_is_saved(corpus_base, make_doc, tmp_path):
    nlp = make_nlp(corpus_base, threshold=0.0)
    made = examples(make_doc)
    before = nlp.evaluate(examples(make_doc))
    linker, losses = train(nlp, made)
    assert losses[-1] < losses[0] / 2
    scores = nlp.evaluate(examples(make_doc))
    assert scores["links_accuracy"] > before["links_accuracy"]
    assert scores["links_coverage"] == 1
    assert "documents for the name" in linker.cfg["features"]

    doc = make_doc("A raised pressure, and a tumour.", ("Disease", "raised pressure"), ("Disease", "tumour"))
    wanted = [ent._.kb_ents for ent in nlp(doc.copy()).ents]
    assert [found[0][0] for found in wanted] == ["MESH:D006973", "MESH:D001943"]
    nlp.to_disk(tmp_path / "saved")
    loaded = spacy.load(tmp_path / "saved")
    assert [ent._.kb_ents for ent in loaded(doc.copy()).ents] == wanted
    assert loaded.get_pipe("biomedplm_linker").kb.folder == tmp_path / "saved" / "biomedplm_linker" / "base"
    fresh = make_nlp(corpus_base, threshold=0.0)
    fresh.from_bytes(nlp.to_bytes())
    assert [ent._.kb_ents for ent in fresh(doc.copy()).ents] == wanted
    assert [ent._.kb_ents for ent in pickle.loads(pickle.dumps(nlp))(doc.copy()).ents] == wanted


def test_a_base_is_swapped_by_the_config(base, corpus_base, make_doc, tmp_path):
    nlp = make_nlp(corpus_base, threshold=0.0)
    train(nlp, examples(make_doc), epochs=1)
    nlp.to_disk(tmp_path / "saved")
    other = spacy.load(tmp_path / "saved", config={"components.biomedplm_linker.linker_name": str(base)})
    with pytest.warns(UserWarning, match=r"W604.*'with_corpus'.*'diseases'"):
        assert other.get_pipe("biomedplm_linker").kb.folder == base
    # What corpora call things is not in the other base: these features are 0.
    assert other(make_doc("diabetes", ("Disease", "diabetes"))).ents[0].kb_id_


def test_a_saved_linker_has_the_base_of_now(base, corpus_base, make_doc, tmp_path):
    folder = tmp_path / "biomedplm_linker" / "base"
    make_nlp(base).to_disk(tmp_path)
    assert KnowledgeBase.open(folder).name == "diseases"
    make_nlp(corpus_base).to_disk(tmp_path)
    assert spacy.load(tmp_path).get_pipe("biomedplm_linker").kb.name == "with_corpus"
    spacy.load(tmp_path).to_disk(tmp_path)
    assert KnowledgeBase.open(folder).name == "with_corpus"
    make_nlp(base, save_base=False).to_disk(tmp_path)
    assert not folder.exists()
    assert spacy.load(tmp_path).get_pipe("biomedplm_linker").kb.folder == base


@pytest.mark.parametrize("name", ["cfg", "learned", "model"])
def test_a_linker_is_loaded_whole(base, tmp_path, name):
    make_nlp(base).to_disk(tmp_path)
    (tmp_path / "biomedplm_linker" / f"{name}.msgpack").unlink()
    with pytest.raises(BiomedplmError, match=f"B691.*{name}.msgpack"):
        spacy.load(tmp_path)


def test_a_linker_without_a_base_says_so(make_doc):
    with pytest.raises(BiomedplmError, match=r"B692.*linker_name is empty"):
        _ = make_nlp("").get_pipe("biomedplm_linker").kb


def test_documents_of_the_same_text_teach_what_each_says(base, make_doc):
    text = "The patient has diabetes."
    made = [
        Example(make_doc(text), make_doc(text, ("Disease", "diabetes"), concepts=[id]))
        for id in ("MESH:D003924", "MESH:D003920")
    ]
    nlp = make_nlp(base)
    nlp.initialize(lambda: made)
    linker = nlp.get_pipe("biomedplm_linker")
    right = [linker._lesson(one.reference, linker.linker).right[0].tolist() for one in made]
    assert right[0] != right[1]


def test_the_first_linker_stays_first(base, corpus_base, make_doc):
    nlp = make_nlp(base)
    nlp.add_pipe("biomedplm_linker", name="second", config={"linker_name": str(corpus_base), "threshold": 0.0})
    doc = nlp(make_doc("hypertension", ("Disease", "hypertension")))
    order = list(doc.ents[0]._.links)
    assert list(nlp.get_pipe("biomedplm_linker")(doc).ents[0]._.links) == order == ["biomedplm_linker", "second"]


def test_concepts_of_another_vocabulary_teach_nothing(base, make_doc):
    text, found = "The patient has diabetes.", "diabetes"
    reference = make_doc(text, ("Disease", found), concepts=["UMLS:C0011849"])
    with pytest.raises(BiomedplmError, match="B693"):
        make_nlp(base).initialize(lambda: [Example(make_doc(text), reference)])


def test_without_concepts_it_stays_as_it_is(base, make_doc):
    nlp = make_nlp(base)
    made = [Example(make_doc("no concept"), make_doc("no concept", ("Disease", "concept")))]
    nlp.initialize(lambda: made)
    assert nlp.update(made)["biomedplm_linker"] == 0
    assert nlp.evaluate(made)["links_accuracy"] is None
    assert ids(nlp(make_doc("cancer", ("Disease", "cancer")))) == ["MESH:D009369"]


def test_concepts_without_a_definition_need_a_higher_score(tmp_path, make_doc, make_base):
    folder = make_base(tmp_path / "undefined", {"MESH:D009369": ("cancer",)}, definitions=False)
    doc = make_doc("cancer", ("Disease", "cancer"))
    assert ids(make_nlp(folder)(doc)) == ["MESH:D009369"]
    settings = {"filter_for_definitions": True, "no_definition_threshold": 1.0}
    assert ids(make_nlp(folder, **settings)(make_doc("cancers", ("Disease", "cancers")))) == [""]
    assert ids(make_nlp(folder, **settings)(doc)) == ["MESH:D009369"]


def test_scores_count_what_was_not_found(base, make_doc):
    nlp = make_nlp(base)
    text = "breast and ovarian cancer with hypertension"
    reference = make_doc(
        text,
        ("Disease", "breast and ovarian cancer"),
        ("Disease", "hypertension"),
        concepts=["D001943|D010051", "D006973"],
    )
    scores = nlp.evaluate([Example(make_doc(text), reference)])
    assert (scores["links_accuracy"], scores["links_r"], scores["links_coverage"]) == (0, 0, 1)
    predicted = make_doc(text, ("Disease", "breast and ovarian cancer"), ("Disease", "hypertension"))
    scores = nlp.evaluate([Example(predicted, reference)])
    assert (scores["links_accuracy"], scores["links_f"]) == (1, 1)
