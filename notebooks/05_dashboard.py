# %% [markdown]
# # 5 · What to do about it
#
# For people who don't code there is an app:
#
# ```
# pip install 'willbuy[app]'
# willbuy app
# ```
#
# It opens in the browser on the newest run, or offers to make a demo. It reads a run's own files, trains nothing, and listens to this
# machine alone ([docs/app.md](../docs/app.md)). This notebook shows its pages, and the files behind them. The shop is simulated.
#
# ![The overview: how good, how early, can it be trusted](../docs/app-overview.png)
#
# *Overview*: the answer in one screen, and what stands in the way of trusting it.

# %%
import polars as pl

import willbuy
from willbuy.decide.price.answer import Question
from willbuy.decide.price.words import consequence_rows, headline, notes
from willbuy.job.pricing import price_run

pl.Config(float_precision=3, tbl_hide_dataframe_shape=True, fmt_str_lengths=200, tbl_rows=25)

run = willbuy.demo("../runs")
strategy, summary = run.read("churn_strategy.json"), run.read("churn_summary.json")

# %% [markdown]
# ## Who is in the shop
#
# Sessions are grouped by *intent* (what the model says) and *behaviour* (what they did). The groups are found by clustering, and each can
# be said again as a rule in words.

# %%
segments = pl.DataFrame(
    [
        {"segment": one["segment"], "share": one["share"], "model said": one["mean_probability"],
         "bought": one["bought"]["value"], "with a cart": one["carted"]}
        for one in summary["segments"]
    ]
)  # fmt: skip
segments.sort("share", descending=True).head(8)

# %%
quiet = max(strategy["segments"], key=lambda one: one["share"])
print(f"The largest: {quiet['who']}.")

# %% [markdown]
# ![Segments, likely buyers who left, reasons](../docs/app-who-and-why.png)
#
# *Who and why*: the same with charts, and what the model's answers are made of.
#
# ## Likely buyers who left

# %%
drop = summary["drop_off"]
left = drop["left"]
print(f"{drop['reached']:,} sessions reached the line of {drop['line']:.1%}.")
print(f"{left['value']:.1%} [{left['low']:.1%}, {left['high']:.1%}] left without buying; expected: "
      f"{drop['expected_to_leave']:.1%}.")  # fmt: skip
pl.DataFrame(drop["steps"])

# %% [markdown]
# Most likely buyers leave: at a probability of 20 %, four of five do. Where the interval does not hold what the model expected, it promised
# a little too much of this week. And most leave before any cart, so that an "abandoned
# cart" message would miss them.
#
# ## What acting must bring
#
# A probability is not a gain: who buys anyway need not be helped. What acting brings is its *lift*, and no log of clicks tells it. So
# the strategy says how large the lift would have to be to pay, and how large a test would settle it.

# %%
terms = strategy["terms"]
print(
    f"Margin {terms['margin']:.0%}, cost {terms['cost']:.2f} an action; placeholders: {', '.join(terms['placeholders'])}."
)
band = ("from", "to", "mean_probability", "mean_value", "break_even_lift")
pl.DataFrame([{name: float(one[name]) for name in band} for one in strategy["break_even"]])

# %% [markdown]
# Where the probability is high, a small lift pays. Where it is low, acting would have to raise it by half.

# %%
shown = ("segment", "recommended", "action", "break_even_lift")
tests = [{**{name: one[name] for name in shown}, "test, sessions a group": (one["test"] or {}).get("sessions_per_group")}
         for one in strategy["segments"]]  # fmt: skip
pl.DataFrame(tests).sort("break_even_lift", nulls_last=True).head(6)

# %% [markdown]
# *Do nothing and test* is the honest recommendation wherever nobody knows the lift. With one, assumed or measured, the command says where
# acting pays, and writes a list of sessions:
#
# ```
# willbuy segments runs/demo --margin 25% --cost 0.40 --lift 8% --measured --audience audience.csv
# ```
#
# ## What would a price cut bring?
#
# From price changes within products, compared with other products of the same day. Its checks come with it; where one fails, the estimate is
# withheld. (Needs `willbuy[causal]`.)

# %%
answer = price_run(run.folder, Question(cut=0.10, margin=0.3))
print(headline(answer))
pl.DataFrame(
    list(consequence_rows(answer)), schema=["what", "now", "after", "change"], orient="row"
)

# %%
for check in answer["checks"]:
    print("passed" if check["passed"] else "FAILED", "·", check["name"])
for note in notes(answer):
    print("-", note)

# %% [markdown]
# With as many views as now, more is sold, revenue rises, and the margin falls: at 30 % margin a cut of a tenth gives away a third of what
# each unit earns. Whether it pays hangs on whether the views come, too. The *model* at lower prices
# answers something else again, much smaller. It has learned who buys at which prices, not what a price does; so it is called a scenario
# and nobody should plan by it. In this simulated shop prices are drawn without regard to demand, which is what the method needs;
# in a real one the checks have more to find ([docs/price.md](../docs/price.md)).
#
# ![Simulate: a price cut](../docs/app-simulate.png)
#
# *Simulate*: the same for any cut, margin and scope, without waiting.
#
# ## Scoring, and looking around
#
# ![Score: a file, or a little shop](../docs/app-score.png)
#
# *Score*: drop a file of events, or click a session together, and see the probability move at each click.
#
# ![Explore: conversion by anything](../docs/app-explore.png)
#
# *Explore*: which sessions buy, by department, brand, price, hour, new or returning; each chart follows the choices made in the others.
#
# All of it can be sent as one page that opens offline: `runs/demo/report.html`.
