"""The command that says where addresses are."""

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo.text import Text

if TYPE_CHECKING:  # redgrid imports this module
    from redgrid import Desk

SERVICES = ("tianditu", "amap", "baidu", "nominatim")
ASKABLE = ("compounds", "stations", "candidates")


@click.command()
@click.argument("what", metavar="TEXT|FILE")
@click.option("--column", metavar="HEADING", help="FILE: the column of addresses.")
@click.option("--sheet", help="FILE: sheet of a workbook.")
@click.option("--online", type=click.Choice(SERVICES), help="Ask it for what is not sure here.")
@click.option("--kind", type=click.Choice(ASKABLE), help="With --online: what the addresses are.")
@click.option("--city", default="", help="With --online: the city that all lie in.")
@click.option("--json", "as_json", is_flag=True, help="As JSON (a TEXT's way).")
@click.option("--csv", "as_csv", is_flag=True, help="As CSV (a FILE's way).")
@click.pass_obj
def geocode(
    desk: "Desk",
    /,
    what: str,
    *,
    column: str | None,
    sheet: str | None,
    as_json: bool,
    as_csv: bool,
    **online: Any,  # noqa: ANN401
) -> None:
    """Say where an address is, or each address of a table: level, confidence, alternatives.

    All of it on this machine. Only --online sends anything, and only for places: compounds,
    stations, candidate sites. The key of a service is in REDGRID_AMAP_KEY, REDGRID_BAIDU_KEY or
    REDGRID_TIANDITU_KEY.

    Exit status 1: no address is known for sure, or the service refused.

    \b
    Example:
        redgrid geocode 桂园3号楼
        redgrid geocode 驿站.xlsx --column 地址 --online amap --kind stations > 结果.csv
    """  # noqa: D301 - \b is click's own mark
    if as_json and as_csv:
        raise click.UsageError("--json / --csv")
    if online["online"] and not online["kind"]:
        raise click.UsageError(f"--online needs --kind {'|'.join(ASKABLE)}")
    from data.geocoding.answers import addresses_of, flat  # noqa: PLC0415 - heavy

    path = Path(what)
    is_file = len(what) < 200 and path.is_file()
    if is_file:
        from data.files import read_file  # noqa: PLC0415 - heavy
        from data.findings import Findings  # noqa: PLC0415 - heavy

        raw = read_file(path, None, Findings(), sheet)
        texts, numbers = addresses_of(raw, column), [int(row) for row in raw.source_rows]
        headings: tuple[str, ...] = raw.headings
    elif column or sheet or path.suffix.lower() in {".csv", ".xlsx", ".xls"}:
        raise click.BadParameter(Text("没有这个文件", "no such file").say(desk.language))
    else:
        texts, numbers, headings = [what], [1], ()
    rows, is_refused = _answers(desk, texts, headings, **online)
    if as_csv or (is_file and not as_json):
        from data.exports import as_cell  # noqa: PLC0415 - heavy

        click.echo(flat(rows, numbers).map(as_cell).to_csv(index=False), nl=False)
    else:
        shown: object = rows if is_file else rows[0]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=1))
    _say_counts(desk, rows)
    if is_refused or not any(row["claimed"] or row.get("online") for row in rows):
        raise SystemExit(1)


def _answers(
    desk: "Desk",
    texts: list[str],
    headings: tuple[str, ...],
    *,
    online: str | None,
    kind: str | None,
    city: str,
) -> tuple[list[dict[str, Any]], bool]:
    """Return what the texts mean, and whether a service would not answer any more."""
    from sqlalchemy.orm import Session  # noqa: PLC0415 - heavy

    from data.geocoding.answers import geocode_texts, with_asked  # noqa: PLC0415 - heavy
    from data.geocoding.online import OnlineGeocoder  # noqa: PLC0415 - heavy
    from data.geocoding.places import ask_places, require_places  # noqa: PLC0415 - heavy
    from data.store import open_database  # noqa: PLC0415 - heavy
    from data.viewer import Viewer  # noqa: PLC0415 - heavy

    engine = open_database(desk.database)
    if online and kind:
        require_places(kind, headings)
        geocoder = OnlineGeocoder.from_env(online, os.environ)
    with Session(engine) as session:
        rows = geocode_texts(session, Viewer.everything(), texts)
    if not online or not kind:
        return rows, False
    unsure = [k for k, row in enumerate(rows) if not row["claimed"]]
    asked = ask_places(engine, geocoder, kind, [texts[k] for k in unsure], city=city)
    for k, one in zip(unsure, asked, strict=True):
        rows[k] = with_asked(rows[k], one, desk.language)
    problems = [one.problem for one in asked if getattr(one.problem, "is_final", False)]
    for problem in problems[:1]:
        click.echo(problem.say(desk.language) if problem else "", err=True)
    return rows, bool(problems)


def _say_counts(desk: "Desk", rows: list[dict[str, Any]]) -> None:
    from geo.geocode import MatchLevel  # noqa: PLC0415 - heavy
    from geo.geocode.levels import LEVEL_NAMES  # noqa: PLC0415 - heavy

    levels = [MatchLevel(row["level"]) for row in rows if row["claimed"]]
    n_unsure, n_online = len(rows) - len(levels), sum(bool(row.get("online")) for row in rows)
    counts = {level: levels.count(level) for level in sorted(set(levels), reverse=True)}
    zh = "".join(f"，{LEVEL_NAMES[level].zh} {n}" for level, n in counts.items())
    en = "".join(f", {LEVEL_NAMES[level].en} {n}" for level, n in counts.items())
    zh_online, en_online = (
        (f"；在线得到 {n_online}", f"; online {n_online}") if n_online else ("", "")
    )
    desk.say(
        Text(
            f"{len(rows)} 个地址{zh}，不确定 {n_unsure}{zh_online}。",
            f"{len(rows)} addresses{en}, not sure {n_unsure}{en_online}.",
        )
    )
