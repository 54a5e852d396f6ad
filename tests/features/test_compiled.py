"""Plain functions in, a compiled module out: never stale, never another's."""

import os
import stat
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from willbuy.compiled import build, cache_folder, is_cached
from willbuy.errors import WillbuyError
from willbuy.events.keys import NATIVE
from willbuy.features.registry import from_file
from willbuy.features.row import build_program, row
from willbuy.moments import sessions

SCRIPT = """
import sys
from pathlib import Path
import numpy as np
from willbuy.compiled import is_cached
from willbuy.features.registry import from_file
from willbuy.features.row import build_program, row

def drive(values, out):
    row(values, values, values, out)

program = build_program(from_file(Path(sys.argv[1])), {"drive": drive})
before = is_cached(program)
out = np.zeros(1, np.float32)
program.drive(np.arange(3.0), out)
print(program.__name__, before, is_cached(program), out[0])
"""

FEATURE = '''
from willbuy.features.registry import feature
from {helper} import worth

@feature("Worth", unit="points")
def worth_of_it(session, user, shop):
    """What it is worth."""
    return worth(session.size)
'''


def drive(values, out):
    row(values, values, values, out)


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("WILLBUY_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "compiled"


@pytest.fixture
def functions(tmp_path):
    """Write a feature file with this body; answer its first feature's function."""

    def load(body, above="", name="own.py"):
        text = "import numpy as np\nfrom willbuy.features.registry import feature\n" + above
        text += '\n\n@feature("Own", unit="x")\ndef own(session, user, shop):\n    """It."""\n'
        path = tmp_path / name
        path.write_text(text + "".join(f"    {line}\n" for line in body.splitlines()))
        return from_file(path)

    return load


def value_of(features, values=(1.0, 2.0, 3.0)):
    out = np.zeros(len(features), np.float32)
    build_program(features, {"drive": drive}).drive(np.array(values), out)
    return out.tolist()


def in_new_process(folder, feature_file, **environment):
    script = folder / "script.py"
    script.write_text(SCRIPT)
    done = subprocess.run(
        [sys.executable, "-W", "error", script, feature_file],
        env={**os.environ, "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    name, before, after, value = done.stdout.split()
    return name, before == "True", after == "True", float(value)


def test_a_new_process_sees_an_edited_helper_and_keeps_what_was_not_edited(tmp_path):
    feature_file, helper = tmp_path / "mine.py", tmp_path / "prices_of_ours.py"
    feature_file.write_text(FEATURE.format(helper="prices_of_ours"))
    helper.write_text("EACH = 10.0\ndef worth(n):\n    return n * EACH\n")
    first = in_new_process(tmp_path, feature_file)
    assert first[1:] == (False, True, 30.0)

    helper.write_text("EACH = 10.0\ndef worth(n):\n    return n * EACH + 0.25\n")
    edited = in_new_process(tmp_path, feature_file)
    assert edited[1:] == (False, True, 30.25)
    assert edited[0] != first[0]

    helper.write_text("EACH = 10.125\ndef worth(n):\n    return n * EACH + 0.25\n")
    assert in_new_process(tmp_path, feature_file)[3] == 30.625

    # A comment is no change of code, and the first version is still there.
    helper.write_text("EACH = 10.0  # each\ndef worth(n):\n    '''Worth.'''\n    return n * EACH\n")
    assert in_new_process(tmp_path, feature_file) == (first[0], True, True, 30.0)


def test_a_new_process_does_not_compile_the_same_feature_file_again(tmp_path):
    feature_file, helper = tmp_path / "mine.py", tmp_path / "worth_of_ours.py"
    feature_file.write_text(FEATURE.format(helper="worth_of_ours"))
    helper.write_text("def worth(n):\n    return n + 0.5\n")
    first = in_new_process(tmp_path, feature_file, PYTHONHASHSEED="1")
    again = in_new_process(tmp_path, feature_file, PYTHONHASHSEED="2")
    assert again[0] == first[0]
    assert again[1], "the compiled module of the first process was not found"


def test_the_same_code_is_one_module_and_is_compiled_once(functions):
    features = functions("return session.size + 4.0")
    program = build_program(features, {"drive": drive})
    assert not is_cached(program)
    program.drive(np.zeros(1), np.zeros(1, np.float32))
    assert is_cached(program)
    assert build_program(features, {"drive": drive}) is program


def test_the_cache_can_be_entered_by_its_owner_only(own_cache, functions):
    program = build_program(functions("return 1.0"), {"drive": drive})
    assert Path(program.__file__).parent == own_cache
    assert stat.S_IMODE(own_cache.stat().st_mode) == 0o700
    own_cache.chmod(0o755)
    assert cache_folder() == own_cache
    assert stat.S_IMODE(own_cache.stat().st_mode) == 0o700


def test_the_cache_follows_the_users_settings(tmp_path, monkeypatch):
    assert cache_folder() == tmp_path / "cache" / "compiled"
    monkeypatch.delenv("WILLBUY_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert cache_folder() == tmp_path / "xdg" / "willbuy" / "compiled"


def test_a_folder_that_cannot_be_made_is_replaced_by_a_private_temporary_one(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("WILLBUY_CACHE", str(tmp_path / "file"))
    folder = cache_folder()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.rmdir()


@pytest.mark.parametrize(
    ("body", "above", "value"),
    [
        ("return LIMIT * session[0]", "LIMIT = 2.5", 2.5),
        ("return LIMIT * session[0]", "LIMIT = np.float64(2.5)", 2.5),
        ("return LIMIT * session[0]", "LIMIT = np.float32(2.5)", 2.5),
        ("return LIMIT * session[0]", "LIMIT = np.int64(-3)", -3.0),
        ("return min(LIMIT, session[1])", "LIMIT = float('inf')", 2.0),
        ("return max(LIMIT, session[1])", "LIMIT = -np.inf", 2.0),
        ("return 1.0 if np.isnan(LIMIT) else 0.0", "LIMIT = float('nan')", 1.0),
        ("return 1.0 if ON else 0.0", "ON = True", 1.0),
        ("return math.sqrt(session[0])", "import math", 1.0),
        ("return float(Kind.CART)", "from willbuy.events.schema import Kind", 2.0),
        ("return float(CART)", "from willbuy.events.schema import Kind\nCART = Kind.CART", 2.0),
        ("return twice(session[1])", "def twice(x: float) -> float:\n    return 2 * x", 4.0),
        ("total: float = 0.0\nfor x in session:\n    total += x\nreturn total", "", 6.0),
        ("LIMIT = 1.5\nreturn LIMIT", "LIMIT = 7.0", 1.5),
        ("values = [2 * x for x in session]\nreturn values[2]", "", 6.0),
        ("values = [2 * x for x in session]\nreturn values[2]", "x = 100.0", 6.0),
    ],
    ids=[
        "number",
        "numpy float64",
        "numpy float32",
        "numpy int64",
        "infinity",
        "minus infinity",
        "nan",
        "bool",
        "module",
        "kind by name",
        "kind as constant",
        "helper",
        "annotation",
        "local before global",
        "comprehension",
        "comprehension before global",
    ],
)
def test_what_a_feature_may_use(functions, body, above, value):
    features = functions(body, above)
    assert features[0].function(np.array([1.0, 2.0, 3.0]), None, None) == value
    assert value_of(features) == [value]


def test_a_helper_that_calls_a_helper_and_one_of_the_same_name_elsewhere(tmp_path, monkeypatch):
    for name, factor in (("north_side", 10), ("south_side", 1000)):
        (tmp_path / f"{name}.py").write_text(
            f"def worth(n):\n    return inner(n) * {factor}\ndef inner(n):\n    return n + 1\n"
        )
    (tmp_path / "both.py").write_text(
        "import north_side, south_side\n"
        "from north_side import worth\nfrom south_side import worth as other\n"
        "from willbuy.features.registry import feature\n"
        '@feature("Both", unit="x")\ndef both(session, user, shop):\n    """Both."""\n'
        "    return worth(session.size) + other(session.size)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    assert value_of(from_file(tmp_path / "both.py")) == [4 * 10 + 4 * 1000]


@pytest.mark.parametrize("name", ["my-features.py", "my features.py", "2020.v1.py", "größe.py"])
def test_a_feature_file_may_have_any_name(functions, name):
    assert value_of(functions("return 3.0", name=name)) == [3.0]


@pytest.mark.parametrize(
    ("body", "above", "says"),
    [
        ("return nowhere + 1", "", "own uses the name 'nowhere', which is not defined"),
        ("return NAMES[0]", "NAMES = [1.0, 2.0]", "own uses 'NAMES', a list"),
        ("return TABLE['a']", "TABLE = {'a': 1.0}", "own uses 'TABLE', a dict"),
        ("return ARRAY[0]", "ARRAY = np.arange(3.0)", "own uses 'ARRAY', a ndarray"),
        ("return inner(1.0)", "class inner:\n    pass", "own uses 'inner', a type"),
        ("return helper(1.0)", "def helper(x):\n    return gone", "helper uses the name 'gone'"),
        ("return helper(1.0)", "helper = lambda x: x + 1", "not a plain function"),
        (
            "return helper(1.0)",
            "def make(n):\n    def add(x):\n        return x + n\n    return add\nhelper = make(2)",
            "add uses variables of an enclosing function",
        ),
    ],
    ids=["unknown", "list", "dict", "array", "class", "in a helper", "lambda", "closure"],
)
def test_what_cannot_be_compiled_is_refused_by_name(functions, body, above, says):
    with pytest.raises(WillbuyError, match=says):
        value_of(functions(body, above))


def test_a_function_made_inside_another_is_compiled_or_refused_by_name(functions):
    """It uses nothing of the function around it, so it is no closure."""
    above = "def make():\n    def add(x):\n        return x + 1.0\n    return add\nhelper = make()"
    assert value_of(functions("return helper(session[0])", above)) == [2.0]


def test_a_function_without_a_file_is_refused():
    space = {}
    exec("def typed(x):\n    return x", space)
    with pytest.raises(WillbuyError, match="typed is not there; features must stand in a file"):
        build({"typed": space["typed"]})


@pytest.mark.parametrize("place", [3, -4, 10**6])
def test_an_index_out_of_range_raises_in_a_users_feature(functions, place):
    features = functions(f"return session[{place}]")
    with pytest.raises(IndexError):
        value_of(features)


def test_an_index_out_of_range_raises_in_a_users_helper(functions):
    features = functions("return at(session, 99)", "def at(values, i):\n    return values[i]")
    with pytest.raises(IndexError):
        value_of(features)


def test_rows_stand_for_the_features_they_were_built_with(functions):
    one = functions("return 1.0", name="one.py")
    two = functions("return 2.0", name="two.py")
    assert value_of((*one, *two)) == [1.0, 2.0]
    assert value_of((*two, *one)) == [2.0, 1.0]
    with pytest.raises(AssertionError, match="drivers run compiled"):
        row(None, None, None, None)


def test_threads_that_build_at_once_get_whole_modules(monkeypatch, tmp_path):
    """The first call of each thread builds; none may see a module that is still being loaded."""
    monkeypatch.setenv("WILLBUY_CACHE", str(tmp_path))
    roots = {name: getattr(sessions, name) for name in ("moments_of", "survey_users")}
    gate = threading.Barrier(8)

    def together():
        gate.wait()
        return build(roots, NATIVE).survey_users

    with ThreadPoolExecutor(8) as pool:
        found = [one.result() for one in [pool.submit(together) for _ in range(8)]]
    assert len(set(map(id, found))) == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ("shop.entries[0].views", "days to come"),
        ("shop.answers[0].views", "days to come"),
        ("shop.slots.size", "days to come"),
    ],
)
def test_a_users_feature_cannot_reach_days_to_come(functions, body, says):
    with pytest.raises(WillbuyError, match=says):
        build_program(functions(f"return {body}"), {"drive": drive})


@pytest.mark.parametrize(
    "change", ["session.price[0] = 1.0", "user.views += 1.0", "session.kind[-1] = 2"]
)
def test_a_users_feature_cannot_change_what_it_is_given(functions, change):
    with pytest.raises(WillbuyError, match="only read what they are given"):
        build_program(functions(f"{change}; return 0.0"), {"drive": drive})
