"""In what the coordinates of a file are: the readings beside each other on small maps."""

from dataclasses import replace

import geopandas as gpd
import numpy as np
import streamlit as st

from data.diagnosis import Diagnosis
from geo.datum import DatumFinding
from geo.datum.reading import Reading
from layers.import_rows import reading_layer
from layers.map_layer import Bounds
from views.import_upload import Upload
from views.live_map import live_map
from views.page import Page
from views.plain import as_markdown
from views.shared import ground_layers

N_SHOWN = 3
MAP_HEIGHT = 260
INNER = (25, 75)  # percentiles of the points round which a small map is drawn: far ones are not
LEAST_ROOM_DEG = 0.004  # some 400 m: shifts of 500 m and more are to be seen


def choose_datum(page: Page, upload: Upload, found: Diagnosis) -> None:
    """Show what the map says of the coordinates; a reading is taken by its button."""
    finding = found.datum
    if finding is None or not finding.readings:
        return
    is_asked = found.needs_datum
    label = (
        page.say("坐标是哪一种？请选择", "In which datum are the coordinates? Choose")
        if is_asked
        else page.say("坐标系的依据", "What tells the datum")
    )
    with st.expander(label, expanded=is_asked, key=f"import.readings.{is_asked}"):
        st.markdown(as_markdown(finding.reason.say(page.lang)))
        _readings(page, upload, finding)


def _readings(page: Page, upload: Upload, finding: DatumFinding) -> None:
    shown = finding.readings[:N_SHOWN]
    fit = _bounds(shown)
    for reading, box in zip(shown, st.columns(N_SHOWN), strict=False):
        with box:
            title = reading.hypothesis.title.say(page.lang)
            live_map(
                [*ground_layers(*page.key, page.lang), reading_layer(_points(reading), page.lang)],
                key=f"import.reading.{reading.key}",
                lang=page.lang,
                height=MAP_HEIGHT,
                fit=fit,
            )
            st.caption(as_markdown(reading.sentence.say(page.lang)))
            hypothesis = reading.hypothesis
            crs = f"EPSG:{hypothesis.epsg}" if hypothesis.epsg else None
            if hypothesis.is_swapped:
                st.caption(
                    page.say(
                        "若是这样：先选坐标系，再勾选下面的“经度和纬度互换”。",
                        "If so: choose the datum, then mend “change places” below.",
                    )
                )
            elif st.button(
                page.say(f"就是 {title}", f"It is {title}"), key=f"import.take.{reading.key}"
            ):
                upload.say(replace(upload.choices, datum=hypothesis.datum, crs=crs))
                st.rerun()


def _points(reading: Reading) -> gpd.GeoDataFrame:
    is_place = np.isfinite(reading.lon) & np.isfinite(reading.lat)
    points = gpd.points_from_xy(reading.lon[is_place], reading.lat[is_place], crs="EPSG:4326")
    return gpd.GeoDataFrame(geometry=points, index=np.flatnonzero(is_place))


def _bounds(readings: tuple[Reading, ...]) -> Bounds | None:
    """Return what all small maps show: where most points lie under the likeliest reading."""
    lon, lat = readings[0].lon, readings[0].lat
    is_place = np.isfinite(lon) & np.isfinite(lat)
    if not is_place.any():
        return None
    west, east = np.percentile(lon[is_place], INNER)
    south, north = np.percentile(lat[is_place], INNER)
    x, y = max(east - west, LEAST_ROOM_DEG) / 2, max(north - south, LEAST_ROOM_DEG) / 2
    return float(west - x), float(south - y), float(east + x), float(north + y)
