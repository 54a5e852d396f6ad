"""The research bench: other learners on the same moments as the boosted trees, judged alike."""
