"""What to do about it: segments, prices, what acting must bring, and on what evidence."""
