"""The commands as a user types them: options, output, errors and exit codes."""

import csv
import io
import json
import re
import resource
import shlex
import socket
import subprocess
import sys
from pathlib import Path
from typing import get_args

import click
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image
from safetensors.numpy import load
from sepviz import __version__, cli
from sepviz.cli import layer_options, maps_command
from sepviz.figures.figure_spec import FigureSpec
from sepviz.figures.options import Options
from sepviz.layer.cost import compare
from sepviz.layer.spec import KINDS, LayerSpec, allowed

FIGURES = ("separable", "depthwise", "pointwise", "standard", "spatial", "comparison", "cost")
LAYER = ["--in-channels", "64", "--out-channels", "128", "--size", "112"]


def run(*arguments):
    return CliRunner().invoke(cli.main, [str(each) for each in arguments])


MODELS = {"diagram": FigureSpec, "maps": LayerSpec, "cost": LayerSpec}


@pytest.mark.parametrize("command", MODELS)
def test_command_options_are_model_parameters_in_order(command):
    wanted = list(MODELS[command].model_fields)
    options = [each for each in cli.main.commands[command].params if isinstance(each, click.Option) and each.multiple]
    assert [each.name for each in options] == wanted
    assert [each.opts for each in options] == [[f"--{name.replace('_', '-')}"] for name in wanted]


def test_figure_spec_has_field_for_each_display_option():
    assert set(Options.__slots__) == FigureSpec.model_fields.keys() - LayerSpec.model_fields.keys()


@pytest.mark.parametrize("command", MODELS)
def test_help_lists_bounds_defaults_and_examples(command):
    words = " ".join(run(command, "--help").output.replace("-\n", "-").split()).replace("- ", "-")
    for name, field in MODELS[command].model_fields.items():
        assert layer_options.option_name(name) in words
        assert field.description in words
        assert f"Allowed: {allowed(name, MODELS[command])}." in words
    for name, default in LayerSpec().parameters().items():
        assert f"Allowed: {allowed(name)}. Default: {default}." in words
    assert f"Examples: sepviz {command} " in words


def test_main_help_lists_commands_and_exit_codes():
    help_text = run("--help").output
    assert all(f"sepviz {command} " in help_text for command in ("serve", "diagram", "maps", "cost"))
    assert "Exit codes: 0 " in help_text
    assert "_SEPVIZ_COMPLETE=bash_source" in help_text
    assert run("--version").output == f"sepviz, version {__version__}\n"


def test_help_examples_run_without_error(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (40, 30), "teal").save("photo.jpg")
    ran = []
    for command in MODELS:
        for line in re.findall(rf"^ +sepviz ({command} .*)$", run(command, "--help").output, re.MULTILINE):
            done = run(*re.split(r" [|>] ", line)[0].split())
            assert (done.exit_code, done.stderr) == (0, ""), line
            ran.append(line)
    assert len(ran) == 13


def test_readme_commands_run_and_write_named_files(tmp_path, monkeypatch):
    commands = re.findall(r"^sepviz (.*)$", (Path(__file__).parents[2] / "README.md").read_text(), re.MULTILINE)
    assert {line.split()[0] for line in commands} == cli.main.commands.keys()
    monkeypatch.chdir(tmp_path)
    for line in commands:
        if not line.startswith("serve"):
            done = run(*shlex.split(line))
            assert (done.exit_code, done.stderr) == (0, ""), line
    assert {each.name for each in tmp_path.iterdir()} == {shlex.split(line)[-1] for line in commands if " -o " in line}


