# %% [markdown]
# # 1 · What is in the log
#
# A shop writes down what its visitors do: somebody *viewed* a product, put it in the *cart*, *bought* it. This first
# notebook looks at such a log before anything is learned from it.
#
# **The shop is simulated.** Its shoppers, goods and prices are made up, with the shares and the flaws of a published
# real month. Nothing below says anything about a real shop; `data/README.md` says where a real month is found and how to
# run all of this on it.

# %%
import matplotlib.pyplot as plt
import polars as pl

import willbuy

plt.rcParams.update({"figure.dpi": 70, "figure.figsize": (8, 2.8)})
pl.Config(float_precision=3, tbl_hide_dataframe_shape=True, fmt_str_lengths=60)

# What `make demo` made. Where it has not, a smaller shop is simulated and run, in two minutes.
run = willbuy.demo("../runs")
log = pl.read_csv(run.about["inputs"][0], ignore_errors=True)  # its last line is cut off
log.head(5)

# %% [markdown]
# One row is one event. A *session* is one visit (`user_session`), a *shopper* is a `user_id`. Brand and category may be
# missing: a real log has such holes, and so has this one.
#
# ## Is the log healthy?
#
# A run reads the whole log once and writes down what it found. Nothing is dropped silently: each row that could not be
# used is kept in `rejected_rows.csv` with its reason, and whatever is left out of learning is counted.

# %%
reading, totals = run.health["reading"], run.health["totals"]
pl.DataFrame(
    [
        {"what": "rows of the log", "number": reading["rows"]},
        {"what": "rows that could not be read", "number": sum(reading["rejected"].values())},
        {"what": "exact repeats, removed", "number": totals["repeats_removed"]},
        {"what": "likely bots, left out", "number": totals["users_left_out_as_bots"]},
        {"what": "shoppers", "number": totals["users"]},
        {"what": "sessions", "number": totals["sessions"]},
        {"what": "sessions that buy", "number": totals["buying_sessions"]},
    ]
)

# %%
print(f"{totals['buying_sessions'] / totals['sessions']:.1%} of the sessions buy.")
for caution in run.metrics["cautions"]:
    print("Caution:", caution)

# %% [markdown]
# Few sessions buy, about one in sixteen. A model that always said *no* would be right for nearly all of them and useless.
# That is why accuracy is never quoted in these notebooks.
#
# ## From looking to buying

# %%
sessions = log.group_by("user_session").agg(
    pl.len().alias("events"),
    *((pl.col("event_type") == kind).any().alias(kind) for kind in ("view", "cart", "purchase")),
)
funnel = sessions.select(pl.col("view", "cart", "purchase").mean()).transpose(
    include_header=True, header_name="sessions with a", column_names=["share"]
)
funnel

# %%
bought = sessions.filter("purchase")
print(f"{1 - bought['cart'].mean():.0%} of the sessions that buy have no cart event.")
print(f"{(sessions['events'] == 1).mean():.0%} of all sessions have a single event.")

# %% [markdown]
# So the picture of a funnel, view → cart → purchase, is wrong for most purchases: they come with no cart event in the
# session. The published month is like that, too, and the simulated shop copies it. A model that waits for the cart misses
# them. And two sessions in five are over after one event: whoever wants to act has to judge early, from little.
#
# ## How long sessions are

# %%
length = sessions.select(pl.col("events").clip(1, 30)).group_by("events").len().sort("events")
fig, ax = plt.subplots()
ax.bar(length["events"], length["len"] / len(sessions), color="#0072b2")
ax.set(xlabel="events in the session (30: thirty or more)", ylabel="share of sessions")
plt.show()

# %% [markdown]
# ## Prices

# %%
prices = (
    log.filter(pl.col("price") > 0)
    .group_by("event_type")
    .agg(pl.col("price").quantile(q).alias(f"{q:.0%}") for q in (0.1, 0.5, 0.9))
)
unpriced = (log["price"] <= 0).sum()
print(f"{unpriced:,} events have the price 0. That is a missing price, not a gift.")
prices.sort("50%")

# %% [markdown]
# Prices are spread over two orders of magnitude. Features therefore compare a price with something (the session's mean, the
# category, what this shopper usually looks at) and seldom use it bare.
#
# ## What is missing

# %%
missing = pl.DataFrame(
    {
        "field": list(reading["missing_share"]),
        "share missing": list(reading["missing_share"].values()),
    }
)
missing.sort("share missing", descending=True)

# %% [markdown]
# A third of the events do not say their category in words (`section` and `path` come from `category_code`), one in
# seven has no brand. A missing brand is *no* brand: two missing ones are never taken for the same.
#
# ## Brands and departments

# %%
log = log.with_columns(pl.col("category_code").str.split(".").list.first().alias("department"))
departments = log.group_by("department").agg(
    pl.len().alias("events"),
    (pl.col("event_type") == "purchase").mean().alias("purchases per event"),
)
departments.sort("events", descending=True).head(6)

# %%
brands = log.group_by("brand").agg(pl.len().alias("events"), pl.col("price").median())
brands.sort("events", descending=True).head(6)

# %% [markdown]
# The first row of each is the largest group of all: events that do not say. Leaving such rows out would leave out a
# third of the shop.
#
# ## When people come

# %%
hours = (
    log.group_by(pl.col("event_time").str.slice(11, 2).cast(pl.Int8).alias("hour"))
    .len()
    .sort("hour")
)
fig, ax = plt.subplots()
ax.bar(hours["hour"], hours["len"], color="#0072b2")
ax.set(xlabel="hour of the day (UTC)", ylabel="events", xticks=range(0, 24, 3))
plt.show()

# %% [markdown]
# ## A day on which nobody buys

# %%
days = pl.DataFrame(run.health["days"]).with_columns(pl.col("day").str.to_date().dt.day())
fig, ax = plt.subplots()
ax.plot(days["day"], days["purchases"], color="#0072b2", marker="o", markersize=3)
ax.set(xlabel="day of the month", ylabel="purchases", ylim=(0, None))
plt.show()
print("Outage days:", ", ".join(run.health["outage_days"]) or "none")

# %% [markdown]
# Views go on as ever, but on an outage day no purchase is recorded. Taken at face value, it would teach a model that
# hundreds of willing shoppers did not want to buy. A run finds such days, from the day itself and earlier ones only, leaves
# out the sessions that began on them, and counts them; the test figures stand in `metrics.json` with and without.
#
# ## What is left out of learning, and why

# %%
left_out = run.health["sessions_left_out"]
pl.DataFrame({"reason": list(left_out), "sessions": list(left_out.values())})

# %% [markdown]
# *Warm-up* sessions are not lost: the first days fill the shoppers' histories and the shop's counts, on which the features of
# later days stand. Sessions in the *gap* before a border began so late that nobody could know yet whether they would buy.
#
# Next: [what is known at a moment of a session, and what must not be](02_feature_engineering.ipynb).
