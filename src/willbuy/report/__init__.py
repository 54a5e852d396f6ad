"""A run folder's figures as one page for people."""
