"""The app's pages: each a module with ``show(run)``."""
