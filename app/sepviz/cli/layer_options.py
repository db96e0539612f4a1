"""The parameters of a layer or a figure as options of a command."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import click

from sepviz.layer.spec import GENERATED, SAMPLES, LayerSpec, allowed, as_text, properties

Command = TypeVar("Command", bound=Callable[..., Any])
Values = tuple[str, ...]  # the values of one option, as they were typed


def option_name(parameter: str) -> str:
    """The option of a parameter: `--kernel-size` for `kernel_size`."""
    return f"--{parameter.replace('_', '-')}"


def add_layer_options(model: type[LayerSpec]) -> Callable[[Command], Command]:
    """A decorator that adds an option for each parameter of the model, in its order.

    Values stay text and repeated options are kept, so that the model's `parse` refuses here what it refuses in a query
    string. A boolean option may stand without a value.
    """

    def decorate(command: Command) -> Command:
        for name in reversed(model.model_fields):
            command = _option(model, name)(command)
        return command

    return decorate


def query_pairs(options: Mapping[str, Values]) -> Iterator[tuple[str, str]]:
    """The options as the pairs of a query string."""
    return ((name, value) for name, values in options.items() for value in values)


def _option(model: type[LayerSpec], name: str) -> Callable[[Command], Command]:
    field = model.model_fields[name]
    text = f"{field.description} Allowed: {allowed(name, model)}."
    if field.default is not None:
        text += f" Default: {as_text(field.default)}."
    syntax: dict[str, Any] = {"metavar": "VALUE"}
    if _is_boolean(model, name):
        syntax = {"metavar": "[VALUE]", "is_flag": False, "flag_value": "true"}

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        return [choice for choice in _choices(model, name) if choice.startswith(incomplete)]

    return click.option(option_name(name), name, multiple=True, help=text, shell_complete=complete, **syntax)


def _choices(model: type[LayerSpec], name: str) -> list[str]:
    """The values of a parameter that are words, for the shell's completion."""
    if name == "input":
        return [*SAMPLES, *GENERATED]
    if _is_boolean(model, name):
        return ["true", "false"]
    schema = properties(model)[name]
    choices: list[str] = []
    for alternative in schema.get("anyOf", [schema]):
        choices += alternative.get("enum", [])
        if "const" in alternative:
            choices.append(alternative["const"])
    return choices


def _is_boolean(model: type[LayerSpec], name: str) -> bool:
    return bool(properties(model)[name].get("type") == "boolean")
