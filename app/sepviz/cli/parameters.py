"""The parameters of a layer or a figure as options of a command."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import click

from sepviz.layer.spec import GENERATED, SAMPLES, LayerSpec, allowed, properties

Command = TypeVar("Command", bound=Callable[..., Any])
Given = tuple[str, ...]  # the texts that one option was given


def option_name(parameter: str) -> str:
    """`kernel_size` as it is typed: `--kernel-size`."""
    return f"--{parameter.replace('_', '-')}"


def parameters(model: type[LayerSpec]) -> Callable[[Command], Command]:
    """An option for each parameter of the model, in its order, with what is allowed and the default as help.

    Values stay text and are all kept, so that the model's `parse` refuses here what it refuses in an address: an option
    that is given twice, too. One that is true or false may be given without a value.
    """

    def decorated(command: Command) -> Command:
        for name in reversed(model.model_fields):
            command = _option(model, name)(command)
        return command

    return decorated


def pairs(given: Mapping[str, Given]) -> Iterator[tuple[str, str]]:
    """What was given, as the pairs of a query string."""
    return ((name, value) for name, values in given.items() for value in values)


def _option(model: type[LayerSpec], name: str) -> Callable[[Command], Command]:
    field = model.model_fields[name]
    text = f"{field.description} Allowed: {allowed(name, model)}."
    if field.default is not None:
        default = str(field.default).lower() if isinstance(field.default, bool) else field.default
        text += f" Default: {default}."
    flag: dict[str, Any] = {"metavar": "VALUE"}
    if _is_boolean(model, name):
        flag = {"metavar": "[VALUE]", "is_flag": False, "flag_value": "true"}

    def complete(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
        return [word for word in _words(model, name) if word.startswith(incomplete)]

    return click.option(option_name(name), name, multiple=True, help=text, shell_complete=complete, **flag)


def _words(model: type[LayerSpec], name: str) -> list[str]:
    """The words that a parameter may be, for the shell's completion; numbers are left to the person."""
    if name == "input":
        return [*SAMPLES, *GENERATED]
    if _is_boolean(model, name):
        return ["true", "false"]
    schema = properties(model)[name]
    alternatives = schema.get("anyOf", [schema])
    return [str(word) for each in alternatives for word in (*each.get("enum", ()), *_constant(each))]


def _constant(schema: Mapping[str, Any]) -> tuple[str, ...]:
    return (schema["const"],) if "const" in schema else ()


def _is_boolean(model: type[LayerSpec], name: str) -> bool:
    return bool(properties(model)[name].get("type") == "boolean")
