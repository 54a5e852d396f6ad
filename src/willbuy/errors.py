"""What a user reads when something cannot go on."""


class WillbuyError(Exception):
    """One clear message for a person: what is wrong, where, and how to mend it.

    The command line prints it without a traceback and leaves with exit code 1.
    """
