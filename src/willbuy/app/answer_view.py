"""One answer of a model on the page: in figures, in three sentences, and what it is made of."""

from __future__ import annotations

import streamlit as st

from willbuy.app.answer_charts import force, waterfall
from willbuy.app.charts import chart, plain
from willbuy.explain.answer import Answer
from willbuy.explain.sentences import percent, points


def show_answer(told: Answer, buys: str, among: str, help_: str) -> None:
    """The answer in figures and in three sentences.

    Args:
        told: The answer.
        buys: What the probability is of, as the label of a figure.
        among: What the percentile counts, in the plural.
        help_: Which of them.
    """
    with st.container(horizontal=True):
        st.metric(buys, percent(told.probability), border=True)
        st.metric("Higher than", f"{int(told.percentile)}% of {among}", border=True, help=help_)
        st.metric(
            "Flagged", "yes" if told.flagged else "no", border=True,
            help=f"{among.capitalize()} from {percent(told.threshold)} on are flagged as likely to "
            "buy.",
        )  # fmt: skip
    if told.sentences:
        st.markdown("The strongest reasons of the model, which are no causes:")
        st.markdown("\n".join(f"- {plain(one)}" for one in told.sentences))
    else:
        st.markdown("Nothing known so far moves the probability by what would show.")


def show_reasons(told: Answer) -> None:
    """What the answer is made of, as a force plot and as a waterfall."""
    up = sum(one.points for one in told.terms if one.points > 0)
    down = sum(one.points for one in told.terms if one.points < 0)
    chart(
        f"What raises it adds {points(up).lstrip('+')}, what lowers it takes "
        f"{points(-down).lstrip('+')}: {percent(told.probability)} is left",
        force(told),
        f"The grey mark is what the model says before anything is known, "
        f"{percent(told.base_probability)}.",
    )
    show_waterfall(told)


def show_waterfall(told: Answer) -> None:
    """How the reasons lead from what the model says before anything is known to its answer."""
    chart(
        f"From {percent(told.base_probability)} before anything is known to "
        f"{percent(told.probability)}, reason by reason",
        waterfall(told),
        "In percentage points; they add up exactly. These are the model's reasons (SHAP values), "
        "not causes.",
    )
