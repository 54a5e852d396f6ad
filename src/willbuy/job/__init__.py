"""The whole job: from a log to a folder that holds a model and how good it is."""
