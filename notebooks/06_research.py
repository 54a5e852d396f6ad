# %% [markdown]
# # 6 · Would a neural net do better?
#
# On clickstream the question has to be asked on one's own data, by one protocol: the same moments to learn from, the same
# calibration, the same test, differences paired over shoppers. `willbuy compare RUN` does that
# ([docs/research.md](../docs/research.md)); here on few rows, so that it takes minutes. The shop is simulated. The nets need more:
#
# ```
# pip install 'willbuy[deep]'
# ```

# %%
import matplotlib.pyplot as plt
import polars as pl

import willbuy
from willbuy.job.comparing import compare_run
from willbuy.progress import Silent
from willbuy.report.bench import cost_rows, difference_rows, model_rows
from willbuy.report.product_map import OTHERS, kinds
from willbuy.research.rows import read_moments
from willbuy.research.sequences import sequences_of
from willbuy.research.session2vec.embedding import nearest
from willbuy.research.session2vec.kept import vectors_of
from willbuy.research.session2vec.vectors import columns

pl.Config(tbl_hide_dataframe_shape=True, fmt_str_lengths=80, tbl_rows=25)

run = willbuy.demo("../runs")

# %%
found = compare_run(run.folder, ("logistic", "xgboost", "tabm", "gru", "blend"), rows=15_000)
head, rows = model_rows(found)
pl.DataFrame(rows, schema=head, orient="row")

# %% [markdown]
# `TabM` reads the same features as the trees. `GRU` reads the session event by event, after the shopper's latest events before it, with
# all of the run's features at that moment beside them. `Blend` is a weighted mean of all log-odds, its weights from the part before
# test.
#
# Two intervals that overlap do not say which is better. The paired difference to the trees does:

# %%
head, rows = difference_rows(found)
pl.DataFrame(rows, schema=head, orient="row")

# %%
print("\n".join(f"- {one}" for one in found["verdict"]))

# %% [markdown]
# The verdict is made of the intervals and of nothing else. On so few rows it is a verdict on so few rows;
# [docs/research.md](../docs/research.md#figures) has the table of a larger one.
#
# ## What it costs

# %%
head, rows = cost_rows(found)
pl.DataFrame(rows, schema=head, orient="row")

# %% [markdown]
# ## Session2Vec
#
# Sessions as sentences, products as words: products shown near each other get vectors near each other. They are learnt from
# sessions that ended before the middle of train, and only later rows may use them: a vector that was trained on a row's own
# session knows what came after the row ([docs/session2vec.md](../docs/session2vec.md)).

# %%
vectors = vectors_of(run.folder, seed=0, reporter=Silent()).embedding  # those of the GRU
shown = int(vectors.products[vectors.counts.argmax()])
print(f"The product shown most, {shown:,}; the nearest to it:")
pl.DataFrame(vectors.nearest_products(shown, count=5), schema=["product", "cosine"], orient="row")

# %% [markdown]
# A session's vector is the mean of what it has shown so far, the latest counting most. Here are the sessions of test
# nearest to one of them, at their last products, and the category of each:

# %%
ends = read_moments(run.folder, "test", 20_000, seed=0).rows.filter(
    pl.col("event_product").is_not_null()
)
ends = ends.unique("visit", keep="last", maintain_order=True)  # each session's last product
at_end = columns(vectors, sequences_of(run.folder, Silent()), ends)
places, cosines = zip(*nearest(at_end, at_end[0], count=6), strict=True)
ends[list(places)].select(
    session="visit", events="ordinal", last="event_category", cosine=pl.Series(cosines)
)

# %% [markdown]
# The first is the session itself. The products shown most, laid on a plane by t-SNE, which tells neighbours from strangers and nothing else:

# %%
points = found["map"]["points"]
seen = kinds(points)
figure, plane = plt.subplots(figsize=(8, 6), layout="constrained")
for kind in [OTHERS, *seen.named]:
    mine = [one for one, its in zip(points, seen.of, strict=True) if its == kind]
    plane.scatter(
        [one["x"] for one in mine], [one["y"] for one in mine], s=10, label=kind,
        color="0.75" if kind == OTHERS else None,
    )  # fmt: skip
plane.set_axis_off()
plane.legend(loc="upper left", bbox_to_anchor=(1, 1), frameon=False)
plt.show()

# %% [markdown]
# Whether vectors bring the trees anything is a question to measure: `willbuy compare RUN --models xgboost,session2vec`. How well they
# guess the next product, beside what counts alone guess, is in [docs/session2vec.md](../docs/session2vec.md#the-next-product).
