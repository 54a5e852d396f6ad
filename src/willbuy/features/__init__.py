"""A moment in, numbers out: each feature is a small pure function."""
