"""The demo subdistrict: the same bytes each time, a tiling without gaps, people where homes are."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from click.testing import CliRunner

from data.demo import DemoSubdistrict, make_demo
from geo.attach import attach
from geo.health import health
from redgrid import cli

ROOT = Path(__file__).resolve().parents[1]
PRINT = (
    "from tests.test_demo import digest; from data.demo import make_demo; "
    "print(digest(make_demo(grids=9)))"
)


def digest(made: DemoSubdistrict) -> str:
    """Return a hash of every byte of a demo."""
    total = hashlib.sha256(made.network.to_bytes())
    for kind, frame in sorted(made.frames.items()):
        plain = pd.DataFrame(frame)
        for column in plain:
            values = plain[column]
            if column in {"geometry", "footprint"}:
                values = pd.Series([shapely.to_wkb(shape, hex=True) for shape in values])
            total.update(f"{kind}.{column}".encode() + "|".join(map(str, values)).encode())
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes_in_any_process():
    here = digest(make_demo(grids=9))
    assert digest(make_demo(grids=9)) == here
    for seed in ("0", "1"):
        env = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
        there = subprocess.run(
            [sys.executable, "-c", PRINT],
            env=env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        assert there.stdout.strip() == here


def test_another_seed_gives_another_town():
    assert digest(make_demo(grids=9, seed=1)) != digest(make_demo(grids=9, seed=2))


@pytest.mark.parametrize(("grids", "seed"), [(1, 63), (5, 1), (10, 2), (63, 63), (64, 7), (200, 3)])
def test_grids_tile_the_town_and_everything_stands_where_it_should(grids: int, seed: int):
    made = make_demo(grids=grids, seed=seed, members=100)
    frames = made.frames
    shapes = frames["grids"].geometry.to_numpy()
    assert len(shapes) == grids
    assert shapely.coverage_is_valid(shapes)
    assert frames["grids"]["code"].str.fullmatch(r"341103003\d{6}").all()
    assert frames["grids"]["code"].is_unique
    homes = frames["buildings"]
    row, _ = frames["grids"].sindex.query(homes.geometry.to_numpy(), predicate="within")
    assert np.array_equal(np.bincount(row, minlength=len(homes)), np.ones(len(homes)))
    assert health(made.network).share_in_largest == 1
    assert len(attach(made.network, homes.geometry).left_out.nonzero()[0]) == 0
    assert len(frames["members"]) == 100
    assert frames["members"]["building_key"].isin(homes["key"]).all()


def test_gates_stand_on_the_wall_of_their_compound():
    frames = make_demo(grids=20).frames
    outlines = frames["compounds"].set_index("key").geometry.to_crs(4548)
    gates = frames["gates"].to_crs(4548)
    rims = shapely.boundary(outlines.loc[gates["compound_key"]].to_numpy())
    assert shapely.distance(rims, gates.geometry.to_numpy()).max() < 0.5
    assert set(gates["compound_key"]) == set(outlines.index)


def test_the_default_is_the_size_of_the_reference_case():
    frames = make_demo().frames
    assert {
        kind: len(frames[kind]) for kind in ("grids", "communities", "members", "stations")
    } == {
        "grids": 63,
        "communities": 10,
        "members": 520,
        "stations": 2,
    }
    assert 80 <= len(frames["compounds"]) <= 110
    assert 1000 <= len(frames["buildings"]) <= 1300
    assert 23_000 <= frames["buildings"]["households"].sum() <= 28_000
    assert set(frames["members"]["kind"]) == {"community", "in_service", "mobile"}
    assert all(len(services) == 8 for services in frames["stations"]["services"])
    assert frames["gates"].groupby("compound_key").size().between(1, 4).all()
    assert 55 <= len(frames["candidates"]) <= 65


def test_names_say_that_it_is_a_demo():
    frames = make_demo(grids=9).frames
    assert frames["communities"]["name"].str.startswith("演示").all()


def test_the_command_fills_an_empty_database_once(tmp_path: Path):
    run = CliRunner()
    database = ["--db", str(tmp_path / "demo.db"), "--lang", "en"]
    first = run.invoke(cli, [*database, "demo", "--grids", "4", "--members", "9"])
    assert first.exit_code == 0, first.output
    assert "4 grids" in first.output
    again = run.invoke(cli, [*database, "demo"])
    assert again.exit_code == 1
    assert "holds data already" in again.output
    kept = run.invoke(cli, [*database, "demo", "--if-empty"])
    assert kept.exit_code == 0
