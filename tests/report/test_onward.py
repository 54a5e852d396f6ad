"""Where sessions go next, in words."""

from willbuy.report.onward import HEAD, funnel_words, next_words, onward, onward_words


def share(value, spread=0.01):
    return {"value": value, "low": value - spread, "high": value + spread, "reason": ""}


def journey(segment, entered, moves):
    funnel = {
        "entered": entered, "had_cart": 7, "put_in_cart": share(0.2),
        "bought_with_cart": share(0.5), "bought_without_cart": share(0.03),
    }  # fmt: skip
    return {"segment": segment, "funnel": funnel,
            "next": [{"to": to, "share": share(value)} for to, value in moves]}  # fmt: skip


WAYS = [("left without buying", 0.5), ("high / <b>", 0.25), ("bought", 0.1), ("low / x", 0.1),
        ("low / y", 0.05)]  # fmt: skip


def test_the_largest_segment_is_told_of_first():
    many = [journey(f"low / {n}", 100 + n, WAYS) for n in range(9)]
    page = onward(many)
    assert page is not None
    assert page.index("low / 8") < page.index("low / 7")
    assert "3 further segments" in page
    assert "<b>," not in page
    assert "&lt;b&gt;" in page
    assert all(name in page for name in HEAD)
    assert onward_words(many) == (
        "Of sessions that came into “low / 8”, 50% left without buying, 25% went on to "
        "“high / <b>”, 10% bought"
    )


def test_destinations_have_intervals_and_the_rest_is_added_up():
    told = next_words(journey("low / a", 100, WAYS)["next"])
    assert told.startswith("left without buying 50% [49%, 51%]; ")
    assert told.endswith("; others 5%")
    assert next_words([]) == "too few sessions"


def test_an_older_file_and_a_small_part_say_no_more_than_they_know():
    assert onward(None) is None
    assert "Too few sessions" in onward_words([journey("low / a", 9, [])])


def test_the_funnel_in_a_sentence():
    told = funnel_words(journey("low / a", 100, [])["funnel"])
    assert told.startswith("Of 100 sessions 7 had something in the cart before; of the others 20%")
    assert "With a cart 50% [49%, 51%] bought, without one 3% [2%, 4%]." in told
