"""Messages on the terminal: one line for an error that the user can repair."""

import errno
import functools
import sys
from collections.abc import Callable
from typing import ParamSpec

import typer
from rich.console import Console

from spacy_biomedplm.errors import BiomedplmError, coded

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended, as shells have it: 128 + SIGINT."""

# What the system says of a path that the user gave; other failures of a disk are met where they happen.
_BAD_PATH = {errno.ENAMETOOLONG, errno.EACCES, errno.EPERM, errno.ELOOP}

_CONTROLS = dict.fromkeys([*range(0x20), *range(0x7F, 0xA0)], "\ufffd")

Params = ParamSpec("Params")


def handle_errors(command: Callable[Params, None]) -> Callable[Params, None]:
    """Return a command that ends with one line and exit code 1 where it would raise a BiomedplmError, or a path is bad.

    command (Callable): The command; its signature, which typer reads, is kept.
    RETURNS (Callable): Other exceptions pass, with their traceback; Ctrl-C ends with exit code 130.
    """

    @functools.wraps(command)
    def wrapped(*args: Params.args, **kwargs: Params.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except BiomedplmError as error:
            say_error(str(error))
            raise typer.Exit(1) from error
        except OSError as error:
            if error.errno not in _BAD_PATH or error.filename is None:
                raise
            say_error(coded("B602", path=plain(str(error.filename)), reason=error.strerror))
            raise typer.Exit(1) from error
        except MemoryError as error:
            say_error(coded("B637", reason=str(error) or "out of memory"))
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            say("Interrupted.")
            raise typer.Exit(INTERRUPTED) from error

    return wrapped


def say_error(message: str) -> None:
    """Print an error as one line on stderr.

    message (str): From ``coded``, perhaps with what it is about in front.
    """
    say(f"{typer.style('Error', fg='red', bold=True)} {plain(message)}")


def plain(text: str) -> str:
    """Return text of a document or file as one line that cannot steer the terminal.

    text (str): Any text.
    RETURNS (str): Runs of white space made one space, control characters replaced by U+FFFD.
    """
    return " ".join(text.split()).translate(_CONTROLS)


def say(message: str) -> None:
    """Print one line on stderr.

    message (str): Printed as it is, never wrapped; styles are dropped where stderr is no terminal.
    """
    typer.echo(message, err=True)


def out_console() -> Console:
    """Return the console for results, on stdout."""
    return Console(file=sys.stdout, highlight=False)


def err_console() -> Console:
    """Return the console for progress, on stderr."""
    return Console(file=sys.stderr, highlight=False)
