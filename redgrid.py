"""The `redgrid` command."""

import json
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import click

from data.settings import LANGUAGES, Settings, database_url
from geo.errors import GeoError
from geo.text import Language, Text
from redgrid_check import add_check
from redgrid_geocode import geocode
from redgrid_import import DATUMS, add_commands, file_options, take_in

__all__ = ["DATUMS", "EXAMPLES", "cli", "main"]

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


def _import_command(kind: str) -> None:
    """Add `redgrid import KIND FILE`."""

    @import_.command(kind, short_help=f"Import {TITLES[kind]}.")
    @click.argument("file", type=click.Path(path_type=Path))
    @file_options
    @click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
    @click.option("--json", "as_json", is_flag=True, help="The account as JSON on stdout.")
    @click.option(
        "--return", "returned", type=click.Path(path_type=Path), help="Refused rows, XLSX."
    )
    @click.pass_obj
    def command(desk: Desk, /, file: Path, **options: Any) -> None:  # noqa: ANN401
        take_in(desk, kind, file, on_progress=_progress(), **options)

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
add_commands(cli, import_)


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
        local = batch["imported_at"].replace(tzinfo=UTC).astimezone().replace(tzinfo=None)
        cells = (batch["id"], local, batch["kind"], batch["source"], counts, undone)
        click.echo("\t".join(map(str, cells)))


@import_.command("refused")
@click.argument("batch", type=int)
@click.option("--json", "as_json", is_flag=True, help="As JSON instead of CSV.")
@click.pass_obj
def refused_rows(desk: Desk, batch: int, *, as_json: bool) -> None:
    """Give back the refused rows of the import of that number: row, column, value, reason.

    \b
    Example:
        redgrid import refused 3 > 退回.csv
    """  # noqa: D301 - \\b is click's own mark
    from sqlalchemy.orm import Session  # noqa: PLC0415 - heavy

    from data.errors import ImportDataError  # noqa: PLC0415 - heavy
    from data.exports import csv_bytes  # noqa: PLC0415 - heavy
    from data.queries import load_batches, load_refused  # noqa: PLC0415 - heavy
    from data.store import open_database  # noqa: PLC0415 - heavy
    from data.viewer import Viewer  # noqa: PLC0415 - heavy

    with Session(open_database(desk.database)) as session:
        if batch not in load_batches(session, Viewer.everything()).index:
            raise ImportDataError(
                Text(
                    f"没有编号为 {batch} 的导入。用 redgrid import list 查看全部导入。",
                    f"There is no import {batch}. See `redgrid import list` for all of them.",
                )
            )
        rows = load_refused(session, Viewer.everything(), batch)
    if as_json:
        click.echo(rows.to_json(orient="records", force_ascii=False, indent=1))
    else:
        sys.stdout.buffer.write(csv_bytes(rows))
    desk.say(
        Text(f"导入 {batch} 有 {len(rows)} 处退回。", f"Import {batch}: {len(rows)} refusals.")
    )


@import_.command("undo")
@click.argument("batch", type=int)
@click.pass_obj
def undo_import(desk: Desk, batch: int) -> None:
    """Take back the import of that number: its rows go, those it replaced come back.

    \b
    Example:
        redgrid import undo 3
    """  # noqa: D301 - \\b is click's own mark
    from data.batches import TITLES as KIND_TITLES  # noqa: PLC0415 - heavy
    from data.imports import undo  # noqa: PLC0415 - heavy
    from data.store import open_database  # noqa: PLC0415 - heavy

    removed = undo(open_database(desk.database), batch)
    zh = "、".join(f"{KIND_TITLES[kind].zh} {n} 行" for kind, n in removed.items())
    en = ", ".join(f"{KIND_TITLES[kind].en} {n}" for kind, n in removed.items())
    desk.say(Text(f"已撤销导入 {batch}：{zh}", f"Import {batch} is undone: {en}"))


