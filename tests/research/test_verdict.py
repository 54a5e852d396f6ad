"""The verdict follows from the paired intervals."""

from willbuy.research.verdict import verdict


def gain(value, half, good="higher"):
    low, high = value - half, value + half
    word = "higher" if low > 0 else "lower" if high < 0 else "no difference"
    return {"value": value, "low": low, "high": high, "verdict": word}


def entry(title, auc=0.0, loss=0.0, half=0.01, single=None):
    gains = {"roc_auc": gain(auc, half), "log_loss": gain(loss, half)}
    return {"title": title, "paired": {"xgboost": gains, **(single or {})}}


def test_where_nothing_beats_the_trees_it_says_so():
    models = {
        "logistic": entry("Logistic", -0.05, 0.04),
        "xgboost": entry("XGBoost"),
        "tabm": entry("TabM", 0.004, -0.003),
    }
    said = verdict(models, "xgboost", None, "tabm", None)
    assert said[0] == "By ROC-AUC no model is better than XGBoost beyond its interval."
    assert said[1] == "By log loss no model is better than XGBoost beyond its interval."
    assert said[2].startswith("Worse than XGBoost by both, here by ROC-AUC: Logistic \u22120.05")
    assert said[3] == "Not to be told from XGBoost by either: TabM."
    assert "one in twenty" in said[-1]


def test_a_model_that_beats_them_is_named_with_its_interval():
    models = {"xgboost": entry("XGBoost"), "tabm": entry("TabM", 0.02, -0.003)}
    said = verdict(models, "xgboost", None, "tabm", None)
    assert said[0] == "Better than XGBoost by ROC-AUC: TabM +0.0200 [+0.0100, +0.0300]."
    assert said[1].startswith("By log loss no model")
    assert not any("Not to be told" in one for one in said)


def test_the_blend_is_held_against_the_best_single_model():
    beside = {"tabm": {"roc_auc": gain(0.001, 0.01), "log_loss": gain(0.02, 0.01)}}
    models = {
        "xgboost": entry("XGBoost"),
        "tabm": entry("TabM"),
        "blend": entry("Blend", single=beside),
    }
    said = " ".join(verdict(models, "xgboost", "blend", "tabm", None))
    assert "The blend beside TabM, the best single model as calibrate has it" in said
    assert "by ROC-AUC not to be told apart, +0.0010" in said
    assert "by log loss worse, +0.0200" in said


def test_where_only_the_blend_beats_them_no_single_model_is_said_to():
    single = {"tabm": {"roc_auc": gain(0.02, 0.01), "log_loss": gain(-0.02, 0.01)}}
    models = {
        "xgboost": entry("XGBoost"),
        "tabm": entry("TabM"),
        "blend": entry("Blend", 0.02, -0.02, single=single),
    }
    said = verdict(models, "xgboost", "blend", "tabm", None)
    assert all(one.endswith("No single model is.") for one in said[:2])


def test_what_is_left_to_the_ceiling_is_told():
    models = {"xgboost": entry("XGBoost"), "tabm": entry("TabM")}
    below = {"roc_auc": gain(-0.06, 0.01)}
    assert any("XGBoost lacks in ROC-AUC" in one
               for one in verdict(models, "xgboost", None, "tabm", below))  # fmt: skip
    at = {"roc_auc": gain(-0.001, 0.01)}
    assert any("cannot be told from the most" in one
               for one in verdict(models, "xgboost", None, "tabm", at))  # fmt: skip
