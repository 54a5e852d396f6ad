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
from willbuy.research.tracks import NUMBERS

_KINDS = len(Kind)
PIECES = 4
"""Tracks of a batch are read in so many pieces of like length, so that little is filled up."""

_NEAR = 64
"""Beyond so many events of a session, positions are told alike."""


class Sizes(NamedTuple):
    """What the data make of a net.

    Attributes:
        products, categories, bins: Numbers of products, categories and prices; see `Reading`.
        vector: Length of a product's vector.
        head: Features beside what was read.
    """

    products: int
    categories: int
    bins: int
    vector: int
    head: int


class Make(NamedTuple):
    """What was chosen of a net; `benchmarks/nets.py` says by what.

    Attributes:
        layers: Of the GRU or the Transformer.
        hidden: Its width, and that to which features are brought.
        dropout: Share left out at each step of training.
        past: So many of the shopper's events before the session are read, the latest.
        frozen: Whether products keep the vectors that they come with.
    """

    layers: int
    hidden: int = 64
    dropout: float = 0.2
    past: int = 32
    frozen: bool = True


class Tokens(nn.Module):
    """Events as vectors (S, L, hidden)."""

    def __init__(self, sizes: Sizes, make: Make, vectors: NDArray[np.float32]) -> None:
        """`vectors`: float32 (products, vector), to begin with: row 0 is of no product."""
        super().__init__()
        self.product = nn.Embedding(len(vectors), vectors.shape[1], padding_idx=0)
        self.product.weight = nn.Parameter(torch.from_numpy(vectors), not make.frozen)
        self.kind = nn.Embedding(_KINDS, 8)
        self.category = nn.Embedding(sizes.categories, 16)
        self.price = nn.Embedding(sizes.bins, 8)
        width = 8 + 16 + 8 + NUMBERS + sizes.vector + 1
        self.mix = nn.Linear(width, make.hidden)
        self.drop = nn.Dropout(make.dropout)

    def forward(
        self, kind: Tensor, product: Tensor, category: Tensor, price: Tensor, numbers: Tensor
    ) -> Tensor:
        """Whole numbers (S, L), numbers (S, L, `NUMBERS`)."""
        parts = (
            self.kind(kind), self.category(category), self.price(price), numbers,
            self.product(product), (product > 0).unsqueeze(-1).to(numbers.dtype),
        )  # fmt: skip
        return functional.relu(self.mix(self.drop(torch.cat(parts, dim=-1))))


class Head(nn.Module):
    """What was read up to a moment, and the moment's features, to log-odds."""

    def __init__(self, sizes: Sizes, make: Make) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Dropout(make.dropout), nn.Linear(sizes.head, make.hidden), nn.ReLU()
        )
        self.net = nn.Sequential(
            nn.Linear(2 * make.hidden, make.hidden // 2),
            nn.ReLU(),
            nn.Dropout(make.dropout),
            nn.Linear(make.hidden // 2, 1),
        )

    def forward(self, read: Tensor, beside: Tensor) -> Tensor:
        """(m, hidden) and (m, head) → (m,)."""
        odds: Tensor = self.net(torch.cat([read, self.features(beside)], dim=-1)).squeeze(-1)
        return odds


class Reader(nn.Module, ABC):
    """Reads whole tracks in one pass and answers at every moment on them.

    What stands behind an event on its track, padding too, never reaches it: so nothing later
    changes an answer.
    """

    def __init__(self, sizes: Sizes, make: Make, vectors: NDArray[np.float32]) -> None:
        super().__init__()
        self.tokens = Tokens(sizes, make, vectors)
        self.head = Head(sizes, make)

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

    def __init__(self, sizes: Sizes, make: Make, vectors: NDArray[np.float32]) -> None:
        super().__init__(sizes, make, vectors)
        self.gru = nn.GRU(make.hidden, make.hidden, make.layers, batch_first=True)

    def read(self, tokens: Tensor, number: Tensor) -> Tensor:
        """See `Reader.read`."""
        out: Tensor = self.gru(tokens)[0]
        return out


class TransformerReader(Reader):
    """A causal Transformer with the norm first, as in SASRec (Kang & McAuley 2018)."""

    def __init__(self, sizes: Sizes, make: Make, vectors: NDArray[np.float32]) -> None:
        super().__init__(sizes, make, vectors)
        self._past = make.past
        self.place = nn.Embedding(make.past + 1 + _NEAR, make.hidden)
        layer = nn.TransformerEncoderLayer(
            make.hidden, nhead=4, dim_feedforward=2 * make.hidden, dropout=make.dropout,
            batch_first=True, norm_first=True,
        )  # fmt: skip
        layer.self_attn.dropout = 0.0  # torch's fast attention has none: a quarter of the time
        self.encoder = nn.TransformerEncoder(layer, make.layers, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(make.hidden)

    def read(self, tokens: Tensor, number: Tensor) -> Tensor:
        """See `Reader.read`."""
        place = number.clamp(-self._past, _NEAR) + self._past
        length = tokens.shape[1]
        later = torch.ones(length, length, dtype=torch.bool, device=tokens.device).triu(1)
        out: Tensor = self.norm(self.encoder(tokens + self.place(place), mask=later))
        return out
