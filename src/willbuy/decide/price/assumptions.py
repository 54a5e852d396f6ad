"""What an answer to a price cut assumes, in words."""

from __future__ import annotations

_ALWAYS = (
    "Nothing else that moves conversion changes on the very days on which a product's price "
    "changes: no campaign, no stock-out, no demand that the price follows. The checks can find "
    "demand that the price follows a day or more late; they mostly miss demand that it follows at "
    "once.",
    "A price of today acts today. What shoppers put off, or buy ahead of time, is not in it.",
    "The answer to a price is the same percentage at every price, up and down.",
    "Products are compared with others of the same day. Who buys a cheaper product instead of "
    "another one counts as won.",
    "Views and the cost of a unit stay as they are.",
)

_BOUND = (
    "What these products take from each other when all of them get cheaper, such a comparison "
    "cannot tell. All figures are a bound: from all of the gain taken from each other to none of "
    "it. That takes products to compete, and not to sell each other."
)

_FEW = (
    "What these products take from each other when all of them get cheaper is not told and counts "
    "as won, but for what an identified cross-price term takes off within categories. That a bound "
    "is told from a tenth of the shop's views on, and none below, is a convention."
)

_GIVEN = (
    "The range that is given is taken to be that of all these products at once, with what they "
    "take from each other already off."
)


def assumptions_of(products: int, *, bound: bool, given: bool) -> list[str]:
    """What all figures assume.

    Args:
        products: How many get cheaper at once.
        bound: Whether the elasticity is a bound.
        given: Whether it is a range that somebody gave.
    """
    if products < 2:
        return list(_ALWAYS)
    return [*_ALWAYS, _GIVEN if given else _BOUND if bound else _FEW]
