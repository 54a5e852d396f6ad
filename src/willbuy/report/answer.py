"""The answer in one screen."""

from __future__ import annotations

from typing import Any, NamedTuple

from willbuy.explain.families import family_within
from willbuy.report.data import LEFT_OUT
from willbuy.report.files import Told
from willbuy.report.findings import flagged_words, in_pairs, points, ranked_words, right_words
from willbuy.report.limits import banners, complete_days, limits
from willbuy.report.markup import Html, paragraph, section, tag
from willbuy.report.why import not_told, shown
from willbuy.report.words import (
    count,
    decimal,
    percent,
    reason_of,
    times,
    told,
)

WIDE = 0.1
"""A wider interval of the ROC-AUC says only roughly how good a model is."""


def answer(run: Told) -> Html:
    """What is predicted, how well, how early, and whether to trust it."""
    cautions = run.metrics["cautions"]
    return section(
        "answer",
        "The answer",
        *banners(run),
        tag("div", *(_drawn(card) for card in cards(run)), class_="cards"),
        limits(run),
        tag("h3", "Read with care") if cautions else None,
        tag("ul", *(tag("li", one) for one in cautions), class_="cautions") if cautions else None,
    )


class Card(NamedTuple):
    """A question that people ask, with its answer.

    Attributes:
        question: Theirs.
        short: The answer in a few words.
        text: Paragraphs that say it in full.
    """

    question: str
    short: str
    text: tuple[str, ...]


def cards(run: Told) -> list[Card]:
    """Every question that the run answers."""
    return [card(run) for card in (_TABLE_CARDS if run.table else _CARDS)]


def _drawn(card: Card) -> Html:
    texts = (paragraph(one) for one in card.text)
    return tag(
        "div", tag("h3", card.question), tag("p", card.short, class_="big"), *texts, class_="card"
    )


def _card(question: str, short: str, *text: str | None) -> Card:
    return Card(question, short, tuple(one for one in text if one is not None))


def _predicted(run: Told) -> Card:
    test, rate = run.metrics["parts"]["test"], run.test["headline"]["base_rate"]
    if run.table:
        which = "later sessions" if run.of_future else "sessions that it had not seen"
        return _card(
            "What is predicted?",
            "Whether a session buys",
            f"{run.metrics['question']} Judged on {count(test['sessions'])} {which}; "
            f"{told(rate, percent)} of them buy.",
        )
    return _card(
        "What is predicted?",
        "A purchase later in this session",
        "After every event of a session that has not bought, a moment, the model gives the "
        f"probability that it still will. Judged on {count(test['sessions'])} later sessions, "
        f"{count(test['buying_sessions'])} of which buy after one of their moments; a purchase "
        f"follows {told(rate, percent)} of moments.",
    )


def _good(run: Told) -> Card:
    head = run.test["headline"]
    auc, average, rate = head["roc_auc"], head["average_precision"], head["base_rate"]
    if auc["value"] is None:
        return _card("How good is it?", "Not known", f"{auc['reason']}.")
    return _card(
        "How good is it?",
        f"ROC-AUC {decimal(auc['value'])}",
        f"{told(auc)}; guessing has 0.5. {in_pairs(auc, run.nouns)}. Average precision "
        f"{told(average)}, where guessing has the base rate, {decimal(rate['value'])}.",
        _ceiling(run.metrics.get("ladder")),
    )


def _ceiling(ladder: dict[str, Any] | None) -> str | None:
    most = next((one for one in ladder["rungs"] if one["step"] == 3), None) if ladder else None
    if most is None:
        return None
    return (
        "The most that a learner can hope for in this simulated shop is "
        f"{decimal(most['headline']['roc_auc']['value'])}."
    )


def _early(run: Told) -> Card:
    by_k = [one for one in run.test["by_k"] if one["roc_auc"]["value"] is not None]
    landmark = None
    if by_k:
        ranked = "; ".join(f"event {one['k']}: {decimal(one['roc_auc']['value'])}" for one in by_k)
        landmark = f"ROC-AUC after {ranked}; each time among the sessions still open, not the same."
    flagged = run.test.get("flagged_early")
    if reason := reason_of(flagged):
        short = ranked_words(by_k) if by_k else "Not known"
        return _card("How early?", short, landmark, f"Buyers flagged: {reason}.")
    assert flagged is not None
    share, lead = flagged["buyers_flagged"], flagged["lead"]
    ahead = ""
    if lead["events"]["value"] is not None:
        ahead = (
            f" Half of those flagged have at least {times(lead['events']['value'])} events and "
            f"{times(lead['minutes']['value'])} minutes to go."
        )
    return _card(
        "How early?",
        flagged_words(flagged),
        f"{told(share, percent)} are flagged before they buy, from a probability of "
        f"{percent(flagged['threshold'])} on, which also flags "
        f"{told(flagged['false_positive_rate'], percent)} of the sessions that do not buy. "
        + right_words(flagged)
        + ahead,
        landmark,
    )


