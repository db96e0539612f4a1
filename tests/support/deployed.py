"""What deploy/ holds, read."""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SERVICES = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
REPLICAS = {name: each for name, each in SERVICES.items() if each["image"].startswith("sepviz:")}
KUSTOMIZATION = yaml.safe_load((DEPLOY / "kustomization.yaml").read_text())
MANIFESTS = [
    each for path in sorted((DEPLOY / "kubernetes").glob("*.yaml")) for each in yaml.safe_load_all(path.read_text())
]
NGINX = (DEPLOY / "nginx.conf").read_text()
UNITS = {"k": 2**10, "m": 2**20, "g": 2**30}


def manifest(kind, name):
    return next(each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name))


def container(name):
    [found] = manifest("Deployment", name)["spec"]["template"]["spec"]["containers"]
    return found


def environment(path):
    lines = [line for line in path.read_text().splitlines() if line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def size(text):
    """Bytes of `1g`, `256mb`, `512Mi`."""
    number, unit = re.fullmatch(r"(\d+)([kmg])[bi]?", text.lower()).groups()
    return int(number) * UNITS[unit]


def option(command, name):
    return command[command.index(f"--{name}") + 1]
