"""`python -m bot`: every command of the service."""

from bot.cli import main

main(prog_name="python -m bot")
