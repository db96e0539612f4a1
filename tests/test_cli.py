"""The commands, as they are typed: their options, their output and what they refuse."""

import json
import socket
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from app import __version__, cli
from app.cost import compare
from app.spec import KINDS, LayerSpec, allowed

FIGURES = ("separable", "depthwise", "pointwise", "standard", "spatial", "comparison", "cost")
LAYER = ["--in-channels", "64", "--out-channels", "128", "--size", "112"]


def run(*arguments):
    return CliRunner().invoke(cli.main, [str(each) for each in arguments])


@pytest.mark.parametrize("command", ["diagram", "cost"])
def test_the_options_are_the_parameters_in_their_order(command):
    options = [each for each in cli.main.commands[command].params if isinstance(each, click.Option)]
    names = [each.name for each in options if each.name in LayerSpec.model_fields]
    assert names == list(LayerSpec.model_fields)
    assert [each.opts for each in options if each.name in names] == [[f"--{name.replace('_', '-')}"] for name in names]


@pytest.mark.parametrize("command", ["diagram", "cost"])
def test_help_tells_bounds_defaults_and_examples(command):
    words = " ".join(run(command, "--help").output.replace("-\n", "-").split()).replace("- ", "-")
    for name, field in LayerSpec.model_fields.items():
        assert cli.option_name(name) in words
        assert field.description in words
        assert f"Allowed: {allowed(name)}. Default: {LayerSpec().parameters()[name]}." in words
    assert f"sepviz {command} " in words


def test_help_and_version():
    help_text = run("--help").output
    assert all(f"sepviz {command} " in help_text for command in ("serve", "diagram", "cost"))
    assert run("--version").output == f"sepviz, version {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--kernel-size", "99"], "--kernel-size 99: too large; it must be a whole number from 1 to 31\n"),
        (["--in-channels", "0"], "--in-channels 0: too small; it must be a whole number from 1 to 512\n"),
        (
            ["--stride", "2.5"],
            "--stride 2.5: not a whole number in plain digits; it must be a whole number from 1 to 8\n",
        ),
        (
            ["--size", "-1"],
            "--size -1: too small; it must be a whole number from 8 to 512\n",
        ),
        (["--bias", "yes"], "--bias yes: neither true nor false; it must be true or false\n"),
        (
            ["--seed", ""],
            "--seed : not a whole number in plain digits; it must be a whole number from 0 to 4294967295\n",
        ),
        (
            ["--weights", "trained"],
            "--weights trained: not one of the choices; it must be one of classic, random\n",
        ),
        (
            ["--depth-multiplier", "9", "--kernel-size", "x"],
            "--kernel-size x: not a whole number in plain digits; it must be a whole number from 1 to 31\n"
            "--depth-multiplier 9: too large; it must be a whole number from 1 to 8\n",
        ),
        (["--kernel-size", "3", "--kernel-size", "3"], "--kernel-size 3: given more than once; give it once\n"),
        (
            ["--kind", "spatially-separable", "--out-channels", "5"],
            "--out-channels 5: a spatially-separable layer works per channel; leave it out, or give in_channels, 3\n",
        ),
        (
            ["--size", "8", "--kernel-size", "9", "--padding", "valid"],
            "--kernel-size 9: with dilation=1 it reaches over 9 cells, and the padded input has 8;"
            " what would fit: kernel_size up to 8 or size from 9, or padding=same\n",
        ),
    ],
)
@pytest.mark.parametrize("command", [["cost"], ["diagram", "separable", "-o", "-"]])
def test_a_bad_layer_is_refused_in_words(command, arguments, wanted):
    refused = run(*command, *arguments)
    assert (refused.exit_code, refused.stderr, refused.stdout) == (2, wanted, "")


@pytest.mark.parametrize("arguments", [["--kernels", "3"], ["--format", "yaml"], ["extra"]])
def test_what_is_no_option_is_a_usage_error(arguments):
    refused = run("cost", *arguments)
    assert refused.exit_code == 2
    assert "Usage: " in refused.stderr


