"""What a price cut would bring, where it was asked for."""

from __future__ import annotations

from willbuy.decide.evidence import Evidence
from willbuy.decide.price.words import between, consequence_rows, headline, notes
from willbuy.report.files import Told
from willbuy.report.markup import Html, details, note, paragraph, section, table


def priced(run: Told) -> Html:
    """The answer of `willbuy price`, its checks and its assumptions."""
    found = run.price
    assert found is not None
    kind = Evidence(found["elasticity"]["evidence"])
    groups = [*found["by_category"], *found["by_price"]]
    return section(
        "priced",
        "What a price cut would bring",
        paragraph(headline(found)),
        note(f"{kind.value.capitalize()}: {kind.meaning}"),
        table(["", "Now", "After", "Change"], consequence_rows(found)),
        *(paragraph(one) for one in notes(found)),
        table(
            ["Check", "", "What was found"],
            [[one["name"], "passed" if one["passed"] else "failed", one["words"]]
             for one in found["checks"]],
        ),
        details("By category and price", table(
            ["Products", "Elasticity", "Purchases"],
            [[one["name"], one.get("withheld") or between(one, "+.2f"),
              f"{one['events']:,}" if "events" in one else ""] for one in groups],
        )) if groups else None,
        details("What it assumes", *(paragraph(one) for one in found["assumptions"])),
    )  # fmt: skip
