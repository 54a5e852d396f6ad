"""Everything that scoring needs, as one folder."""
