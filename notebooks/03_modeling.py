# %% [markdown]
# # 3 · How good, and how sure
#
# From the rows of [notebook 2](02_feature_engineering.ipynb) a run learns two models: a logistic regression, which is hard to
# beat by accident, and boosted trees (XGBoost), which have to earn their place. All figures below are of the test part: the last
# week, which nothing was fitted to or chosen on. The shop is simulated.

# %%
import warnings

import matplotlib.pyplot as plt
import polars as pl

import willbuy
from willbuy.evaluate.two_bells import best_f1, fitting_rate
from willbuy.features.registry import built_in
from willbuy.models import tune
from willbuy.models.windows import draw_sessions, time_views

plt.rcParams.update({"figure.dpi": 70, "figure.figsize": (8, 2.8)})
pl.Config(float_precision=3, tbl_hide_dataframe_shape=True, fmt_str_lengths=80, tbl_rows=20)

warnings.filterwarnings("ignore", message="IProgress")  # of a progress bar that is not shown

run = willbuy.demo("../runs")
trees, logistic = (run.metrics["models"][name]["test"] for name in ("xgboost", "logistic"))

# %% [markdown]
# ## Two models
#
# Each figure stands with its 95 % interval, from a bootstrap over shoppers.

# %%
names = ["roc_auc", "average_precision", "base_rate", "log_loss", "brier", "f1"]
pl.DataFrame(
    [
        {"model": model, "figure": name, **test["headline"][name]}
        for name in names
        for model, test in (("xgboost", trees), ("logistic", logistic))
    ]
)

# %% [markdown]
# *ROC-AUC*: of a moment that a purchase follows and one that none follows, how often the first has the higher
# probability; 0.5 is a coin. *Average precision* must be read beside the *base rate*, which is what guessing gets. *Log loss* and *Brier*
# judge the probabilities themselves; lower is better.
#
# Intervals that overlap do not tell whether one model is better, because both were judged on the same shoppers. The paired
# difference does.

# %%
paired = trees["paired"]["logistic"]
pl.DataFrame(
    [{"xgboost minus logistic": name, **paired[name]} for name in names if name != "base_rate"]
)

# %% [markdown]
# An interval that holds 0 is *no difference*, whatever the two values look like side by side. Here the trees rank better and their
# probabilities are a little closer; in average precision and F1 nothing can be told.
#
# ## Would other settings be better?
#
# Optuna searches for the settings of the trees. It must not look at test, so it judges each trial by windows of time inside
# train. Here are a few trials on a small drawn part of train; `willbuy run --tune 30` does it on more, and tells on test what it
# brought.

# %%
columns = [one.name for one in built_in()]
rows = pl.read_parquet(run.folder / "snapshots" / "train-000.parquet")
rows = rows[draw_sessions(rows["visit"].to_numpy(), 15_000, seed=0)]
X = rows.select(columns).to_numpy(order="c")
views = time_views(X, columns, rows["start"].dt.epoch("us").to_numpy())
y, weight = rows["label"].to_numpy().astype(bool), rows["weight"].to_numpy()
tuned = tune(views, y, weight, trials=6, seed=0, threads=2)
searched = ("max_depth", "learning_rate", "min_child_weight", "reg_lambda")
pl.DataFrame(
    [
        {
            "trial": i,
            "log loss": one["loss"],
            **{name: float(one["settings"][name]) for name in searched},
        }
        for i, one in enumerate(tuned.history)
    ]
)

# %%
print(f"Taken: trial {tuned.choice.taken}. Best: trial {tuned.choice.best}.")
print(f"Trials that cannot be told from the best: {list(tuned.choice.alike)}.")

# %% [markdown]
# Trial 0 is the settings as given. The best of several trials is a little flattered, as any winner is: where it cannot be told from
# the settings given, these are kept, and of others that are alike the smallest trees win. And on so few rows a winner says little of
# test. On 200,000 rows, many trials brought little or nothing that test could tell from chance
# ([docs/accuracy.md](../docs/accuracy.md#beside-other-learners-with-all-features)).
#
# ## Can a probability be taken at its word?
#
# Of the moments that are given 20 %, a purchase should follow in one of five.

