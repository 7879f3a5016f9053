"""A grid drafted from its homes follows the streets that close round them, and says how well."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely.affinity import translate
from shapely.geometry import LineString
from tilings import EAST, METRES, NORTH, box, grids, points

from data.demo import make_demo
from geo.compounds import edge_lines
from geo.errors import GridError
from geo.topology.draft import draft_grid


def streets(*lines: list[tuple[float, float]]) -> gpd.GeoSeries:
    placed = [translate(LineString(line), EAST, NORTH) for line in lines]
    return gpd.GeoSeries(placed, crs=METRES)


def lattice() -> gpd.GeoSeries:
    """Return streets 100 m apart, from 0 to 300 m both ways."""
    across = [[(0, at), (300, at)] for at in (0, 100, 200, 300)]
    return streets(*across, *[[(at, 0), (at, 300)] for at in (0, 100, 200, 300)])


def test_blocks_with_homes_of_this_grid_only_are_taken_whole():
    homes = points([(50, 50), (150, 50), (160, 60)], [1, 2, 3])
    draft = draft_grid(homes, lattice())
    assert shapely.area(draft.polygon) == pytest.approx(20_000)
    assert (draft.n_blocks, draft.n_cut, draft.n_open, draft.n_inside) == (2, 0, 0, 3)
    assert draft.share_along == pytest.approx(1.0)
    assert "3 处在内" in draft.text.zh


def test_a_shared_block_is_cut_midway():
    homes, others = points([(120, 50)], [1]), points([(180, 50)], [2])
    draft = draft_grid(homes, lattice(), others=others.to_crs(4326))
    assert (draft.n_cut, draft.n_blocks, draft.n_others) == (1, 0, 0)
    assert shapely.area(draft.polygon) == pytest.approx(5000, rel=1e-3)
    assert draft.share_along < 0.8


def test_without_streets_the_draft_keeps_near_the_homes_and_says_so():
    draft = draft_grid(points([(50, 50)], [1]), streets(), reach_m=30)
    assert draft.n_open == 1
    assert shapely.area(draft.polygon) == pytest.approx(np.pi * 900, rel=0.02)
    assert draft.share_along == 0
    assert "1 not closed" in draft.text.en


def test_nothing_is_taken_from_a_neighbour_and_homes_there_are_counted_out():
    drawn = grids([box(100, 0, 200, 100)])
    homes = points([(50, 50), (150, 50)], [1, 2])
    draft = draft_grid(homes, lattice(), neighbours=drawn.to_crs(4326))
    assert shapely.area(draft.polygon) == pytest.approx(10_000, rel=1e-3)
    assert (draft.n_homes, draft.n_inside) == (2, 1)


def test_homes_without_a_place_are_refused():
    with pytest.raises(GridError, match=r"^None of the homes has a place"):
        draft_grid(points([], []), lattice())


def test_grids_of_the_demo_are_drafted_from_their_buildings():
    made = make_demo(members=0)
    frames, network = made.frames, made.network
    true = frames["grids"].to_crs(METRES)
    homes = frames["buildings"].to_crs(METRES)
    of = np.full(len(homes), -1)
    home, grid = true.sindex.query(homes.geometry, predicate="within")
    of[home] = grid
    ways = gpd.GeoSeries(edge_lines(network)[network.edge_compound < 0], crs=network.crs)
    fits = []
    for k in range(0, 63, 5):
        if (of == k).sum() == 0:
            continue
        draft = draft_grid(homes[of == k], ways, others=homes[(of >= 0) & (of != k)])
        assert draft.n_inside == draft.n_homes
        both = draft.polygon.intersection(true.geometry.iloc[k]).area
        fits.append(both / draft.polygon.union(true.geometry.iloc[k]).area)
    assert np.median(fits) > 0.95
    assert min(fits) > 0.7
