"""The head on spacy-transformers' own pipe."""

from typing import Any

import numpy as np
import pytest
import spacy
from spacy.language import Language

from spacy_biomedplm.errors import BiomedplmError

pytest.importorskip("spacy_transformers")
pytestmark = [
    # spacy-transformers' own: torch.load, autocast and the like.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
    pytest.mark.filterwarnings("ignore::UserWarning"),
]


@pytest.fixture(scope="module")
def folder(tiny_plm: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A tiny encoder with the files that transformers' own tokeniser wants."""
    import shutil

    from transformers import PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("trf") / "bert"
    shutil.copytree(tiny_plm("bert"), folder)
    names = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(
        tokenizer_file=str(folder / "tokenizer.json"), mask_token="[MASK]", model_max_length=64, **names
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def trained_trf(folder: Any, ten: Any, learn: Any) -> Language:
    nlp = spacy.blank("en", config={"nlp": {"tokenizer": {"@tokenizers": "spacy-biomedplm.BiomedTokenizer.v1"}}})
    spans = {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 24, "stride": 20}
    encoder = {"@architectures": "spacy-transformers.TransformerModel.v3", "name": str(folder), "get_spans": spans}
    nlp.add_pipe("transformer", config={"model": encoder})
    pooling = {"@layers": "reduce_mean.v1"}
    listener = {"@architectures": "spacy-transformers.TransformerListener.v1", "grad_factor": 1.0, "pooling": pooling}
    model = {"@architectures": "spacy-biomedplm.TokenTagger.v1", "tok2vec": listener}
    nlp.add_pipe("biomedplm_ner", name="ner", config={"model": model})
    losses = learn(nlp, ten(nlp), steps=100, rate=0.005)
    assert losses[-1] < losses[0] / 3
    return nlp


def ents_of(doc: Any) -> list[tuple[str, str]]:
    return [(ent.text, ent.label_) for ent in doc.ents]


def test_head_learns_and_predicts(trained_trf: Language, ten: Any) -> None:
    assert trained_trf.evaluate(ten(trained_trf))["ents_f"] > 0.9
    assert ents_of(trained_trf("aspirin in heart failure"))[0] == ("aspirin", "CHEMICAL")


def test_documents_of_all_kinds(trained_trf: Language) -> None:
    texts = ["", " ", "\n\t\n", "the cells " * 50, "aspirin in heart failure", "αβ 😀"]
    docs = list(trained_trf.pipe(texts))
    assert [doc.text for doc in docs] == texts
    assert not docs[0].ents
    for doc in docs:
        assert all(0 <= span._.score <= 1 for span in doc.spans["entities"])


def test_update_with_an_empty_document(trained_trf: Language, ten: Any, make_example: Any, tmp_path: Any) -> None:
    trained_trf.to_disk(tmp_path)
    nlp = spacy.load(tmp_path)
    examples = [make_example(nlp, "", [], {"bc2gm": ["GENE"]}), *ten(nlp)]
    assert np.isfinite(nlp.update(examples, sgd=nlp.resume_training())["ner"])


def test_missing_trf_data_raises_b001(trained_trf: Language) -> None:
    ner: Any = trained_trf.get_pipe("ner")
    with pytest.raises(BiomedplmError, match=r"B001.*'ner'"):
        ner(trained_trf.make_doc("aspirin in heart failure"))
    with pytest.raises(BiomedplmError, match=r"B001.*'ner'"):
        # spacy-transformers' data do not survive as_doc.
        ner(trained_trf("aspirin in heart failure")[0:2].as_doc())


def test_pipeline_survives_disk(trained_trf: Language, tmp_path: Any) -> None:
    trained_trf.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    one, other = trained_trf("aspirin in heart failure"), loaded("aspirin in heart failure")
    assert ents_of(one) == ents_of(other)
    assert np.allclose([e._.score for e in one.ents], [e._.score for e in other.ents])
