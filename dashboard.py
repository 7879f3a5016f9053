"""The Streamlit entry: settings, sign-in, navigation. Nothing is computed here."""

import os
from pathlib import Path

import streamlit as st

from data.settings import Settings
from geo.text import Text
from views import data_page, grid, overview
from views.state import read_state

ICON = str(Path(overview.__file__).with_name("icon.png"))


def main() -> None:
    """Set up the page and run the one that was asked for."""
    st.set_page_config(page_title="红网 redgrid", page_icon=ICON, layout="wide")
    settings = st.session_state.setdefault("settings", Settings.from_env(os.environ))
    lang = read_state(st.query_params.to_dict(), settings.language)[0].lang
    pages = [
        st.Page(
            overview.render, title=Text("总览", "Overview").say(lang), url_path="", default=True
        ),
        st.Page(grid.render, title=Text("网格", "Grid").say(lang), url_path="grid"),
        st.Page(data_page.render, title=Text("数据", "Data").say(lang), url_path="data"),
    ]
    st.navigation(pages, position="top").run()


if __name__ == "__main__":
    main()