KERNEL = "it must be a whole number from 1 to 31, or HEIGHTxWIDTH such as 1x7"


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["--kernel-size", "99"], f"--kernel-size 99: too large; {KERNEL}\n"),
        (["--in-channels", "0"], "--in-channels 0: too small; it must be a whole number from 1 to 4096\n"),
        (
            ["--stride", "2.5"],
            "--stride 2.5: not a whole number in plain digits; it must be a whole number from 1 to 32\n",
        ),
        (
            ["--size", "-1"],
            "--size -1: too small; it must be a whole number from 1 to 2048, or HEIGHTxWIDTH such as 1080x1920\n",
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
            ["--depth-multiplier", "65", "--kernel-size", "x"],
            f"--kernel-size x: neither a whole number in plain digits nor HEIGHTxWIDTH; {KERNEL}\n"
            "--depth-multiplier 65: too large; it must be a whole number from 1 to 64\n",
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
@pytest.mark.parametrize("command", [["cost"], ["diagram", "separable", "-o", "-"], ["maps", "-o", "not-written.npz"]])
def test_invalid_layer_exits_2_with_line_per_parameter(command, arguments, wanted):
    refused = run(*command, *arguments)
    assert (refused.exit_code, refused.stderr, refused.stdout) == (2, wanted, "")


@pytest.mark.parametrize("arguments", [["--kernels", "3"], ["--format", "yaml"], ["extra"]])
def test_unknown_option_or_argument_prints_usage(arguments):
    refused = run("cost", *arguments)
    assert refused.exit_code == 2
    assert "Usage: " in refused.stderr


@pytest.mark.parametrize("name", FIGURES)
def test_diagram_on_standard_output_is_drawn_figure(name):
    from sepviz.figures import Options, draw

    drawn = run("diagram", name, *LAYER, "--theme", "dark", "--width", 640, "-o", "-")
    assert drawn.exit_code == 0, drawn.stderr
    assert (
        drawn.stdout_bytes
        == draw(name, LayerSpec(in_channels=64, out_channels=128, size=112), Options("dark", 640)).encode()
    )


@pytest.mark.parametrize("file_name", ["figure.svg", "figure.SVG", "a b.svg"])
def test_diagram_is_written_to_named_file(tmp_path, file_name):
    from sepviz.figures import draw

    path = tmp_path / file_name
    written = run("diagram", "separable", "--kernel-size", 5, "-o", path)
    assert (written.exit_code, written.output) == (0, "")
    assert path.read_bytes() == draw("separable", LayerSpec(kernel_size=5)).encode()


@pytest.mark.parametrize(
    ("parameters", "options"),
    [
        (
            "in_channels=4&theme=dark&width=700&background=none",
            "--in-channels 4 --theme dark --width 700 --background none",
        ),
        ("animate=true&bias=true&lang=en", "--animate --bias --lang en"),
        ("title=Ours%20%3C3&frames=2", "--title Ours\u00a0<3 --frames 2"),
    ],
)
@pytest.mark.parametrize("name", ["separable", "window"])
def test_diagram_on_standard_output_equals_http_response(name, parameters, options):
    from fastapi.testclient import TestClient

    from tests.support.here import create_app

    drawn = run("diagram", name, *options.split(" "), "-o", "-")
    assert drawn.exit_code == 0, drawn.stderr
    with TestClient(create_app(), base_url="http://localhost") as client:
        assert client.get(f"/diagrams/{name}.svg?{parameters}").content == drawn.stdout_bytes


@pytest.mark.parametrize(
    ("command", "endings"), [("diagram", ".svg, .png, .pdf"), ("maps", ".png, .svg, .npz, .safetensors")]
)
@pytest.mark.parametrize("file_name", ["figure.gif", "figure", ".svg", "figure.svg.gz"])
def test_unknown_suffix_is_refused_and_no_file_written(tmp_path, file_name, command, endings):
    path = tmp_path / file_name
    refused = run(command, "depthwise", "-o", path)
    assert refused.exit_code == 2
    assert refused.stderr == f"--output {path}: the suffix of the name selects the format; end it in {endings}\n"
    assert not path.exists()


def test_unwritable_file_exits_1_with_reason(tmp_path):
    path = tmp_path / "missing" / "figure.svg"
    refused = run("diagram", "separable", "-o", path)
    assert (refused.exit_code, refused.stderr) == (1, f"Error: cannot write {path}: no such file or directory\n")
    (tmp_path / "folder.svg").mkdir()
    assert run("diagram", "separable", "-o", tmp_path / "folder.svg").exit_code == 1
    assert [each.name for each in tmp_path.iterdir()] == ["folder.svg"]


@pytest.mark.parametrize("before", [None, b"what was there"])
def test_full_disk_leaves_no_partial_file(tmp_path, before):
    path = tmp_path / "figure.svg"
    if before:
        path.write_bytes(before)
    drawn = subprocess.run(
        [sys.executable, "-m", "sepviz.cli", "diagram", "separable", "-o", path],
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1024, 1024)),
        env={"PYTHONDONTWRITEBYTECODE": "1"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (drawn.returncode, drawn.stderr) == (1, f"Error: cannot write {path}: file too large\n")
    assert [each.read_bytes() for each in tmp_path.iterdir()] == ([before] if before else [])


def test_output_through_symlink_keeps_link_and_device(tmp_path):
    real, link, null = tmp_path / "real.svg", tmp_path / "link.svg", tmp_path / "null.svg"
    link.symlink_to(real)
    null.symlink_to("/dev/null")
    for path in (link, null):
        assert run("diagram", "separable", "-o", path).exit_code == 0
        assert path.is_symlink()
    assert real.read_text().startswith("<svg")
    assert Path("/dev/null").is_char_device()


@pytest.mark.parametrize("command", [["cost"], ["diagram", "separable", "-o", "-"]])
def test_full_standard_output_exits_1_with_reason(command):
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "sepviz.cli", *command], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[0] == "Error: cannot write standard output: no space left on device"


