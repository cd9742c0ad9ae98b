"""Documents that must not be learned from: found by identifier and by text."""

from collections.abc import Sequence
from pathlib import Path

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.fingerprints import hash_words, normalize_words
from spacy_biomedplm.held_out import Fingerprint, HeldOut, Match
from spacy_biomedplm.plm.text import RawDocument, iter_texts, suffix_of


class Exclusions:
    """What the documents of a pre-training corpus are compared with.

    paths (Sequence[Path]): Files of held-out documents. A .txt holds identifiers, one per line; JSONL and PubMed XML
        hold documents, which are found by identifier (where they have one) and by text (rules in ``held_out.py``).
    RAISES (BiomedplmError): As ``iter_texts``, and B558 for a file that names no document.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        held_out: list[Fingerprint] = []
        for path in paths:
            before = len(held_out)
            for document in iter_texts(path):
                is_id = suffix_of(path) == ".txt"
                held_out.append(_id_only(document, path) if is_id else _fingerprint(document, str(path)))
            if len(held_out) == before:
                raise BiomedplmError(coded("B558", path=path))
        self.n_documents = len(held_out)
        self._held_out = HeldOut(held_out)

    def find(self, document: RawDocument) -> Match | None:
        """Return the held-out document that a document is, or shares a passage with; None if there is none.

        document (RawDocument): The document.
        """
        return self._held_out.match(_fingerprint(document, document.source))


def _fingerprint(document: RawDocument, corpus: str) -> Fingerprint:
    words = hash_words(normalize_words(document.text))
    return Fingerprint(corpus, document.id or document.source, _public(document.id), words)


def _id_only(document: RawDocument, path: Path) -> Fingerprint:
    return Fingerprint(str(path), document.text, _public(document.text), hash_words([]))


def _public(found: str | None) -> str | None:
    """Return an identifier as it is compared: PMIDs come as "123", "PMID:123" and "pmid:123"."""
    return found.strip().lower().removeprefix("pmid:").strip() if found else None
