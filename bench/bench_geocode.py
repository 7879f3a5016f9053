"""Matching addresses: the demo, real ledgers, spans of labelled addresses, speed; peers."""

import gc
import sys

import numpy as np
from cases import REAL_DATA, cpu_seconds, report
from geocode_cases import SAME_M, Case, Query, demo_case, large_case, ledger_case
from geocode_peers import nearest, parsers
from ncap import scores

from geo.geocode import Gazetteer, Match, MatchLevel
from geo.geocode.places import distance_m

CITIES = {"chuzhou": "滁州市", "wuhan": "武汉市"}
SURE = 0.95  # a wrong answer from here on is wrong and confident
BARS = {True: (0.90, 0.98), False: (0.92, 0.97)}  # by building wanted: claimed, right of claimed
MOST_WRONG_AND_SURE = 0.005
LEAST_A_SECOND = 2000
LEAST_F1 = 0.85
BARRED = ("houseno", "cellno", "floorno", "road", "road without poi", "roadno")


def is_claimed(match: Match, *, want_building: bool) -> bool:
    """Tell whether an answer as fine as was wanted is given."""
    least = MatchLevel.BUILDING if want_building else MatchLevel.ROAD_NUMBER
    return match.is_claimed and match.level >= least


def is_right(match: Match, query: Query) -> bool:
    """Tell whether an answer is the place meant; a road number is right within 300 m of it."""
    if match.level is MatchLevel.ROAD_NUMBER:
        return distance_m(match.lon, match.lat, query.lon, query.lat) <= SAME_M
    return match.id in query.truth and not query.is_held_out


def judge(case: Case, matches: list[Match]) -> dict[str, float]:
    """Return the shares that the bars are about."""
    known = [(q, m) for q, m in zip(case.queries, matches, strict=True) if not q.is_held_out]
    strange = [(q, m) for q, m in zip(case.queries, matches, strict=True) if q.is_held_out]
    claimed = [(q, m) for q, m in known if is_claimed(m, want_building=case.want_building)]
    right = sum(is_right(m, q) for q, m in claimed)
    wrong = [(q, m) for q, m in claimed if not is_right(m, q)]
    sure = sum(m.confidence >= SURE for _, m in wrong)
    answerable = [(q, m) for q, m in known if not q.has_twin]
    answered = sum(is_claimed(m, want_building=case.want_building) for _, m in answerable)
    strangers = [(q, m) for q, m in strange if is_claimed(m, want_building=case.want_building)]
    elsewhere = sum(distance_m(m.lon, m.lat, q.lon, q.lat) > SAME_M for q, m in strangers)
    return {
        "queries": len(known),
        "claimed": len(claimed) / max(len(known), 1),
        "claimed_of_answerable": answered / max(len(answerable), 1),
        "with_twin": len(known) - len(answerable),
        "right_of_claimed": right / max(len(claimed), 1),
        "wrong_and_sure": sure / max(len(known), 1),
        "unknown_places": len(strange),
        "unknown_claimed": len(strangers) / max(len(strange), 1),
        "unknown_claimed_elsewhere": elsewhere / max(len(strange), 1),
    }


def measure(case: Case) -> None:
    """Print the figures of a case and whether the bars are met."""
    gazetteer = Gazetteer.from_frame(case.addresses)
    matches = gazetteer.match_many([q.text for q in case.queries])
    figures = judge(case, matches)
    least_claimed, least_right = BARS[case.want_building]
    report(
        "geocode",
        case=case.name,
        entries=len(case.addresses),
        **figures,
        met=bool(
            figures["claimed_of_answerable"] >= least_claimed
            and figures["right_of_claimed"] >= least_right
            and figures["wrong_and_sure"] <= MOST_WRONG_AND_SURE
        ),
    )
    for kind in sorted({kind for query in case.queries for kind in query.kinds}):
        some = [(q, m) for q, m in zip(case.queries, matches, strict=True) if kind in q.kinds]
        part = Case(case.name, case.addresses, [q for q, _ in some], case.want_building)
        shares = judge(part, [m for _, m in some])
        kept = ("queries", "claimed", "right_of_claimed")
        report("geocode kind", case=case.name, kind=kind, **{k: shares[k] for k in kept})