@pytest.mark.parametrize("ending", ["svg", "pdf"])
def test_scale_without_png_is_refused(tmp_path, ending):
    refused = run("diagram", "separable", "--scale", 3, "-o", tmp_path / f"a.{ending}")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("--scale 3: only a PNG has pixels; ")
    assert list(tmp_path.iterdir()) == []


def test_unknown_figure_is_refused_with_known_names():
    from sepviz.figures import NAMES

    refused = run("diagram", "sepparable", "-o", "-")
    assert refused.exit_code == 2
    assert refused.stderr.startswith("there is no ")
    assert refused.stderr.endswith(f" named sepparable; there are: {', '.join(NAMES)}\n")


@pytest.mark.parametrize(
    ("option", "value", "why"),
    [
        ("--width", 63, "too small; it must be a whole number from 64 to 4096"),
        ("--width", 4097, "too large; it must be a whole number from 64 to 4096"),
        ("--width", "wide", "not a whole number in plain digits; it must be a whole number from 64 to 4096"),
        ("--theme", "sepia", "not one of the choices; it must be one of auto, light, dark"),
        ("--theme", "page", "not one of the choices; it must be one of auto, light, dark"),
        ("--background", "red", "not one of the choices; it must be one of paper, none"),
        ("--frames", 13, "too large; it must be a whole number from 0 to 12"),
        ("--animate", "often", "neither true nor false; it must be true or false"),
    ],
)
def test_invalid_figure_option_exits_2_with_reason(option, value, why):
    refused = run("diagram", "separable", "-o", "-", option, value)
    assert (refused.exit_code, refused.stdout, refused.stderr) == (2, "", f"{option} {value}: {why}\n")


