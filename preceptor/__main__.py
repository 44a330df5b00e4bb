"""`python -m preceptor`, the same as the command `preceptor`."""

from preceptor.cli import run_command_line

run_command_line()
