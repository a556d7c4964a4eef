"""The error that ends a sub-command of `sluice kafka` with a message and status 1."""


class Failure(Exception):
    """What the user asked for can't be done; the text is for the user."""
