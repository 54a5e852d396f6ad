"""Acting on shoppers: what it must bring to pay, and what it brings with a lift."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from willbuy.app.charts import chart, plain
from willbuy.app.evidence import label
from willbuy.app.kept import once
from willbuy.app.models import model_of
from willbuy.app.parts import command, half_percents, table
from willbuy.app.price_charts import break_even_by_band, profit_by_line
from willbuy.app.runs import OpenRun
from willbuy.app.scoring import as_csv
from willbuy.decide.acting import profit_of
from willbuy.decide.economics import COST, MARGIN, Terms, gain_note
from willbuy.decide.evidence import Evidence
from willbuy.decide.files import audience_of
from willbuy.errors import WillbuyError
from willbuy.job.deciding import planned
from willbuy.progress import Silent
from willbuy.report.todo import line_words
from willbuy.report.words import count, told
from willbuy.score.model import Model

_ASSUMED, _MEASURED = "I assume it", "A randomised test measured it"


def show(run: OpenRun) -> None:
    """Ask for the shop's numbers and tell where acting pays."""
    strategy, summary = run.told.strategy, run.told.summary
    if strategy is None or summary is None or summary.get("acting") is None:
        st.info("This run was made by an older version. This adds what the page needs:")
        command(f"willbuy segments {shlex.quote(str(run.folder))}")
        return
    st.markdown(
        "A probability is not a gain: who would buy anyway needs no help. What acting brings is "
        "its **lift**, by how much it raises the probability. Only a randomised test tells it."
    )
    try:
        terms, evidence = _terms(strategy["terms"], run.folder)
    except WillbuyError as problem:
        st.error(plain(str(problem)))
        return
    if terms.hopeless:
        st.warning(plain(terms.hopeless))
        return
    _break_even(strategy["break_even"], terms)
    if terms.lift is None:
        st.info(
            "Nobody knows the lift yet, so no gain is told. Test it: leave a part of the shoppers "
            "alone, drawn at random. Or switch on a lift above to see what it would bring."
        )
    else:
        _profit(summary["acting"], terms, evidence)
        _of_the_strategy(strategy, terms)
    _export(run, terms, evidence)


def _terms(own: dict[str, Any], folder: Path) -> tuple[Terms, Evidence]:
    """The visitor's numbers for a run, beginning with the run's own."""
    given = half_percents(own["offer"], least=0.0)
    with st.container(border=True):
        left, right = st.columns(2)
        margin = left.slider(
            "Margin: of a sale, the share that is earned", 0.5, 100.0,
            half_percents(own["margin"], most=100.0), 0.5, format="%.1f%%",
            key=f"acting-margin-{folder}",
        ) / 100  # fmt: skip
        cost = right.number_input(
            "Cost of acting on one session, in the log's currency", 0.0, value=float(own["cost"]),
            step=0.1, key=f"acting-cost-{folder}",
        )  # fmt: skip
        offer = left.slider(
            "Offer: share of the price given away, also to those who would buy anyway", 0.0,
            max(given, 60.0), given, 0.5, format="%.1f%%", key=f"acting-offer-{folder}",
        ) / 100  # fmt: skip
        if margin == MARGIN and cost == COST and own["placeholders"]:
            st.caption("A margin of 30 % and a cost of 1 only stand in for your own numbers.")
        if not right.toggle("I know a lift, or assume one", key=f"acting-known-{folder}"):
            return Terms(margin, cost, offer), Evidence.ASSUMPTION
        lift = right.slider(
            "Lift: acting raises the probability by, relative to itself", 1, 100, 10,
            format="%d%%", key=f"acting-lift-{folder}",
        ) / 100  # fmt: skip
        where = right.radio("Where it comes from", [_ASSUMED, _MEASURED],
                            key=f"acting-from-{folder}", horizontal=True)  # fmt: skip
        return (
            Terms(margin, cost, offer, lift),
            Evidence.MEASURED if where == _MEASURED else Evidence.ASSUMPTION,
        )


def _break_even(bands: list[dict[str, Any]], terms: Terms) -> None:
    expected = np.array([one["mean_expected"] for one in bands])
    lifts = terms.break_even(expected, np.ones(len(bands)))
    lifted = [
        {**one, "lift": float(lift) if np.isfinite(lift) else None}
        for one, lift in zip(bands, lifts, strict=True)
    ]
    best = lifted[0]["lift"]
    title = (
        "Acting pays for nobody at these numbers"
        if best is None
        else "Acting costs nothing: any lift above 0 pays"
        if best <= 0
        else f"Of the likeliest tenth, acting must raise the probability by {best:.1%} of itself"
    )
    chart(title, break_even_by_band(lifted), "Each band is a tenth of the test part's moments. "
          "A lift of 10% turns a probability of 5% into 5.5%.")  # fmt: skip


