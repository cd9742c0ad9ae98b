"""The pipe `biomedplm_abbreviations`: short forms of a document, each with its long form."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from spacy.attrs import IDX, LENGTH
from spacy.language import Language
from spacy.pipeline import Pipe
from spacy.tokens import Doc, Span

from spacy_biomedplm.abbreviations.candidates import Place, find_borders
from spacy_biomedplm.abbreviations.detection import THRESHOLD, Occurrence, find_definitions, find_occurrences
from spacy_biomedplm.attributes import ABBREVIATIONS_KEY, PASSAGES_KEY, score_key
from spacy_biomedplm.errors import BiomedplmError, coded


@Language.factory(
    "biomedplm_abbreviations",
    assigns=["doc._.abbreviations", "span._.long_form"],
    default_config={
        "threshold": THRESHOLD,
        "scorer": {"@scorers": "spacy-biomedplm.abbreviation_scorer.v1"},
    },
    default_score_weights={"abbreviations_f": 1.0, "abbreviations_p": 0.0, "abbreviations_r": 0.0},
)
def make_biomedplm_abbreviations(
    nlp: Language, name: str, threshold: float, scorer: Callable[..., dict[str, Any]] | None
) -> "AbbreviationDetector":
    """Return a detector of abbreviations.

    nlp (Language): The pipeline.
    name (str): Name of the pipe.
    threshold (float): Smallest probability of a definition, in [0, 1].
    scorer (Callable | None): Scoring method.
    RETURNS (AbbreviationDetector): The pipe.
    RAISES (BiomedplmError): B680 for a threshold outside [0, 1].
    """
    return AbbreviationDetector(nlp.vocab, name, threshold=threshold, scorer=scorer)


class AbbreviationDetector(Pipe):
    """Finds definitions of abbreviations and all further occurrences of their short forms.

    ``doc._.abbreviations`` is the list of short forms in order, ``span._.long_form`` of each the long form as a span.
    Both are kept as characters in ``doc.user_data``. Sentences and ``doc.spans["passages"]`` are used if there are
    any; without sentences, they are found from punctuation.
    """

    def __init__(
        self,
        vocab: Any,
        name: str = "biomedplm_abbreviations",
        *,
        threshold: float = THRESHOLD,
        scorer: Callable[..., dict[str, Any]] | None = None,
    ) -> None:
        if not 0 <= threshold <= 1:
            raise BiomedplmError(coded("B680", found=threshold))
        self.vocab = vocab
        self.name = name
        self.threshold = threshold
        self.scorer = scorer

    def __call__(self, doc: Doc) -> Doc:
        """Find the abbreviations of a document.

        doc (Doc): The document, to which they are written.
        """
        self.set_annotations([doc], self.predict([doc]))
        return doc

    def predict(self, docs: Iterable[Doc]) -> list[list[Occurrence]]:
        """Return the short forms of documents with the places of their long forms.

        docs (Iterable[Doc]): The documents; they stay as they are.
        """
        return [find_abbreviations(doc, self.threshold) for doc in docs]

    def set_annotations(self, docs: Sequence[Doc], found: Sequence[list[Occurrence]]) -> None:
        """Write abbreviations to documents.

        docs (Sequence[Doc]): The documents.
        found (Sequence[list[Occurrence]]): What ``predict`` returned for them.
        """
        for doc, occurrences in zip(docs, found, strict=True):
            doc.user_data[ABBREVIATIONS_KEY] = {
                score_key(_tokens_of(doc, short)): score_key(_tokens_of(doc, long)) for short, long in occurrences
            }


def find_abbreviations(doc: Doc, threshold: float = THRESHOLD, *, text: str | None = None) -> list[Occurrence]:
    """Return the short forms of a document in order, with the places of their long forms.

    doc (Doc): The document; it stays as it is.
    threshold (float): Smallest probability of a definition, in [0, 1].
    text (str | None): ``doc.text``, which takes time to make, if it is at hand.
    RAISES (BiomedplmError): B680 for a threshold outside [0, 1].
    """
    text = doc.text if text is None else text
    definitions = find_definitions(text, borders=find_doc_borders(doc, text), threshold=threshold)
    if not definitions:
        return []
    defined = {definition.short for definition in definitions}
    places = doc.to_array([IDX, LENGTH]).astype(int)
    starts, ends = set(places[:, 0].tolist()), set(places.sum(axis=1).tolist())
    return [
        occurrence
        for occurrence in find_occurrences(text, definitions)
        if occurrence.short in defined or (occurrence.short[0] in starts and occurrence.short[1] in ends)
    ]


def _tokens_of(doc: Doc, place: Place) -> Span:
    span = doc.char_span(*place, alignment_mode="expand")
    assert span is not None  # a place of the document's own text
    return span


def find_doc_borders(doc: Doc, text: str) -> list[int]:
    """Return the characters at which a sentence or a passage of a document begins, and at which a passage ends.

    doc (Doc): The document; one without sentences has those that punctuation tells. text (str): ``doc.text``.
    """
    passages = [place for span in doc.spans.get(PASSAGES_KEY, ()) for place in (span.start_char, span.end_char)]
    known = doc.has_annotation("SENT_START")
    return sorted({*passages, *((sent.start_char for sent in doc.sents) if known else find_borders(text))})
