# %% [markdown]
# # 4 · Why the model answers as it does
#
# A probability that nobody understands is not acted upon. This notebook asks three questions: what are the model's answers made of,
# why did it answer so about *one* session, and for whom does it fail?
#
# All of these are the model's reasons, **not causes**. They say what the model has learned from a log; they do not say what would happen
# if the shop did something. The shop is simulated.

# %%
import warnings
from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl
from PIL import Image

import willbuy
from willbuy.explain.session.files import save, timeline

pl.Config(float_precision=3, tbl_hide_dataframe_shape=True, fmt_str_lengths=200, tbl_rows=20)


def picture(path: Path) -> Image.Image:
    """A picture, with few colours so that this page stays small."""
    small = Image.open(path).convert("RGB")
    small.thumbnail((850, 850), Image.Resampling.LANCZOS)
    return small.quantize(16)


warnings.filterwarnings("ignore", message="IProgress")  # of a progress bar that is not shown

run = willbuy.demo("../runs")
reasons = run.read("explanations.json")
plots = run.folder / "outputs" / "shap_plots"

# %% [markdown]
# ## What all answers are made of
#
# SHAP values share an answer out among the features: in log-odds, they add up to it exactly. Each dot is a moment of the test part;
# right of the line the feature raised the answer, left of it lowered it. Red is a high value of the feature, blue a low one.

# %%
picture(plots / "summary.png")

# %%
print(
    f"{reasons['moments']:,} moments; largest gap of the sums: {reasons['exact']['largest_gap']:.0e}."
)
pl.DataFrame(
    [
        {"feature": one["label"], "mean size, log-odds": one["mean_abs"], "in points": one["mean_points"],
         "direction": one["direction"]}
        for one in reasons["top"][:8]
    ]
)  # fmt: skip

# %% [markdown]
# Time between events, how long looks last, the price against the product's usual one, what is known of the product from past days: in
# this made-up shop that is what tells. Nothing stands out alone. Features that say nearly the same share what they add, so each looks
# weaker than what it stands for; families of features do not:

# %%
pl.DataFrame(reasons["families"][:6])

# %% [markdown]
# Ranks are figures, too, and would differ if other shoppers had come. Refitted on other shoppers, the ranks of the first features were:

# %%
ranks = reasons["stability"]["features"]
pl.DataFrame(ranks[:8])

# %% [markdown]
# ## What one feature adds, by its value

# %%
first = reasons["top"][0]
print(f"{first['label']} ({first['unit']}): {first['meaning']}")
picture(plots / f"dependence_{first['name']}.png")

# %% [markdown]
# Does the model see what the data show? Beside what it adds stands the plain rate: of all moments with such a value, how many a purchase
# follows, whatever the other features say.

# %%
pl.DataFrame(
    [
        {"from": one["low"], "to": one["high"], "share of moments": one["share"],
         "a purchase follows": one["rate"]["value"], "the model adds": one["mean_contribution"]}
        for one in first["by_value"]["bins"]
    ]
)  # fmt: skip

# %%
print(f"Model and data: {first['by_value']['agreement']['words']}.")

# %% [markdown]
# ## Common beliefs, put to the test

# %%
pl.DataFrame(
    [
        {"belief": one["claim"], "alone, at a moment": one["alone"]["value"],
         "in hindsight": (one["whole_session"] or {}).get("value"), "verdict": one["verdict"]}
        for one in reasons["insights"]["predictors"]
    ]
)  # fmt: skip

# %% [markdown]
# The figures are ROC-AUC of that feature by itself. Duration looks strong *in hindsight*, when the session is over: sessions that buy
# take longer, partly because buying takes time. At a moment of a session under way it tells much less.
#
# ## One session
#
# A shopper who looked at several products, put one in the cart, came near the line, and left. What did the model see?

# %%
moments = pl.read_parquet(run.folder / "predictions.parquet")
left = (
    moments.group_by("visit")
    .agg(
        pl.len().alias("events"),
        pl.col("label", "probability").max(),
        pl.col("event_product").n_unique().alias("products"),
        (pl.col("event_kind") == "cart").sum().alias("carts"),
        pl.col("position").first(),
    )
    .filter(
        pl.col("events").is_between(6, 8),
        pl.col("probability").is_between(0.1, 0.15),
        label=0,
        products=3,
        carts=1,
    )
    .sort("visit")
)
log = pl.read_csv(run.about["inputs"][0], ignore_errors=True)  # its last line is cut off
model = willbuy.load(run.folder)
told = model.explain(session=log["user_session"][left["position"][0]], counterfactual=True)
timeline(told).select("k", "kind", "brand", "price", "probability", "change", "moved")

# %% [markdown]
# `probability` is what the live scorer would have said at each click, bit by bit. `moved` names what changed it most since the click
# before.
#
# At the last moment, what pushes up and what pushes down, in percentage points:

# %%
with TemporaryDirectory() as folder:
    save(told, Path(folder))
    force = picture(Path(folder) / "force.png")
for sentence in told.sentences:
    print(sentence)
force

# %% [markdown]
# ## What would have had to be different?
#
# The fewest edits of the session's *events* that cross the line. Each edited session is replayed, so that all features change
# with it.

# %%
found = told.counterfactual
print(
    f"{told.probability:.1%} now; the line is at {found.target:.1%}. {found.tried:,} sessions were tried."
)
for way in found.ways:
    print(f"  {way.probability:.1%}: " + "; ".join(edit.words for edit in way.edits))

# %% [markdown]
# That is the model's view of other events. It is not what the shopper would have done, nor what a message or a discount would bring. Only
# an experiment tells that.
#
# ## For whom does it fail?
#
# A run looks at new and returning shoppers, departments, brands, price bands, hours, weekdays, and all pairs of them. With so many looks
# some gap is always large by chance; a gap is a finding only if it is beyond what chance explains for all looks together.

# %%
print(run.bias["words"])
pl.DataFrame(
    [
        {"shoppers": one["level"], "moments": one["moments"], "a purchase follows": one["base_rate"]["value"],
         "the model says": one["mean_prediction"]["value"], "flagged": one["selection_rate"]["value"],
         "of buyers, flagged": one["true_positive_rate"]["value"], "ROC-AUC": one["roc_auc"]["value"]}
        for one in run.bias["columns"][0]["slices"]
    ]
)  # fmt: skip

# %%
worst = run.bias["pairs"]["worst"][0]
print(f"The largest gap of all pairs: {worst['words']}")
print(f"Adjusted for all looks: p = {worst['p_adjusted']:.2f}.")

# %% [markdown]
# New shoppers are flagged more often than returning ones, and they buy more often: that is a difference between shoppers, which a perfect
# model would show as well. Of a *failure* one speaks where the model is further off for a group than chance explains. Whether groups
# may be treated differently at all is not a question that figures answer ([docs/bias.md](../docs/bias.md)).
#
# Next: [what to do about it](05_dashboard.ipynb).
