"""The architecture "spacy-biomedplm.PlmEncoder.v1": any Hugging Face encoder in spaCy's `tok2vec` pipe."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from spacy.attrs import IDX, LENGTH, ORTH, SPACY
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d
from thinc.util import get_torch_default_device, torch2xp, xp2torch
from torch.nn.functional import embedding

from spacy_biomedplm.encoder.alignment import align_pieces, first_pieces
from spacy_biomedplm.encoder.loading import PieceTokenizer, build_network, load_plm, piece_tokenizer
from spacy_biomedplm.encoder.network import PlmNetwork, parameter_groups
from spacy_biomedplm.encoder.precision import Precision, choose_dtype
from spacy_biomedplm.encoder.windows import (
    Window,
    fill_ids,
    ids_of,
    kept_cells,
    plan_batches,
    plan_layouts,
    split_windows,
)
from spacy_biomedplm.errors import BiomedplmError, coded
from spacy_biomedplm.layers.memory import return_freed_memory
from spacy_biomedplm.layers.ranges import check_range
from spacy_biomedplm.layers.torch_shim import TorchShim, torch_shim

# Bytes of vectors; it takes some milliseconds to give freed memory back.
_LARGE_BATCH = 10_000_000


def build_plm_encoder(
    name: str,
    width: int,
    layer: int | Literal["mix"] = -1,
    pooling: Literal["mean", "first"] = "mean",
    precision: Precision = "auto",
    window: int | None = None,
    overlap: int = 0,
    max_batch_cells: int = 4096,
    frozen_layers: int = 0,
    layer_decay: float = 1.0,
    piece_dropout: float = 0.0,
    average_decay: float = 0.0,
) -> Model[list[Doc], list[Floats2d]]:
    """Return a Thinc model that reads documents with a pre-trained encoder, for spaCy's `tok2vec` pipe.

    name (str): Folder with a Hugging Face encoder, installed package that carries one, or name on the hub; used
        when the pipeline is initialised for training. A trained pipeline holds its weights itself.
    width (int): Width of the vectors; must be that of the encoder.
    layer (int | "mix"): Layer to read (0 embeddings, -1 the last), or "mix": a learned mix of all.
    pooling ("mean" | "first"): How the pieces of a token make its vector. A token without a piece, such as white
        space, has a vector of zeros.
    precision ("auto" | "fp32" | "bf16"): "auto" computes in bf16 where the device has it in hardware.
    window (int | None): Most pieces read at once, special tokens counted; None for the most the encoder can, 512
        at the most. Longer documents are read whole, in windows.
    overlap (int): Pieces that neighbouring windows share.
    max_batch_cells (int): Pieces, padding counted, that go through the network at once.
    frozen_layers (int): 0 trains all, 1 freezes the embeddings, k the embeddings and the lowest k - 1 layers.
    layer_decay (float): Factor on the learning rate per layer from the top down, in (0, 1].
    piece_dropout (float): Share of pieces replaced by the mask piece in training, in [0, 1).
    average_decay (float): Decay of the moving average of the weights, in [0, 1); 0 keeps none.
    RETURNS (Model[list[Doc], list[Floats2d]]): One array of shape (tokens, width) per document.
    RAISES (BiomedplmError): B005 for a number out of its range.
    """
    check_range("max_batch_cells", max_batch_cells, max_batch_cells >= 1, "1 or more")
    check_range("frozen_layers", frozen_layers, frozen_layers >= 0, "0 or more")
    check_range("layer_decay", layer_decay, 0 < layer_decay <= 1, "a number above 0, at most 1")
    check_range("piece_dropout", piece_dropout, 0 <= piece_dropout < 1, "a number from 0 to below 1")
    check_range("average_decay", average_decay, 0 <= average_decay < 1, "a number from 0 to below 1")
    options = Options(layer, pooling, precision, window, overlap, max_batch_cells, piece_dropout)
    groups = partial(parameter_groups, frozen_layers=frozen_layers, layer_decay=layer_decay)
    return Model(
        "plm_encoder",
        partial(forward, options=options),
        init=partial(_init, name=name, options=options),
        dims={"nO": width},
        shims=[TorchShim(partial(_build, options=options), groups, average_decay=average_decay)],
    )


@dataclass(frozen=True)
class Options:
    """How an encoder reads; see ``build_plm_encoder``.

    Kept outside the model's attrs: Thinc replaces those by the stored ones when a pipeline is loaded, and a window or
    a precision given to ``spacy.load`` would be lost.
    """

    layer: int | Literal["mix"]
    pooling: str
    precision: Precision
    window: int | None
    overlap: int
    max_batch_cells: int
    piece_dropout: float


def forward(
    model: Model[list[Doc], list[Floats2d]], docs: Sequence[Doc], is_train: bool, *, options: Options
) -> tuple[list[Floats2d], Callable[[list[Floats2d]], list[Doc]]]:
    """Return one vector per token of each document, and the callback that takes the gradients of them."""
    shim = torch_shim(model)
    width = model.get_dim("nO")
    if shim.fast_forward and is_train:
        return [model.ops.alloc2f(len(doc), width) for doc in docs], lambda gradients: []
    if not docs:
        return [], lambda gradients: []
    reading = read_pieces(docs, _tokenizer(shim), options.pooling)
    with torch.set_grad_enabled(is_train):
        vectors = _encode(shim, reading, options, is_train)
    if is_train:
        shim.begin_backward()
    ends = np.cumsum([len(doc) for doc in docs])[:-1].tolist()

    def backprop(gradients: list[Floats2d]) -> list[Doc]:
        gradient = torch.cat([xp2torch(d_doc, device=vectors.device) for d_doc in gradients])
        if vectors.requires_grad:
            vectors.backward(gradient)
        shim.end_backward()
        return []

    arrays = cast(Floats2d, torch2xp(vectors.detach(), ops=model.ops))
    if len(docs) == 1:
        return [arrays], backprop
    # Each document owns its array: a slice would keep the whole batch in memory for as long as one lives.
    per_doc = [array.copy() for array in model.ops.xp.split(arrays, ends)]
    if arrays.nbytes > _LARGE_BATCH and not is_train:
        return_freed_memory()
    return per_doc, backprop


@dataclass(frozen=True)
class Reading:
    """The pieces of several documents, and which tokens they belong to.

    ids (list[NDArray]): Piece ids of each document.
    pieces, tokens (NDArray): Pairs of piece and token, numbered through all documents.
    n_tokens (int): Tokens of all documents together.
    """

    ids: list[NDArray[np.int64]]
    pieces: NDArray[np.int64]
    tokens: NDArray[np.int64]
    n_tokens: int


def read_pieces(docs: Sequence[Doc], tokenizer: PieceTokenizer, pooling: str) -> Reading:
    """Split documents into pieces and find the tokens that each belongs to.

    docs (Sequence[Doc]): Documents, tokenised in any way.
    tokenizer (PieceTokenizer): The tokenizer of the encoder.
    pooling (str): "first" keeps one piece per token, "mean" all.
    RETURNS (Reading): Every piece of every text; nothing is cut off.
    """
    ids, pieces, tokens = [], [], []
    n_pieces = n_tokens = 0
    for doc, (doc_ids, offsets) in zip(docs, tokenizer.encode(texts_of(docs)), strict=True):
        spans = doc.to_array([IDX, LENGTH]).astype(np.int64).reshape(-1, 2)
        spans[:, 1] += spans[:, 0]
        doc_pieces, doc_tokens = align_pieces(offsets, spans)
        if pooling == "first":
            doc_pieces, doc_tokens = first_pieces(doc_pieces, doc_tokens)
        ids.append(doc_ids)
        pieces.append(doc_pieces + n_pieces)
        tokens.append(doc_tokens + n_tokens)
        n_pieces += len(doc_ids)
        n_tokens += len(doc)
    return Reading(ids, _concatenate(pieces), _concatenate(tokens), n_tokens)


def texts_of(docs: Sequence[Doc]) -> list[str]:
    """Return the text of each document, as ``doc.text`` gives it.

    docs (Sequence[Doc]): Documents of one vocabulary or of several.
    RETURNS (list[str]): ``doc.text`` makes a Token of every word; here each different word is looked up once.
    """
    if any(doc.vocab is not docs[0].vocab for doc in docs) or not any(len(doc) for doc in docs):
        return [doc.text for doc in docs]
    attributes = np.concatenate([doc.to_array([ORTH, SPACY]).reshape(-1, 2) for doc in docs])
    different, which = np.unique(attributes[:, 0], return_inverse=True)
    strings = docs[0].vocab.strings
    words = np.array([strings[int(orth)] for orth in different], dtype=object)[which.reshape(-1)]
    words = words + np.where(attributes[:, 1] == 1, " ", "").astype(object)
    ends = np.cumsum([len(doc) for doc in docs]).tolist()
    return ["".join(words[end - len(doc) : end]) for doc, end in zip(docs, ends, strict=True)]


def _encode(shim: TorchShim, reading: Reading, options: Options, is_train: bool) -> torch.Tensor:
    prefix, suffix = _tokenizer(shim).frame
    device = shim.device
    window = options.window or min(512, shim.cfg["max_pieces"])
    windows = _windows(reading, window - len(prefix) - len(suffix), options.overlap)
    starts = np.cumsum([0, *(len(doc_ids) for doc_ids in reading.ids)]).tolist()
    counts = np.bincount(reading.tokens, minlength=reading.n_tokens).astype(np.float32)
    vectors = torch.zeros((reading.n_tokens, shim.cfg["width"]), device=device)
    read = _read_end_to_end if cast(PlmNetwork, shim.module).needs_no_padding else _read_padded
    lengths = [w.end - w.start + len(prefix) + len(suffix) for w in windows]
    passes = read(shim, reading, windows, lengths, options, is_train)
    for chosen, firsts, hidden in passes:
        cells, pieces = kept_cells(chosen, firsts, windows, starts)
        rows, tokens = _pairs_of(reading, cells, pieces)
        weights = torch.from_numpy(1 / counts[tokens]).to(device)
        # A look-up in fp32: the backward pass of index_select in bf16 runs on one thread.
        taken = embedding(torch.from_numpy(rows).to(device), hidden.float())
        vectors.index_add_(0, torch.from_numpy(tokens).to(device), taken * weights[:, None])
    return vectors


# Numbers of the windows that were read together, the row of the first piece of each, and the vectors of all rows.
Pass = tuple[Sequence[int], Sequence[int], torch.Tensor]


def _read_padded(
    shim: TorchShim,
    reading: Reading,
    windows: Sequence[Window],
    lengths: Sequence[int],
    options: Options,
    is_train: bool,
) -> Iterator[Pass]:
    tokenizer = _tokenizer(shim)
    prefix, suffix = tokenizer.frame
    longest = options.window or min(512, shim.cfg["max_pieces"])
    for batch in plan_batches(lengths, max_cells=options.max_batch_cells, max_length=longest):
        ids, mask = fill_ids(batch, windows, reading.ids, prefix=prefix, suffix=suffix, pad=tokenizer.pad_id)
        if is_train:
            _mask_pieces(ids, mask, tokenizer, options.piece_dropout)
        hidden = shim.module(torch.from_numpy(ids).to(shim.device), torch.from_numpy(mask).to(shim.device))
        firsts = [row * batch.length + len(prefix) for row in range(len(batch.windows))]
        yield batch.windows, firsts, hidden.reshape(-1, hidden.shape[-1])


def _read_end_to_end(
    shim: TorchShim,
    reading: Reading,
    windows: Sequence[Window],
    lengths: Sequence[int],
    options: Options,
    is_train: bool,
) -> Iterator[Pass]:
    tokenizer = _tokenizer(shim)
    prefix, suffix = tokenizer.frame
    for layout in plan_layouts(lengths, max_cells=options.max_batch_cells):
        ids = np.full(layout.n_cells, tokenizer.pad_id, dtype=np.int64)
        mask = np.zeros(layout.n_cells, dtype=np.int64)
        for number, start in zip(layout.windows, layout.starts, strict=True):
            ids[start : start + lengths[number]] = ids_of(windows[number], reading.ids, prefix=prefix, suffix=suffix)
            mask[start : start + lengths[number]] = 1
        if is_train:
            _mask_pieces(ids, mask, tokenizer, options.piece_dropout)
        hidden = cast(PlmNetwork, shim.module).read_layout(torch.from_numpy(ids), layout)
        yield layout.windows, [start + len(prefix) for start in layout.starts], hidden


def _windows(reading: Reading, max_pieces: int, overlap: int) -> list[Window]:
    return [
        window
        for number, ids in enumerate(reading.ids)
        for window in split_windows(number, len(ids), max_pieces, overlap)
    ]


def _pairs_of(
    reading: Reading, cells: NDArray[np.int64], pieces: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    # reading.pieces is sorted, so the pairs of a piece are one stretch of it.
    first = np.searchsorted(reading.pieces, pieces, side="left")
    counts = np.searchsorted(reading.pieces, pieces, side="right") - first
    ends = np.cumsum(counts)
    pairs = np.repeat(first - (ends - counts), counts) + np.arange(ends[-1] if len(ends) else 0)
    return np.repeat(cells, counts), reading.tokens[pairs]


def _mask_pieces(ids: NDArray[np.int64], mask: NDArray[np.int64], tokenizer: PieceTokenizer, share: float) -> None:
    if not share or tokenizer.mask_id is None:
        return
    prefix, suffix = tokenizer.frame
    chosen = (torch.rand(ids.shape).numpy() < share) & (mask == 1)
    for special in (*prefix, *suffix, tokenizer.pad_id):
        chosen &= ids != special
    ids[chosen] = tokenizer.mask_id


def _concatenate(arrays: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(arrays) if arrays else np.zeros(0, dtype=np.int64)


def _tokenizer(shim: TorchShim) -> PieceTokenizer:
    if shim.tokenizer is None:
        assert shim.module is not None  # raises B002 where nothing was loaded yet
        shim.tokenizer = piece_tokenizer(shim.cfg)
    return shim.tokenizer


def _build(stored: dict[str, Any], *, options: Options) -> PlmNetwork:
    if stored["layer"] != options.layer:
        raise BiomedplmError(coded("B111", found=stored["layer"], wanted=options.layer))
    _check_window(options, stored)
    network = build_network(stored)
    network.dtype_wanted = choose_dtype(options.precision, get_torch_default_device())
    return network


def _init(model: Model[Any, Any], X: Any = None, Y: Any = None, *, name: str, options: Options) -> None:
    stored, network = load_plm(name, layer=options.layer)
    wanted = model.get_dim("nO")
    if stored["width"] != wanted:
        raise BiomedplmError(coded("B108", name=name, found=stored["width"], wanted=wanted))
    _check_window(options, stored)
    torch_shim(model).set_module(stored, network, choose_dtype(options.precision, get_torch_default_device()))


def _check_window(options: Options, stored: dict[str, Any]) -> None:
    prefix, suffix = piece_tokenizer(stored).frame
    special = len(prefix) + len(suffix)
    window, overlap = options.window, options.overlap
    longest = stored["max_pieces"]
    if window is None:
        window = min(512, longest)
    if not special + 1 + overlap <= window <= longest or overlap < 0:
        values = {"window": window, "overlap": overlap, "name": stored["name"], "longest": longest, "special": special}
        raise BiomedplmError(coded("B109", **values, least=special + 1 + max(overlap, 0)))
