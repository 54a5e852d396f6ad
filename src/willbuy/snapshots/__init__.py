"""Rows to learn from: sampling, labels, splits."""
