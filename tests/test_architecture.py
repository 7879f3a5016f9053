"""Imports point one way; only some rooms know streamlit, sqlalchemy and folium; offline first."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = {
    "geo": {"data", "layers", "views", "redgrid", "dashboard", "sqlalchemy", "folium", "streamlit"},
    "data": {"layers", "views", "redgrid", "dashboard", "folium", "streamlit"},
    "layers": {"data", "views", "redgrid", "dashboard", "sqlalchemy", "streamlit"},
    "views": {"redgrid", "dashboard", "folium"},
}
SHIPPED = sorted(
    path
    for folder in (*FORBIDDEN, ".")
    for path in (ROOT / folder).glob("*.py" if folder == "." else "**/*.py")
)


def imported_packages(path: Path) -> set[str]:
    """Return the top names that a module imports, wherever in it the import stands."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", FORBIDDEN)
def test_imports_point_only_downwards(package: str):
    modules = list((ROOT / package).rglob("*.py"))
    assert modules
    found = {
        path.relative_to(ROOT).as_posix(): sorted(imported_packages(path) & FORBIDDEN[package])
        for path in modules
    }
    assert {path: names for path, names in found.items() if names} == {}


def test_no_module_is_named_for_nothing():
    nameless = {"utils", "helpers", "common", "misc"}
    assert [path for path in SHIPPED if path.stem in nameless] == []


def test_shipped_code_asserts_nothing_and_excepts_by_name():
    careless = []
    for path in SHIPPED:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            is_bare = isinstance(node, ast.ExceptHandler) and node.type is None
            if is_bare or isinstance(node, ast.Assert):
                careless.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert careless == []


def test_the_entry_computes_nothing_and_stays_short():
    assert len((ROOT / "dashboard.py").read_text(encoding="utf-8").splitlines()) < 60
