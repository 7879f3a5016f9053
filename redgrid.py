"""The `redgrid` command."""

import os
from dataclasses import dataclass
from typing import Any

import click

from data.settings import LANGUAGES, Settings, database_url
from geo.errors import GeoError
from geo.text import Language, Text

# Heavy imports (geopandas, numba) stand inside the commands, so that `redgrid -h` is quick.


@dataclass(frozen=True)
class Desk:
    """What every command needs to know: the settings with the global options applied."""

    settings: Settings

    @property
    def language(self) -> Language:
        """The language of all talk."""
        return self.settings.language

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.settings.database

    def say(self, text: Text) -> None:
        """Tell the user something; data goes to stdout, talk to stderr."""
        click.echo(text.say(self.language), err=True)


class Refusal(click.ClickException):
    """A foreseen error, shown as its sentence alone; exit status 1."""

    def show(self, file: Any = None) -> None:  # noqa: ANN401 - as in click
        """Print the sentence on stderr."""
        click.echo(self.message, err=True, file=file)


class RedgridGroup(click.Group):
    """The group that turns the errors of `geo` and `data` into refusals."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - as in click
        """Run a command; every foreseen error ends as a sentence in the chosen language."""
        try:
            return super().invoke(ctx)
        except GeoError as error:
            language = ctx.obj.language if isinstance(ctx.obj, Desk) else "zh"
            raise Refusal(error.say(language)) from error


@click.group(cls=RedgridGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--db", "database", metavar="URL", help="Database: URL or SQLite file (or REDGRID_DB)."
)
@click.option(
    "--lang", "language", type=click.Choice(list(LANGUAGES)), help="zh or en (or REDGRID_LANG)."
)
@click.pass_context
def cli(ctx: click.Context, database: str | None, language: Language | None) -> None:
    """红网 redgrid: who is within 15 minutes' walk of a red station, grid by grid.

    \b
    Example:
        redgrid --db office.db --lang en import list
    """  # noqa: D301 - \b is click's own mark
    environment = dict(os.environ)
    if database:
        environment["REDGRID_DB"] = database_url(database)
    if language:
        environment["REDGRID_LANG"] = language
    ctx.obj = Desk(Settings.from_env(environment))


def main() -> None:
    """Run the command; `python -m redgrid` does the same."""
    cli(prog_name="redgrid")


if __name__ == "__main__":
    main()
