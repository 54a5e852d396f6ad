"""What would happen if: the true effects that a causal method can be checked against."""

from __future__ import annotations

from willbuy.simulator.chain import make_chain
from willbuy.simulator.forecast import forecast
from willbuy.simulator.goods import Catalogue, usual_masses
from willbuy.simulator.world import World


def true_conversion(world: World, catalogue: Catalogue, days: int) -> dict[str, float]:
    """Share of visits with a purchase, in the world as it is and in others.

    Computed from the chain at an average day's mix of goods, not drawn; to about 2 % of itself,
    since visits that begin where the last one ended are taken to begin anywhere. Who comes, and
    how often, answers to the change as well.

    Args:
        world: Its settings.
        catalogue: Its goods.
        days: Of the log.

    Returns:
        ``as_it_is`` (a coupon as often as the world gives one), ``no_coupons``,
        ``coupons_for_all``; and without coupons, all goods at a price of one class:
        ``all_cut``, ``all_usual``, ``all_dear``.
    """
    worlds = {
        "as_it_is": world,
        "no_coupons": _coupons(world, 0.0),
        "coupons_for_all": _coupons(world, 1.0),
        "all_cut": _priced(world, 1.0, 0.0),
        "all_usual": _priced(world, 0.0, 0.0),
        "all_dear": _priced(world, 0.0, 1.0),
    }
    return {name: _conversion(one, catalogue, days) for name, one in worlds.items()}


def _conversion(world: World, catalogue: Catalogue, days: int) -> float:
    expected = forecast(world, make_chain(world), usual_masses(world, catalogue), days)
    return expected.buying / expected.visits


def _coupons(world: World, share: float) -> World:
    causal = world.causal.model_copy(update={"coupon_share": share})
    return world.model_copy(update={"causal": causal})


def _priced(world: World, cut: float, dear: float) -> World:
    prices = world.prices.model_copy(update={"cut": cut, "dear": dear})
    still = world.causal.model_copy(
        update={"shock_share": 0.0, "hot_dear": 0.0, "coupon_share": 0.0}
    )
    return world.model_copy(update={"prices": prices, "causal": still})
