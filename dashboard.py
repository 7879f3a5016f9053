"""The Streamlit entry: settings, sign-in, navigation. Nothing is computed here."""
