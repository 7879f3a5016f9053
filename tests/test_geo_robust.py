"""Sensitivity: which sites stay chosen, and what a plan loses where things turn out otherwise."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from geo.errors import SitingError
from geo.robust import Variant, make_variants, sensitivity, value_of
from geo.siting.plan import SitingPlan, Status
from geo.text import Text

INF = np.inf
# Four homes on a line, sites beside them; column 0 is open today.
TIMES = np.array(
    [
        [100, 900, INF, INF],
        [700, 600, 1000, INF],
        [INF, 800, 300, 1300],
        [INF, INF, 1150, 200],
    ]
)
WEIGHTS = np.array([10.0, 4.0, 6.0, 5.0])


def best(variant: Variant, p: int = 1) -> SitingPlan:
    """Return the plan of p new sites with most weight, by trying all; first of equals."""
    times = np.asarray(variant.times)
    free = sorted(set(range(times.shape[1])) - {*variant.existing, *variant.forbidden})
    tried = [
        (value_of(variant, (*variant.existing, *sites), "mclp"), sites)
        for sites in combinations(free, p)
    ]
    value, sites = max(tried, key=lambda one: one[0])
    return plan(sites, (*variant.existing, *sites), value)


def plan(
    sites: tuple[int, ...],
    open_sites: tuple[int, ...],
    value: float,
    status: Status = "optimal",
    problem: str = "mclp",
) -> SitingPlan:
    nobody = np.zeros(0, bool)
    return SitingPlan(
        problem, sites, open_sites, value, value, status, nobody, np.zeros(0, np.int64), 0.0
    )


def variants_of(limit_s: float = 900.0) -> list[Variant]:
    return make_variants(
        TIMES,
        WEIGHTS,
        limit_s=limit_s,
        existing=[0],
        elderly_times=TIMES / 0.8,
        names=["甲站", "乙", "丙", "丁"],
    )


def test_the_variants_are_those_asked_for_and_named():
    variants = variants_of()
    assert [one.key for one in variants] == ["base", "elderly", "shorter", "longer", "closed:0"]
    assert [one.title.zh for one in variants] == [
        "现行设定",
        "老年人步速",
        "时限 10 分钟",
        "时限 20 分钟",
        "甲站关闭",
    ]
    assert [one.limit_s for one in variants] == [900, 900, 600, 1200, 900]
    assert variants[-1].existing == ()
    assert variants[-1].forbidden == (0,)


def test_a_limit_that_would_be_nothing_and_speeds_not_given_are_left_off():
    variants = make_variants(TIMES, WEIGHTS, limit_s=300)
    assert [one.key for one in variants] == ["base", "longer"]


def test_sites_regret_and_losses_by_hand():
    found = sensitivity(best, variants_of())
    # Base: column 0 reaches homes 0 and 1; column 1 or 2 adds home 2 (6): 1 comes first.
    # Elderly: 0 reaches 0 and 1 (875 s); column 1 no more reaches home 2 (1000 s): 2 (375 s).
    # Shorter: 0 reaches 0 only; 1 adds home 1 (4), 2 adds home 2 (6), 3 home 3 (5): 2.
    # Longer: 2 adds homes 2 and 3. Closed: 1 reaches 0, 1, 2 (20).
    assert {key: one.sites for key, one in found.plans.items()} == {
        "base": (1,),
        "elderly": (2,),
        "shorter": (2,),
        "longer": (2,),
        "closed:0": (1,),
    }
    rows = found.variants
    assert rows["value"].tolist() == [20, 20, 16, 25, 20]
    assert rows["base_value"].tolist() == [20, 14, 14, 20, 20]
    assert rows["regret"].tolist() == [0, 6, 2, 5, 0]
    assert rows["change"].tolist() == [0, -6, -6, 0, 0]
    assert rows["n_shared"].tolist() == [1, 0, 0, 0, 1]
    assert found.sites.index.tolist() == [2, 1]
    assert found.sites["n_chosen"].tolist() == [3, 2]
    assert found.sites["share"].tolist() == [0.6, 0.4]
    assert found.sites["keys"].tolist() == [("elderly", "shorter", "longer"), ("base", "closed:0")]
    assert found.sites["variants_zh"].iloc[1] == "现行设定、甲站关闭"
    assert found.sites["in_base"].tolist() == [False, True]
    assert not found.sites["is_robust"].any()
    assert found.said.zh == "方案的 1 个新站中有 0 个是稳健点位（共 5 种情形）。"


def test_a_site_in_four_of_five_variants_is_robust():
    variants = variants_of()
    chosen = {one.key: (2,) for one in variants} | {"closed:0": (1,)}
    found = sensitivity(
        lambda one: plan(chosen[one.key], (*one.existing, *chosen[one.key]), 0), variants
    )
    assert found.sites["is_robust"].tolist() == [True, False]
    assert found.said.en == "1 of the plan's 1 new site is robust (over 5 variants)."
    strict = sensitivity(
        lambda one: plan(chosen[one.key], (*one.existing, *chosen[one.key]), 0),
        variants,
        robust_share=0.81,
    )
    assert not strict.sites["is_robust"].any()


def test_a_variant_without_a_plan_counts_for_no_site_and_is_told():
    def solve(variant: Variant) -> SitingPlan:
        if variant.key == "shorter":
            return plan((), (0,), 0.0, "infeasible")
        return plan((2,), (*variant.existing, 2), 0.0)

    found = sensitivity(solve, variants_of())
    assert found.sites["share"].tolist() == [1.0]
    row = found.variants.loc["shorter"]
    assert row["status"] == "infeasible"
    assert np.isnan(row[["value", "regret", "gap"]].astype(float)).all()
    assert row["base_value"] == 16
    assert found.said.zh.endswith("（共 4 种情形；另有 1 种情形无解）。")


def test_times_and_distances_are_valued_by_the_problem():
    variant = Variant("base", Text("x", "x"), TIMES, WEIGHTS, 900.0)
    assert value_of(variant, [0, 2], "mclp") == 20
    assert value_of(variant, [0, 2], "p_median") == 10 * 100 + 4 * 700 + 6 * 300 + 5 * 1150
    assert value_of(variant, [0, 2], "p_center") == 1150
    assert value_of(variant, [0], "p_median") == INF
    assert value_of(variant, [], "lscp") == 0


def test_of_times_less_is_better():
    variants = [
        Variant("base", Text("a", "a"), TIMES, WEIGHTS, 900.0),
        Variant("more", Text("b", "b"), TIMES, np.array([1, 1, 1, 50.0]), 900.0),
    ]
    chosen = {"base": (0, 2), "more": (1, 3)}
    found = sensitivity(
        lambda one: plan(chosen[one.key], chosen[one.key], 0.0, problem="p_median"), variants
    )
    own = 900 + 600 + 800 + 50 * 200
    kept = 100 + 700 + 300 + 50 * 1150
    assert found.variants.loc["more", ["value", "base_value", "regret"]].tolist() == [
        own,
        kept,
        kept - own,
    ]


def test_sparse_times_say_the_same():
    finite = np.isfinite(TIMES)
    sparse = csr_array(
        (
            TIMES[finite],
            np.nonzero(finite)[1],
            np.concatenate(([0], np.cumsum(finite.sum(axis=1)))),
        ),
        shape=TIMES.shape,
    )
    chosen = plan((2,), (0, 2), 20.0)
    dense, thin = (
        sensitivity(lambda _: chosen, make_variants(times, WEIGHTS, limit_s=900, existing=[0]))
        for times in (TIMES, sparse)
    )
    assert dense.variants["base_value"].tolist() == thin.variants["base_value"].tolist()


def test_a_site_that_a_variant_forbids_is_lost_to_the_base_plan():
    base = Variant("base", Text("a", "a"), TIMES, WEIGHTS, 900.0, (0,))
    lost = Variant("lost", Text("b", "b"), TIMES, WEIGHTS, 900.0, (0,), (1,))
    found = sensitivity(best, [base, lost])
    assert found.plans["base"].sites == (1,)
    assert found.variants["base_value"].tolist() == [20, 14]
    assert found.variants["regret"].tolist() == [0, 6]


def test_progress_is_told():
    seen: list[tuple[int, int]] = []
    sensitivity(best, variants_of(), on_progress=lambda a, b: seen.append((a, b)))
    assert seen == [(k, 5) for k in range(1, 6)]


@given(
    st.lists(st.lists(st.integers(1, 1800), min_size=5, max_size=5), min_size=1, max_size=8),
    st.integers(1, 2),
)
def test_regret_of_proven_plans_is_never_negative(rows: list[list[int]], p: int):
    times = np.array(rows, float)
    weights = np.arange(1.0, len(rows) + 1)
    variants = make_variants(
        times, weights, limit_s=900, existing=[0, 4], elderly_times=times / 0.81
    )
    found = sensitivity(lambda one: best(one, p), variants)
    assert (found.variants["regret"] >= 0).all()
    assert found.variants["regret"].iloc[0] == 0
    assert found.sites["n_chosen"].sum() == p * len(variants)
    assert found.sites["n_chosen"].is_monotonic_decreasing


@pytest.mark.parametrize(
    "variants",
    [
        [],
        [variants_of()[0], variants_of()[0]],
        [variants_of()[0], Variant("b", Text("b", "b"), TIMES[:2], WEIGHTS[:2], 900.0)],
    ],
    ids=["none", "the same key", "other shapes"],
)
def test_variants_that_do_not_fit_are_refused(variants: list[Variant]):
    with pytest.raises(SitingError, match=r"^A sensitivity analysis takes at least one variant"):
        sensitivity(best, variants)
