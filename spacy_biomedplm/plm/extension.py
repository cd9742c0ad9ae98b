"""A language model with further entries in its vocabulary: tokenizer, embeddings and output layer."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from tokenizers import Tokenizer

from spacy_biomedplm.encoder.loading import find_folder, load_tokenizer
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.plm.additions import Addition, Additions, choose_whole_words, continue_merges, cut_words
from spacy_biomedplm.plm.folders import new_folder, write_tokenizer
from spacy_biomedplm.plm.word_vectors import align, train_vectors
from spacy_biomedplm.plm.words import WordCounts, check_unknown, count_words

Init = Literal["pieces", "vectors", "both"]
INITS: tuple[Init, ...] = ("pieces", "vectors", "both")
RECORD = "vocabulary_extension.json"

# Rows beyond the vocabulary that are there for the sake of round sizes only.
_PADDING = 128
_KINDS = ("WordPiece", "BPE")


@dataclass(frozen=True)
class Extension:
    """What was done to a model; written beside it as ``vocabulary_extension.json``.

    base (str): Name of the model that was extended. init (Init): How its new rows were made.
    n_wanted (int): Entries asked for.
    entries (tuple[Addition, ...]): Entries that were added, in the order of their ids, from first_id (int) on.
    n_documents (int), n_words (int): Documents and words of the corpus.
    pieces_before (float), pieces_after (float): Pieces per word of the corpus.
    n_mapped (int): New rows that were made from word vectors.
    cosine (float | None): How well the map of word vectors fits, see ``Alignment``; None without one.
    """

    base: str
    init: Init
    n_wanted: int
    entries: tuple[Addition, ...]
    first_id: int
    n_documents: int
    n_words: int
    pieces_before: float
    pieces_after: float
    n_mapped: int = 0
    cosine: float | None = None


def extend_vocabulary(
    model: str,
    texts: Iterable[str],
    output: Path,
    *,
    n_entries: int = 6000,
    init: Init = "pieces",
    min_documents: int = 5,
) -> Extension:
    """Write a model whose vocabulary has also the words of a domain.

    model (str): Folder, name on the hub or installed package; with WordPiece or BPE.
    texts (Iterable[str]): Text of the domain, one for each document; read once.
    output (Path): New folder for model and tokenizer.
    n_entries (int): Entries to add; see ``additions`` for which.
    init (Init): New rows are "pieces", the mean of the rows of the pieces that the word was written with (Gee et al.,
        2022); "vectors", mapped from word vectors of the texts (Poerner et al., 2020), where the word has one, else as
        "pieces"; "both", their sum less the mean row, from which both of them stray too little.
    min_documents (int): Documents that a word must occur in.
    RETURNS (Extension): What was done. Words that no new entry begins (in BPE: that hold none) are cut as before.
    RAISES (BiomedplmError): As ``load_plm``; B510 without text, B512 for a vocabulary that does not fit the weights,
        B513 if the output exists, B514 for a tokenizer of another kind, B515 if no word qualifies, B516 if there are
        too few words for vectors, B517 for an impossible option, B518 for an unknown architecture, B519 for a
        tokenizer that fails on unknown characters, B524 if the output cannot be written.
    """
    _check_options(n_entries, init, min_documents)
    with new_folder(output) as folder:
        tokenizer = load_tokenizer(model)
        _check_kind(model, tokenizer)
        network = _load_model(model, tokenizer)
        counts = count_words(texts, tokenizer, keep_order=init != "pieces")
        pieces = cut_words(counts, tokenizer)
        chosen = _choose(counts, pieces, tokenizer, n_entries, min_documents)
        if not chosen.entries:
            raise BiomedplmError(coded("B515", documents=counts.n_documents, least=min_documents))
        first_id = max(tokenizer.get_vocab(with_added_tokens=True).values()) + 1
        extended = _extend_tokenizer(tokenizer, chosen, first_id)
        _add_rows(network, chosen.entries, tokenizer, first_id)
        mapped, cosine = 0, None
        if init != "pieces":
            mapped, cosine = _map_vectors(counts, chosen.entries, tokenizer, network, first_id, add=init == "both")
        _write_model(network, folder)
        write_tokenizer(extended, folder, like=find_folder(model))
        total = int(counts.counts.sum())
        before, after = (_count_pieces(counts, cut) / total for cut in (pieces, cut_words(counts, extended)))
        corpus = (counts.n_documents, total, before, after)
        done = Extension(Path(model).name, init, n_entries, chosen.entries, first_id, *corpus, mapped, cosine)
        content = json.dumps(asdict(done), indent=1, ensure_ascii=False)
        (folder / RECORD).write_text(content + "\n", encoding="utf8")
    return done


def _check_options(n_entries: int, init: str, min_documents: int) -> None:
    for option, value, wanted, is_right in (
        ("n_entries", n_entries, "1 or more", n_entries >= 1),
        ("init", init, " or ".join(INITS), init in INITS),
        ("min_documents", min_documents, "1 or more", min_documents >= 1),
    ):
        if not is_right:
            raise BiomedplmError(coded("B517", option=option, value=value, wanted=wanted))


def _check_kind(name: str, tokenizer: Tokenizer) -> None:
    kind = type(tokenizer.model).__name__
    if kind not in _KINDS or tokenizer.pre_tokenizer is None:
        found = kind if kind not in _KINDS else f"{kind} without a pre-tokenizer"
        raise BiomedplmError(coded("B514", name=name, found=found))
    check_unknown(name, tokenizer)


def _load_model(name: str, tokenizer: Tokenizer) -> Any:
    import transformers
    from safetensors import SafetensorError
    from transformers.utils import logging

    folder = find_folder(name)
    if not list(folder.glob("*.safetensors")):
        raise BiomedplmError(coded("B105", folder=folder))
    before = logging.get_verbosity()
    logging.set_verbosity_error()
    try:
        config = transformers.AutoConfig.from_pretrained(folder, trust_remote_code=False)
        model, report = _model_class(name, config).from_pretrained(
            folder,
            config=config,
            torch_dtype="auto",
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
            ignore_mismatched_sizes=True,  # reported below, with what differs
        )
    except BiomedplmError:
        raise
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError, SafetensorError) as error:
        raise BiomedplmError(coded("B102", name=name, folder=folder, reason=error)) from error
    finally:
        logging.set_verbosity(before)
    mismatched = [str(key) for key in report["mismatched_keys"]]
    wrong = [key for key in report["missing_keys"] if "pooler" not in key and "position_ids" not in key] + mismatched
    if wrong:
        raise BiomedplmError(coded("B103", name=name, count=len(wrong), examples=", ".join(wrong[:3])))
    _check_rows(name, tokenizer, model.get_input_embeddings().weight.shape[0])
    return model


def _model_class(name: str, config: Any) -> Any:
    """Return the class that the weights were saved from, so that a head for the vocabulary is extended too."""
    import transformers

    if not config.architectures:
        return transformers.AutoModelForTextEncoding if config.is_encoder_decoder else transformers.AutoModel
    found = getattr(transformers, config.architectures[0], None)
    if found is None:
        raise BiomedplmError(coded("B518", name=name, found=config.architectures[0]))
    return found


def _check_rows(name: str, tokenizer: Tokenizer, rows: int) -> None:
    entries = max(tokenizer.get_vocab(with_added_tokens=True).values(), default=-1) + 1
    if not entries <= rows <= -(-entries // _PADDING) * _PADDING:
        raise BiomedplmError(coded("B512", name=name, found=entries, wanted=rows))


def _choose(
    counts: WordCounts, pieces: list[tuple[str, ...]], tokenizer: Tokenizer, n_entries: int, min_documents: int
) -> Additions:
    if type(tokenizer.model).__name__ == "WordPiece":
        return choose_whole_words(counts, pieces, n_entries, min_documents=min_documents)
    return continue_merges(
        counts,
        pieces,
        n_entries,
        min_documents=min_documents,
        known=set(tokenizer.get_vocab(with_added_tokens=True)),
        prefix=tokenizer.model.continuing_subword_prefix or "",
    )


def _extend_tokenizer(tokenizer: Tokenizer, additions: Additions, first_id: int) -> Tokenizer:
    """Return a tokenizer with new entries in its model: added tokens would be found within other words too."""
    definition = json.loads(tokenizer.to_str())
    vocab = definition["model"]["vocab"]
    vocab.update((entry.text, number) for number, entry in enumerate(additions.entries, start=first_id))
    if additions.merges:
        definition["model"]["merges"] += [list(pair) for pair in additions.merges]
    return Tokenizer.from_str(json.dumps(definition))


def _add_rows(network: Any, entries: tuple[Addition, ...], tokenizer: Tokenizer, first_id: int) -> None:
    """Add rows to the embeddings, and to an output layer that has rows of its own: the mean of those of the pieces."""
    import torch

    inputs = network.get_input_embeddings()
    rows = max(inputs.weight.shape[0], first_id + len(entries))
    network.resize_token_embeddings(rows, mean_resizing=False)
    inputs, outputs = network.get_input_embeddings(), network.get_output_embeddings()
    tables = [inputs.weight]
    if outputs is not None and outputs.weight is not inputs.weight:
        tables.append(outputs.weight)
    if getattr(outputs, "bias", None) is not None:
        tables.append(outputs.bias)
    with torch.no_grad():
        for number, entry in enumerate(entries, start=first_id):
            ids = [tokenizer.token_to_id(piece) for piece in entry.pieces]
            for table in tables:
                table[number] = table[ids].float().mean(dim=0)


def _map_vectors(
    counts: WordCounts, entries: tuple[Addition, ...], tokenizer: Tokenizer, network: Any, first_id: int, *, add: bool
) -> tuple[int, float]:
    """Put mapped word vectors into the new rows of the embeddings.

    add (bool): Add them to what is there, less the mean row; else they take its place.
    RETURNS (tuple[int, float]): Entries that have a vector, and the fit of the map.
    """
    import torch

    vectors = train_vectors(counts)
    words = [counts.words[number] for number in vectors.numbers]
    old = tokenizer.get_vocab(with_added_tokens=False)
    new = {entry.text: number for number, entry in enumerate(entries, start=first_id)}
    shared = [place for place, word in enumerate(words) if word in old]
    wanted = [place for place, word in enumerate(words) if word in new]
    table = network.get_input_embeddings().weight
    with torch.no_grad():
        embedded = table[[old[words[place]] for place in shared]].float().numpy()
        alignment = align(vectors.rows[shared], embedded, vectors.rows[wanted])
        ids = [new[words[place]] for place in wanted]
        rows = torch.from_numpy(alignment.rows)
        if add:
            rows = rows + table[ids].float() - torch.from_numpy(embedded.mean(axis=0))
        table[ids] = rows.to(table.dtype)
    return len(wanted), alignment.cosine


def _write_model(network: Any, folder: Path) -> None:
    from safetensors import SafetensorError

    try:
        network.save_pretrained(folder, safe_serialization=True)
    except SafetensorError as error:  # also where there is no room
        raise BiomedplmError(coded("B524", path=folder, reason=error)) from error
    for file in folder.glob("*.safetensors"):
        file.chmod((folder / "config.json").stat().st_mode)  # they are written for the owner only


def _count_pieces(counts: WordCounts, pieces: list[tuple[str, ...]]) -> int:
    return sum(int(count) * len(cut) for count, cut in zip(counts.counts, pieces, strict=True))
