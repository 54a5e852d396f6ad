"""What would happen if: the true effects that a causal method can be checked against."""

from __future__ import annotations

from willbuy.simulator.chain import make_chain
from willbuy.simulator.forecast import forecast
from willbuy.simulator.goods import Catalogue, usual_masses
from willbuy.simulator.world import World


def true_conversion(world: World, catalogue: Catalogue, days: int) -> dict[str, float]:
    """Share of visits with a purchase, in the world as it is and in others.

    Computed from the chain at an average day's mix of goods, not drawn. Who comes, and how often,
    answers to the change as well.

    Args:
        world: Its settings.
        catalogue: Its goods.
        days: Of the log.

    Returns:
        ``as_it_is`` (a coupon as often as the world gives one), ``no_coupons``,
        ``coupons_for_all``; and without coupons, all goods at a price of one class:
        ``all_cut``, ``all_usual``, ``all_dear``.
    """
    share = world.causal.coupon_share
    none, everyone = (_conversion(world, catalogue, days, coupon=one) for one in (0, 1))
    return {
        "as_it_is": (1 - share) * none + share * everyone,
        "no_coupons": none,
        "coupons_for_all": everyone,
        **{
            f"all_{name}": _conversion(_priced(world, cut, dear), catalogue, days, coupon=0)
            for name, cut, dear in (("cut", 1.0, 0.0), ("usual", 0.0, 0.0), ("dear", 0.0, 1.0))
        },
    }


def _conversion(world: World, catalogue: Catalogue, days: int, coupon: int) -> float:
    chain = make_chain(world)
    chain = chain._replace(action=chain.action[:, [coupon, coupon]])
    expected = forecast(world, chain, usual_masses(world, catalogue), days)
    return expected.buying / expected.visits


def _priced(world: World, cut: float, dear: float) -> World:
    prices = world.prices.model_copy(update={"cut": cut, "dear": dear})
    return world.model_copy(update={"prices": prices})