@cli.command()
@click.option("--seed", default=63, show_default=True, type=click.IntRange(min=0))
@click.option("--grids", default=63, show_default=True, type=click.IntRange(1, 100_000))
@click.option("--members", default=520, show_default=True, type=click.IntRange(min=0))
@click.option("--stations", default=2, show_default=True, type=click.IntRange(min=0))
@click.option("--if-empty", is_flag=True, help="Do nothing where there are data already.")
@click.pass_obj
def demo(desk: Desk, /, *, if_empty: bool, seed: int, **sizes: int) -> None:
    """Fill a database with a synthetic subdistrict (演示数据).

    \b
    Example:
        redgrid --db demo.db demo --grids 63 --members 520 --stations 2
    """  # noqa: D301 - \b is click's own mark
    from data.demo import DATA_DATE, make_demo  # noqa: PLC0415 - heavy
    from data.errors import ImportDataError  # noqa: PLC0415 - heavy
    from data.imports import list_batches, store_frames  # noqa: PLC0415 - heavy
    from data.store import open_database  # noqa: PLC0415 - heavy

    engine = open_database(desk.database)
    with engine.connect() as connection:
        is_filled = any(batch["undone_at"] is None for batch in list_batches(connection))
    if is_filled:
        told = Text(
            "数据库里已有数据，没有放入演示街道；演示请用新的数据库文件（--db demo.db）。",
            "The database holds data already, so the demo subdistrict was not put in; "
            "use a new database file for it (--db demo.db).",
        )
        if not if_empty:
            raise ImportDataError(told)
        desk.say(told)
        return
    made = make_demo(seed=seed, **sizes)
    store_frames(
        engine,
        {**made.frames, "network": made.network},
        source=f"演示数据 demo --seed {seed} --grids {sizes['grids']}",
        is_demo=True,
        data_date=DATA_DATE,
    )
    counts = {kind: len(frame) for kind, frame in made.frames.items()}
    desk.say(
        Text(
            f"已放入演示街道：{counts['grids']} 个网格、{counts['compounds']} 个小区、"
            f"{counts['buildings']} 栋楼、{counts['members']} 名党员、"
            f"{counts['stations']} 个驿站。",
            f"The demo subdistrict is in: {counts['grids']} grids, {counts['compounds']} "
            f"compounds, {counts['buildings']} buildings, {counts['members']} members, "
            f"{counts['stations']} stations.",
        )
    )


def _load_study(desk: Desk) -> Any:  # noqa: ANN401 - a Study; its module is heavy
    from sqlalchemy.orm import Session  # noqa: PLC0415 - heavy

    from data.queries import load_study  # noqa: PLC0415 - heavy
    from data.store import open_database  # noqa: PLC0415 - heavy
    from data.viewer import Viewer  # noqa: PLC0415 - heavy

    with Session(open_database(desk.database)) as session:
        return load_study(session, Viewer.everything())


PROFILE_NAMES = ("standard", "adult", "elderly", "wheelchair")
MOMENTS = ("%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M")


@cli.command()
@click.option("--minutes", default=15.0, show_default=True, type=click.FloatRange(1, 120))
@click.option("--profile", default="standard", show_default=True, type=click.Choice(PROFILE_NAMES))
@click.option("--at", type=click.DateTime(MOMENTS), help="Only what is open at that moment counts.")
@click.option("--snap-limit-m", default=100.0, show_default=True, type=click.FloatRange(1, 5000))
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="The grids, as CSV.")
@click.pass_obj
def coverage(desk: Desk, /, *, as_json: bool, as_csv: bool, **options: Any) -> None:  # noqa: ANN401
    """Say who is within some minutes' walk of an open station, grid by grid.

    \b
    Example:
        redgrid coverage --minutes 15 --at "2026-10-01 20:00" --json
    """  # noqa: D301 - \b is click's own mark
    from geo.coverage import cover  # noqa: PLC0415 - heavy
    from geo.report import coverage_report, grid_table, summary_lines  # noqa: PLC0415 - heavy

    if as_json and as_csv:
        raise click.UsageError("--json / --csv")
    study = _load_study(desk)
    answer = cover(study, **options)
    if as_json:
        click.echo(json.dumps(coverage_report(answer, study), ensure_ascii=False, indent=1))
    elif as_csv:
        click.echo(grid_table(answer).to_csv(index_label="id"), nl=False)
    else:
        click.echo("\n".join(summary_lines(answer, study, desk.language)))


add_check(cli, _load_study)

PROBLEM_NAMES = {"mclp": "mclp", "lscp": "lscp", "p-median": "p_median", "p-center": "p_center"}


