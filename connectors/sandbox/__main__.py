"""`python -m connectors.sandbox create|serve|tick|import`: make a world, play its days, serve it over HTTP."""

import sys
import threading
from enum import StrEnum
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Annotated

import duckdb
import typer

from connectors.sandbox.server import SandboxServer, serve
from connectors.sandbox.state import SandboxState
from connectors.sandbox.world import ImportRefusedError, World

cli = typer.Typer(
    help="Two synthetic CRMs on the real wire formats.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

WorldFile = Annotated[Path, typer.Option("--world", help="The world's DuckDB file.")]


class Plants(StrEnum):
    """How much is wrong in a new world."""

    ALL = "all"
    NONE = "none"


@cli.command()
def create(
    world: WorldFile,
    size: Annotated[
        str, typer.Option(help="small, demo, a number of deals such as 100k, or 1M+500: Salesforce's and HubSpot's.")
    ] = "demo",
    seed: Annotated[int, typer.Option(help="The same seed gives the same world.")] = 7,
    plants: Annotated[Plants, typer.Option(help="Whether stage definitions contradict each other.")] = Plants.ALL,
) -> None:
    """Make a new world of two years of sales."""
    planted = frozenset[str]() if plants is Plants.NONE else None
    try:
        made = World.create(world, size=size, seed=seed, plants=planted)
    except (ValueError, FileExistsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{world}: a {size} world, its clock at {made.clock.isoformat()}")
    made.close()


@cli.command("import")
def import_folder(
    world: WorldFile, folder: Annotated[Path, typer.Argument(help="CSV and JSON files named after API objects.")]
) -> None:
    """Make a world of an export of your own CRM."""
    try:
        made = World.import_folder(world, folder)
    except (ImportRefusedError, FileExistsError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from error
    typer.echo(f"{world}: imported from {folder}, its clock at {made.clock.isoformat()}")
    if made.import_summary is not None:
        typer.echo("\n".join(f"  {line}" for line in made.import_summary.lines()))
    made.close()


@cli.command()
def tick(world: WorldFile, days: Annotated[int, typer.Option(min=1, help="How many days.")] = 1) -> None:
    """Play the next days of a world that no server has open."""
    opened = _open(world)
    changes = opened.tick(days)
    typer.echo(f"{world}: now {opened.clock.isoformat()}")
    for kind, count in sorted(changes.items()):
        typer.echo(f"  {count:>6} {kind}")
    opened.close()


@cli.command("serve")
def serve_world(
    world: WorldFile,
    port: Annotated[int, typer.Option(help="0 takes a free port.")] = 8799,
    ready_file: Annotated[Path | None, typer.Option(help='Gets {"url": ...} once requests are answered.')] = None,
    until_stdin_closes: Annotated[bool, typer.Option(help="Stop with the process that holds our input.")] = False,
) -> None:
    """Serve a world until stopped."""
    opened = _open(world)
    server = serve(SandboxState(opened), port=port, ready_file=ready_file)
    if until_stdin_closes:
        threading.Thread(target=_stop_with_input, args=[server], daemon=True).start()
    typer.echo(f"Salesforce and HubSpot at {server.url}")
    try:
        server.run_until_stopped()
    finally:
        opened.close()


def _open(world: Path) -> World:
    try:
        return World.open(world)
    except (duckdb.Error, OSError) as error:
        typer.echo(f"{world} cannot be opened as a world. Is another sandbox serving it?\n{error}", err=True)
        raise typer.Exit(1) from error


def _stop_with_input(server: SandboxServer) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


class _NoPandas(MetaPathFinder):
    """Hides pandas from this process.

    duckdb and pyarrow import it when they find it, duckdb at the first query with a parameter: 1.2 s of every start
    for a library that nothing here uses.
    """

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Refuse pandas, leave every other name to the next finder."""
        if name == "pandas":
            raise ModuleNotFoundError("the sandbox does without pandas", name=name)


def hide_pandas() -> None:
    """Let nothing in this process find pandas from now on."""
    sys.meta_path.insert(0, _NoPandas())


if __name__ == "__main__":
    hide_pandas()
    cli()