def _profit(acted: list[dict[str, Any]], terms: Terms, evidence: Evidence) -> None:
    assert terms.lift is not None
    found = profit_of(acted, terms)
    gain = found["gain"]
    if found["threshold"] is None:
        title = "On the part before the test, acting on nobody was best: the lift is too small"
    else:
        title = (
            f"Acting from {found['threshold']:.1%} on brings {gain['value']:,.0f} "
            f"[{gain['low']:,.0f}, {gain['high']:,.0f}] on {found['acted']:,} sessions"
        )
    chart(title, profit_by_line(found, terms.lift), "Judged by what happened in the test part: "
          "each session is acted on once, at its first moment at or above the line. The line is "
          "chosen on the part before. Band: 95 % over shoppers.")  # fmt: skip
    label(evidence, f"A lift of {terms.lift:.0%}")
    st.caption(plain(gain_note(terms, evidence)))


def _of_the_strategy(strategy: dict[str, Any], terms: Terms) -> None:
    """How far the line moves, and how early to act: known where the run's file has these terms."""
    own, profit = strategy["terms"], strategy["profit"]
    if profit is None or own.get("lift_between") is not None:
        return
    names = ("margin", "cost", "offer", "lift")
    if not np.allclose([own[one] for one in names], [getattr(terms, one) for one in names]):
        return
    if words := line_words(profit):
        st.caption(plain(words))
    if ks := [one for one in profit["by_k"] if one["acted"]]:
        with st.expander("How early to act"):
            table(
                ["Acting only after event", "Sessions", "Gain on test"],
                [(str(one["k"]), count(one["acted"]), told(one, count)) for one in ks],
            )


def _export(run: OpenRun, terms: Terms, evidence: Evidence) -> None:
    st.subheader("Take it with you")
    st.markdown(
        "The strategy says for each segment whether to act, to test or to do nothing, with its "
        "rule in words and as data. The audience is the test part's sessions that did not buy."
    )
    key = (run.folder, terms, evidence)
    if st.button(
        "Make both with these numbers",
        icon=":material/build:",
        help="Takes about a quarter of a minute. The run's own files stay as they are.",
    ):
        with st.spinner("Segments and what acting must bring …"):
            _made(run, terms, evidence, key)
    if st.session_state.get("acting-made") == key:
        strategy, audience = _made(run, terms, evidence, key)
        with st.container(horizontal=True):
            st.download_button(
                "churn_strategy.json",
                strategy,
                "churn_strategy.json",
                "application/json",
                icon=":material/download:",
                on_click="ignore",
            )
            st.download_button("audience.csv", audience, "audience.csv", "text/csv",
                               icon=":material/download:", on_click="ignore")  # fmt: skip
        st.caption("The audience has the keys of predictions.parquet: ids that are whole numbers "
                   "as they are, others as a hash. For the log's own ids:")  # fmt: skip
    else:
        st.caption("On the command line, which writes them into the run:")
    command(_command(run, terms, evidence))


def _made(run: OpenRun, terms: Terms, evidence: Evidence, key: object) -> tuple[bytes, bytes]:
    def make() -> tuple[bytes, bytes]:
        model = model_of(run)
        assert isinstance(model, Model)
        made = planned(run.folder, model.bundle, terms, run.told, Silent(), evidence=evidence)
        audience = audience_of(made, model.bundle.percentiles).drop("position")
        return made.strategy.model_dump_json(indent=1).encode(), as_csv(audience)

    found = once("acting-files", key, make)
    st.session_state["acting-made"] = key
    return found


def _command(run: OpenRun, terms: Terms, evidence: Evidence) -> str:
    folder = shlex.quote(str(run.folder))
    words = [f"willbuy segments {folder} --margin {100 * terms.margin:g}% --cost {terms.cost:g}"]
    if terms.offer:
        words.append(f"--offer {100 * terms.offer:g}%")
    if terms.lift is not None:
        words.append(f"--lift {terms.lift:.0%}")
        if evidence == Evidence.MEASURED:
            words.append("--measured")
    return " ".join([*words, "--audience audience.csv"])