@cli.command()
@click.argument("problem", type=click.Choice(list(PROBLEM_NAMES)))
@click.option("-p", "p", default=3, show_default=True, type=click.IntRange(1), help="New stations.")
@click.option(
    "--share", default=1.0, show_default=True, type=click.FloatRange(0, 1), help="LSCP: of all."
)
@click.option("--minutes", default=15.0, show_default=True, type=click.FloatRange(1, 120))
@click.option(
    "--weight",
    default="members",
    show_default=True,
    help="members, households, residents, elderly, buildings; or a mix: members=1,households=2.",
)
@click.option("--profile", default="standard", show_default=True, type=click.Choice(PROFILE_NAMES))
@click.option("--at", type=click.DateTime(MOMENTS), help="Only what is open at that moment.")
@click.option(
    "--candidates",
    default="table",
    show_default=True,
    type=click.Choice(("table", "ways", "gates", "entrances")),
    help="Where a station could be.",
)
@click.option("--every-m", default=150.0, show_default=True, type=click.FloatRange(10, 5000))
@click.option("--spacing-m", default=0.0, type=click.FloatRange(0), help="New ones so far apart.")
@click.option("--budget", type=click.FloatRange(0), help="For all new ones together.")
@click.option("--capacity", type=click.FloatRange(0), help="A station serves so much at most.")
@click.option("--may-close", default=0, type=click.IntRange(0), help="Stations that may close.")
@click.option("--one-per-community", is_flag=True, help="At least one in each community.")
@click.option("--fair", "is_fair", is_flag=True, help="The weakest grid first, then the total.")
@click.option("--backup", "has_backup", is_flag=True, help="Covered means by two stations.")
@click.option("--mandatory", metavar="ID", multiple=True, type=int, help="Must be built; repeat.")
@click.option("--forbidden", metavar="ID", multiple=True, type=int, help="Not built; repeat.")
@click.option("--time-limit-s", default=60.0, show_default=True, type=click.FloatRange(0.1, 86400))
@click.option("--target", default=0.8, show_default=True, type=click.FloatRange(0, 1))
@click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="The new stations, as CSV.")
@click.pass_obj
def site(
    desk: Desk,
    /,
    *,
    problem: str,
    minutes: float,
    weight: str,
    candidates: str,
    every_m: float,
    target: float,
    as_json: bool,
    as_csv: bool,
    profile: str,
    at: Any,  # noqa: ANN401 - a datetime or None
    **conditions: Any,  # noqa: ANN401
) -> None:
    """Say where the next stations go, in which order, what each adds, and how sure that is.

    \b
    Example:
        redgrid site mclp -p 3 --minutes 15 --weight households --json
    """  # noqa: D301 - \b is click's own mark
    from geo.ground import lay_ground  # noqa: PLC0415 - heavy
    from geo.plan_report import plan_report, plan_table, report_lines  # noqa: PLC0415 - heavy
    from geo.planning import Question, make_case, solve  # noqa: PLC0415 - heavy
    from geo.profiles import speed_profile  # noqa: PLC0415 - heavy
    from geo.sites import candidate_sites  # noqa: PLC0415 - heavy

    if as_json and as_csv:
        raise click.UsageError("--json / --csv")
    question = Question.from_json(
        {"problem": PROBLEM_NAMES[problem], "weights": _mix(weight), **conditions}
    )
    study = _load_study(desk)
    ground = lay_ground(study, speed_profile(profile), at)
    sites = candidate_sites(study, candidates, every_m=every_m)
    case = make_case(ground, sites, minutes=minutes, at=at)
    plan = solve(case, question)
    if as_json:
        report = plan_report(case, plan, question, target=target)
        click.echo(json.dumps(report, ensure_ascii=False, indent=1))
    elif as_csv:
        click.echo(plan_table(case, plan, question, target=target).to_csv(index=False), nl=False)
    else:
        lines = report_lines(case, plan, question, target=target, language=desk.language)
        click.echo("\n".join(lines))
    if plan.status == "infeasible":
        raise SystemExit(1)


def _mix(text: str) -> list[tuple[str, float]]:
    """Return the weights that `members` or `members=1,households=2` says."""
    from geo.study import WEIGHTS  # noqa: PLC0415 - heavy

    parts = [part.partition("=") for part in text.split(",")]
    try:
        mix = [(name.strip(), float(share or 1)) for name, _, share in parts]
    except ValueError:
        mix = []
    if not mix or any(name not in WEIGHTS or not share > 0 for name, share in mix):
        raise click.BadParameter(f"{text} ({', '.join(WEIGHTS)})", param_hint="--weight")
    return mix


@cli.command()
@click.option("--port", type=click.IntRange(1, 65535), help="8501 if left out (or REDGRID_PORT).")
@click.option("--host", "address", help="Address to listen on; this machine only if left out.")
@click.option("--open", "opens", is_flag=True, help="Open the page in the browser.")
@click.pass_obj
def serve(desk: Desk, *, port: int | None, address: str | None, opens: bool) -> None:
    """Serve the dashboard to browsers.

    \b
    Example:
        redgrid --db office.db serve --port 8501
    """  # noqa: D301 - \b is click's own mark
    from views.serving import serve_dashboard  # noqa: PLC0415 - heavy

    settings = desk.settings
    place = (address or settings.address, port or settings.port)
    serve_dashboard(settings, *place, opens=opens, say=desk.say)


cli.add_command(geocode)


def main() -> None:
    """Run the command; `python -m redgrid` does the same."""
    cli(prog_name="redgrid")


if __name__ == "__main__":
    main()