# %%
bins = trees["calibration"]["bins"]
said = [one["mean_prediction"] for one in bins]
seen = [one["observed_rate"] for one in bins]
fig, ax = plt.subplots(figsize=(4, 4))
ax.plot([0, 0.4], [0, 0.4], color="grey", linewidth=1)
ax.vlines(said, [one["low"] for one in seen], [one["high"] for one in seen], color="#0072b2")
ax.plot(said, [one["value"] for one in seen], "o", color="#0072b2")
ax.set(xlabel="probability said", ylabel="share that a purchase follows")
plt.show()
error, chance = (
    trees["headline"]["calibration_error"],
    trees["headline"]["calibration_error_by_chance"],
)
print(
    f"Calibration error {error['value']:.4f}; a perfect model would show up to {chance['p95']:.4f}."
)
print("Map chosen before test:", run.metrics["models"]["xgboost"]["calibrator"]["kind"])

# %% [markdown]
# Where the points lie under the line, the model says a little too much. Its error is larger than chance alone would show: the test
# week buys less often than the weeks before. No map learned earlier can know that
# ([docs/accuracy.md](../docs/accuracy.md#calibration)).
#
# ## Where to draw the line
#
# To act, one needs a threshold. The one below has the best F1 *on the part before test*; what it is worth is told on test.

# %%
chosen = trees["thresholds"]["chosen"]
print(f"Threshold {chosen['threshold']:.3f}")
pl.DataFrame(
    [
        {"at the threshold": name, **chosen[name]}
        for name in ("flagged_share", "precision", "recall", "f1")
    ]
)

# %% [markdown]
# Which line is right depends on what acting costs and brings, which no F1 knows: [notebook 5](05_dashboard.ipynb).
#
# ## How early?

# %%
by_k = pl.DataFrame(
    [
        {"after event": one["k"], "moments": one["moments"], "base rate": one["base_rate"]["value"],
         **{f"ROC-AUC {end}": one["roc_auc"][end] for end in ("value", "low", "high")}}
        for one in trees["by_k"]
    ]
)  # fmt: skip
by_k

# %%
early = trees["flagged_early"]
print(f"One line that flags {early['allowed']:.0%} of the sessions that do not buy finds")
for one in early["by_event"]:
    print(f"  {one['share']['value']:5.1%} of all buying sessions by event {one['k']}")
print(f"Median lead before the purchase: {early['lead']['minutes']['value']:.0f} minutes.")

# %% [markdown]
# After one event little is known, after two or three most. Later it gets harder again: the sessions still under way after twenty
# events are others, long looks around that may or may not end in a purchase.
#
# ## How good could it be?
#
# Only a simulated shop can answer that. Its truth is known, so the best possible probability can be computed at every moment.

# %%
pl.DataFrame(
    [
        {"model": one["name"], "ROC-AUC": one["headline"]["roc_auc"]["value"],
         "average precision": one["headline"]["average_precision"]["value"],
         "log loss": one["headline"]["log_loss"]["value"]}
        for one in run.metrics["ladder"]["rungs"]
    ]
)  # fmt: skip

# %% [markdown]
# `learned_products` is the most that a learner can hope for from this log. The trees are above the logistic regression and well
# below that. `hidden_state` knows what shoppers have in mind, which no log tells; what is missing there to 1.0 is chance that has
# not happened yet. [docs/accuracy.md](../docs/accuracy.md#where-the-information-is-lost) tells where the rest is lost.
#
# ## "Others have 0.87 and 0.72"
#
# Projects of this kind often report a ROC-AUC of 0.87 with an F1 of 0.72. ROC-AUC does not depend on how many buy, F1 does. So the pair
# tells at which rate it was found.

# %%
auc, f1 = 0.87, 0.72
print(f"The pair fits a rate of {fitting_rate(auc, f1):.1%}.")
for rate in (0.068, 0.347):
    print(f"At a rate of {rate:.1%} the best F1 with ROC-AUC {auc} is {best_f1(auc, rate):.2f}.")

# %% [markdown]
# Few shops have one buying session in three. If the scores of buyers and others are spread like two bells (that is what `fitting_rate`
# assumes), the pair fits a table that was resampled until a third of its rows buy. And its rows know more than ours. On one simulated shop (`make bench-accuracy`,
# [docs/accuracy.md](../docs/accuracy.md#the-yardstick)):
#
# | rows of willbuy | what they know | ROC-AUC | best F1 | best F1 at 34.7 % |
# |---|---|--:|--:|--:|
# | cut before the purchase | that the session stopped here | 0.90 | 0.47 | 0.76 |
# | honest moments, each session once | the events so far | 0.83 | 0.34 | 0.68 |
# | honest moments, every one | the events so far | 0.74 | 0.32 | 0.60 |
#
# The first row beats the published pair, and is of no use to anybody: while a session runs, nobody knows that it has stopped.
# The last row is what this notebook is about.
#
# Next: [why the model answers as it does](04_explainability.ipynb).
