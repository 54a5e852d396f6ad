"""Training a net: the same answer whatever happens on the way."""

import numpy as np
import pytest
import torch

from willbuy.errors import WillbuyError
from willbuy.progress import Silent
from willbuy.research.training import CHECKPOINT, Plan, predict_net, step_size, train_net

PLAN = Plan(epochs=6, batch=256, rate=1e-2)


class Points:
    """Points in five dimensions, of which one tells."""

    def __init__(self, n, seed, weight=None):
        draw = np.random.default_rng(seed)
        self.X = torch.tensor(draw.normal(size=(n, 5)), dtype=torch.float32)
        self.y = draw.random(n) < 1 / (1 + np.exp(-2 * self.X[:, 0].numpy()))
        self.weight = np.ones(n) if weight is None else weight

    def inputs(self, places):
        return (self.X[places],)

    def order(self, rng):
        return rng.permutation(len(self.y))


class Small(torch.nn.Module):
    """Three members; it holds `room` points at a time."""

    def __init__(self, room=10_000):
        super().__init__()
        torch.manual_seed(0)
        self.room = room
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(5, 8), torch.nn.Dropout(0.2), torch.nn.ReLU(), torch.nn.Linear(8, 3)
        )

    def forward(self, X):
        if len(X) > self.room:
            raise torch.OutOfMemoryError
        return self.layers(X), X.new_zeros(())


TRAIN, HELD = Points(1000, 0), Points(300, 1)


class Stopper:
    """Interrupts after some epochs."""

    def __init__(self, after):
        self.left = after

    def advance(self, amount, rows=0):
        self.left -= amount
        if self.left <= 0:
            raise KeyboardInterrupt

    def note(self, text):
        pass


def trained(folder, net=None, train=TRAIN, plan=PLAN):
    net = net or Small()
    with Silent().stage("") as stage:
        told = train_net(net, train, HELD, plan, seed=3, folder=folder, stage=stage)
    return predict_net(net, HELD, 100, []), told


def test_it_learns_and_keeps_the_best_epoch(tmp_path):
    p, told = trained(tmp_path, plan=Plan(epochs=20, batch=128, rate=1e-1))
    assert told["epochs"] == 20
    assert told["best_epoch"] == 1 + int(np.argmin(told["curve"]))
    lost = -np.log(np.where(HELD.y, p, 1 - p)).mean()
    assert lost == pytest.approx(min(told["curve"]), abs=1e-6)
    rate = HELD.y.mean()
    assert lost < -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate)) - 0.1


def test_steps_become_larger_then_smaller_whatever_the_number_of_epochs():
    for epochs in (1, 5, 40):
        plan = Plan(epochs=epochs, rate=0.3)
        sizes = [step_size(plan, share * epochs) for share in np.linspace(0, 1, 101)]
        most = int(np.argmax(sizes))
        assert sizes[most] == pytest.approx(0.3, rel=0.01)
        assert most in (19, 20, 21)
        assert (np.diff(sizes[: most + 1]) > 0).all()
        assert (np.diff(sizes[most:]) <= 0).all()
        assert 0 < sizes[0] < 0.1
        assert sizes[-1] == pytest.approx(0)


@pytest.mark.parametrize("after", [1, 4])
def test_an_interrupted_training_goes_on_to_the_same_net(tmp_path, after):
    (tmp_path / "whole").mkdir()
    whole, told = trained(tmp_path / "whole")
    with pytest.raises(KeyboardInterrupt):
        train_net(Small(), TRAIN, HELD, PLAN, seed=3, folder=tmp_path, stage=Stopper(after))
    # A new process begins with another net of the same shape.
    other = Small()
    for one in other.parameters():
        torch.nn.init.zeros_(one)
    again, also = trained(tmp_path, other)
    assert np.array_equal(whole, again)
    assert also["curve"] == told["curve"]
    assert also["earlier_cpu_s"] > 0


def test_a_checkpoint_is_whole_or_not_there(tmp_path, monkeypatch):
    trained(tmp_path, plan=Plan(epochs=1, batch=256))
    before = (tmp_path / CHECKPOINT).read_bytes()

    def fails(tensors, path, metadata):
        path.write_bytes(b"half")
        raise OSError("disk full")

    monkeypatch.setattr("safetensors.torch.save_file", fails)
    with pytest.raises(WillbuyError, match="cannot be written: disk full"):
        trained(tmp_path, plan=Plan(epochs=2, batch=256))
    assert (tmp_path / CHECKPOINT).read_bytes() == before


def test_a_batch_too_large_for_memory_is_taken_in_parts_and_that_is_said(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    plan = Plan(epochs=2, batch=256, rate=1e-2)

    class Undropped(Small):
        def forward(self, X):
            self.layers[1].p = 0.0  # what is dropped depends on the parts
            return super().forward(X)

    whole, told = trained(tmp_path / "one", Undropped(), plan=plan)
    parts, also = trained(tmp_path / "two", Undropped(room=70), plan=plan)
    assert told["notes"] == []
    assert "hold a batch" in also["notes"][0]
    assert "at most 64 moments" in also["notes"][0]
    assert len(also["notes"]) == 1
    assert np.allclose(whole, parts, atol=1e-5)


def test_too_many_moments_asked_for_memory_are_taken_in_parts_and_that_is_said():
    notes = []
    p = predict_net(Small(room=70), HELD, 300, notes)
    assert np.allclose(p, predict_net(Small(), HELD, 300, []), atol=1e-6)
    assert len(notes) == 1
    assert "at most 37 moments" in notes[0]


def test_what_no_memory_holds_is_not_tried_for_ever(tmp_path):
    with pytest.raises(torch.OutOfMemoryError):
        trained(tmp_path, Small(room=0))


def test_a_moment_of_weight_two_counts_as_two(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    plan = Plan(epochs=8, batch=2000, rate=1e-2)
    heavy = Points(1000, 0, np.where(TRAIN.y, 2.0, 1.0))
    p, _ = trained(tmp_path / "one", train=heavy, plan=plan)
    plain, _ = trained(tmp_path / "two", plan=plan)
    assert p.mean() > plain.mean() + 0.01


def test_members_are_averaged():
    net = Small().eval()
    with torch.inference_mode():
        members = torch.sigmoid(net(HELD.X)[0].double()).numpy()
    assert np.allclose(predict_net(net, HELD, 7, []), members.mean(axis=1), atol=1e-6)
