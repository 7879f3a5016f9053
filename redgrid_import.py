"""Commands that look at a file before it is taken in, and that write tables to be edited."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo.text import Text

if TYPE_CHECKING:  # redgrid imports this module
    from redgrid import Desk

MENDS = ("swapped", "written", "digit", "dot", "minutes", "date")
DATUMS = ("wgs84", "cgcs2000", "gcj02", "bd09")
Command = Callable[..., Any]


def file_options(command: Command) -> Command:
    """Add what can be said of a file to a command."""
    options = (
        click.option("--datum", type=click.Choice(DATUMS), help="Datum of the coordinates."),
        click.option("--crs", metavar="EPSG:n", help="CRS of the coordinates, not a datum."),
        click.option("--sheet", help="Sheet of a workbook, or layer of a GeoPackage."),
        click.option(
            "--column",
            "columns",
            multiple=True,
            metavar="FIELD=HEADING",
            help="Which column is meant; FIELD= for none. Remembered for the next such file.",
        ),
        click.option(
            "--mend",
            "mends",
            multiple=True,
            type=click.Choice(MENDS),
            help="Mend all rows of this kind, as the diagnosis offers.",
        ),
        click.option("--replace", is_flag=True, help="Put the whole kind anew, not add."),
        click.option("--again", is_flag=True, help="Even if the same file is there already."),
    )
    for option in reversed(options):
        command = option(command)
    return command


def mapping_of(columns: tuple[str, ...]) -> dict[str, str] | None:
    """Return the mapping that FIELD=HEADING options say; None where there are none."""
    if not columns:
        return None
    pairs = [column.partition("=") for column in columns]
    if any(not sign for _, sign, _ in pairs):
        raise click.BadParameter("FIELD=HEADING", param_hint="--column")
    return {field.strip(): heading.strip() for field, _, heading in pairs}


def take_in(
    desk: "Desk",
    kind: str | None,
    file: Path,
    *,
    columns: tuple[str, ...],
    dry_run: bool,
    as_json: bool,
    returned: Path | None,
    on_progress: Callable[[int, int], None] | None,
    **options: Any,  # noqa: ANN401
) -> None:
    """Import a file, say what became of it, and write its return sheet where one is wanted."""
    from data.diagnosis import Choices  # noqa: PLC0415 - heavy
    from data.doctor import prepare  # noqa: PLC0415 - heavy
    from data.imports import commit  # noqa: PLC0415 - heavy
    from data.return_sheet import return_sheet  # noqa: PLC0415 - heavy
    from data.store import open_database  # noqa: PLC0415 - heavy

    options["mends"] = frozenset(options["mends"])
    choices = Choices(kind=kind, mapping=mapping_of(columns), **options)
    engine = open_database(desk.database)
    with engine.connect() as connection:
        diagnosis = prepare(connection, file, choices)
    if kind is None:
        desk.say(diagnosis.guess.reason)
    report = commit(engine, diagnosis, dry_run=dry_run, on_progress=on_progress)
    if as_json:
        click.echo(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
    click.echo(report.summary(desk.language), err=True)
    if returned is not None and report.refused:
        returned.write_bytes(return_sheet(diagnosis, report, desk.language))
        n = report.n_refused
        desk.say(Text(f"退回表（{n} 行）：{returned}", f"Return sheet ({n} rows): {returned}"))
    if report.is_refused:
        raise SystemExit(1)


def add_commands(cli: click.Group, import_: click.Group) -> None:
    """Add the commands to `redgrid` and `redgrid import`."""
    import_.add_command(diagnose_file)
    import_.add_command(auto)
    import_.add_command(template)
    cli.add_command(export)


@click.command("auto")
@click.argument("file", type=click.Path(path_type=Path))
@file_options
@click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
@click.option("--json", "as_json", is_flag=True, help="The account as JSON on stdout.")
@click.option("--return", "returned", type=click.Path(path_type=Path), help="Refused rows, XLSX.")
@click.pass_obj
def auto(desk: "Desk", /, file: Path, **options: Any) -> None:  # noqa: ANN401
    """Import a FILE whose kind is told from its headings and content.

    \b
    Example:
        redgrid import auto 台账.xlsx --datum gcj02
    """  # noqa: D301 - \b is click's own mark
    take_in(desk, None, file, on_progress=None, **options)


@click.command("diagnose")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", help="What it is; guessed if left out.")
@file_options
@click.option("--json", "as_json", is_flag=True, help="As JSON on stdout.")
@click.pass_obj
def diagnose_file(
    desk: "Desk",
    /,
    file: Path,
    *,
    kind: str | None,
    columns: tuple[str, ...],
    as_json: bool,
    **options: Any,  # noqa: ANN401
) -> None:
    """Say what a FILE is and what an import would do with each row; nothing is written.

    \b
    Example:
        redgrid import diagnose 台账.xlsx --datum gcj02
    """  # noqa: D301 - \b is click's own mark
    from data.doctor import diagnose  # noqa: PLC0415 - heavy
    from data.store import open_database  # noqa: PLC0415 - heavy

    engine = open_database(desk.database)
    found = diagnose(engine, file, kind, mapping=mapping_of(columns), **options)
    if as_json:
        click.echo(json.dumps(found.as_dict(), ensure_ascii=False, indent=1))
    desk.say(found.guess.reason)
    for field, heading in found.mapping.items():
        click.echo(f"  {field} = {heading}", err=True)
    if found.report is not None:
        click.echo(found.report.summary(desk.language), err=True)
    if found.problem is not None:
        raise found.problem


@click.command("template")
@click.argument("kind")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="XLSX."
)
@click.pass_obj
def template(desk: "Desk", kind: str, output: Path) -> None:
    """Write an empty table of a KIND to be filled in: headings, drop-downs, examples.

    \b
    Example:
        redgrid import template stations -o 驿站.xlsx
    """  # noqa: D301 - \b is click's own mark
    from data.store import open_database  # noqa: PLC0415 - heavy
    from data.templates import template as make  # noqa: PLC0415 - heavy

    with open_database(desk.database).connect() as connection:
        output.write_bytes(make(connection, kind))
    desk.say(Text(f"模板：{output}", f"Template: {output}"))


@click.command("export")
@click.argument("kind")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="XLSX."
)
@click.pass_obj
def export(desk: "Desk", kind: str, output: Path) -> None:
    """Write the rows of a KIND as a table; edited and imported again, it changes what was edited.

    \b
    Example:
        redgrid export stations -o 驿站.xlsx
    """  # noqa: D301 - \b is click's own mark
    from data.store import open_database  # noqa: PLC0415 - heavy
    from data.templates import export_table  # noqa: PLC0415 - heavy

    with open_database(desk.database).connect() as connection:
        output.write_bytes(export_table(connection, kind))
    desk.say(Text(f"已导出：{output}", f"Exported: {output}"))
