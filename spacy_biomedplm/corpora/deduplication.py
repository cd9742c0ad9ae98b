"""Keep documents that are held out for scoring out of training, also where they come through another corpus."""

from collections.abc import Sequence

from spacy.tokens import Doc

from spacy_biomedplm.corpora.catalogue import get_corpus
from spacy_biomedplm.corpora.corpus import Corpus
from spacy_biomedplm.fingerprints import hash_words, normalize_words
from spacy_biomedplm.held_out import Fingerprint, HeldOut, Match


def fingerprint(doc: Doc, split: str) -> Fingerprint:
    """Return the fingerprint of a document of the catalogue.

    doc (Doc): A document from load_corpus.
    split (str): The split it belongs to.
    """
    return fingerprint_text(get_corpus(doc._.corpus), split, doc._.doc_id, doc.text)


def fingerprint_text(corpus: Corpus, split: str, doc_id: str, text: str) -> Fingerprint:
    """Return the fingerprint of a text of the catalogue.

    corpus (Corpus): Where it is from. split (str): The split it belongs to. doc_id (str): Its identifier there.
    text (str): The text.
    """
    return Fingerprint(f"{corpus.name}/{split}", doc_id, corpus.public_id(doc_id), hash_words(normalize_words(text)))


def deduplicate(documents: Sequence[Doc], held_out: HeldOut, *, split: str) -> tuple[list[Doc], list[Match]]:
    """Return the training documents of one corpus that share nothing with a held-out document.

    documents (Sequence[Doc]): The documents, from load_corpus.
    held_out (HeldOut): What they must not share text with.
    split (str): Name of their split, for the matches.
    RETURNS (tuple[list[Doc], list[Match]]): Kept documents, and why each other one was dropped.
    """
    kept, matches = held_out.split([fingerprint(doc, split) for doc in documents])
    return [documents[index] for index in kept], matches
