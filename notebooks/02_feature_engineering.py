# %% [markdown]
# # 2 · What is known at a moment
#
# A model that helps while somebody is still in the shop answers at a *moment*: just after an event of a session. It knows
# this session so far, what this shopper did in earlier sessions, and what the whole shop did on complete past days.
# Nothing else. This notebook shows what that means, and how a table is caught that knows more.
#
# The shop is simulated ([notebook 1](01_data_exploration.ipynb)).

# %%
import matplotlib.pyplot as plt
import polars as pl

import willbuy
from willbuy.features.registry import built_in

plt.rcParams.update({"figure.dpi": 70, "figure.figsize": (8, 2.8)})
pl.Config(float_precision=3, tbl_hide_dataframe_shape=True, fmt_str_lengths=80, tbl_rows=20)

run = willbuy.demo("../runs")
moments = pl.scan_parquet(run.folder / "snapshots" / "*.parquet")

# %% [markdown]
# ## A feature is one small function
#
# Each has a name, a label, a unit and a meaning, in one place. Tables, pictures, explanations and the app all take their words
# from there.

# %%
features = pl.DataFrame(
    [
        {"family": one.family, "name": one.name, "label": one.label, "unit": one.unit}
        for one in built_in()
    ]
)
print(f"{len(features)} features")
features.group_by("family", maintain_order=True).agg(
    pl.len(), pl.col("label").first().alias("such as")
)

# %% [markdown]
# *session* features look at this visit, *user* features at the shopper's earlier visits, *shop* features at what all shoppers
# did with this product, brand and category on past days. The very same functions, compiled, make the training rows and
# answer live. There is no second definition that could drift.
#
# ## One session, event by event
#
# Here is a session of the test part that bought in the end. Each row is a moment; each number is what was known then.

# %%
buying = moments.filter(pl.col("split") == "test", pl.col("label") == 1)
carted = (
    buying.group_by("visit")
    .agg(pl.len(), pl.col("carts", "distinct_products", "past_sessions").max())
    .filter(pl.col("len").is_between(6, 8), carts=1)
    .sort("distinct_products", "past_sessions", "visit", descending=[True, True, False])
    .head(1)
    .collect()
)
session = moments.filter(pl.col("visit") == carted["visit"][0]).sort("ordinal").collect()
session.select(
    pl.col("ordinal").alias("event"),
    pl.col("event_kind").alias("kind"),
    "views", "carts", "distinct_products", "duration", "price", "price_against_mean",
    "product_rate", "past_sessions", "label",
)  # fmt: skip

# %% [markdown]
# Read it downwards. `views`, `carts` and `duration` grow with the session. `price` is that of the product looked at now.
# `product_rate` is how often this product was bought per view *on past days*: it changes with the product and never with
# what happens today. `past_sessions` stays as it is, since it was frozen when the session began; it is no whole number because
# visits of long ago count less (by half after 14 days). And `label` says what nobody
# knew then: that a purchase follows.
#
# The purchase itself is no row. After it there is nothing left to predict.
#
# ## Does a feature look ahead?
#
# That can be tested, not only promised. A run takes moments of its own log, changes everything that came after them
# (removes events, adds some, turns buyers into non-buyers), computes all features anew, and compares.

# %%
print(run.audit["future"]["words"])

# %% [markdown]
# ## The table that knows too much
#
# The usual recipe makes one row of each *finished* session: how many views, carts, purchases, how much was spent, how long it
# took. Then it asks which of them bought.

# %%
log = pl.read_csv(run.about["inputs"][0], ignore_errors=True).drop_nulls("user_session")
when = pl.col("event_time").str.slice(0, 19).str.to_datetime()
bought = pl.col("event_type") == "purchase"
recipe = log.group_by("user_session").agg(
    (pl.col("event_type") == "view").sum().alias("views"),
    (pl.col("event_type") == "cart").sum().alias("carts"),
    bought.sum().alias("purchases"),
    pl.col("price").filter(bought).sum().alias("spent"),
    (when.max() - when.min()).dt.total_seconds().alias("duration"),
    bought.any().alias("bought"),
)
recipe.filter("bought").sort("user_session").head(3)

# %% [markdown]
# `willbuy.audit` looks at any table, whatever made it, and says where it leaks.

# %%
sample = recipe.drop("user_session").sort(pl.all()).sample(20_000, seed=0)
found = willbuy.audit(sample, "bought")
for one in found.findings:
    print(f"{one.level.word.upper()}: {one.what}\n  {one.evidence}\n  Fix: {one.fix}\n")

# %% [markdown]
# With `purchases` and `spent` in it, a model reaches a perfect score and has learned nothing: it was told the answer. Once
# these columns are gone the table looks innocent, and still is not: the `duration` and `views` of a finished session go on
# after the purchase, and nobody knows them while the shopper is there. No look at a table alone can prove that. With the
# log beside it the audit can: `willbuy audit TABLE --label bought --time ... --events LOG`
# ([docs/audit.md](../docs/audit.md)).
#
# A run audits its own rows by the same checks:

# %%
print({name: run.audit["counts"][name] for name in ("certain", "likely", "suspicious")})

# %% [markdown]
# ## Which moments become rows
#
# A moment is drawn by a hash of shopper, session and place, at a rate that depends on its place in the session alone. Drawing
# one moment of each session would look simpler, but how likely each is would depend on how long the session came to be,
# which the future decides. On a log of this size every moment is kept; on a longer one each row carries its weight.

# %%
sizes = run.metrics["parts"]
pl.DataFrame([{"part": part, **sizes[part]} for part in ("train", "calibrate", "test")]).select(
    "part", "sessions", "buying_sessions", "moments", "rows", "positive_rows"
)

# %% [markdown]
# ## Time comes first
#
# The parts follow each other in time, by the *first* event of a session. The model learns from the first, the calibration and the
# threshold are chosen on the second, and all figures come from the third, once.

# %%
began = moments.filter(pl.col("ordinal") == 1).select("start", "split").collect()
fig, ax = plt.subplots(figsize=(8, 1.8))
colours = {"train": "#0072b2", "calibrate": "#e69f00", "test": "#009e73"}
for part, colour in colours.items():
    day = began.filter(pl.col("split") == part)["start"].dt.date().dt.day()
    count = day.value_counts().sort(day.name)
    ax.bar(count[day.name], count["count"], color=colour, label=part)
ax.set(xlabel="day of the month on which the session began", ylabel="sessions")
ax.legend(ncols=3, frameon=False, loc="upper left", bbox_to_anchor=(0, 1.3))
plt.show()
print(f"Gap before each border: {run.metrics['splits']['gap_hours']:.1f} hours.")

# %% [markdown]
# The first days give no rows: they warm up histories and the shop's counts. The missing day within test is the outage. A random
# split would have put moments of one session, and sessions of one shopper, on both sides; a model can then
# recognise whom it has seen.
#
# Next: [what a model makes of these rows](03_modeling.ipynb).
