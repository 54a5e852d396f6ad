"""The little shop: every click is scored as a live event, and explained by the same bits."""

import time
from types import SimpleNamespace

import pytest

import willbuy
from willbuy.app.shop import BOUGHT, LOOKED, NEW, SHELF, Product, Visit, shelf_of
from willbuy.errors import WillbuyError
from willbuy.events.schema import Kind


@pytest.fixture(scope="module")
def model(small_run):
    return willbuy.load(small_run.folder)


@pytest.fixture(scope="module")
def shelf(model):
    return shelf_of(model)


def test_the_shelf_has_different_products_with_a_price(shelf):
    assert len(shelf) == SHELF
    assert len({one.id for one in shelf}) == SHELF
    assert len({one.called for one in shelf}) == SHELF
    assert all(one.price > 0 and one.looks > 0 for one in shelf)


@pytest.mark.parametrize("past", [NEW, LOOKED, BOUGHT])
def test_the_explanation_has_the_probabilities_of_the_clicks(model, shelf, past):
    visit = Visit(model, shelf, past)
    for kind, number in ((Kind.VIEW, 0), (Kind.VIEW, 1), (Kind.CART, 1), (Kind.REMOVE, 1)):
        visit.click(kind, number)
    visit.wait(60_000_000)
    visit.click(Kind.VIEW, 2)
    told = visit.explained()
    assert [one.probability for one in told.steps] == [one.probability for one in visit.scores]
    assert [one.k for one in visit.scores] == [1, 2, 3, 4, 5]


def test_what_the_shopper_did_before_counts(model, shelf):
    first = {}
    for past in (NEW, LOOKED, BOUGHT):
        visit = Visit(model, shelf, past)
        visit.click(Kind.VIEW, 0)
        first[past] = visit.scores[-1].probability
    assert len(set(first.values())) == 3


@pytest.mark.parametrize("many", [1, 2])
@pytest.mark.parametrize("past", [LOOKED, BOUGHT])
def test_a_shelf_of_few_products_has_a_past_as_well(many, past):
    seen = []
    about = {"splits": {"log": ["2024-05-01T00:00:00+00:00", "2024-05-03T00:00:00+00:00"]}}
    model = SimpleNamespace(
        bundle=SimpleNamespace(log_start=0, about=about),
        scorer=lambda start: SimpleNamespace(update=seen.append),
    )
    shelf = [Product({"product": str(number)}, 1) for number in range(many)]
    Visit(model, shelf, past)
    assert {one["product"] for one in seen} == {one.id for one in shelf}


def test_the_cart_holds_what_was_put_in(model, shelf):
    visit = Visit(model, shelf)
    visit.click(Kind.CART, 3)
    assert visit.cart == [3]
    visit.click(Kind.REMOVE, 3)
    assert visit.cart == []
    with pytest.raises(WillbuyError, match="not in the cart"):
        visit.click(Kind.REMOVE, 3)


def test_a_click_is_instant(model, shelf):
    visit = Visit(model, shelf)
    visit.click(Kind.VIEW, 0)
    visit.explained()
    begun = time.process_time()
    for number in range(10):
        visit.click(Kind.VIEW, number % SHELF)
        visit.explained()
    assert (time.process_time() - begun) / 10 < 0.2
