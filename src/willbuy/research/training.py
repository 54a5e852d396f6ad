"""Training a torch net: batches, early stopping, checkpoints to go on from."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from willbuy.progress import Stage
from willbuy.research.writing import writing

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float64]
Places = NDArray[np.int64]
Tensors = dict[str, "torch.Tensor"]

CHECKPOINT = "checkpoint.safetensors"
_STEEPEST = 1.0  # gradients are cut to this norm
_RISING, _FIRST = 0.2, 0.1
"""The share of a training in which steps become larger, and the first as a share of the largest."""


class Source(Protocol):
    """Moments as a net takes them."""

    y: NDArray[np.bool_]
    weight: Floats

    def inputs(self, places: Places) -> tuple[torch.Tensor, ...]:
        """What the net is called with for the moments at some places, on the CPU."""
        ...

    def order(self, rng: np.random.Generator) -> Places:
        """All places in an order drawn for one epoch, to be cut into batches."""
        ...


class Net(Protocol):
    """A torch module that gives log-odds, and what its loss adds beside them.

    Called with what `Source.inputs` gives, on its device, it returns log-odds (m,) or, of J
    members, (m, J), and a penalty that is added to the mean loss. Each member learns by itself;
    its probabilities are averaged.
    """

    def __call__(self, *inputs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-odds (m,) or (m, J), and the penalty."""
        ...


@dataclass(frozen=True)
class Plan:
    """How a net is trained.

    Attributes:
        epochs: So many; which of them is kept, the held-out moments say.
        batch: Moments a step.
        rate: Largest step size of AdamW; see `step_size`.
        decay: Weight decay of AdamW.
    """

    epochs: int = 8
    batch: int = 1024
    rate: float = 1e-3
    decay: float = 1e-4


@dataclass
class Progress:
    """How far a training is; all but the weights of a checkpoint.

    Attributes:
        epoch: Epochs made.
        best: The epoch, from 1, whose weights are kept.
        curve: Log loss on the held-out moments by epoch.
        most: Moments that are in memory at a time: halved when a GPU runs out of it.
        cpu_s: CPU seconds so far.
        notes: What a reader should know.
    """

    most: int
    epoch: int = 0
    best: int = 0
    curve: list[float] = field(default_factory=list)
    cpu_s: float = 0.0
    notes: list[str] = field(default_factory=list)


