"""The five figures at the top: target, a light that reads without colour, recipe."""

import math
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pandas as pd
import streamlit as st

from geo.coverage import Coverage
from geo.profiles import SpeedProfile
from geo.stations import why_closed
from geo.study import WEIGHT_TITLES
from geo.text import Language, Text, counted
from layers.figures import share_text
from views.page import Page
from views.plain import as_html, as_markdown
from views.shared import once_a_coverage

Light = Literal["met", "near", "off", ""]
LIGHTS = {
    "met": Text("✓ 达标", "✓ met"),
    "near": Text("～ 接近", "~ near"),
    "off": Text("✕ 未达标", "✕ not met"),
}
NEAR = 0.1  # within ten points of the target counts as near
GAP_TARGET, MEDIAN_SHARE = 0.05, 2 / 3


@dataclass(frozen=True)
class Card:
    """One figure: what it is, its value, the line below, the light, how it comes about."""

    key: str
    title: Text
    value: str
    note: Text
    light: Light
    recipe: Text
    unit: Text | None = None


def headline(page: Page, coverage: Coverage) -> None:
    """Draw the five figures side by side."""
    now = coverage.at or datetime.now()  # noqa: DTZ005 - local wall-clock time
    cards = headline_cards(coverage, page.state.target / 100, page.state.weight, now)
    shared = shared_recipe(page, coverage)
    for column, card in zip(st.columns(len(cards), gap="small"), cards, strict=True):
        with column.container(border=True, height="stretch", key=f"card_{card.key}"):
            st.html(_card_html(card, page.lang))
            with st.popover(page.say("口径", "How"), type="tertiary", key=f"how.{card.key}"):
                st.markdown(f"{card.recipe.say(page.lang)}\n\n{shared}")
    warn_of_lost_stations(page, coverage)


def warn_of_lost_stations(page: Page, coverage: Coverage) -> None:
    """Say which open stations count for nothing: a figure without them looks like a gap."""
    lost = coverage.left_out[coverage.left_out["kind"] == "station"]
    if lost.empty:
        return
    names = "、".join(map(as_markdown, lost["name"][:5])) + ("…" if len(lost) > 5 else "")
    st.warning(
        page.say(
            f"{len(lost)} 个驿站离步行网络太远，没有计入：{names}。请检查坐标或补路。",
            f"Too far from the walk network, so not counted: {counted(len(lost), 'station')} "
            f"({names}). Check their coordinates or add the ways.",
        )
    )


def headline_cards(coverage: Coverage, target: float, weight: str, now: datetime) -> list[Card]:
    """Return the five figures of a coverage; `now` is the moment to ask which stations are open."""
    return [
        _share_card(coverage, weight, target),
        _weak_grids_card(coverage, weight, target),
        _median_card(coverage),
        _gap_card(coverage, weight),
        _stations_card(coverage, now),
    ]


def share_light(share: float, target: float) -> Light:
    """Return the light of a share; nothing to judge is no light."""
    if math.isnan(share):
        return ""
    return "met" if share >= target else "near" if share >= target - NEAR else "off"


def shared_recipe(page: Page, coverage: Coverage) -> str:
    """Return what holds for every figure: date, profile, limit, method, who is left out."""
    profile: SpeedProfile = coverage.profile
    left = once_a_coverage(
        coverage, ("left out", page.lang), lambda: _said_left_out(coverage, page.lang)
    )
    moment = coverage.at.strftime("%Y-%m-%d %H:%M") if coverage.at else None
    zh = (
        f"- 数据日期：{page.study.data_date}\n- 步速：{profile.title.zh}，"
        f"{profile.speed_m_s:.2f} 米/秒\n- 时限：{coverage.minutes:g} 分钟，等于时限算覆盖\n"
        f"- 时刻：{moment or '不限，所有在用驿站、所有小区门'}\n"
        "- 方法：逐栋沿路网步行、经小区门，不画圆；多个驿站取并集\n"
        f"- 未计入 {len(coverage.left_out)} 处{'：' + left if left else ''}"
    )
    en = (
        f"- Data of {page.study.data_date}\n- Walker: {profile.title.en}, "
        f"{profile.speed_m_s:.2f} m/s\n- Limit: {coverage.minutes:g} minutes, the limit itself "
        f"is covered\n- Moment: {moment or 'any; all stations in use, all gates'}\n"
        "- Method: on foot from each building along the ways and through the gates; no circles; "
        f"stations are united\n- Left out: {len(coverage.left_out)}{f' ({left})' if left else ''}"
    )
    return page.say(zh, en)


