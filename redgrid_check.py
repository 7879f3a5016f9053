"""`redgrid check`: what is missing or doubtful in the data, and the tiling of the grids."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from geo.text import Text

if TYPE_CHECKING:  # redgrid imports this module
    from redgrid import Desk

NOTHING_FOUND = Text("没有发现问题。", "Nothing was found.")


def add_check(cli: click.Group, load_study: "Callable[[Desk], Any]") -> None:
    """Add the command; `load_study` reads everything that the desk's database holds."""

    @cli.command()
    @click.option("--grids", is_flag=True, help="Each gap, overlap, spike … of the grids.")
    @click.option("--network", is_flag=True, help="Each island, far home and gateless compound.")
    @click.option(
        "--repaired",
        type=click.Path(dir_okay=False, path_type=Path),
        help="With --grids: write the mended grids to this GeoJSON file.",
    )
    @click.option("--json", "as_json", is_flag=True, help="As JSON.")
    @click.option("--csv", "as_csv", is_flag=True, help="With --grids or --network: as CSV.")
    @click.pass_obj
    def check(
        desk: "Desk",
        /,
        *,
        grids: bool,
        network: bool,
        repaired: Path | None,
        as_json: bool,
        as_csv: bool,
    ) -> None:
        """Say what is missing or doubtful in the data, and how many people it affects.

        With --grids, say every fault in the tiling of the grids by itself; --repaired writes the
        grids as they are after repair, to be looked at and imported again. With --network, say
        each place where the walk network needs an editor, those with most households first.

        \b
        Example:
            redgrid check --json
            redgrid check --grids --csv > 网格问题.csv
            redgrid check --grids --repaired mended.geojson
            redgrid check --network
        """  # noqa: D301 - \b is click's own mark
        if as_json and as_csv:
            raise click.UsageError("--json / --csv")
        if grids and network:
            raise click.UsageError("--grids / --network")
        if (as_csv and not (grids or network)) or (repaired and not grids):
            raise click.UsageError("--csv: --grids, --network; --repaired: --grids")
        study = load_study(desk)
        if network:
            _say_network(desk, study, as_json=as_json, as_csv=as_csv)
            return
        if grids:
            _say_grids(desk, study, as_json=as_json, as_csv=as_csv)
            if repaired:
                _write_repaired(desk, study, repaired)
            return
        _say_study(desk, study, as_json=as_json)


def _say_study(desk: "Desk", study: Any, *, as_json: bool) -> None:  # noqa: ANN401 - a Study
    from geo.quality import check_study  # noqa: PLC0415 - heavy

    findings = check_study(study)
    if as_json:
        rows = [finding.as_dict() for finding in findings]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for finding in findings:
        click.echo(f"{finding.n}\t{finding.text.say(desk.language)}")
    if not findings:
        desk.say(NOTHING_FOUND)


def _say_grids(
    desk: "Desk",
    study: Any,  # noqa: ANN401 - a Study
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    from geo.demand import demand_points  # noqa: PLC0415 - heavy
    from geo.grid_quality import grid_faults  # noqa: PLC0415 - heavy
    from geo.topology.report import fault_rows, fault_table  # noqa: PLC0415 - heavy

    found = grid_faults(study, demand_points(study))
    if as_json:
        click.echo(json.dumps(fault_rows(found), ensure_ascii=False, indent=1))
    elif as_csv:
        click.echo(fault_table(found).to_csv(index_label="no"), nl=False)
    else:
        for severity, text in zip(found["severity"], found[f"text_{desk.language}"], strict=True):
            click.echo(f"{severity}\t{text}")
    if found.empty:
        desk.say(NOTHING_FOUND)


def _say_network(
    desk: "Desk",
    study: Any,  # noqa: ANN401 - a Study
    *,
    as_json: bool,
    as_csv: bool,
) -> None:
    from geo.demand import demand_points  # noqa: PLC0415 - heavy
    from geo.network_doctor import diagnose_network  # noqa: PLC0415 - heavy
    from geo.topology.report import fault_rows  # noqa: PLC0415 - heavy

    places = diagnose_network(study, demand_points(study))
    if as_json:
        click.echo(json.dumps(fault_rows(places), ensure_ascii=False, indent=1))
    elif as_csv:
        table = places.drop(columns=["geometry", "ids"])
        table = table.round({"households": 1, "length_m": 1, "distance_m": 1})
        click.echo(table.to_csv(index_label="no"), nl=False)
    else:
        for kind, text in zip(places["kind"], places[f"text_{desk.language}"], strict=True):
            click.echo(f"{kind}\t{text}")
    if places.empty:
        desk.say(NOTHING_FOUND)


def _write_repaired(desk: "Desk", study: Any, path: Path) -> None:  # noqa: ANN401 - a Study
    from geo.crs import WGS84  # noqa: PLC0415 - heavy
    from geo.demand import demand_points  # noqa: PLC0415 - heavy
    from geo.topology import repair_grids  # noqa: PLC0415 - heavy

    points = demand_points(study)
    grids = study.grids.to_crs(WGS84)
    code_of = study.communities["code"].to_dict()
    grids["community_code"] = [code_of.get(one, "") for one in grids["community_id"]]
    columns = ("code", "name", "community_code", "population", "households", "geometry")
    kept = grids[[column for column in columns if column in grids]]
    mended, changes = repair_grids(kept, points=points)
    path.write_text(mended.to_json(drop_id=True, ensure_ascii=False), encoding="utf-8")
    for text in changes[f"text_{desk.language}"]:
        click.echo(text, err=True)
    desk.say(
        Text(
            f"已写出 {len(mended)} 个网格到 {path.name}，其中 {len(changes)} 个有改动；"
            f"核对后导入：redgrid import grids {path.name} --replace",
            f"{len(mended)} grids are in {path.name}, {len(changes)} of them changed. Look at "
            f"them, then: redgrid import grids {path.name} --replace",
        )
    )