def _trusted(run: Told) -> Card:
    head = run.test["headline"]
    auc, error = head["roc_auc"], head["calibration_error"]
    chance = head["calibration_error_by_chance"]
    if auc["value"] is None or auc["low"] is None:
        return _card("Can it be trusted?", "That cannot be told", _few(run))
    fits = chance is not None and error["value"] <= chance["p95"]
    if run.smoke:
        short = f"No: the log has {complete_days(run)}"
    elif auc["low"] <= 0.5:
        short = "No: it may be no better than guessing"
    elif auc["high"] - auc["low"] > WIDE:
        short = "Only roughly: the interval is wide"
    elif not fits:
        little = "a little " if error["value"] < head["base_rate"]["value"] / 4 else ""
        short = f"The ranking, yes; the probabilities are {little}off"
    else:
        short = _yes(run)
    level = None
    if chance is not None:
        level = (
            f"Probabilities are off by {points(error['value'])} on average; chance alone explains "
            f"up to {points(chance['p95'])}. {_leaning(head)}"
        )
    scope = "The intervals cover which shoppers came, not other days and not training again."
    if run.table:
        scope = run.test["interval_note"]
    return _card("Can it be trusted?", short, level, (scope))


def _leaning(head: dict[str, Any]) -> str:
    """Which way the probabilities are off on average, where that can be told."""
    gap = head["calibration_in_the_large"]
    if gap["low"] is None or gap["low"] <= 0 <= gap["high"]:
        return ""
    way = "high" if gap["value"] > 0 else "low"
    said, happened = (percent(head[name]["value"]) for name in ("mean_prediction", "base_rate"))
    return f"On average they are too {way}: said {said}, happened {happened}."


def _yes(run: Told) -> str:
    if not run.table:
        return "Yes, on days like those of the test"
    if not run.of_future:
        return "On sessions like these; of the future nothing is known"
    return "Yes, if every column is known before the purchase"


def _few(run: Told) -> str:
    buyers = run.metrics["parts"]["test"]["buying_sessions"]
    if run.table:
        return f"Only {count(buyers)} sessions of the test part buy."
    return f"Only {count(buyers)} sessions of the test part buy after one of their moments."


def _left_out(run: Told) -> Card:
    if run.table:
        return _left_out_of_table(run)
    totals, parts = run.health["totals"], run.metrics["parts"]
    sessions = max(totals["sessions"], 1)
    used = sum(part["sessions"] for part in parts.values())
    reasons = [f"{count(n)} {LEFT_OUT.get(why, why)}"
               for why, n in run.health["sessions_left_out"].items() if n]  # fmt: skip
    bots, repeats = totals["users_left_out_as_bots"], totals["repeats_removed"]
    rows = sum(run.health["reading"]["rejected"].values())
    return _card(
        "Who was left out?",
        f"{percent(1 - used / sessions)} of {count(sessions)} sessions",
        (f"{'; '.join(reasons) or 'None'}."),
        f"Besides, likely bots: {count(bots)}; exact repeats: {count(repeats)}; rows that "
        f"could not be read: {count(rows)}. Shoppers who leave no events are in no log.",
    )


def _left_out_of_table(run: Told) -> Card:
    table, columns = run.health["table"], run.health["columns"]
    out = [one for one in columns if one["left_out"] is not None]
    reasons = [f"{count(n)} {why}" for why, n in table["rejected"].items()]
    if table["late"]:
        reasons.append(f"{count(table['late'])} of a group that belongs to an earlier part")
    names = ", ".join(one["name"] for one in out[:4]) + (", ..." if len(out) > 4 else "")
    return _card(
        "What was left out?",
        f"{percent(1 - table['used'] / max(table['rows'], 1))} of {count(table['rows'])} rows",
        (f"{'; '.join(reasons) or 'No row'}."),
        f"{count(len(out))} of {count(len(columns))} columns are no features"
        + (f": {names}." if out else "."),
    )


def _driven(run: Told) -> Card:
    found = run.reasons
    families = [one["family"] for one in shown(found)] if found else []
    if not families:
        why_not = "No feature adds anything." if found else f"Not told: {not_told(run)}."
        return _card("What drives the answer?", "Not known", why_not)
    first, *others = (family_within(one) for one in families[:3])
    then = f"Then {' and '.join(others)}. " if others else ""
    return _card(
        "What drives the answer?",
        f"Most of all: {first}",
        f"{then}These are what the model goes by, not what makes people buy: changing one in "
        "the shop need not change what happens.",
    )


_CARDS = (_predicted, _good, _early, _trusted, _left_out, _driven)
_TABLE_CARDS = (_predicted, _good, _trusted, _left_out, _driven)
