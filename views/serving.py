"""Start Streamlit in this process, with everything loaded before the first visitor comes."""

import importlib.util
import os
import socket
import threading
import time
from collections.abc import Callable
from itertools import product

from streamlit.web import bootstrap

from data.errors import StoreError
from data.settings import Settings
from data.viewer import Viewer
from geo.errors import GeoError
from geo.planning import PROBLEMS, compile_constrained, compile_solver
from geo.profiles import PROFILES
from geo.text import Text
from views.shared import (
    Asked,
    coverage_layers,
    current_version,
    engine_of,
    ground_layers,
    study_of,
)
from views.state import DEFAULT, MINUTES

WARMING_S = 10.0  # for all choices together; the one that runs is finished
BRAND_RED, BRAND_RED_ON_DARK = "#b3202a", "#e8636b"
FONT = (
    "'Segoe UI', 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', 'Noto Sans SC', "
    "'Source Han Sans SC', sans-serif"
)


def serve_dashboard(
    settings: Settings,
    address: str,
    port: int,
    *,
    opens: bool,
    say: Callable[[Text], None],
) -> None:
    """Serve until interrupted.

    Raises
    ------
    StoreError
        The port is taken, or the database cannot be opened.
    """
    _require_free(address, port)
    engine_of(settings.database)  # refuses a bad database before anything is served
    os.environ["REDGRID_DB"] = settings.database
    os.environ["REDGRID_LANG"] = settings.language
    threading.Thread(target=_warm, args=(settings,), daemon=True).start()
    spec = importlib.util.find_spec("dashboard")
    entry = str(spec.origin) if spec is not None else "dashboard.py"
    say(
        Text(
            f"红网已启动：http://localhost:{port}（按 Ctrl+C 结束）",
            f"redgrid is served at http://localhost:{port} (Ctrl+C ends it)",
        )
    )
    options = _options(address, port, opens=opens)
    bootstrap.load_config_options(flag_options=options)
    bootstrap.run(entry, False, [], options)  # noqa: FBT003 - Streamlit's own signature


def _options(address: str, port: int, *, opens: bool) -> dict[str, object]:
    return {
        "server_address": address,
        "server_port": port,
        "server_headless": not opens,
        "server_fileWatcherType": "none",
        "server_runOnSave": False,
        "browser_gatherUsageStats": False,
        "client_toolbarMode": "minimal",
        "client_showErrorDetails": "none",
        "global_developmentMode": False,
        # A whole collection after every rerun of every session is most of the time of a rerun when
        # many change a control at once; Python's own collections come when there is garbage.
        "runner_postScriptGC": False,
        # Only colours of their own for light and for dark let the page follow the visitor's system.
        "theme_light_primaryColor": BRAND_RED,
        "theme_dark_primaryColor": BRAND_RED_ON_DARK,
        "theme_font": FONT,
    }


def _require_free(address: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError as error:
            raise StoreError(
                Text(
                    f"端口 {port} 用不了（{error.strerror}）；请换：redgrid serve --port 8502。",
                    f"Port {port} cannot be used ({error.strerror}); "
                    "choose another: redgrid serve --port 8502.",
                )
            ) from error


def _warm(settings: Settings) -> None:
    """Make what the first page needs, its walkers and minutes while that is quick, the solvers.

    So the first visitor does not wait, and no later one where a subdistrict is of the usual size.
    """
    until = time.monotonic() + WARMING_S
    viewer, state = Viewer.everything(), DEFAULT
    try:
        version = current_version(settings, viewer)
        key = (settings.database, viewer, version)
        if len(study_of(*key).grids) == 0:
            return
        ground_layers(*key, settings.language)
        choices = [(state.profile, state.minutes), *product(PROFILES, MINUTES)]
        for profile, minutes in choices:
            if time.monotonic() > until:
                break
            asked = Asked(*key, profile, minutes, state.at)
            coverage_layers(asked, state.shown_figure, settings.language)
        for problem in PROBLEMS:  # compiled once an installation: the first planner need not wait
            compile_solver(problem)
        compile_constrained()
    except GeoError:
        return  # the page itself says what is missing
