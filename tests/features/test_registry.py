"""Registering features: the built-in ones and those of a user's file."""

import re

import pytest

from willbuy.errors import WillbuyError
from willbuy.features.registry import all_features, built_in, from_file

GOOD = '''
from willbuy.features.registry import feature

@feature("Views, doubled", unit="events")
def views_doubled(session, user, shop):
    """Twice the views
    up to now."""
    return 2 * session.kind.size
'''


@pytest.fixture
def file(tmp_path):
    def write(text, name="own.py"):
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def test_a_file_registers_its_function_behind_the_built_in_ones(file):
    path = file(GOOD)
    [one] = from_file(path)
    assert (one.name, one.label, one.unit) == ("views_doubled", "Views, doubled", "events")
    assert one.meaning == "Twice the views up to now."
    assert (one.family, one.scope) == ("own", "own")
    assert [f.name for f in all_features(path)] == [
        *(f.name for f in built_in()),
        "views_doubled",
    ]


def test_the_decorated_function_is_still_the_plain_function(file):
    [one] = from_file(file(GOOD))
    session = type("Session", (), {"kind": type("Kinds", (), {"size": 4})})
    assert one.function(session, None, None) == 8


def test_reading_a_file_again_reads_what_it_now_says(file):
    from_file(file(GOOD))
    [one] = from_file(file(GOOD.replace("2 * session", "3.5 * session")))
    session = type("Session", (), {"kind": type("Kinds", (), {"size": 4})})
    assert one.function(session, None, None) == 14


def test_an_edited_function_is_another_feature(file):
    """Programs are kept by their features: an edited one must not answer for the old one."""
    [old] = from_file(file(GOOD))
    [new] = from_file(file(GOOD.replace("2 * session", "3.5 * session")))
    assert old != new


def test_every_built_in_feature_says_what_it_is():
    features = built_in()
    assert len({one.name for one in features}) == len(features) >= 60
    assert len({one.label for one in features}) == len(features)
    assert {one.scope for one in features} == {"session", "user", "shop"}
    for one in features:
        assert one.label[0].isupper(), one.name
        assert one.unit, one.name
        assert one.meaning.endswith("."), one.name
    assert built_in() is features


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("session, user, shop", "session, shop, user", r"views_doubled.*\(session, user, shop\)"),
        ("session, user, shop", "session", r"views_doubled.*\(session, user, shop\)"),
        ('"""Twice the views\n    up to now."""', "", r"views_doubled.*docstring"),
        ("views_doubled", "viewsDoubled", r"'viewsDoubled'.*lower_case"),
        ("views_doubled", "_views", r"'_views'.*lower_case"),
        ("views_doubled", "views", r"two features called views;"),
        ("return 2", "return return", r"fails: SyntaxError"),
        ("from willbuy", "1 / 0\nfrom willbuy", r"fails: ZeroDivisionError"),
        ("from willbuy", "import no_such_module\nfrom willbuy", r"fails: ModuleNotFoundError"),
        ("@feature", "#", r"registers no feature"),
    ],
    ids=[
        "order of arguments",
        "arguments",
        "docstring",
        "upper case",
        "underscore",
        "name taken",
        "syntax",
        "raises",
        "import",
        "none",
    ],
)
def test_what_is_wrong_with_a_feature_file_is_said(file, old, new, says):
    assert old in GOOD
    with pytest.raises(WillbuyError, match=re.compile(says, re.DOTALL)):
        from_file(file(GOOD.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new"),
    [("return 2", "return return"), ("session, user, shop", "session"), ("@feature", "#")],
)
def test_the_message_names_the_file(file, old, new):
    path = file(GOOD.replace(old, new), "mine.py")
    with pytest.raises(WillbuyError) as caught:
        from_file(path)
    assert str(path) in str(caught.value)


def test_two_functions_of_one_name_in_one_file(file):
    with pytest.raises(WillbuyError, match="two features called views_doubled"):
        from_file(file(GOOD + GOOD))


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(WillbuyError, match=r"no feature file .*nothing\.py"):
        from_file(tmp_path / "nothing.py")
    with pytest.raises(WillbuyError, match="no feature file"):
        from_file(tmp_path)


@pytest.mark.parametrize("data", [b"time,user\n2019-10-01 UTC,7\n", b"PAR1\x00\x15\xff\xfe"])
def test_a_file_that_is_not_python(tmp_path, data):
    path = tmp_path / "events.csv"
    path.write_bytes(data)
    with pytest.raises(WillbuyError, match=r"feature file .*events\.csv fails: "):
        from_file(path)
