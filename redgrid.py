"""The `redgrid` command."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
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


@cli.group("import")
def import_() -> None:
    """Take files into the database; list imports and undo them."""


DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")


def _import_command(kind: str) -> None:
    """Add `redgrid import KIND FILE`."""

    @import_.command(kind, short_help=f"Import {TITLES[kind]}.")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--datum", type=click.Choice(DATUMS), help="Datum of the coordinates.")
    @click.option("--crs", metavar="EPSG:n", help="CRS of the coordinates, instead of a datum.")
    @click.option("--replace", is_flag=True, help="Put the whole kind anew instead of adding.")
    @click.option("--again", is_flag=True, help="Import although the same file is there already.")
    @click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
    @click.option("--json", "as_json", is_flag=True, help="The account as JSON on stdout.")
    @click.pass_obj
    def command(desk: Desk, /, file: Path, *, as_json: bool, **options: Any) -> None:  # noqa: ANN401
        from data.imports import import_file  # noqa: PLC0415 - heavy
        from data.store import open_database  # noqa: PLC0415 - heavy

        engine = open_database(desk.database)
        report = import_file(engine, kind, file, on_progress=_progress(), **options)
        if as_json:
            click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
        click.echo(report.summary(desk.language), err=True)
        if report.is_refused:
            raise SystemExit(1)

    command.help = (
        f"Import {TITLES[kind]} from a FILE.\n\nCSV, XLSX, GeoJSON, GeoPackage, Shapefile (also "
        "zipped), GeoParquet or OpenStreetMap, as the kind allows; docs/data.md lists the "
        "headings.\n\n"
        f"\b\nExample:\n    redgrid import {kind} {EXAMPLES[kind]}"
    )


TITLES = {
    "communities": "communities (社区)",
    "grids": "governance grids (网格)",
    "compounds": "residential compounds (小区)",
    "gates": "gates of compounds (出入口)",
    "buildings": "buildings (楼栋)",
    "members": "members (党员)",
    "stations": "red stations (红色驿站)",
    "candidates": "candidate sites (备选点位)",
    "network": "the walk network (步行网络)",
    "base": "water, green and railways of the base map (底图)",
}
EXAMPLES = {
    "communities": "communities.csv",
    "grids": "grids.geojson --datum gcj02",
    "compounds": "小区台账.csv --datum bd09",
    "gates": "gates.xlsx --datum gcj02",
    "buildings": "buildings.zip --crs EPSG:4548",
    "members": "党员.xlsx --dry-run",
    "stations": "stations.xlsx --datum wgs84",
    "candidates": "sites.csv --datum gcj02",
    "network": "map.osm.pbf",
    "base": "map.osm.pbf",
}
for _kind in EXAMPLES:
    _import_command(_kind)


def _progress() -> Callable[[int, int], None] | None:
    """Return what shows progress on stderr; nothing where nobody watches."""
    if not sys.stderr.isatty():
        return None

    def show(done: int, total: int) -> None:
        end = "\n" if done == total else ""
        click.echo(f"\r{done}/{total}", err=True, nl=False)
        click.echo(end, err=True, nl=False)

    return show


@import_.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_imports(desk: Desk, *, as_json: bool) -> None:
    """List all imports, oldest first; undone ones too.

    \b
    Example:
        redgrid import list --json
    """  # noqa: D301 - \\b is click's own mark
    from data.imports import list_batches  # noqa: PLC0415 - heavy
    from data.store import open_database  # noqa: PLC0415 - heavy

    with open_database(desk.database).connect() as connection:
        batches = list_batches(connection)
    if as_json:
        click.echo(json.dumps(batches, ensure_ascii=False, indent=1, default=str))
        return
    for batch in batches:
        undone = Text("已撤销", "undone").say(desk.language) if batch["undone_at"] else ""
        counts = f"{batch['n_read']} = {batch['n_kept']} + {batch['n_refused']}"
        cells = (batch["id"], batch["imported_at"], batch["kind"], batch["source"], counts, undone)
        click.echo("\t".join(map(str, cells)))


@import_.command("undo")
@click.argument("batch", type=int)
@click.pass_obj
def undo_import(desk: Desk, batch: int) -> None:
    """Take back the import of that number: its rows go, those it replaced come back.

    \b
    Example:
        redgrid import undo 3
    """  # noqa: D301 - \\b is click's own mark
    from data.imports import undo  # noqa: PLC0415 - heavy
    from data.store import open_database  # noqa: PLC0415 - heavy

    removed = undo(open_database(desk.database), batch)
    shown = ", ".join(f"{kind} {n}" for kind, n in removed.items())
    desk.say(Text(f"已撤销导入 {batch}：{shown}", f"Import {batch} is undone: {shown}"))


def main() -> None:
    """Run the command; `python -m redgrid` does the same."""
    cli(prog_name="redgrid")


if __name__ == "__main__":
    main()
