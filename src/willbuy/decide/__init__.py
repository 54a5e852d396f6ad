"""What to do: prices, and what a change of them would bring."""
