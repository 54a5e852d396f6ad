"""What everybody did with the present product, brand and category."""
