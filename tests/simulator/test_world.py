"""A world survives being written down, and what is wrong with one is said in words."""

import datetime

import pytest

from simulator.tiny import tiny_world
from willbuy.errors import WillbuyError
from willbuy.simulator.traps import Traps
from willbuy.simulator.world import World, as_toml, load_world

WORLDS = {
    "the default": World(),
    "a tiny one": tiny_world(),
    "a clean one of another year": World(start=datetime.date(2019, 10, 1), traps=Traps.none()),
}


def written(folder, text):
    path = folder / "my_world.toml"
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize("name", WORLDS)
def test_a_world_survives_being_written_down(tmp_path, name):
    assert load_world(written(tmp_path, as_toml(WORLDS[name]))) == WORLDS[name]


def test_an_empty_file_is_the_default_world(tmp_path):
    assert load_world(written(tmp_path, "")) == World()


def test_what_is_left_out_stays_as_it_is(tmp_path):
    world = load_world(written(tmp_path, "[goods]\nbrand_missing = 0.5\n"))
    assert world.goods.brand_missing == 0.5
    assert world.model_copy(update={"goods": World().goods}) == World()


def test_every_setting_stands_in_the_file_with_its_meaning():
    text = as_toml(World())
    parts = text.split("\n[")
    for section in ("behaviour", "goods", "prices", "causal", "traps"):
        (part,) = [one for one in parts if one.startswith(f"{section}]")]
        for name, field in type(getattr(World(), section)).model_fields.items():
            before, _, _ = part.partition(f"\n{name} = ")
            assert before != part
            if field.description:
                assert before.replace("\n# ", " ").endswith(field.description)


WRONG = {
    # An unknown setting is named, with the one that was meant.
    "[behaviour]\nbuyy = [1, 2, 3]": ["no setting behaviour.buyy", "mean behaviour.buy?"],
    "[goods]\nbuy_appeal = 1": ["no setting goods.buy_appeal", "mean behaviour.buy_appeal?"],
    "[traps]\nbot = 1e-6": ["no setting traps.bot.", "mean traps.bots?"],
    "[shipping]\ncosts = 1": ["no setting shipping", "--show-world"],
    # Numbers out of bounds.
    "[prices]\ncut = 1.5": ["prices.cut is 1.5", "not be above 1."],
    "[behaviour]\nleave = [1.0, -30.0, 1.0]": ["behaviour.leave.2 is -30", "not be below -20"],
    "[behaviour]\nweekday = [0, 1, 1, 1, 1, 1, 1]": ["behaviour.weekday.1 is 0", "above 0"],
    "[goods]\nproducts = -1": ["goods.products is -1", "not be below 0"],
    "[traps]\nbots = 1": ["traps.bots is 1", "0.0001"],
    "start = 1900-01-01": ["start is 1900-01-01", "not be below 1970-01-01"],
    # Wrong types.
    '[prices]\ncut = "much"': ["prices.cut is 'much'", "a number"],
    "[prices]\ncut = nan": ["prices.cut is nan", "a number"],
    "[goods]\nproducts = 1.5": ["goods.products is 1.5", "whole number"],
    "goods = 3": ["goods is 3", "heading"],
    "[behaviour]\nleave = 1": ["behaviour.leave is 1", "several values in [ ]"],
    'start = "tomorrow"': ["start is 'tomorrow'", "day like 2024-03-01"],
    # Too few or too many.
    "[behaviour]\nleave = []": ["behaviour.leave is []", "1 values at least"],
    "[prices]\nappeal = [1, 2, 3, 4]": ["prices.appeal", "3 values at most"],
    "[prices]\nappeal = [1, 2]": ["prices.appeal.3 is missing"],
    "types = []": ["types is []", "1 values at least"],
    '[[types]]\nname = "all"\nshare = 1.0': ["types.1.stop is missing"],
    "[behaviour]\nleave = [1, 2]": ["leave", "for each intent", "as many"],
    "[goods]\nquality = [1, 2]": ["goods.quality and goods.quality_share", "as many"],
    # Shares that don't add up.
    "[goods]\nquality_share = [0.3, 0.35, 0.25, 0.2]": ["goods.quality_share sum to 1.1, not to 1"],
    "[behaviour]\nstart = [[1.0], [0.5], [1.0]]": ["behaviour.start of need latent", "0.5"],
    "[behaviour]\ndwell = [[1.0], [1.0], [1.0]]": ["behaviour.dwell", "six"],
    "[prices]\ncut = 0.9\ndear = 0.2": ["prices.cut and prices.dear", "more than 1"],
    "[behaviour]\nfirst_buy = 1\nfirst_cart = 0.1": ["behaviour.first_cart and first_buy"],
    # No TOML at all.
    "cut: 0.5": ["cannot be read", "line 1"],
}


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said_in_words(tmp_path, text):
    path = written(tmp_path, text + "\n")
    with pytest.raises(WillbuyError) as problem:
        load_world(path)
    said = str(problem.value)
    assert str(path) in said
    for part in WRONG[text]:
        assert part in said
    assert "pydantic" not in said
    assert "Input" not in said
    assert "\n" not in said


def test_types_whose_shares_do_not_add_up(tmp_path):
    text = as_toml(World()).replace("share = 0.46", "share = 0.56", 1)
    with pytest.raises(WillbuyError, match=r"my_world\.toml: the shares of types sum to 1\.1, not"):
        load_world(written(tmp_path, text))


def test_a_file_that_cannot_be_read(tmp_path):
    with pytest.raises(WillbuyError, match=r"There is no world file .*other\.toml"):
        load_world(tmp_path / "other.toml")
    with pytest.raises(WillbuyError, match=f"{tmp_path} cannot be read"):
        load_world(tmp_path)
    path = tmp_path / "latin.toml"
    path.write_bytes("# für alle".encode("latin-1"))
    with pytest.raises(WillbuyError, match=r"latin\.toml cannot be read"):
        load_world(path)
