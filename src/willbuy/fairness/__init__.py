"""For whom the model fails: slices of the test part, and what mending them would cost."""
