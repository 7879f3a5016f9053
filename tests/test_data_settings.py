import pytest

from data.errors import SettingsError
from data.settings import Settings, database_url


def test_without_variables_the_defaults_hold():
    settings = Settings.from_env({})
    assert settings == Settings()
    assert settings.database == "sqlite:///redgrid.db"
    assert (settings.language, settings.port, settings.address) == ("zh", 8501, "localhost")


def test_an_empty_variable_is_as_none():
    names = ("REDGRID_DB", "REDGRID_LANG", "REDGRID_PORT", "REDGRID_ADDRESS", "REDGRID_LOG")
    assert Settings.from_env(dict.fromkeys(names, "")) == Settings()


def test_a_path_or_a_url_names_the_database():
    assert database_url("/data/a.db") == "sqlite:////data/a.db"
    assert database_url("postgresql+psycopg://h/d") == "postgresql+psycopg://h/d"


@pytest.mark.parametrize("port", ["0", "65536", "eighty", "-1", "80.5", "８０"])
def test_a_port_out_of_range_is_refused(port):
    with pytest.raises(SettingsError, match="must be a number from 1 to 65535"):
        Settings.from_env({"REDGRID_PORT": port})


@pytest.mark.parametrize("port", ["1", "65535"])
def test_the_ports_at_the_ends_are_taken(port):
    assert Settings.from_env({"REDGRID_PORT": port}).port == int(port)


@pytest.mark.parametrize("name", ["REDGRID_LANG", "REDGRID_LOG"])
def test_a_word_that_is_not_among_the_choices_is_refused_by_name(name):
    with pytest.raises(SettingsError, match=f"^The variable {name} is 'klingon'"):
        Settings.from_env({name: "klingon"})
