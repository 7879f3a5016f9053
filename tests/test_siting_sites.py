"""Siting over the sites alone: bounds, sets that cannot meet a need, cliques, and larger cases."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.siting import SitingConstraints, solve_lscp, solve_mclp, solve_p_median
from geo.siting.cliques import covering_cliques
from geo.siting.constrained_model import Setting
from geo.siting.constrained_setting import cover_setting, median_setting
from geo.siting.constraints import read_constraints
from geo.siting.instance import read_choice, read_times
from geo.siting.serving import Serving, serving_of
from geo.siting.shortfall import by_group, sets_in_need


def some_setting(problem: str, seed: int, **rules) -> Setting:
    """Return a seeded setting of up to 12 demand rows, 6 sites and 3 grids."""
    random = np.random.default_rng(seed)
    n, m = int(random.integers(2, 13)), int(random.integers(2, 7))
    times = random.integers(1, 9, (n, m)).astype(float)  # many ties
    if problem == "mclp":
        times[random.random((n, m)) < 0.2] = np.inf
    weights = random.integers(0, 5, n).astype(float)
    weights[0] = 1.0
    if "spacing_m" in rules:
        rules["site_xy"] = random.uniform(0, 10, (m, 2))
    if "demand_group" in rules:
        rules["demand_group"] = random.integers(-1, 3, n)
    read = read_times(times)
    side = read_constraints(SitingConstraints(**rules), problem=problem, n=n, m=m)
    choice = read_choice(m, None)
    if problem == "p_median":
        return median_setting(read, weights, choice, side, 2)
    return cover_setting(problem, read, weights, choice, side, 2, 5.0, 1.0)


def openings(serving: Serving, seed: int) -> np.ndarray:
    """Return some openings: broken, half and whole ones."""
    random = np.random.default_rng(seed)
    values = [random.random(serving.n_sites), random.integers(0, 3, serving.n_sites) / 2]
    return values[seed % 2]


def choices(setting: Setting, serving: Serving) -> list[np.ndarray]:
    """Return every choice that opens no two sites nearer than the spacing, some site open."""
    xy = setting.rules.distance_m
    found = []
    for flags in itertools.product([False, True], repeat=serving.n_sites):
        is_open = np.array(flags)
        among = np.flatnonzero(is_open)
        pairs = itertools.combinations(among, 2)
        is_apart = xy is None or all(xy[a, b] >= setting.rules.spacing_m for a, b in pairs)
        if is_apart and len(among):
            found.append(is_open)
    return found


KINDS = [
    ("p_median", {}),
    ("mclp", {}),
    ("mclp", {"has_backup": True}),
    ("mclp", {"has_backup": True, "spacing_m": 5.0}),
    ("mclp", {"demand_group": ()}),
]


@pytest.mark.parametrize(("problem", "rules"), KINDS)
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_no_choice_is_worth_more_than_the_bounds_at_any_openings(
    problem: str, rules: dict, seed: int
):
    setting = some_setting(problem, seed, **rules)
    serving = serving_of(setting)
    cuts = serving.cuts(openings(serving, seed))
    for is_open in choices(setting, serving):
        most = cuts.constant + cuts.slope @ is_open
        assert (serving.worth(is_open) <= most + 1e-9).all()


@pytest.mark.parametrize(("problem", "rules"), KINDS)
@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_the_bounds_at_a_choice_are_its_worth(problem: str, rules: dict, seed: int):
    setting = some_setting(problem, seed, **rules)
    serving = serving_of(setting)
    for is_open in choices(setting, serving):
        cuts = serving.cuts(is_open.astype(float))
        most = cuts.constant + cuts.slope @ is_open
        assert most == pytest.approx(serving.worth(is_open), abs=1e-9)


@pytest.mark.parametrize(("problem", "rules"), KINDS)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_what_a_site_would_add_is_what_it_adds(problem: str, rules: dict, seed: int):
    setting = some_setting(problem, seed, **rules)
    serving = serving_of(setting)
    kind = np.zeros(len(serving.weight), np.int64)
    for is_open in choices(setting, serving):
        worth, added = serving.gains(is_open, 1, kind)
        assert worth[0] == pytest.approx(serving.worth(is_open).sum())
        for site in np.flatnonzero(~is_open):
            more = is_open.copy()
            more[site] = True
            assert worth[0] + added[0, site] == pytest.approx(serving.worth(more).sum())


@pytest.mark.parametrize("n_cover", [1, 2])
@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_what_meets_every_need_has_a_site_of_each_set_in_need(n_cover: int, seed: int):
    setting = some_setting("mclp", seed, demand_group=(), has_backup=n_cover == 2)
    serving = serving_of(setting)
    random = np.random.default_rng(seed)
    least = np.where(
        random.random(serving.n_groups) < 0.7, random.integers(1, 6, serving.n_groups), -np.inf
    )
    opening = random.random(serving.n_sites) * 0.5
    pairs = by_group(serving.row, serving.site, serving.group, serving.n_groups, serving.n_sites)
    sets = sets_in_need(pairs, serving.weight, least, n_cover, opening)
    assert (sets @ opening < 1).all()
    for is_open in choices(setting, serving):
        if (serving.worth(is_open) >= least).all():
            assert (sets @ is_open >= 1).all()


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_cliques_hold_every_pair_and_no_other(seed: int):
    random = np.random.default_rng(seed)
    n_sites = int(random.integers(2, 9))
    near = np.triu(random.random((n_sites, n_sites)) < 0.5, 1)
    cliques = covering_cliques(np.argwhere(near), n_sites)
    held = {pair for clique in cliques for pair in itertools.combinations(clique.tolist(), 2)}
    assert held == {(int(a), int(b)) for a, b in np.argwhere(near)}


def town(seed: int, n: int = 400, m: int = 16):
    """Return times in a square town, weights that are not whole, sites, costs and grids."""
    random = np.random.default_rng(seed)
    homes, sites = random.uniform(0, 3000, (n, 2)), random.uniform(0, 3000, (m, 2))
    times = np.linalg.norm(homes[:, None] - sites[None], axis=2) / 1.1
    weights = random.integers(1, 60, n) * (1.0 if seed % 2 else 0.37)
    grids = (homes // 1500).astype(int) @ [2, 1]
    return times, weights, sites, random.integers(10, 40, m).astype(float), grids


@pytest.mark.parametrize("seed", range(4))
def test_larger_cases_are_the_best_of_all_choices(seed: int):
    times, weights, xy, cost, grids = town(seed)
    p, budget, spacing_m, limit_s = 4, 80.0, 600.0, 700.0
    apart = np.linalg.norm(xy[:, None] - xy[None], axis=2) >= spacing_m
    fits = [
        list(sites)
        for size in range(1, p + 1)
        for sites in itertools.combinations(range(len(xy)), size)
        if cost[list(sites)].sum() <= budget
        and all(apart[a, b] for a, b in itertools.combinations(sites, 2))
    ]
    count = np.array([(times[:, sites] <= limit_s).sum(axis=1) for sites in fits])
    covered = (count >= 1) @ weights
    twice = (count >= 2) @ weights
    walks = np.array([times[:, sites].min(axis=1) @ weights for sites in fits])
    totals = np.bincount(grids, weights)
    share = np.array([np.bincount(grids, weights * (c >= 1)) / totals for c in count]).min(axis=1)
    rules = {"site_cost": cost, "budget": budget, "spacing_m": spacing_m, "site_xy": xy}

    def plan(solver, **more):
        given = SitingConstraints(**rules, **more.pop("rule", {}))
        found = solver(times, weights, p=p, constraints=given, **more)
        assert found.status == "optimal"
        return found

    assert plan(solve_p_median).objective == pytest.approx(walks.min(), rel=1e-7)
    assert plan(solve_mclp, limit_s=limit_s).objective == pytest.approx(covered.max(), rel=1e-7)
    backed = plan(solve_mclp, limit_s=limit_s, rule={"has_backup": True})
    assert backed.objective == pytest.approx(twice.max(), rel=1e-7)
    fair = plan(solve_mclp, limit_s=limit_s, rule={"demand_group": grids})
    fairest = share >= share.max() - 1e-7
    assert fair.objective == pytest.approx(covered[fairest].max(), rel=1e-7)


def test_the_same_town_gives_the_same_plan_in_any_order_of_homes():
    times, weights, xy, cost, _ = town(1)
    rule = SitingConstraints(site_cost=cost, budget=80.0, spacing_m=600.0, site_xy=xy)
    one = solve_p_median(times, weights, p=4, constraints=rule)
    order = np.random.default_rng(0).permutation(len(weights))
    other = solve_p_median(times[order], weights[order], p=4, constraints=rule)
    assert (one.sites, one.status) == (other.sites, "optimal")


def test_a_share_of_the_weight_under_a_budget_needs_the_fewest_sites():
    times, weights, xy, cost, _ = town(3)
    rule = SitingConstraints(site_cost=cost, budget=200.0, spacing_m=400.0, site_xy=xy)
    plan = solve_lscp(times, weights, limit_s=700.0, share=0.7, constraints=rule)
    apart = np.linalg.norm(xy[:, None] - xy[None], axis=2) >= 400.0
    assert plan.status == "optimal"
    for size in range(1, len(plan.sites)):
        for sites in itertools.combinations(range(len(xy)), size):
            is_fit = cost[list(sites)].sum() <= 200.0 and all(
                apart[a, b] for a, b in itertools.combinations(sites, 2)
            )
            reached = weights[(times[:, list(sites)] <= 700.0).any(axis=1)].sum()
            assert not is_fit or reached < 0.7 * weights.sum()