def device() -> str:
    """The GPU where there is one, else the CPU."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def train_net(
    net: torch.nn.Module,
    train: Source,
    held: Source,
    plan: Plan,
    *,
    seed: int,
    folder: Path,
    stage: Stage,
) -> dict[str, Any]:
    """Minimise weighted log loss; keep the weights of the epoch that was best on `held`.

    AdamW (Loshchilov & Hutter 2019), in one cycle of step sizes: see `step_size`. Batches are
    drawn anew each epoch from the seed and the epoch's number, so that a training that was
    interrupted goes on as if it had not been.
    A batch that a GPU has no memory for is taken in halves whose gradients add up to the same
    step.

    Args:
        net: As `Net` says, on its device; it ends with the best weights and in evaluation mode.
        train: To learn from; its weights are scaled to mean 1.
        held: To stop by.
        plan: How.
        seed: Draws the batches and what the net draws.
        folder: Gets a checkpoint after each epoch; one that is there is gone on from.
        stage: Told of progress.

    Raises:
        WillbuyError: A checkpoint cannot be written.

    Returns:
        Plain data: ``epochs``, ``best_epoch``, ``curve``, ``earlier_cpu_s`` (CPU seconds before
        an interruption), ``moments_at_a_time``, ``device``, ``notes``.
    """
    import torch

    on = str(next(net.parameters()).device)
    adam = torch.optim.AdamW(net.parameters(), lr=plan.rate, weight_decay=plan.decay)
    path = folder / CHECKPOINT
    state, best = Progress(plan.batch), _copied(net.state_dict())
    if path.is_file():
        state, best = _resume(path, net, adam)
        stage.note(f"going on after epoch {state.epoch}")
    earlier, began = state.cpu_s, time.process_time()
    weight = train.weight / train.weight.mean()
    stage.advance(state.epoch)
    while state.epoch < plan.epochs:
        torch.manual_seed(_mixed(seed, state.epoch))
        order = train.order(np.random.default_rng([seed, state.epoch]))
        net.train()
        batches = list(_batches(order, plan.batch))
        for at, batch in enumerate(batches):
            for group in adam.param_groups:
                group["lr"] = step_size(plan, state.epoch + at / len(batches))
            _step(net, adam, train, weight, batch, state, on)
        state.epoch += 1
        loss = _log_loss(predict_net(net, held, state.most, state.notes), held)
        if not state.curve or loss < min(state.curve):
            state.best, best = state.epoch, _copied(net.state_dict())
        state.curve.append(loss)
        state.cpu_s = earlier + time.process_time() - began
        _keep(path, net, adam, best, state)
        stage.advance(1)
        stage.note(f"epoch {state.epoch}, log loss {loss:.4f}, best {min(state.curve):.4f}")
    net.load_state_dict(best)
    net.eval()
    return {
        "epochs": state.epoch,
        "best_epoch": state.best,
        "curve": state.curve,
        "earlier_cpu_s": earlier,
        "moments_at_a_time": state.most,
        "device": on,
        "notes": state.notes,
    }


def step_size(plan: Plan, epochs: float) -> float:
    """One cycle (Smith & Topin 2018): up to the largest in a straight line, down by a cosine to 0.

    Args:
        plan: Its `rate` is the largest.
        epochs: Made so far; the part of one that is under way counts, too.
    """
    share = epochs / plan.epochs
    if share < _RISING:
        return plan.rate * (_FIRST + (1 - _FIRST) * share / _RISING)
    return plan.rate * (1 + math.cos(math.pi * (share - _RISING) / (1 - _RISING))) / 2


def predict_net(net: torch.nn.Module, source: Source, most: int, notes: list[str]) -> Floats:
    """Probabilities of all moments (n,): the mean of its members'.

    Args:
        net: As `Net` says; it is put into evaluation mode.
        source: The moments.
        most: So many are in memory at a time; halved when a GPU runs out of it.
        notes: Told of that.
    """
    import torch

    net.eval()
    on = next(net.parameters()).device
    p, at = np.empty(len(source.y)), 0
    with torch.inference_mode():
        while at < len(p):
            places = np.arange(at, min(at + most, len(p)))
            try:
                odds = net(*(one.to(on) for one in source.inputs(places)))[0].double()
            except torch.OutOfMemoryError:
                if len(places) == 1:
                    raise
                most = _halved(len(places))
                _say_parts(notes, "all moments asked at a time", most)
                continue
            members = torch.sigmoid(odds).reshape(len(places), -1)
            p[places] = members.mean(dim=1).cpu().numpy()
            at += len(places)
    return p


def save_weights(net: torch.nn.Module, path: Path) -> None:
    """Write a net's weights as safetensors."""
    from safetensors.torch import save_file

    save_file({name: one.cpu() for name, one in _copied(net.state_dict()).items()}, path)


def load_weights(net: torch.nn.Module, path: Path) -> None:
    """Give a net the weights that `save_weights` wrote; it is on its device then, to be asked."""
    from safetensors.torch import load_file

    net.load_state_dict(load_file(path))
    net.to(device()).eval()


def _batches(order: Places, size: int) -> Iterator[Places]:
    """The moments in this order; a last one of less than half a batch goes to the one before."""
    borders = list(range(0, len(order), size))
    if len(borders) > 1 and len(order) - borders[-1] < size / 2:
        borders.pop()
    for begin, end in zip(borders, [*borders[1:], len(order)], strict=True):
        yield order[begin:end]