@pytest.mark.parametrize("name", FIGURES)
def test_the_bytes_on_standard_output_are_the_figure(name):
    from app.diagrams import Options, draw

    drawn = run("diagram", name, *LAYER, "--theme", "dark", "--width", 640, "-o", "-")
    assert drawn.exit_code == 0, drawn.stderr
    assert (
        drawn.stdout_bytes
        == draw(name, LayerSpec(in_channels=64, out_channels=128, size=112), Options("dark", 640)).encode()
    )


@pytest.mark.parametrize("file_name", ["figure.svg", "figure.SVG", "a b.svg"])
def test_a_figure_is_written_to_a_file(tmp_path, file_name):
    from app.diagrams import draw

    path = tmp_path / file_name
    written = run("diagram", "separable", "--kernel-size", 5, "-o", path)
    assert (written.exit_code, written.output) == (0, "")
    assert path.read_bytes() == draw("separable", LayerSpec(kernel_size=5)).encode()


@pytest.mark.parametrize("file_name", ["figure.png", "figure", ".svg", "figure.svg.gz"])
def test_only_svg_is_written(tmp_path, file_name):
    path = tmp_path / file_name
    refused = run("diagram", "separable", "-o", path)
    assert refused.exit_code == 2
    assert refused.stderr == f"--output {path}: figures are written as SVG only; end the name in .svg, or give -\n"
    assert not path.exists()


def test_a_figure_that_cannot_be_written_is_told(tmp_path):
    refused = run("diagram", "separable", "-o", tmp_path / "missing" / "figure.svg")
    assert refused.exit_code == 1
    assert "No such file or directory" in refused.stderr


def test_an_unknown_figure_is_told_with_those_there_are():
    from app.diagrams import NAMES

    refused = run("diagram", "sepparable", "-o", "-")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("there is no ")
    assert refused.stderr.endswith(f" named sepparable; there are: {', '.join(NAMES)}\n")


@pytest.mark.parametrize(
    ("option", "value"), [("--width", 63), ("--width", 4097), ("--width", "wide"), ("--theme", "sepia")]
)
def test_a_bad_width_or_theme_is_refused(option, value):
    refused = run("diagram", "separable", "-o", "-", option, value)
    assert (refused.exit_code, refused.stdout) == (2, "")
    assert f"'{option}'" in refused.stderr
    assert str(value) in refused.stderr


def test_the_cost_of_a_published_layer():
    assert (
        run("cost", *LAYER, "--kernel-size", 3).output
        == """\
depthwise-separable: 64 x 112 x 112 to 128 x 112 x 112 (channels, height, width)

MACs
  depthwise            7,225,344  = D_K · D_K · M · D_F · D_F      = 3 · 3 · 64 · 112 · 112
  pointwise          102,760,448  = M · N · D_F · D_F              = 64 · 128 · 112 · 112
  total              109,985,792
  instead: standard  924,844,032  = D_K · D_K · M · N · D_F · D_F  = 3 · 3 · 64 · 128 · 112 · 112
  8.41x fewer MACs than one standard convolution

params
  depthwise             576  = D_K · D_K · M      = 3 · 3 · 64
  pointwise           8,192  = M · N              = 64 · 128
  total               8,768
  instead: standard  73,728  = D_K · D_K · M · N  = 3 · 3 · 64 · 128
  8.41x fewer params than one standard convolution

One MAC is one multiply and one add, for a batch of one; a bias is in the params and not in the MACs, \
as fvcore and thop count. D_F, H′, W and W′ are sizes of the stage's output map.
"""
    )


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--out-channels", "1"], "1.11x MORE MACs than one standard convolution"),
        (["--kernel-size", "1", "--out-channels", "1024"], "1.001x MORE MACs than one standard convolution"),
        (["--depth-multiplier", "8", "--out-channels", "64"], "1.01x MORE params than one standard convolution"),
        (["--kind", "spatially-separable"], "1.50x fewer params than one depthwise convolution"),
        (["--kind", "spatially-separable", "--stride", "2"], "as many MACs as one depthwise convolution"),
        (["--bias", "true"], "= D_K · D_K · M + bias      = 3 · 3 · 3 + 3"),
    ],
)
def test_the_cost_in_words(arguments, wanted):
    assert wanted in run("cost", *arguments).output


