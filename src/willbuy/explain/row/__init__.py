"""One row of a table of sessions: why it has its probability, column by column."""
