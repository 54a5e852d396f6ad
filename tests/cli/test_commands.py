"""The command line as a person meets it."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from quick import QUICK, as_file
from willbuy.cli.commands import app
from willbuy.settings import Settings, as_toml, load_settings

COMMANDS = sorted(get_command(app).commands)
WILLBUY = Path(sys.executable).with_name("willbuy")


def willbuy(*words, cwd=None):
    done = subprocess.run([WILLBUY, *map(str, words)], capture_output=True, text=True, cwd=cwd)
    assert "Traceback" not in done.stderr
    return done


def test_help_is_quick():
    heavy = ("numpy", "numba", "polars", "scipy", "sklearn", "xgboost", "pydantic", "streamlit")
    script = (
        "import sys\nfrom willbuy.cli import main\n"
        "sys.argv = ['willbuy', '--help']\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('loaded', [one for one in {heavy} if one in sys.modules])"
    )
    words = [sys.executable, "-c", script]
    said = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "Usage" in said.stdout
    assert said.stdout.splitlines()[-1] == "loaded []"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_an_example(command):
    said = willbuy(command, "--help").stdout
    assert "Examples:" in said
    assert f"willbuy {command}" in said.split("Examples:")[1]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_in_the_readme(command):
    assert f"willbuy {command}" in (Path(__file__).parents[2] / "README.md").read_text()


def test_check_run_and_score_on_a_shops_own_columns(small_log, tmp_path):
    lines = small_log.read_text().splitlines()
    lines[0] = "ts,what,sku,cat,path,maker,cost,visitor,visit"
    body = [line.replace(",purchase,", ",sale,") for line in lines[1:]]
    (tmp_path / "log.csv").write_text("\n".join([lines[0], *body]) + "\n")

    checked = willbuy("check", "log.csv", cwd=tmp_path)
    assert checked.returncode == 0
    assert "willbuy run log.csv" in checked.stdout

    refused = willbuy("run", "log.csv", cwd=tmp_path)
    assert refused.returncode == 1
    maps = re.findall(r"--map (\S+)", refused.stderr)
    assert maps

    given = [
        "time=ts", "kind=what", "user=visitor", "session=visit", "product=sku", "category=cat",
        "path=path", "brand=maker", "price=cost", "kind.sale=purchase",
    ]  # fmt: skip
    words = [word for one in given for word in ("--map", one)]
    as_file(QUICK, tmp_path)
    words += ["--config", "settings.toml", "--name", "mine"]
    ran = willbuy("run", "log.csv", *words, cwd=tmp_path)
    assert ran.returncode == 0, ran.stderr
    assert "runs/mine" in ran.stdout
    assert "willbuy score" in ran.stdout

    scored = willbuy("score", "runs/mine", "log.csv", "--out", "scores.csv", cwd=tmp_path)
    assert scored.returncode == 0, scored.stderr
    assert (tmp_path / "scores.csv").exists()

    again = willbuy("run", "--config", "runs/mine/run.json", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    metrics = [
        json.loads((tmp_path / "runs" / name / "metrics.json").read_text())
        for name in ("mine", "mine-again")
    ]
    assert metrics[0] == metrics[1]


def test_features_lists_name_label_unit_and_meaning():
    said = " ".join(willbuy("features").stdout.split())
    assert "duration Time since the session began (seconds)" in said
    assert "From the session's first event to this one." in said


def test_settings_as_toml_are_the_settings(tmp_path):
    path = tmp_path / "all.toml"
    path.write_text(willbuy("settings").stdout)
    assert load_settings(path) == Settings()
    changed = Settings(seed=5, timezone="Asia/Tokyo")
    changed.source.columns = {"time": 'a "quoted" name'}
    changed.model.params = {"max_depth": 4}
    path.write_text(as_toml(changed))
    assert load_settings(path) == changed


def test_a_budget_that_is_none_is_refused(tmp_path):
    (tmp_path / "log.csv").write_text("time\n")
    for words in (
        ("run", "log.csv", "--tune", "soon"),
        ("run", "log.csv", "--sessions", "--label", "bought", "--tune", "30"),
        ("tune", "runs/none"),
        ("tune", "runs/none", "--trials", "3", "--minutes", "2"),
        ("tune", "runs/none", "--trials", "3"),
    ):
        said = willbuy(*words, cwd=tmp_path)
        assert said.returncode in (1, 2)
        assert re.search(r"30, or a time|tuned by --trials|Say how long|is no run", said.stderr)


def test_the_version_is_the_packages():
    from importlib.metadata import version

    assert willbuy("--version").stdout.strip() == f"willbuy {version('willbuy')}"


def test_ctrl_c_leaves_nothing(small_log, tmp_path):
    import signal
    import time

    running = subprocess.Popen(
        [WILLBUY, "run", small_log, "--name", "x"], cwd=tmp_path, stderr=subprocess.PIPE
    )
    for _ in range(1200):
        if list(tmp_path.glob("runs/.x.*")):
            break
        time.sleep(0.05)
    running.send_signal(signal.SIGINT)
    said = running.communicate(timeout=60)[1].decode()
    assert running.returncode == 130
    assert "Stopped" in said
    assert list((tmp_path / "runs").iterdir()) == []
