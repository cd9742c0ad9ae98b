"""What somebody wants of a language model: ``Request``, from options or from free text."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.catalogue import known_values
from spacy_biomedplm.plm.language_model import UNKNOWN

DEVICES = ("cpu", "gpu")
_PERMISSIVE = ("MIT", "Apache-2.0", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0", "AFL-3.0")
_SMALL = 70_000_000

# By field and value: the phrases that mean it, besides the value itself.
_PHRASES: Mapping[str, Mapping[str, str]] = {
    "text": {
        "ehr": "clinical notes|clinical note|clinical text|clinical texts|clinical|discharge summaries|emr|notes|"
        "electronic health records|health records|patient records|radiology reports|radiology|reports|hospital|mimic",
        "literature": "pubmed|medline|pmc|abstracts|abstract|papers|articles|scientific|full text|full texts",
        "social": "social media|tweets|twitter|reddit|forums|posts",
        "codes": "icd|icd codes|diagnosis codes|structured records|structured health records",
        "sequences": "sequence|biological sequences",
        "knowledge": "umls|synonyms|terminology|terminologies|ontology|ontologies",
        "general": "general domain|general text",
    },
    "task": {
        "ner": "named entity recognition|entity recognition|entity extraction|entities|named entities",
        "linking": "entity linking|normalisation|normalization|concept normalisation|concept normalization",
        "relations": "relation extraction|relation",
        "events": "event extraction|event",
        "classification": "text classification|document classification|icd coding|classify",
        "similarity": "sentence similarity|semantic similarity|sts",
        "inference": "nli|entailment|natural language inference",
        "qa": "question answering|questions",
        "dialogue": "dialog|chat|conversation",
        "summarisation": "summarization|summarise|summarize",
        "generation": "text generation|generate",
        "prediction": "outcome prediction|clinical prediction|readmission|mortality",
        "de-identification": "deidentification|anonymisation|anonymization",
    },
    "tokens": {
        "residues": "protein|proteins|amino acids",
        "nucleotides": "dna|rna|genome|genomes|genomic|nucleotide",
    },
    "device": {"cpu": "laptop", "gpu": "cuda"},
    "language": {
        "de": "german",
        "en": "english",
        "es": "spanish",
        "fr": "french",
        "it": "italian",
        "ja": "japanese",
        "ko": "korean",
        "pt": "portuguese",
        "ru": "russian",
        "zh": "chinese",
    },
    "licence": {"Apache-2.0": "apache|apache 2.0", "CC0-1.0": "cc0|public domain", "BSD-3-Clause": "bsd"},
    "access": {
        "public": "open weights",
        "gated": "agreement",
        "code-only": "code only",
        "not-released": "not released",
    },
    "architecture": {"gpt2": "gpt", "modernbert": "modern bert"},
    "family": {"decoder": "generative|causal", "encoder-decoder": "seq2seq"},
    "vocabulary": {
        "own": "own vocabulary|new vocabulary",
        "domain": "domain vocabulary",
        "general": "general vocabulary",
        "extended": "extended vocabulary",
    },
}
# These have codes or words of ordinary language among their values, which say nothing by themselves.
_PHRASES_ONLY = {"language", "vocabulary", "access", "tokens"}
_FIELDS = {
    "text": "genres",
    "task": "tasks",
    "language": "languages",
    "licence": "licence",
    "access": "access",
    "architecture": "architecture",
    "family": "family",
    "vocabulary": "vocabulary",
    "tokens": "tokens",
}
_FILLERS = set(
    "a an and are at best biomedical can device for free from good have i in is language less licence licences "
    "license licensed medical model models most my need of on only or parameters please run running runs "
    "task tasks text texts than that the then to transformer transformers up use using want we weights which with work "
    "works".split()
)
# Neither what is not wanted nor a lower bound can be asked for; it is said, not guessed.
_NEGATIONS = set("no non not never without except over above least minimum larger more > >=".split())
_BOUNDS = {"under", "below", "max", "maximum", "<", "<=", "smaller"}
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?)(k|m|b|)", re.IGNORECASE | re.ASCII)
_FACTORS = {"": 1, "k": 10**3, "m": 10**6, "b": 10**9}
_WORD = re.compile(r"[<>]=?|[^\s,;()/<>]+|[,;]")


@dataclass(frozen=True)
class Request:
    """What is wanted, by field; several values of a field are alternatives.

    wanted (Mapping[str, tuple[str, ...]]): Values for "text", "task", "tokens", "device", "language", "licence",
        "access", "architecture", "family", "vocabulary".
    max_parameters (int | None): Most parameters.
    not_understood (tuple[str, ...]): Words that were not taken into account.
    """

    wanted: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    max_parameters: int | None = None
    not_understood: tuple[str, ...] = ()

    def values(self, name: str) -> tuple[str, ...]:
        """Return what is wanted of a field, or nothing.

        name (str): See ``wanted``.
        """
        return self.wanted.get(name, ())

    def add(self, pairs: Sequence[tuple[str, str]]) -> "Request":
        """Return the request with further wishes.

        pairs (Sequence[tuple[str, str]]): Field and value of each.
        """
        wanted = dict(self.wanted)
        for name, value in pairs:
            wanted[name] = tuple(dict.fromkeys((*wanted.get(name, ()), value)))
        return replace(self, wanted=wanted)


def make_request(
    text: str | None, options: Mapping[str, Sequence[str]], *, max_parameters: str | None = None
) -> Request:
    """Return the request that free text and options make together.

    text (str | None): Such as "clinical notes, NER, CPU, MIT licence".
    options (Mapping[str, Sequence[str]]): Values for fields of ``Request.wanted``, in any case, or phrases for them.
    max_parameters (str | None): Most parameters, such as "70M"; replaces what the text says.
    RAISES (BiomedplmError): B509 for a value of an option that means nothing, or if nothing at all is wanted.
    """
    request = parse_request(text or "")
    for name, values in options.items():
        for value in values:
            request = request.add(_understand(name, value))
    if max_parameters is not None:
        request = replace(request, max_parameters=parse_size(max_parameters))
    if not request.wanted and request.max_parameters is None:
        known = "such as 'clinical notes, NER, CPU, MIT licence'; the options name what there is"
        raise BiomedplmError(coded("B509", option="request", value=text or "", known=known))
    return request


def parse_size(text: str) -> int:
    """Return a number of parameters.

    text (str): Such as "70M", "1.5B" or "30000000".
    RAISES (BiomedplmError): B509 if it is none.
    """
    match = _SIZE.fullmatch(text.strip())
    size = int(float(match[1]) * _FACTORS[match[2].lower()]) if match else 0
    if size < 1:
        raise BiomedplmError(coded("B509", option="size", value=text, known="numbers such as 70M, 1.5B, 30000000"))
    return size


def _understand(name: str, value: str) -> list[tuple[str, str]]:
    key = " ".join(value.casefold().split())
    pairs = _terms().get(key, ())
    if any(field == name for field, _ in pairs):
        # "proteins" is a kind of text, and says what is read as well.
        return [pair for pair in pairs if pair[0] in (name, "tokens")]
    found = [(name, known) for known in _values(name) if known.casefold() == key]
    if not found:
        raise BiomedplmError(coded("B509", option=name, value=value, known=", ".join(_values(name))))
    return found


def _values(name: str) -> list[str]:
    if name == "device":
        return list(DEVICES)
    return [value for value in known_values(_FIELDS[name]) if value != UNKNOWN]


@lru_cache(maxsize=1)
def _terms() -> Mapping[str, tuple[tuple[str, str], ...]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for name, phrases in _PHRASES.items():
        for value in () if name in _PHRASES_ONLY else _values(name):
            found.setdefault(value.casefold(), []).append((name, value))
        for value, phrase in phrases.items():
            for one in phrase.split("|"):
                found.setdefault(one, []).append((name, value))
    for permissive in ("permissive", "commercial", "commercial use", "open source"):
        found[permissive] = [("licence", licence) for licence in _PERMISSIVE]
    for pairs in found.values():
        # A word for what is read is one for the kind of text as well.
        if any(name == "tokens" for name, _ in pairs):
            pairs.append(("text", "sequences"))
    return {phrase: tuple(dict.fromkeys(pairs)) for phrase, pairs in found.items()}


def parse_request(text: str) -> Request:
    """Return what a text asks for.

    text (str): Free text. Only what is wanted is understood, not what is not wanted.
    RETURNS (Request): Phrases are found longest first; what is no phrase and no ordinary word is in
        ``not_understood``, as is everything that follows a negation, up to the next comma.
    """
    request = Request()
    missed: list[str] = []
    for words in _split(text):
        while words:
            taken, pairs = _longest(words)
            size = _SIZE.fullmatch(words[0]) and not words[0].isdigit()
            if words[0] in _NEGATIONS:
                missed.append(" ".join(words))
                break
            if pairs:
                request = request.add(pairs)
            elif size:
                request = replace(request, max_parameters=parse_size(words[0]))
            elif words[0] in ("small", "tiny", "compact"):
                request = replace(request, max_parameters=_SMALL)
            elif words[0] not in _FILLERS | _BOUNDS:
                missed.append(words[0])
            words = words[taken:]
    return replace(request, not_understood=tuple(missed))


def _split(text: str) -> Iterator[list[str]]:
    words: list[str] = []
    for word in _WORD.findall(text.casefold()):
        if word in (",", ";"):
            yield words
            words = []
        else:
            words.append(word.strip(".:!?'\"") or word)
    yield words


def _longest(words: Sequence[str]) -> tuple[int, Sequence[tuple[str, str]]]:
    terms = _terms()
    for length in range(min(4, len(words)), 0, -1):
        pairs = terms.get(" ".join(words[:length]))
        if pairs:
            return length, pairs
    return 1, ()
