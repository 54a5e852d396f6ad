"""Write the notebooks anew: each from its text, run on the demo, with what it then shows.

Cells are named by their place and no times are kept, so that a notebook changes only where its text
or what it shows does.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import jupytext
import nbformat
from nbclient import NotebookClient

SECONDS = 600
"""At most, for a cell."""

METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""Nothing of the machine that it ran on."""


def write(text: Path) -> None:
    """Run the notebook of a `py:percent` text and write it beside it, whole or not at all."""
    notebook = jupytext.read(text)
    for place, cell in enumerate(notebook.cells, 1):
        cell["id"] = f"cell-{place:02}"
    where = {"metadata": {"path": str(text.parent)}}
    # tqdm would like a bar that a page cannot show, and says where it is installed.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:IProgress not found")
    NotebookClient(notebook, timeout=SECONDS, record_timing=False, resources=where).execute()
    notebook.metadata = dict(METADATA)
    nbformat.validate(notebook)
    target = text.with_suffix(".ipynb")
    partial = target.with_name(f".{target.name}")
    nbformat.write(notebook, partial)
    partial.replace(target)
    print(f"{target}: {target.stat().st_size / 1000:,.0f} kB")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        write(Path(name))