def _said_left_out(coverage: Coverage, lang: Language) -> str:
    reasons = coverage.left_out.groupby(f"reason_{lang}").size()
    return "; ".join(f"{as_markdown(reason)} {n}" for reason, n in reasons.items())


def _card_html(card: Card, lang: Language) -> str:
    light = (
        f'<span class="rg-light {card.light}">{as_html(LIGHTS[card.light].say(lang))}</span>'
        if card.light
        else ""
    )
    unit = f" <small>{as_html(card.unit.say(lang))}</small>" if card.unit else ""
    return (
        f'<div class="rg-card"><div class="t">{as_html(card.title.say(lang))}</div>'
        f'<div class="v">{as_html(card.value)}{unit}{light}</div>'
        f'<div class="n">{as_html(card.note.say(lang))}</div></div>'
    )


def _share_card(coverage: Coverage, weight: str, target: float) -> Card:
    """Return the share of a weight, with that of households (or members) in the line below."""
    row, other = coverage.total.iloc[0], "members" if weight == "households" else "households"
    title, share = WEIGHT_TITLES[weight], float(row[f"{weight}_share"])
    unknown, backup = int(row[f"{weight}_unknown"]), row[f"{weight}_backup"]
    counts, beside = _counts(row, weight), WEIGHT_TITLES[other]
    other_share = _said_share(float(row[f"{other}_share"]))
    return Card(
        "share",
        Text(f"{title.zh}覆盖率", f"{title.en.capitalize()} covered"),
        _said_share(share),
        Text(f"{counts} · {beside.zh} {other_share}", f"{counts} · {beside.en} {other_share}"),
        share_light(share, target),
        Text(
            f"走到最近驿站不超过时限的{title.zh} ÷ 全部{title.zh}（{counts}），目标 {target:.0%}。"
            f"其中两个以上驿站都走得到：{backup:,.0f}。数目未知的点 {unknown} 处，不计入。"
            f"{beside.zh}：{_counts(row, other)}，{other_share}。",
            f"{title.en.capitalize()} within the limit of a station ÷ all ({counts}); target "
            f"{target:.0%}. Within the limit of two or more: {backup:,.0f}. Places with unknown "
            f"numbers: {unknown}, not counted. {beside.en.capitalize()}: {_counts(row, other)}, "
            f"{other_share}.",
        ),
    )


def _counts(row: "pd.Series[float]", weight: str) -> str:
    return f"{row[f'{weight}_covered']:,.0f} / {row[weight]:,.0f}"


def _said_share(share: float) -> str:
    return "—" if math.isnan(share) else share_text(share)


def _stations_card(coverage: Coverage, now: datetime) -> Card:
    """Return how many of the stations in use are open at a moment; its target is all of them."""
    why = why_closed(coverage.stations, now)
    shut = list(coverage.stations.loc[why == "hours", "name"])
    n_open = int((why == "").sum())
    n = n_open + len(shut)
    n_rest = len(coverage.stations) - n
    names = "、".join(map(as_markdown, shut[:5])) + ("…" if len(shut) > 5 else "")
    when = f"{now:%Y-%m-%d %H:%M}"
    title = Text("此刻开放的驿站", "Stations open now")
    if coverage.at is not None:
        title = Text("当时开放的驿站", "Stations open then")
    closed = Text(f"此时没开：{names}。", f"Not open: {names}.") if shut else Text("", "")
    return Card(
        "stations",
        title,
        f"{n_open} / {n}",
        Text(f"{now:%m-%d %H:%M}", f"{now:%m-%d %H:%M}")
        if not n_rest
        else Text(
            f"{now:%m-%d %H:%M} · 未启用 {n_rest}", f"{now:%m-%d %H:%M} · {n_rest} not in use"
        ),
        "" if n == 0 else "met" if n_open == n else "near" if n_open else "off",
        Text(
            f"{when} 在开放时间内的驿站 ÷ 在用驿站（规划中、已关闭、未到启用日期的不算）；"
            f"没有写开放时间的按全天开放。{closed.zh}目标：全部开放。",
            f"Stations within their opening hours at {when} ÷ stations in use (not the planned, "
            "closed or not yet opened ones); those without hours count as always open. "
            f"{closed.en} Target: all.",
        ),
    )


