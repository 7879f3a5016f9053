"""JSON that is nearly GeoJSON: lists of features, bare geometries, points as plain records."""

from collections.abc import Mapping
from typing import Any

from data.errors import ImportDataError
from data.fields import LAT, LON, plain_heading
from data.findings import Note
from data.raw_table import unreadable
from geo.text import Text

GEOMETRIES = frozenset(
    {
        *("Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"),
        "GeometryCollection",
    }
)


def as_collection(name: str, value: Any) -> tuple[Any, Note | None]:  # noqa: ANN401 - of JSON
    """Return a FeatureCollection for a JSON value, and what was wrapped; as it is if it is one.

    Raises
    ------
    ImportDataError
        It is TopoJSON, or JSON without any feature.
    """
    if isinstance(value, Mapping):
        return _from_object(name, value)
    if isinstance(value, list) and value and all(isinstance(item, Mapping) for item in value):
        kinds = {item.get("type") for item in value}
        if kinds <= {"Feature"}:
            note = Text("是要素数组，按 FeatureCollection 读取", "A bare list of features was read")
            return _collection(value), Note(note)
        if kinds <= GEOMETRIES:
            note = Text("是图形数组，没有属性", "A bare list of geometries, without attributes")
            return _collection(map(_feature, value)), Note(note)
        records = [_from_record(item) for item in value]
        if all(records):
            note = Text("是记录数组，按其中的经纬度读作点", "A list of records was read as points")
            return _collection(records), Note(note)
    raise _damaged(name)


def _from_object(name: str, value: Mapping[str, Any]) -> tuple[Any, Note | None]:
    kind = value.get("type")
    if kind == "Topology":
        raise unreadable(
            name,
            "它是 TopoJSON。请在 mapshaper.org 或 QGIS 中打开，导出为 GeoJSON 后再导入。",
            "it is TopoJSON. Open it in mapshaper.org or QGIS and export it as GeoJSON.",
        )
    if isinstance(kind, str) and kind in GEOMETRIES:
        parts = value.get("geometries") if kind == "GeometryCollection" else [value]
        note = Text("只有图形，没有属性", "It holds bare geometry without attributes")
        return _collection([_feature(part) for part in parts or []]), Note(note)
    if kind in {"FeatureCollection", "Feature"} or "features" in value:
        return value, None
    raise _damaged(name)


def _collection(features: Any) -> dict[str, Any]:  # noqa: ANN401 - any iterable of features
    return {"type": "FeatureCollection", "features": list(features)}


def _feature(geometry: Any) -> dict[str, Any]:  # noqa: ANN401 - of JSON
    return {"type": "Feature", "properties": {}, "geometry": geometry}


def _from_record(record: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return a feature of a record that has longitude and latitude; None where it has not."""
    keys = {plain_heading(str(key)): key for key in record}
    lon = next((keys[name] for name in LON if name in keys), None)
    lat = next((keys[name] for name in LAT if name in keys), None)
    if lon is None or lat is None:
        return None
    rest = {key: item for key, item in record.items() if key not in {lon, lat}}
    try:
        point = [float(record[lon]), float(record[lat])]
    except (TypeError, ValueError):
        point = []
    geometry = {"type": "Point", "coordinates": point} if point else None
    return {"type": "Feature", "properties": rest, "geometry": geometry}


def _damaged(name: str) -> ImportDataError:
    return unreadable(
        name,
        "文件已损坏，或内容与扩展名不符：其中没有 GeoJSON 要素。请重新导出或下载。",
        "it is damaged, or not what its name says: it holds no GeoJSON features. "
        "Export or download it once more.",
    )
