"""Where a table leaks: what its columns, rows and splits know that a live answer could not."""
