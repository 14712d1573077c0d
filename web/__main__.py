"""`python -m web`, or `counterfoil-web`: serve; `counterfoil-web token NAME`: make a token."""

import argparse
import sys

from domain.errors import CounterfoilError
from persistence.logs import configure_logs
from web.process import serve
from web.settings import load_settings
from web.tokens import hash_line, new_token

FAILED = 1
WRONG_CALL = 2


def main() -> None:
    """Do what the command line says; ends with exit code 1 where the server could not start, 2 for wrong settings."""
    asked = parser().parse_args()
    try:
        sys.exit(_token(asked.actor) if asked.command == "token" else _serve())
    except (CounterfoilError, ValueError) as error:
        sys.stderr.write(f"counterfoil-web: {error}\n")
        sys.exit(WRONG_CALL)


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    found = argparse.ArgumentParser(prog="counterfoil-web", description="Serve HTTP, as the environment says.")
    commands = found.add_subparsers(dest="command", metavar="COMMAND")
    token = commands.add_parser("token", help="make a token, and print it with the hash that the settings take")
    token.add_argument("actor", metavar="NAME", help="the person or service whose token it is to be")
    return found


def _serve() -> int:
    settings = load_settings()
    configure_logs(settings.log_format, settings.log_level)
    return 0 if serve(settings) else FAILED


def _token(actor: str) -> int:
    token = new_token()
    line = hash_line(actor, token)
    sys.stdout.write(f"{token}\n")
    sys.stderr.write(f"Shown once; keep it secret. Add to COUNTERFOIL_WEB_TOKENS, behind a comma:\n{line}\n")
    return 0


if __name__ == "__main__":
    main()
