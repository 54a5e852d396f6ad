"""Events in, scores out: a whole log at once, or one event at a time."""
