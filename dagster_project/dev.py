"""`python -m dagster_project.dev`: Dagster's UI, on the sandbox CRMs unless .env connects real ones."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from connectors.errors import ConfigurationError
from dagster_project.crms import start_own_sandbox
from dagster_project.instance import prepare_dagster_home
from dagster_project.settings import PROJECT_DIR, Settings, is_anything_set, read_settings

DAGSTER = Path(sys.executable).with_name("dagster")


def main(arguments: list[str]) -> int:
    """Serve the UI until it is stopped; `arguments` go to `dagster dev` (such as `--port 3001`)."""
    console = Console(highlight=False)
    try:
        settings = _settings(console)
    except ConfigurationError as error:
        console.print(f"[red]{error}[/red]")
        return error.exit_code
    prepare_dagster_home(settings.paths)
    with _sandbox(settings, console) if settings.is_sandbox else contextlib.nullcontext():
        command = [str(DAGSTER), "dev", "--workspace", str(PROJECT_DIR / "workspace.yaml"), *arguments]
        try:
            return subprocess.run(command, cwd=PROJECT_DIR, check=False).returncode  # noqa: S603 - our own command
        except KeyboardInterrupt:
            return 0


def _settings(console: Console) -> Settings:
    try:
        return read_settings()
    except ConfigurationError as error:
        if not is_anything_set():
            console.print(f"[dim]{error}[/dim]\nSo the UI opens on the sandbox CRMs.")
            os.environ["CRM_SOURCE"] = "sandbox"
            return read_settings()
        raise


@contextlib.contextmanager
def _sandbox(settings: Settings, console: Console) -> Iterator[None]:
    console.print(f"Starting the sandbox CRMs (a new world has size {settings.sandbox_size}) ...")
    with start_own_sandbox(settings) as sandbox:
        os.environ["SANDBOX_URL"] = sandbox.url
        console.print(f"The sandbox CRMs answer at {sandbox.url}; POST /__sandbox__/tick plays their next day.")
        yield


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