def test_a_standard_layer_is_not_compared_with_itself():
    text = run("cost", "--kind", "standard").output
    assert "instead" not in text
    assert " one standard" not in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", ["false", "true"])
def test_the_cost_as_json(kind, bias):
    spec = LayerSpec(kind=kind, bias=bias == "true", stride=2)
    document = json.loads(run("cost", "--kind", kind, "--bias", bias, "--stride", 2, "--format", "json").output)
    costs = compare(spec)
    assert LayerSpec(**document["layer"]) == spec
    assert [stage["name"] for stage in document["stages"]] == [stage.name for stage in costs.layer.stages]
    assert document["total"] == {"macs": costs.layer.macs, "params": costs.layer.params}
    for quantity in ("macs", "params"):
        assert sum(stage[quantity] for stage in document["stages"]) == document["total"][quantity]
        ratio = document["total"][quantity] / document["standard"][quantity]
        assert document["ratio"][quantity] == pytest.approx(ratio)
    assert document["stages"][-1]["output_shape"] == document["standard"]["output_shape"]


def test_a_terminal_without_the_letters_still_gets_the_numbers():
    plain = CliRunner(charset="ascii").invoke(cli.main, ["cost", "--kind", "spatially-separable"])
    assert plain.exit_code == 0
    assert "147,456" in plain.output


@pytest.mark.parametrize(
    ("command", "typed", "wanted"),
    [
        ("cost", "--kind s", ["spatially-separable", "standard"]),
        ("cost", "--bias t", ["true"]),
        ("cost", "--padding ", ["same", "valid"]),
        ("cost", "--kernel-size ", []),
        ("cost", "--input c", ["chelsea", "coffee", "camera", "checkerboard"]),
        ("diagram", "comp", ["comparison"]),
    ],
)
def test_the_shell_completes(command, typed, wanted):
    from click.shell_completion import ShellComplete

    *before, incomplete = typed.split(" ")
    completion = ShellComplete(cli.main, {}, "sepviz", "_SEPVIZ_COMPLETE")
    assert [item.value for item in completion.get_completions([command, *before], incomplete)] == wanted


def test_drawing_and_counting_load_neither_torch_nor_a_server():
    code = (
        "import sys\n"
        "from app.cli import main\n"
        "for arguments in (['diagram', 'separable', '-o', '-'], ['cost'], ['diagram', '--help']):\n"
        "    main(arguments, standalone_mode=False)\n"
        "heavy = {'torch', 'numpy', 'fastapi', 'starlette', 'uvicorn', 'PIL', 'asyncio', 'safetensors'}\n"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_serving_takes_the_port_before_it_loads_the_server(monkeypatch):
    ran = []
    monkeypatch.setattr(cli, "_run_server", ran.append)
    served = run("serve", "--port", 0)
    assert served.exit_code == 0
    assert len(ran) == 1
    assert served.output.startswith("Sepviz is at http://127.0.0.1:")


def test_a_port_in_use_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        refused = run("serve", "--port", port)
    assert refused.exit_code == 1
    told = f"cannot listen on http://127.0.0.1:{port}: address already in use; choose another with --host or --port"
    assert refused.stderr == f"Error: {told}\n"


def test_the_server_is_uvicorn_with_h11_around_create_app(monkeypatch):
    import uvicorn

    from app.main import create_app

    ran = []
    monkeypatch.setattr(uvicorn.Server, "run", lambda server, sockets: ran.append((server.config, sockets)))
    assert run("serve", "--port", 0).exit_code == 0
    ((config, sockets),) = ran
    assert (config.app, config.factory, config.http, config.workers) == (create_app, True, "h11", 1)
    assert len(sockets) == 1
