"""The command line. stdout carries data, stderr carries progress and errors; the exit code says how it ended.

Each command is a few lines around a function of another module, imported when the command runs, so that ``--help`` is instant.
"""

import enum
import math
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from bargaining import __version__

# The matrices here are small: threads of BLAS would only wait for each other, and the last bits could depend on how many there are.
# Read when numpy is first imported, which no module does before a command runs.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class Exit(enum.IntEnum):
    """How a command ended."""

    fine = 0
    differs = 1
    bad_input = 2
    unproven = 3
    interrupted = 130
    unread = 141

    @property
    def sentence(self) -> str:
        """The same in words."""
        return {
            Exit.fine: "everything asked for was done",
            Exit.differs: "fresh results differ from the committed ones, or a certificate does not hold",
            Exit.bad_input: "an option, a file or a folder cannot be used; nothing was lost",
            Exit.unproven: "finished, but some points are not proven; their rows say so",
            Exit.interrupted: "stopped by Ctrl-C; finished points are kept",
            Exit.unread: "whoever read the output stopped reading, as head does",
        }[self]


_EXIT_CODES = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {code.sentence}" for code in Exit)
_CONTEXT = {"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "BARGAINING", "max_content_width": 100}

_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout instead of tables.")
_workers = click.option(
    "--workers", type=click.IntRange(1), default=os.cpu_count() or 1, show_default="number of cores", help="Points solved at a time."
)
_set = click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one key, e.g. runs.standoff.solver.tol=1e-6.")


def _finite(context: click.Context, option: click.Parameter, value: float) -> float:
    if not math.isfinite(value):
        raise click.BadParameter(f"{value} is not a finite number.", context, option)
    return value


def _plain_name(context: click.Context, option: click.Parameter, value: str) -> str:
    # It becomes a folder's name.
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", value):
        raise click.BadParameter(f"{value!r} is no name of a profile: expected letters, digits, - and _.", context, option)
    return value


_profile = click.option(
    "--profile", default="paper", show_default=True, callback=_plain_name, help="A profile of the experiment, such as smoke or full."
)


@click.group(context_settings=_CONTEXT, epilog=_EXIT_CODES)
@click.version_option(__version__, prog_name="bargaining")
def cli() -> None:
    """What rival states can and cannot agree on: linkage lattices with certified equilibrium payoff sets.

    \b
    Examples:
      bargaining list
      bargaining show standoff
      bargaining run linkage --profile smoke
      bargaining check
    """


@cli.command("list")
@_json
def list_command(as_json: bool) -> None:
    """List the experiments with their questions, and the scenarios."""
    from bargaining.cli.describe import list_everything

    list_everything(as_json)


@cli.command()
@click.argument("name")
@click.option("--calibration", help="A calibration of the scenario (default: its first).")
@_profile
@_json
def show(name: str, calibration: str | None, profile: str, as_json: bool) -> None:
    """Show a scenario (parameters with sources, payoffs, equilibria) or an experiment (question, runs, profiles).

    \b
    Examples:
      bargaining show standoff --calibration strategic
      bargaining show linkage --profile full
    """
    from bargaining.cli.describe import show_experiment, show_scenario
    from bargaining.scenarios import names

    given = click.get_current_context().get_parameter_source
    if name in names():
        if given("profile") == ParameterSource.COMMANDLINE:
            raise click.UsageError(f"{name} is a scenario: --profile is for experiments")
        show_scenario(name, calibration, as_json)
    else:
        if calibration is not None:
            raise click.UsageError(f"{name} is no scenario: --calibration is for scenarios")
        show_experiment(name, profile, as_json)


@cli.command()
@click.argument("file")
@click.option(
    "--delta",
    metavar="D[,D]",
    help="Also the payoff set of the repeated game, at one discount factor (0.9, 2/3) or one a player (0.9,0.8).",
)
@_json
def solve(file: str, delta: str | None, as_json: bool) -> Exit:
    """Solve a game from a file: Nash equilibria, minmax, what is dominated, and V(δ) of the repeated game.

    FILE is Gambit's .nfg, a table (.csv, .tsv, .txt), .yaml or .json; - reads a game pasted on stdin.

    \b
    Examples:
      bargaining solve chicken.nfg
      bargaining solve payoffs.csv --delta 0.9
      bargaining solve game.yaml --delta 0.9,0.8 --json
    """
    from bargaining.cli.solve import solve_file

    return solve_file(file, delta, as_json)


@cli.command()
@click.argument("experiment")
@_profile
@_set
@click.option("--out", type=click.Path(path_type=Path), help="Results folder (default: experiments/results/NAME or .runs/NAME/PROFILE).")
@click.option("--dry-run", is_flag=True, help="Check everything and say what would be solved.")
@click.option("--force", is_flag=True, help="Solve again even if the results are complete; replace rows of another experiment.")
@_workers
@click.option("--scheduler", help="Solve ensembles on Dask: local:N, tcp://HOST:PORT or a scheduler file.")
@click.option("--chunk", type=click.IntRange(1), help="Draws of an ensemble a task (default: what takes about two seconds).")
@_json
def run(**options: Any) -> Exit:
    """Run an experiment, given by name or file: solve, store, print the lattice, draw the figures.

    Running it again does only what is missing. Results of profile paper go to experiments/results/NAME; those of other profiles, and of
    any run with --set, to .runs/NAME/PROFILE.

    \b
    Examples:
      bargaining run linkage
      bargaining run linkage --profile smoke --set runs.standoff.solver.tol=1e-4
      bargaining run my/question.yaml --out results --workers 4
    """
    from bargaining.cli.running import run_experiment

    return run_experiment(**options)


@cli.command()
@click.argument("folder", type=click.Path(path_type=Path))
@_json
def status(folder: Path, as_json: bool) -> Exit:
    """Say how far a run has come: its results folder, from another shell while it runs or after it stopped.

    \b
    Example:
      bargaining status .runs/ensemble_linkage/full
    """
    from bargaining.cli.status import tell_status

    return tell_status(folder, as_json)


@cli.command()
@click.argument("names", nargs=-1)
@click.option(
    "--rtol",
    type=click.FloatRange(0),
    callback=_finite,
    default=1e-9,
    show_default=True,
    help="Largest difference, relative to the column.",
)
@_workers
@_json
def check(names: tuple[str, ...], rtol: float, workers: int, as_json: bool) -> Exit:
    """Run experiments afresh in a scratch folder and compare with the committed results (default: all that have some)."""
    from bargaining.cli.checking import check_experiments

    return check_experiments(names, rtol, workers, as_json)


@cli.command()
@click.argument("results", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Every solution that the results in experiments/results keep.")
@_json
def verify(results: tuple[str, ...], everything: bool, as_json: bool) -> Exit:
    """Check stored solutions in exact arithmetic, without the solver: files that Solution.to_json wrote, or folders of them.

    The results folder of an experiment will do if its runs keep their solutions (keep: true).

    A refused one names what is wrong in words; the exit code is then 1.
    """
    from bargaining.cli.verifying import stored_everywhere, verify_results

    if everything == bool(results):
        raise click.UsageError("give files or folders, or --all")
    return verify_results(stored_everywhere() if everything else results, as_json)


@cli.command()
@_profile
@click.option("--force", is_flag=True, help="Write them even if nothing they are made from has changed.")
@_json
def report(profile: str, force: bool, as_json: bool) -> Exit:
    """Write the paper's numbers, tables and figures from stored results; nothing is solved."""
    from bargaining.cli.reproducing import write_report

    return write_report(profile, force, as_json)


@cli.command()
@_profile
@click.option("--force", is_flag=True, help="Compile even if nothing has changed.")
@_json
def paper(profile: str, force: bool, as_json: bool) -> Exit:
    """Compile the paper from what `bargaining report` wrote: paper/paper.pdf, or .runs/paper/PROFILE/paper.pdf."""
    from bargaining.cli.reproducing import build_paper

    return build_paper(profile, force, as_json)


@cli.command()
@_profile
@_workers
@click.option("--force", is_flag=True, help="Solve, write and compile everything again.")
@_json
def reproduce(profile: str, workers: int, force: bool, as_json: bool) -> Exit:
    """Rebuild the paper: experiments, then report, then PDF. Only what changed is done; a stopped run goes on where it was.

    \b
    Examples:
      bargaining reproduce --profile smoke
      bargaining reproduce
    """
    from bargaining.cli.reproducing import reproduce as rebuild

    return rebuild(profile, workers, force, as_json)


@cli.command()
@click.option("--out", type=click.Path(path_type=Path), help="The archive (default: dist/bargaining-VERSION-replication.zip).")
@_json
def package(out: Path | None, as_json: bool) -> Exit:
    """Write a replication archive of the clone: code, experiments, results and paper, with a README for data editors."""
    from bargaining.cli.packing import write_archive

    return write_archive(out, as_json)


@cli.command()
@_json
def info(as_json: bool) -> None:
    """Print versions, machine, cache folder and the fingerprint of the sources."""
    from bargaining.cli.describe import show_info

    show_info(as_json)


@cli.command()
def schema() -> None:
    """Print the JSON schema of experiment files, for editors."""
    from bargaining.experiment import schema_text

    click.echo(schema_text(), nl=False)


def _tell(error: click.ClickException) -> None:
    """A mistake in a command's words, in one line; no words at all get the help."""
    if isinstance(error, getattr(click.exceptions, "NoArgsIsHelpError", ())):
        error.show()
        return
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "bargaining"
    message = " ".join(error.format_message().split())
    stop = "" if message.endswith((".", "?", ")")) else "."
    click.echo(f"{command}: {message}{stop} `{command} --help` says more.", err=True)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and exit. Bad input is told in a line or a few on stderr, never in a traceback."""
    try:
        code = cli.main(arguments, prog_name="bargaining", standalone_mode=False)
    except click.ClickException as error:
        _tell(error)
        code = Exit.bad_input
    except click.Abort:
        click.echo(f"bargaining: {Exit.interrupted.sentence}", err=True)
        code = Exit.interrupted
    except SystemExit:
        # click and rich leave this way, and only then: when stdout is closed. They have silenced it.
        code = Exit.unread
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        click.echo(f"bargaining: {place}{error.strerror or error}", err=True)
        code = Exit.bad_input
    except (ValueError, RuntimeError) as error:
        if not type(error).__module__.startswith("bargaining."):
            raise  # a mistake of ours, not of the user's: the traceback is wanted
        click.echo(str(error), err=True)
        code = Exit.bad_input
    sys.exit(int(code or Exit.fine))
