"""The `redgrid` command."""

import click


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """红网 redgrid: who is within 15 minutes' walk of a red station, grid by grid."""


def main() -> None:
    """Run the command; `python -m redgrid` does the same."""
    cli()


if __name__ == "__main__":
    main()
