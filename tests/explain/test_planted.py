"""A simulated shop in which the cart decides who buys: the explanations must say so."""

import json

import pytest

import willbuy
from willbuy.settings import Settings
from willbuy.simulator.traps import Traps
from willbuy.simulator.world import Behaviour, ShopperType, World

QUICK = Settings.model_validate({"judge": {"replicates": 100}, "model": {"params": {"rounds": 60}}})


@pytest.fixture(scope="module")
def explained(tmp_path_factory):
    folder = tmp_path_factory.mktemp("planted")
    anyone = ShopperType(
        name="anyone", share=1.0, stop=0.3, soon=0.2, gap_days=6.0, open=0.2, eager=0.0, keen=0.0,
        hasty=0.0, evening=0.0,
    )  # fmt: skip
    behaviour = Behaviour(
        buy=(-9.0, -8.0, -8.0), buy_cart=7.0, buy_need=(0.0, 0.0, 0.0), buy_appeal=0.1,
        cart=(-3.0, -2.5, -2.5), cart_appeal=0.0, keep_cart=0.0, first_buy=0.0,
        leave=(-1.0, -1.3, -1.3),
    )  # fmt: skip
    world = World(traps=Traps.none(), types=(anyone,), behaviour=behaviour)
    log = willbuy.simulate(folder / "log.csv", events=25_000, days=28, seed=1, world=world).path
    run = willbuy.run(log, out=folder, name="planted", settings=QUICK)
    return json.loads((run.folder / "explanations.json").read_text())


def test_the_planted_driver_stands_first_whatever_shoppers_are_drawn(explained):
    first = explained["stability"]["families"][0]
    assert first == {"name": "session.cart", "rank": 1, "low": 1, "high": 1}
    assert explained["families"][0]["family"] == "session.cart"
    strongest = explained["features"][0]
    assert strongest["family"] == "session.cart"
    assert strongest["mean_points"] == max(one["mean_points"] for one in explained["features"])


def test_the_plain_data_say_the_same(explained):
    cart = next(one for one in explained["top"] if one["name"] == "cart_size")
    block = cart["by_value"]
    empty, filled = block["bins"][:2]
    assert (empty["high"], filled["low"]) == (0, 1)
    assert filled["rate"]["low"] > empty["rate"]["high"]
    assert filled["as_rate"] > empty["as_rate"]
    assert block["agreement"]["words"] == "agree"


def test_what_does_not_decide_there_is_not_called_strong(explained):
    verdicts = {one["name"]: one["verdict"] for one in explained["insights"]["predictors"]}
    assert verdicts["category_diversity"] == "not supported"
    assert verdicts["product_price"] == "not supported"


def test_the_trees_and_the_calibrator_account_for_everything(explained):
    assert explained["exact"]["largest_gap"] < 2e-5
    added = explained["calibration"]
    assert abs(added["mean"]) <= added["mean_abs"]
