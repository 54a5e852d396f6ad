"""Why: what the model's answers are made of."""
