"""One session: why it had its probabilities, event by event, and what would have changed them."""