def test_cost_text_of_mobilenet_layer_has_published_numbers():
    assert (
        run("cost", *LAYER, "--kernel-size", 3).output
        == """\
Depthwise separable: 64 x 112 x 112 to 128 x 112 x 112 (channels, height, width)

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
def test_cost_text_states_ratio_or_bias(arguments, wanted):
    assert wanted in run("cost", *arguments).output


def test_cost_text_of_standard_layer_has_no_comparison():
    text = run("cost", "--kind", "standard").output
    assert "instead" not in text
    assert " one standard" not in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", ["false", "true"])
def test_cost_json_equals_computed_costs(kind, bias):
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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("bias", [False, True])
def test_cost_csv_equals_json(kind, bias):
    spec = LayerSpec(kind=kind, bias=bias, stride=2, in_channels=5)
    done = run(
        "cost", "--kind", kind, "--bias", str(bias).lower(), "--stride", 2, "--in-channels", 5, "--format", "csv"
    )
    found = list(csv.DictReader(io.StringIO(done.stdout_bytes.decode(), newline="")))
    document = json.loads(
        run("cost", "--format", "json", *(f"--{k.replace('_', '-')}={v}" for k, v in spec.parameters().items())).output
    )
    *stages, total, replaced = found
    assert [each["row"] for each in found] == ["stage"] * len(stages) + ["total", "replaced"]
    for row, facts in zip([*stages, replaced], [*document["stages"], document["standard"]], strict=True):
        assert (row["name"], row["formula"]) == (facts["name"], facts["formula"])
        assert (int(row["macs"]), int(row["params"])) == (facts["macs"], facts["params"])
        assert [int(n) for n in row["output_shape"].split("x")] == facts["output_shape"]
        assert [int(n) for n in row["weight_shape"].split("x")] == facts["weight_shape"]
        assert float(row["flops_per_byte"]) == facts["flops_per_byte"]
    assert (int(total["macs"]), int(total["params"])) == (document["total"]["macs"], document["total"]["params"])


def test_cost_markdown_of_mobilenet_layer_has_published_numbers():
    done = run("cost", *LAYER, "--format", "markdown")
    assert (
        done.stdout_bytes.decode()
        == """\
| stage | weight | output | MACs | params | MACs by formula |
|---|---|---|---:|---:|---|
| depthwise | 64 × 1 × 3 × 3 | 64 × 112 × 112 | 7,225,344 | 576 | D_K · D_K · M · D_F · D_F |
| pointwise | 128 × 64 × 1 × 1 | 128 × 112 × 112 | 102,760,448 | 8,192 | M · N · D_F · D_F |
| **total** |  | 128 × 112 × 112 | 109,985,792 | 8,768 | D_K · D_K · M · D_F · D_F + M · N · D_F · D_F |
| instead: standard | 128 × 64 × 3 × 3 | 128 × 112 × 112 | 924,844,032 | 73,728 | D_K · D_K · M · N · D_F · D_F |

- 8.41x fewer MACs than one standard convolution
- 8.41x fewer params than one standard convolution
"""
    )


def test_cost_markdown_of_standard_layer_has_one_row():
    lines = run("cost", "--kind", "standard", "--format", "markdown").stdout_bytes.decode().splitlines()
    assert [line.split(" | ")[0] for line in lines] == ["| stage", "|---|---|---|---:|---:|---|", "| standard"]


def test_cost_text_in_ascii_terminal_keeps_numbers():
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
        ("diagram", "separable --theme ", ["auto", "light", "dark"]),
        ("diagram", "separable --animate f", ["false"]),
        ("maps", "depthwise --colormap d", ["diverging", "diverging-dark"]),
    ],
)
def test_shell_completion_lists_matching_values(command, typed, wanted):
    from click.shell_completion import ShellComplete

    *before, incomplete = typed.split(" ")
    completion = ShellComplete(cli.main, {}, "sepviz", "_SEPVIZ_COMPLETE")
    assert [item.value for item in completion.get_completions([command, *before], incomplete)] == wanted


def test_diagram_and_cost_import_no_torch_and_no_server():
    code = (
        "import sys\n"
        "from sepviz.cli import main\n"
        "for command in ('diagram separable -o -', 'cost', 'cost --format csv', 'maps --help'):\n"
        "    main(command.split(), standalone_mode=False)\n"
        "heavy = {'torch', 'numpy', 'fastapi', 'starlette', 'uvicorn', 'PIL', 'asyncio', 'safetensors', 'cairosvg'}\n"
        "sys.exit(', '.join(sorted(heavy & sys.modules.keys())) or 0)\n"
    )
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("options", [[], ["--colormap", "viridis", "--scale", "stage"]])
@pytest.mark.parametrize("ending", ["png", "svg"])
def test_maps_picture_equals_http_response(tmp_path, options, ending):
    from fastapi.testclient import TestClient

    from tests.support.here import create_app

    path = tmp_path / f"maps.{ending}"
    done = run("maps", "depthwise", "--size", 16, "--in-channels", 5, *options, "-o", path)
    assert (done.exit_code, done.output) == (0, "")
    query = {"size": 16, "in_channels": 5, **dict(zip((each[2:] for each in options[::2]), options[1::2], strict=True))}
    with TestClient(create_app(), base_url="http://localhost") as client:
        assert path.read_bytes() == client.get(f"/feature-maps/depthwise.{ending}", params=query).content


def test_npz_and_safetensors_equal_trace(tmp_path):
    from sepviz.tensors.inputs import Inputs
    from sepviz.tensors.trace import run as run_layer

    for ending in ("npz", "safetensors"):
        done = run("maps", "--size", 16, "--bias", "-o", tmp_path / f"all.{ending}")
        assert (done.exit_code, done.output) == (0, "")
    tensors = load((tmp_path / "all.safetensors").read_bytes())
    with np.load(tmp_path / "all.npz", allow_pickle=False) as arrays:
        assert set(arrays.files) == set(tensors)
        assert all(np.array_equal(arrays[name], tensors[name]) for name in tensors)
    trace = run_layer(LayerSpec(size=16, bias=True), Inputs())
    for name, maps in trace.selected_maps().items():
        assert np.array_equal(tensors[name], maps.values[0].numpy())


def test_named_stages_and_channels_limit_written_tensors(tmp_path):
    path = tmp_path / "part.npz"
    chosen = ("--channels", "1-2", "--dtype", "float16", "--size", 16)
    assert run("maps", "depthwise", "pointwise", *chosen, "-o", path).exit_code == 0
    with np.load(path) as arrays:
        found = {name: (len(arrays[name]), arrays[name].dtype.name) for name in arrays.files}
    names = ("depthwise", "depthwise.weight", "pointwise", "pointwise.weight")
    assert found == dict.fromkeys(names, (2, "float16"))


def test_image_option_sets_input_map(tmp_path):
    Image.new("RGB", (20, 10), (255, 0, 51)).save(tmp_path / "photo.png")
    done = run("maps", "input", "--image", tmp_path / "photo.png", "--size", 8, "-o", tmp_path / "input.npz")
    assert (done.exit_code, done.output) == (0, "")
    with np.load(tmp_path / "input.npz") as arrays:
        np.testing.assert_allclose(arrays["input"], np.broadcast_to([[[1.0]], [[0.0]], [[0.2]]], (3, 8, 8)), atol=1e-6)


@pytest.mark.parametrize(
    ("arguments", "wanted"),
    [
        (["horizontal"], "there is no stage named horizontal; there are: input, depthwise, pointwise\n"),
        ([], "a picture is of one stage, and 0 are named; name one STAGE\n"),
        (["input", "depthwise"], "a picture is of one stage, and 2 are named; name one STAGE\n"),
        (["input", "--image", "missing.jpg"], "--image missing.jpg: no such file or directory\n"),
        (
            ["input", "--image", __file__],
            "the content of this file is something else; supported are PNG, JPEG, WebP, GIF, BMP, AVIF\n",
        ),
        (
            ["input", "--image", "a.jpg", "--input", "noise"],
            "--input noise: --image a.jpg is the input already; use one of them\n",
        ),
        (["depthwise", "--channels", "3-9"], "--channels 3-9: no such channels; the last is 2\n"),
        (
            ["depthwise", "--in-channels", "512", "--size", "512"],
            "above the 64 MiB of one request; size up to 128 would fit\n",
        ),
    ],
)
def test_impossible_maps_exit_2_and_write_nothing(tmp_path, arguments, wanted):
    refused = run("maps", *arguments, "-o", tmp_path / "a.png")
    assert refused.exit_code == 2
    assert refused.stderr.endswith(wanted)
    assert list(tmp_path.iterdir()) == []


def test_picture_of_too_many_maps_is_refused_and_a_part_of_them_is_not(tmp_path):
    options = "--in-channels=2000", "--depth-multiplier=64", "--size=1", "--kernel-size=1"
    refused = run("maps", "depthwise", "-o", tmp_path / "a.png", *options)
    assert refused.exit_code == 2
    assert "--depth-multiplier 64: a picture has room for 4,096 maps, and depthwise has 128,000" in refused.stderr
    assert run("maps", "depthwise", "-o", tmp_path / "a.png", "--channels=127990-127999", *options).exit_code == 0


@pytest.mark.parametrize("channels", ["5", "5-", "-5", "5-3", "a-b", "0000000-0000001"])
def test_invalid_channel_range_is_usage_error(tmp_path, channels):
    refused = run("maps", "-o", tmp_path / "a.npz", f"--channels={channels}")
    assert refused.exit_code == 2
    assert f"{channels} is not a range of channels such as 0-15" in refused.stderr


def test_maps_choices_equal_encoder_types():
    from sepviz import encoded, palette

    assert get_args(palette.ColorMap) == maps_command.COLORMAPS
    assert get_args(encoded.Scale) == maps_command.SCALES
    assert get_args(encoded.DType) == maps_command.DTYPES


def test_serve_prints_address_of_bound_port_before_running_server(monkeypatch):
    ran = []
    monkeypatch.setattr("sepviz.cli.serve_command._run_server", lambda *arguments: ran.append(arguments))
    served = run("serve", "--port", 0)
    assert served.exit_code == 0
    assert len(ran) == 1
    assert served.output.startswith("Sepviz is at http://127.0.0.1:")


def test_serve_with_port_in_use_exits_1_with_hint():
    with socket.create_server(("127.0.0.1", 0)) as occupied:
        port = occupied.getsockname()[1]
        refused = run("serve", "--port", port)
    assert refused.exit_code == 1
    reason = f"cannot listen on http://127.0.0.1:{port}: address already in use; choose another with --host or --port"
    assert refused.stderr == f"Error: {reason}\n"


def test_serve_passes_app_and_socket_to_server(monkeypatch):
    import sepviz.web.server
    from fastapi import FastAPI

    ran = []
    monkeypatch.setattr(sepviz.web.server, "run", lambda *arguments: ran.append(arguments))
    assert run("serve", "--port", 0).exit_code == 0
    ((app, listening, *_),) = ran
    assert isinstance(app, FastAPI)
    assert isinstance(listening, socket.socket)


@pytest.mark.parametrize(
    ("options", "mode", "hosts"),
    [
        ((), "local", {"localhost", "127.0.0.1"}),
        (("--classroom",), "classroom", {"*"}),
        (("--public", "--public-url", "https://sepviz.example.org/x"), "public", {"localhost", "sepviz.example.org"}),
    ],
)
def test_serve_mode_sets_allowed_hosts(monkeypatch, options, mode, hosts):
    ran = []
    monkeypatch.setattr("sepviz.cli.serve_command._run_server", lambda *arguments: ran.append(arguments))
    served = run("serve", "--port", 0, *options)
    assert served.exit_code == 0
    ((_, settings),) = ran
    assert ("reverse proxy" in served.output) == (mode == "public")
    assert settings.mode == mode
    assert hosts <= set(settings.hosts)


def test_invalid_setting_is_reported_in_one_line(monkeypatch):
    monkeypatch.setenv("SEPVIZ_WORKERS", "0")
    refused = run("serve", "--port", 0)
    assert refused.exit_code == 1
    assert "SEPVIZ_WORKERS: '0'" in refused.stderr
