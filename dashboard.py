"""The Streamlit entry: settings, sign-in, navigation. Nothing is computed here."""

import os
from pathlib import Path

import streamlit as st

from data.settings import Settings
from geo.text import Text
from views import data_page, draw, grid, import_page, overview, review, siting
from views.page import follow_address, known_language
from views.shared import turn_to_draw

ICON = str(Path(overview.__file__).with_name("icon.png"))


def main() -> None:
    """Set up the page and run the one that was asked for."""
    st.set_page_config(page_title="红网 redgrid", page_icon=ICON, layout="wide")
    settings = st.session_state.setdefault("settings", Settings.from_env(os.environ))
    lang = known_language(settings)
    pages = [
        st.Page(
            overview.render, title=Text("总览", "Overview").say(lang), url_path="", default=True
        ),
        st.Page(grid.render, title=Text("网格", "Grid").say(lang), url_path="grid"),
        st.Page(siting.render, title=Text("选址", "Siting").say(lang), url_path="siting"),
        st.Page(import_page.render, title=Text("导入", "Import").say(lang), url_path="import"),
        st.Page(review.render, title=Text("地址核对", "Addresses").say(lang), url_path="review"),
        st.Page(draw.render, title=Text("绘制", "Draw").say(lang), url_path="draw"),
        st.Page(data_page.render, title=Text("数据", "Data").say(lang), url_path="data"),
    ]
    chosen = st.navigation(pages, position="top")
    follow_address(chosen.url_path)
    if known_language(settings) != lang:
        st.rerun()
    with turn_to_draw():
        chosen.run()


if __name__ == "__main__":
    main()
