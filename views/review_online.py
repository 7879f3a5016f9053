"""Asking an online service for one place in doubt; only where the office has switched one on."""

import os

import streamlit as st

from data.geocoding.online import OnlineGeocoder, Pace, services_switched_on
from data.geocoding.places import ASKABLE, as_options, ask_places
from data.geocoding.review import ReviewEntry, with_online
from data.geocoding.services import SERVICES
from data.viewer import Viewer
from geo.errors import GeoError
from views.page import Page
from views.plain import as_markdown
from views.shared import engine_of

PACE = Pace(timeout_s=6.0, attempts=2)  # somebody waits
SAID = "review.online"  # what a service said, until the page is drawn


def offer_services(page: Page, viewer: Viewer, entry: ReviewEntry) -> None:
    """Offer to ask the services that are switched on; never for a person or a home."""
    names = services_switched_on(os.environ) if entry.kind in ASKABLE else []
    if names:
        with st.container(horizontal=True, gap="small"):
            for name in names:
                title = SERVICES[name].title.say(page.lang)
                st.button(
                    page.say(f"在线查询：{title}", f"Ask {title}"),
                    key=f"review.online.{name}",
                    on_click=_ask,
                    args=(page, viewer, entry, name),
                )
    said = st.session_state.pop(SAID, None)
    if said:
        st.warning(as_markdown(said))


def _ask(page: Page, viewer: Viewer, entry: ReviewEntry, name: str) -> None:
    engine = engine_of(page.settings.database)
    try:
        geocoder = OnlineGeocoder.from_env(name, os.environ)
        geocoder.pace = PACE
        (asked,) = ask_places(engine, geocoder, entry.kind, [entry.text])
        if asked.problem is not None:
            raise asked.problem
        found = as_options(asked.answers)
        with_online(engine, viewer, entry.id, found)
    except GeoError as error:
        st.session_state[SAID] = error.say(page.lang)
        return
    if not found:
        title = SERVICES[name].title.say(page.lang)
        st.session_state[SAID] = page.say(
            f"{title}没有找到这个地址。", f"{title} does not know this address."
        )