def _step(
    net: torch.nn.Module,
    adam: torch.optim.Optimizer,
    train: Source,
    weight: Floats,
    batch: Places,
    state: Progress,
    on: str,
) -> None:
    """One step of the optimiser on a batch, in as many parts as memory asks for."""
    import torch

    while True:
        adam.zero_grad(set_to_none=True)
        try:
            for places in np.array_split(batch, -(-len(batch) // state.most)):
                odds, penalty = net(*(one.to(on) for one in train.inputs(places)))
                members = odds.reshape(len(places), -1)
                y = torch.as_tensor(train.y[places], dtype=members.dtype, device=on)
                w = torch.as_tensor(weight[places], dtype=members.dtype, device=on)
                lost = torch.nn.functional.binary_cross_entropy_with_logits(
                    members, y[:, None].expand_as(members), reduction="none"
                )
                share = len(places) / len(batch)
                ((w * lost.mean(dim=1)).sum() / len(batch) + share * penalty).backward()
            break
        except torch.OutOfMemoryError:
            if min(state.most, len(batch)) == 1:
                raise
            state.most = _halved(min(state.most, len(batch)))
            _say_parts(state.notes, "a batch", state.most)
    torch.nn.utils.clip_grad_norm_(net.parameters(), _STEEPEST)
    adam.step()


def _halved(most: int) -> int:
    """Half as many moments at a time; what the failed attempt held is given back first."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    return most // 2


def _say_parts(notes: list[str], what: str, most: int) -> None:
    """Say how small the parts have become, in place of what was said of larger ones."""
    told = f"The GPU's memory did not hold {what}: it was taken in parts of at most "
    notes[:] = [one for one in notes if not one.startswith(told)]
    notes.append(f"{told}{most} moments.")


def _log_loss(p: Floats, source: Source) -> float:
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return float(np.average(-np.log(np.where(source.y, p, 1 - p)), weights=source.weight))


def _mixed(seed: int, epoch: int) -> int:
    return int(np.random.SeedSequence([seed, epoch]).generate_state(1)[0])


def _copied(state: Mapping[str, Any]) -> Tensors:
    """Each tensor by itself: safetensors refuses such as share their memory."""
    return {name: one.detach().clone().contiguous() for name, one in state.items()}


def _keep(
    path: Path,
    net: torch.nn.Module,
    adam: torch.optim.Optimizer,
    best: Tensors,
    state: Progress,
) -> None:
    from safetensors.torch import save_file

    tensors = {f"net/{name}": one for name, one in _copied(net.state_dict()).items()}
    tensors |= {f"best/{name}": one for name, one in best.items()}
    for at, moments in adam.state_dict()["state"].items():
        tensors |= {f"adam/{at}/{name}": one for name, one in _copied(moments).items()}
    partial = path.with_name(f".{path.name}")
    with writing(path):
        save_file(tensors, partial, {"progress": json.dumps(asdict(state))})
        partial.replace(path)


def _resume(
    path: Path, net: torch.nn.Module, adam: torch.optim.Optimizer
) -> tuple[Progress, Tensors]:
    from safetensors import safe_open

    found: dict[str, Tensors] = {"net": {}, "best": {}, "adam": {}}
    device = str(next(net.parameters()).device)
    with safe_open(path, framework="pt", device=device) as file:
        state = Progress(**json.loads(file.metadata()["progress"]))
        for name in file.keys():  # noqa: SIM118 - it is no dict
            kind, rest = name.split("/", 1)
            found[kind][rest] = file.get_tensor(name)
    net.load_state_dict(found["net"])
    moments: dict[int, Tensors] = {}
    for name, one in found["adam"].items():
        at, what = name.split("/")
        moments.setdefault(int(at), {})[what] = one
    adam.load_state_dict({"state": moments, "param_groups": adam.state_dict()["param_groups"]})
    return state, found["best"]
