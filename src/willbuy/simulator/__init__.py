"""A simulated shop: any amount of realistic log, and the best that could be known of it."""