def _weak_grids_card(coverage: Coverage, weight: str, target: float) -> Card:
    shares = coverage.grids[f"{weight}_share"].dropna()
    n_weak, n = int((shares < target).sum()), len(coverage.grids)
    title = WEIGHT_TITLES[weight]
    light: Light = "met" if n_weak == 0 else "near" if n_weak <= NEAR * n else "off"
    if shares.empty:
        light = ""
    return Card(
        "weak_grids",
        Text("未达标网格", "Grids below target"),
        f"{n_weak} / {n}" if len(shares) else "—",
        Text(f"{title.zh}覆盖率低于 {target:.0%}", f"less than {target:.0%} of {title.en}"),
        light,
        Text(
            f"{title.zh}覆盖率低于目标的网格数；没有{title.zh}的网格 {n - len(shares)} 个不判断。",
            f"Grids with less than the target share of {title.en} covered; {n - len(shares)} "
            "grids without any are not judged.",
        ),
    )


def _median_card(coverage: Coverage) -> Card:
    median_s = float(coverage.total["median_s"].iloc[0])
    p90_s = float(coverage.total["p90_s"].iloc[0])
    goal_s = coverage.minutes * 60 * MEDIAN_SHARE

    def minutes(seconds: float) -> str:
        return f"{seconds / 60:.1f}" if math.isfinite(seconds) else "—"

    light: Light = (
        ""
        if math.isnan(median_s)
        else "met"
        if median_s <= goal_s
        else "near"
        if median_s <= coverage.minutes * 60
        else "off"
    )
    return Card(
        "median",
        Text("步行时间中位数", "Median walk"),
        minutes(median_s),
        Text(f"九成在 {minutes(p90_s)} 分钟内", f"nine in ten within {minutes(p90_s)}"),
        light,
        Text(
            "一半住户走到最近驿站不超过这个时间（按户数加权；户数未知按楼栋）。"
            f"目标：时限的三分之二，{goal_s / 60:g} 分钟。",
            "Half of the households walk no longer to the nearest station (weighted by "
            f"households; by buildings where unknown). Target: two thirds of the limit, "
            f"{goal_s / 60:g} minutes.",
        ),
        Text("分钟", "min"),
    )


def _gap_card(coverage: Coverage, weight: str) -> Card:
    row = coverage.total.iloc[0]
    everyone, title = float(row[weight]), WEIGHT_TITLES[weight]
    missed = float(row[f"{weight}_crow_covered"] - row[f"{weight}_covered"])
    gap = missed / everyone if everyone else math.nan
    light: Light = (
        ""
        if math.isnan(gap)
        else "met"
        if gap <= GAP_TARGET
        else "near"
        if gap <= GAP_TARGET + NEAR
        else "off"
    )
    return Card(
        "gap",
        Text("画圆多算了", "A circle overstates by"),
        "—" if math.isnan(gap) else f"{gap * 100:.0f}%",
        Text(
            f"{missed:,.0f} {title.zh}直线近、走不到",
            f"{missed:,.0f} {title.en} cannot walk it",
        ),
        light,
        Text(
            f"直线距离在时限之内、实际走不到的{title.zh}占比：河、铁路、围墙造成。目标不超过 "
            f"{GAP_TARGET:.0%}。",
            f"Share of {title.en} within the limit in a straight line but not on foot: rivers, "
            f"railways, walls. Target: {GAP_TARGET:.0%} at most.",
        ),
    )
