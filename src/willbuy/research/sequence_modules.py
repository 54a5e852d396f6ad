"""The nets that read tracks: an event's token, a GRU or a small causal Transformer, a head."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from willbuy.events.schema import Kind
from willbuy.research.tracks import NUMBERS, PAST

_KINDS = len(Kind)
PIECES = 4
"""Tracks of a batch are read in so many pieces of like length, so that little is filled up."""

_GATE = 8

_NEAR = 64
"""Beyond so many events of a session, positions are told alike."""


class Sizes(NamedTuple):
    """How large a net is.

    Attributes:
        products, categories, bins: Numbers of products, categories and prices; see `Reading`.
        vector: Length of a product's vector.
        head: Inputs of the head beside what was read.
        hidden: Width.
        layers: Of the GRU or the Transformer.
        dropout: Share.
    """

    products: int
    categories: int
    bins: int
    vector: int
    head: int
    hidden: int = 64
    layers: int = 1
    dropout: float = 0.2


class Tokens(nn.Module):
    """Events as vectors (S, L, hidden)."""

    products: Tensor

    def __init__(self, sizes: Sizes, vectors: NDArray[np.float32]) -> None:
        """`vectors`: float32 (products, vector), kept as they are: row 0 is of no product."""
        super().__init__()
        self.register_buffer("products", torch.from_numpy(vectors))
        self.kind = nn.Embedding(_KINDS, 8)
        self.category = nn.Embedding(sizes.categories, 16)
        self.price = nn.Embedding(sizes.bins, 8)
        width = 8 + 16 + 8 + NUMBERS + sizes.vector + 1
        self.mix = nn.Linear(width, sizes.hidden)
        self.drop = nn.Dropout(sizes.dropout)

    def forward(
        self, kind: Tensor, product: Tensor, category: Tensor, price: Tensor, numbers: Tensor
    ) -> Tensor:
        """Whole numbers (S, L), numbers (S, L, `NUMBERS`)."""
        parts = (
            self.kind(kind), self.category(category), self.price(price), numbers,
            self.products[product], (product > 0).unsqueeze(-1).to(numbers.dtype),
        )  # fmt: skip
        return functional.relu(self.mix(self.drop(torch.cat(parts, dim=-1))))


class Head(nn.Module):
    """What was read up to a moment, and what is known of shopper and shop, to log-odds.

    What is known of a shopper is the same at all moments of a session and can be learnt by heart;
    so it goes through a narrow gate, half of it left out at each step of training.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Dropout(0.5), nn.Linear(sizes.head, _GATE))
        self.net = nn.Sequential(
            nn.Linear(sizes.hidden + _GATE, sizes.hidden // 2),
            nn.ReLU(),
            nn.Dropout(sizes.dropout),
            nn.Linear(sizes.hidden // 2, 1),
        )

    def forward(self, read: Tensor, beside: Tensor) -> Tensor:
        """(m, hidden) and (m, head) → (m,)."""
        odds: Tensor = self.net(torch.cat([read, self.gate(beside)], dim=-1)).squeeze(-1)
        return odds


class Reader(nn.Module, ABC):
    """Reads whole tracks in one pass and answers at every moment on them.

    What stands behind an event on its track, padding too, never reaches it: so nothing later
    changes an answer.
    """

    def __init__(self, sizes: Sizes, vectors: NDArray[np.float32]) -> None:
        super().__init__()
        self.tokens = Tokens(sizes, vectors)
        self.head = Head(sizes)

    @abstractmethod
    def read(self, tokens: Tensor, number: Tensor) -> Tensor:
        """(S, L, hidden) and each event's number in the session → (S, L, hidden)."""

    def forward(
        self,
        kind: Tensor,
        product: Tensor,
        category: Tensor,
        price: Tensor,
        number: Tensor,
        numbers: Tensor,
        length: Tensor,
        track: Tensor,
        event: Tensor,
        beside: Tensor,
    ) -> tuple[Tensor, Tensor]:
        """Answer at moments.

        Args:
            kind, product, category, price, number, numbers: Of the events of tracks (S, L), the
                shortest first, filled up at their ends.
            length: Events of each track (S,), ascending.
            track, event: Of each moment, its track and its event there (m,).
            beside: What the head is given (m, head).

        Returns:
            Log-odds (m,), and no penalty.
        """
        read, of = [], []
        for piece in torch.arange(len(length)).tensor_split(min(PIECES, len(length))):
            first, last = int(piece[0]), int(piece[-1])
            rows, steps = slice(first, last + 1), slice(0, int(length[last]))
            parts = (one[rows, steps] for one in (kind, product, category, price, numbers))
            out = self.read(self.tokens(*parts), number[rows, steps])
            mine = ((track >= first) & (track <= last)).nonzero().squeeze(-1)
            read.append(out[track[mine] - first, event[mine]])
            of.append(mine)
        in_order = torch.cat(read)[torch.cat(of).argsort()]
        return self.head(in_order, beside), numbers.new_zeros(())


class GRUReader(Reader):
    """A gated recurrent unit (Cho et al. 2014), as in GRU4Rec (Hidasi et al. 2016)."""

    def __init__(self, sizes: Sizes, vectors: NDArray[np.float32]) -> None:
        super().__init__(sizes, vectors)
        self.gru = nn.GRU(sizes.hidden, sizes.hidden, sizes.layers, batch_first=True)

    def read(self, tokens: Tensor, number: Tensor) -> Tensor:
        """See `Reader.read`."""
        out: Tensor = self.gru(tokens)[0]
        return out


class TransformerReader(Reader):
    """A causal Transformer with the norm first, as in SASRec (Kang & McAuley 2018)."""

    def __init__(self, sizes: Sizes, vectors: NDArray[np.float32]) -> None:
        super().__init__(sizes, vectors)
        self.place = nn.Embedding(PAST + _NEAR, sizes.hidden)
        layer = nn.TransformerEncoderLayer(
            sizes.hidden, nhead=4, dim_feedforward=2 * sizes.hidden, dropout=sizes.dropout,
            batch_first=True, norm_first=True,
        )  # fmt: skip
        self.encoder = nn.TransformerEncoder(layer, sizes.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(sizes.hidden)

    def read(self, tokens: Tensor, number: Tensor) -> Tensor:
        """See `Reader.read`."""
        place = number.clamp(1 - PAST, _NEAR) + PAST - 1
        length = tokens.shape[1]
        later = torch.ones(length, length, dtype=torch.bool, device=tokens.device).triu(1)
        out: Tensor = self.norm(self.encoder(tokens + self.place(place), mask=later))
        return out
