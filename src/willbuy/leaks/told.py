"""An audit as a page, as Markdown, as JSON."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from willbuy.errors import WillbuyError
from willbuy.leaks.finding import KINDS, Audit, Finding, Level
from willbuy.report.markup import Html, paragraph, tag

ENDINGS = (".html", ".md", ".json")

MEANING = {
    Level.CERTAIN: "No other reading of the figures is left.",
    Level.LIKELY: "Honest tables hardly ever look like this.",
    Level.SUSPICIOUS: "Worth a look; honest tables may look like this.",
}

NOTHING = "Nothing was found. An audit can find leaks; it cannot prove that there are none."


def write(audit: Audit, path: Path) -> None:
    """Write the audit to .html, .md or .json, whole or not at all.

    Raises:
        WillbuyError: The ending is another one, or the file cannot be written.
    """
    makers = {".html": page, ".md": markdown, ".json": as_json}
    if path.suffix not in makers:
        raise WillbuyError(f"{path}: the name must end in {', '.join(ENDINGS)}.")
    told = makers[path.suffix](audit)
    try:
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        partial = Path(name)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(told)
            partial.chmod(0o644)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    except OSError as problem:
        raise WillbuyError(f"{path} cannot be written: {problem.strerror}.") from problem


def as_json(audit: Audit) -> str:
    """The audit as data, described in docs/audit.md."""
    return json.dumps(audit.to_dict(), indent=1, allow_nan=False, ensure_ascii=False) + "\n"


def headline(audit: Audit) -> str:
    """What was audited, in a sentence."""
    rate = audit.positives / audit.rows
    return (
        f"{audit.table}: {audit.rows:,} rows, {audit.columns} columns; {audit.label} is set in "
        f"{audit.positives:,} ({rate:.1%})."
    )


def counts(audit: Audit) -> str:
    """How many findings of each level, in words."""
    told = [(len(audit.at(level)), level.word) for level in Level]
    return ", ".join(f"{n} {word}" for n, word in told)


def markdown(audit: Audit) -> str:
    """A short report in Markdown."""
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    yield f"# Where {_plain(audit.table)} leaks"
    yield ""
    yield f"{_plain(headline(audit))} Findings: {counts(audit)}."
    if not audit.findings:
        yield from ("", NOTHING)
    for level in Level:
        found = audit.at(level)
        if not found:
            continue
        yield from ("", f"## {level.word.capitalize()}", "", MEANING[level])
        for one in found:
            yield from ("", f"### {_plain(one.what)}", "", f"*{KINDS[one.kind]}.*", "")
            yield f"- **Evidence.** {_plain(one.evidence)}"
            yield f"- **Fix.** {_plain(one.fix)}"
    if audit.notes:
        yield from ("", "## Notes", "")
        yield from (f"- {_plain(note)}" for note in audit.notes)


def _plain(text: str) -> str:
    """Text whose characters are not read as Markdown or HTML."""
    for mark in "\\`*_[]<>|#":
        text = text.replace(mark, f"\\{mark}")
    return text.replace("\n", " ")


def page(audit: Audit) -> str:
    """One HTML page that opens offline and loads nothing."""
    style = Html(files("willbuy.report").joinpath("page.css").read_text("utf-8"))
    title = f"Where {audit.table} leaks"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy",
            content="default-src 'none'; style-src 'unsafe-inline'"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", style),
    )  # fmt: skip
    parts = [_level(level, audit.at(level)) for level in Level if audit.at(level)]
    notes = [tag("li", note) for note in audit.notes]
    body = tag(
        "body",
        tag("header", tag("h1", title), paragraph(headline(audit))),
        tag(
            "main",
            paragraph(tag("b", f"Findings: {counts(audit)}.")),
            None if audit.findings else paragraph(NOTHING),
            *parts,
            tag("section", tag("h2", "Notes"), tag("ul", *notes)) if notes else None,
        ),
    )
    return "<!doctype html>\n" + tag("html", head, body, lang="en") + "\n"


def _level(level: Level, found: tuple[Finding, ...]) -> Html:
    return tag(
        "section",
        tag("h2", level.word.capitalize()),
        paragraph(MEANING[level]),
        *(
            tag(
                "div",
                tag("h3", one.what),
                tag("p", f"{KINDS[one.kind]}.", class_="note"),
                paragraph(tag("b", "Evidence. "), one.evidence),
                paragraph(tag("b", "Fix. "), one.fix),
            )
            for one in found
        ),
        id=level.word,
    )
