"""Pages of the app in Streamlit's own test bench: no server, no browser."""

from pathlib import Path

from streamlit.testing.v1 import AppTest


def _view(view: str, folder: str) -> None:
    import importlib
    from pathlib import Path

    from willbuy.app import runs

    importlib.import_module(f"willbuy.app.views.{view}").show(runs.open_run(Path(folder)))


def view_of(view: str, folder: Path) -> AppTest:
    """A page of a run, shown once."""
    test = AppTest.from_function(_view, kwargs={"view": view, "folder": str(folder)})
    test.default_timeout = 300  # of a machine that is busy with other things
    return test.run()


def words_of(test: AppTest) -> str:
    """All that a page says, tables left out; as it is read, not as Markdown escapes it."""
    said = []
    for kind in ("title", "header", "subheader", "markdown", "caption", "info", "warning", "error"):
        said += [one.value for one in test.get(kind)]
    return "\n".join(said).replace("\\", "")
