"""`sluice serve`: a server for any number of Spark Connect clients, in the foreground."""
import argparse
import os
import secrets
import sys

from sluice.options import UsageError, parse
from sluice.server_process import ServerError, environment, program

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="sluice serve", description=__doc__.splitlines()[0],
        epilog="A client connects with SparkSession.builder.remote(ADDRESS) or SPARK_REMOTE=ADDRESS. The token is that of "
               "$SPARK_CONNECT_AUTHENTICATE_TOKEN or --token-file; whoever may connect can run code as this user.")
    parser.add_argument("--port", type=int, default=15002, help="0: a free one (default: 15002)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument("--token-file", help="file that holds the token which clients must give")
    parser.add_argument("--conf", "-c", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--properties-file")
    given = parser.parse_args(arguments)
    try:
        conf = parse([*(f"--properties-file={given.properties_file}" for _ in [0] if given.properties_file),
                      *(f"--conf={setting}" for setting in given.conf)]).conf
        token = _token(given)
        command = [program(), "serve", "--host", given.host, "--port", str(given.port)]
    except (UsageError, ServerError, OSError) as error:
        print(f"sluice: {error}", file=sys.stderr)
        return 1
    path = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    sys.stdout.flush()
    os.execve(command[0], command, environment(token, path, conf))


def _token(given):
    if given.token_file:
        with open(given.token_file, encoding="utf-8") as file:
            return file.read().strip()
    token = os.environ.get("SPARK_CONNECT_AUTHENTICATE_TOKEN")
    if not token and given.host not in _LOOPBACK:
        token = secrets.token_hex(16)
        print(f"sluice: clients need the token {token}", file=sys.stderr)
    return token
