"""What a shop could do for a session, by how it behaves. None of it is known to work."""

from __future__ import annotations

from collections.abc import Mapping

ACTIONS: Mapping[str, str] = {
    "one look": "Show like products and what others looked at next; no offer.",
    "brief return": "Show the products of the last visit first; no offer.",
    "browser": "Help to choose: best sellers of the department, filters, a short list to keep.",
    "comparer": "Put the looked-at products side by side: price, delivery, reviews.",
    "researcher": "Answer what holds them back: reviews, delivery date, returns, a person to ask.",
    "hesitater": "Remind of the cart: keep it, show delivery and returns before the checkout.",
    "quick buyer": "Keep out of the way: the shortest checkout, nothing beside it.",
    "returner": "Take up where they left: the product they came back to, its stock and delivery.",
}
"""Behaviour → what to try."""

ANY = "Show help and delivery terms where they look."
"""What to try where behaviour has no name."""

CAP = "once a session, at most once in 7 days for one shopper"
EXPIRY = "30 minutes after the last event, or at the purchase"
CONSENT = (
    "Only shoppers who agreed to be profiled for marketing, under the law of their country; "
    "leaving out the others keeps the control group honest only if they are left out of it too."
)
CONTROL = 0.1
"""Share that is left alone, drawn at random by shopper, so that what acting did can be measured."""
