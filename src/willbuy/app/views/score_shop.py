"""A little shop: the visitor clicks, and sees the probability move."""

from __future__ import annotations

import streamlit as st

from willbuy.app.answer_view import show_waterfall
from willbuy.app.charts import plain
from willbuy.app.models import model_of
from willbuy.app.runs import OpenRun
from willbuy.app.session_view import show_moment, show_timeline
from willbuy.app.shop import NEW, PASTS, PAUSES, Product, Visit, shelf_of
from willbuy.events.schema import Kind
from willbuy.explain.sentences import percent
from willbuy.score.model import Model

_VISIT, _OF, _PAST = "shop-visit", "shop-of", "shop-past"


def show(run: OpenRun) -> None:
    """Show the shop of a run; only this part of the page is drawn anew at a click."""
    model = model_of(run)
    assert isinstance(model, Model)
    if st.session_state.get(_OF) != run.folder:
        st.session_state[_OF] = run.folder
        st.session_state.pop(_VISIT, None)
    _shop(model)


@st.fragment
def _shop(model: Model) -> None:
    past = st.session_state.get(_PAST) or NEW
    if _VISIT not in st.session_state:
        st.session_state[_VISIT] = Visit(model, shelf_of(model), past)
    visit: Visit = st.session_state[_VISIT]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control(
            "Who comes", list(PASTS), default=NEW, format_func=PASTS.__getitem__, key=_PAST,
            required=True, on_change=_anew,
        )  # fmt: skip
        st.button("Start again", icon=":material/replay:", on_click=_anew, disabled=not visit.k)
    if visit.k:
        told = visit.explained()
        show_timeline(told, model.bundle.settings.timezone)
    else:
        st.info("Look at a product below: the probability of a purchase appears here.")
    _shelf(visit)
    if visit.k:
        show_moment(told)
        show_waterfall(told)
    st.caption(
        "The products are the run's own, from a few hundred of its shoppers. The clicks happen at "
        "noon on the day after its log ended, 20 seconds apart."
    )


def _shelf(visit: Visit) -> None:
    now = percent(visit.scores[-1].probability or 0.0) if visit.k else None
    st.markdown("**The shelf**" + (f": the shopper stands at {now}" if now else ""))
    products = visit.products
    for first in range(0, len(products), 3):
        for number, column in enumerate(st.columns(3), first):
            if number < len(products):
                with column.container(border=True):
                    _card(visit, products[number], number)
    with st.container(horizontal=True):
        for name, pause in PAUSES.items():
            st.button(f"Wait {name}", icon=":material/schedule:", key=f"wait-{name}",
                      on_click=visit.wait, args=(pause,), disabled=not visit.k)  # fmt: skip
    if visit.waited:
        st.caption(f"{visit.waited} minutes go by: the next click tells what the wait did.")


def _card(visit: Visit, product: Product, number: int) -> None:
    st.markdown(f"**{plain(product.called)}**  \n"
                + plain(f"{product.brand or 'no brand'} · {product.price:,.2f}"))  # fmt: skip
    inside = number in visit.cart
    with st.container(horizontal=True, gap="small"):
        st.button("View", key=f"view-{number}", on_click=visit.click, args=(Kind.VIEW, number),
                  icon=":material/visibility:")  # fmt: skip
        st.button(
            "Remove" if inside else "Add to cart", key=f"cart-{number}",
            icon=":material/remove_shopping_cart:" if inside else ":material/add_shopping_cart:",
            on_click=visit.click, args=(Kind.REMOVE if inside else Kind.CART, number),
        )  # fmt: skip


def _anew() -> None:
    st.session_state.pop(_VISIT, None)
