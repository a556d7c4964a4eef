"""`sluice checkpoint show|verify|diff FOLDER`: what a query's checkpoint holds; the server program reads it."""
import os
import sys

from sluice.server_process import ServerError, program


def main(arguments):
    try:
        server = program()
    except ServerError as error:
        print(f"sluice: {error}", file=sys.stderr)
        return 1
    sys.stdout.flush()
    os.execv(server, ["sluice", "checkpoint", *(arguments or ["--help"])])
