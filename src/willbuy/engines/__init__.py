"""Files in, batches of events clustered by user out."""