def calibration(case: Case) -> None:
    """Print how often the likeliest place is right, by its confidence; unknown places count."""
    matches = Gazetteer.from_frame(case.addresses).match_many([q.text for q in case.queries])
    sure, right = [], []
    for query, match in zip(case.queries, matches, strict=True):
        if is_claimed(match, want_building=case.want_building):
            sure.append(match.confidence)
            right.append(is_right(match, query))
        elif match.alternatives:
            sure.append(match.alternatives[0].confidence)
            right.append(match.alternatives[0].id in query.truth and not query.is_held_out)
    edges = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95, 1.01)
    bins = np.digitize(sure, edges) - 1
    for k in range(len(edges) - 1):
        chosen = bins == k
        if chosen.any():
            report(
                "geocode calibration",
                case=case.name,
                least=edges[k],
                n=int(chosen.sum()),
                confidence=float(np.mean(np.array(sure)[chosen])),
                right=float(np.mean(np.array(right)[chosen])),
            )


def peers(case: Case, n: int) -> None:
    """Print what rapidfuzz makes of the first queries, alone and behind a parser."""
    known = [q for q in case.queries if not q.is_held_out][:n]
    for name, cut in parsers():
        found = nearest(case, [q.text for q in known], cut)
        claims = [
            row_id in q.truth for q, (row_id, is_sure) in zip(known, found, strict=True) if is_sure
        ]
        report(
            "geocode peer",
            case=case.name,
            peer=name,
            queries=len(known),
            claimed=len(claims) / max(len(known), 1),
            right_of_claimed=sum(claims) / max(len(claims), 1),
            right_of_all=sum(i in q.truth for q, (i, _) in zip(known, found, strict=True))
            / len(known),
        )


def speed(n_entries: int, n_queries: int, per_estate: int) -> None:
    """Print addresses a second, noisy ones all of them and none asked twice; CPU time."""
    case = large_case(n_entries, n_queries, per_estate=per_estate)
    texts = list(dict.fromkeys(q.text for q in case.queries))
    gazetteer = Gazetteer.from_frame(case.addresses)
    gazetteer.match_many(texts[:10])
    best_s = cpu_seconds(lambda: gazetteer.match_many(texts))
    rate = len(texts) / best_s
    gc.collect()
    gc.freeze()  # as the dashboard does with what it loads once
    frozen_s = cpu_seconds(lambda: gazetteer.match_many(texts))
    gc.unfreeze()
    report(
        "geocode speed",
        entries=n_entries,
        estates=n_entries // per_estate,
        queries=len(texts),
        a_second=rate,
        a_second_frozen=len(texts) / frozen_s,
        bar=LEAST_A_SECOND,
        met=rate >= LEAST_A_SECOND,
    )


def spans() -> None:
    """Print precision, recall and F1 of the parser by label."""
    path = REAL_DATA / "addresses" / "ncap_dev.txt.gz"
    for label, figures in scores(path).items():
        bar = LEAST_F1 if label in BARRED else None
        report("spans", label=label, **figures, bar=bar, met=bar is None or figures["f1"] >= bar)


def main(*, tiny: bool = False) -> None:
    """Run everything; `tiny` runs a few, to see that it still works."""
    if not tiny and REAL_DATA.is_dir():
        spans()
    demo = demo_case(20 if tiny else 4000)
    measure(demo)
    peers(demo, 5 if tiny else 1000)
    speed(400 if tiny else 100_000, 20 if tiny else 8000, 20)
    if tiny or not REAL_DATA.is_dir():
        return
    speed(100_000, 4000, 1)
    for folder, city in CITIES.items():
        case = ledger_case(REAL_DATA / folder, city, 12_000)
        measure(case)
        calibration(case)
        peers(case, 1000)


if __name__ == "__main__":
    main(tiny="--tiny" in sys.argv)
