"""Any shop's log → canonical events: sources, cleaning, keys, health."""
