"""What is commonly believed of buyers, held against this run."""

from __future__ import annotations

from typing import Any

from willbuy.explain.families import family_within
from willbuy.explain.insights import STRONG, SUPPORTED, TOP_FAMILY, TOP_RANK
from willbuy.report.markup import Html, note, table, tag, together, withheld
from willbuy.report.words import apart, cell, count, percent, told

_HEAD = ("It is said", "In this run", "Rank in the model", "Alone, before the end",
         "Alone, at the end")  # fmt: skip


def beliefs(found: dict[str, Any]) -> Html | None:
    """A table of beliefs with their verdicts; nothing of a run that did not test them."""
    block = found.get("insights")
    if block is None:
        return None
    heading = tag("h3", "What is often said of buyers, and what this run shows")
    if "reason" in block:
        return together([heading, withheld("Beliefs put to the test", block["reason"])])
    return together(
        [
            heading,
            table(_HEAD, [*map(_predictor, block["predictors"]), _left(block["drop_off"])]),
            note(_drop_off_words(block["drop_off"])),
            note(
                "Alone: the ROC-AUC of this one feature, of whatever shape; guessing has 0.5. At "
                "the end: at each session's last event before it bought or ended, which only those "
                "know to be the last who look back. Supported: before the end its interval lies at "
                f"or above {STRONG:g}; and in the model and each of its refits it is among the "
                f"{TOP_RANK} strongest features, or its family among the {TOP_FAMILY} strongest. "
                f"Where the interval holds {STRONG:g}, it cannot be told."
            ),
        ]
    )


def _predictor(one: dict[str, Any]) -> tuple[Html | str, ...]:
    rank, its_family = one["rank"], one["family_rank"]
    ranked: Html | str = "not known"
    if rank is not None:
        ranked = together(
            [f"{_range(rank)} ", tag("small", f"{family_within(one['family'])}: "
                                     f"{_range(its_family)} of the families")]
        )  # fmt: skip
    late: list[Html | str] = [cell(one["at_the_end"])]
    if one["whole_session"] is not None:
        late += [" ", tag("small", f"with the purchase: {told(one['whole_session'])}")]
    claim = together([one["claim"], " ", tag("small", f"here: {one['label']}")])
    verdict: list[Html | str] = [tag("b", one["verdict"])]
    if one["verdict"] == SUPPORTED and _more_later(one):
        verdict += [" ", tag("small", "and far more in hindsight")]
    return claim, together(verdict), ranked, cell(one["alone"]), together(late)


def _more_later(one: dict[str, Any]) -> bool:
    """Whether the feature tells more once the session is over, beyond both intervals."""
    late = [one["at_the_end"], one["whole_session"] or one["at_the_end"]]
    known = [told for told in late if told["low"] is not None]
    return any(
        apart(told, one["alone"]) and told["value"] > one["alone"]["value"] for told in known
    )


def _left(one: dict[str, Any]) -> tuple[Html | str, ...]:
    share = together([cell(one["left"], percent), " ", tag("small", "of these leave")])
    return one["claim"], tag("b", one["verdict"]), "", share, ""


def _drop_off_words(one: dict[str, Any]) -> str:
    if one["left"]["value"] is None:
        return f"High intent: {one['left']['reason']}."
    return (
        f"{count(one['high_intent'])} of {count(one['sessions'])} sessions reach a probability of "
        f"{percent(one['line'])}, the top tenth. {told(one['left'], percent)} of them leave "
        f"without buying; by the probability they had when they first reached it, "
        f"{percent(one['expected'])} were to be expected. They are "
        f"{told(one['share_of_leavers'], percent)} of all who leave. Supported: most "
        "of them leave. A high probability is only high beside others', and where as many leave "
        "as expected, nothing happened that the model had not foreseen."
    )


def _range(rank: dict[str, Any]) -> str:
    low, high = rank["low"], rank["high"]
    return f"{rank['rank']}" if low == high else f"{rank['rank']} ({low} to {high})"
