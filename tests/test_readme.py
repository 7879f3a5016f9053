"""The commands that the README names exist and run; the two READMEs name the same ones."""

import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from redgrid import cli

ROOT = Path(__file__).resolve().parents[1]
READMES = ("README.md", "README.zh-CN.md")


def commands_in(readme: str) -> set[tuple[str, ...]]:
    """Return the words of every `redgrid …` that a README shows, up to the first option or file."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    shown = re.findall(r"(?:^|`|&& ?|\\)redgrid +((?:--db \S+ )?[a-z ]+)", text, re.MULTILINE)
    return {tuple(re.sub(r"--db \S+ ", "", words).split()) for words in shown}


def known(words: tuple[str, ...]) -> click.Command | None:
    """Return the command that the words begin with."""
    command: click.Command = cli
    for word in words:
        if not isinstance(command, click.Group):
            return command
        if word not in command.commands:
            return None
        command = command.commands[word]
    return command


@pytest.mark.parametrize("readme", READMES)
def test_the_commands_of_the_readme_exist(readme: str):
    shown = commands_in(readme)
    assert len(shown) >= 6
    assert {words for words in shown if known(words) is None} == set()


def test_both_readmes_show_the_same_commands():
    assert commands_in(READMES[0]) == commands_in(READMES[1])


def every_command(group: click.Group, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for name, command in group.commands.items():
        nested = isinstance(command, click.Group)
        found += every_command(command, (*path, name)) if nested else [(*path, name)]
    return found


@pytest.mark.parametrize("words", every_command(cli), ids=" ".join)
def test_every_command_has_help_with_an_example(words: tuple[str, ...]):
    shown = CliRunner().invoke(cli, [*words, "-h"])
    assert shown.exit_code == 0
    assert "Example:" in shown.output
    assert "redgrid" in shown.output.split("Example:")[1]


@pytest.mark.parametrize("command", sorted(cli.commands))
def test_the_readme_lists_every_command(command: str):
    for readme in READMES:
        assert f"`redgrid {command}`" in (ROOT / readme).read_text(encoding="utf-8")


def test_coverage_and_check_answer_on_the_demo(tmp_path: Path):
    run, database = CliRunner(), ["--db", str(tmp_path / "d.db"), "--lang", "en"]
    assert run.invoke(cli, [*database, "demo", "--grids", "4", "--members", "20"]).exit_code == 0
    for options in (
        [],
        ["--json"],
        ["--csv"],
        ["--at", "2026-10-01 20:00"],
        ["--profile", "elderly"],
    ):
        answer = run.invoke(cli, [*database, "coverage", *options])
        assert answer.exit_code == 0, answer.output
        assert answer.stdout
    assert run.invoke(cli, [*database, "coverage", "--json", "--csv"]).exit_code == 2
    assert run.invoke(cli, [*database, "coverage", "--minutes", "0"]).exit_code == 2
    assert run.invoke(cli, [*database, "check", "--json"]).exit_code == 0


def test_coverage_of_an_empty_database_is_an_empty_answer(tmp_path: Path):
    answer = CliRunner().invoke(cli, ["--db", str(tmp_path / "none.db"), "coverage", "--json"])
    assert answer.exit_code == 0, answer.output
    assert '"grids": []' in answer.stdout
