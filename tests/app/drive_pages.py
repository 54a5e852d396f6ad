"""Pages of the app, driven by Streamlit's own AppTest."""

from streamlit.testing.v1 import AppTest

from app_pages import view_of


def opened(page: str, folder) -> AppTest:
    """A page of a run, as a visitor sees it first."""
    return calm(view_of(page, folder))


def calm(at: AppTest) -> AppTest:
    """The page, if nothing went wrong on it."""
    assert not at.exception, [one.message for one in at.exception]
    return at


def texts(at: AppTest) -> str:
    """All that the page says."""
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.info, at.warning, at.error)
    return "\n".join(one.value for kind in kinds for one in kind)


def button(at: AppTest, label: str):
    """The button that begins so."""
    return next(one for one in at.button if one.label.startswith(label))
