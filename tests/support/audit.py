"""`make audit`: asks OSV, the open database of known holes, about every pinned version: `python audit.py FILE`.

Not the package index, whose copies inside a network know no holes and so find none.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import click

COMMAND = (str(Path(sys.executable).parent / "pip-audit"), "--vulnerability-service", "osv", "--format", "json")
# Pins are all there is to know: nothing is resolved, nothing installed.
OFFLINE = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "10")
# What pip-audit ends with where there is no network, no name, no database behind it, or a proxy that forbids it.
_UNREACHED = re.compile(
    r"ConnectionError|ConnectTimeout|ReadTimeout|ServiceError|ProxyError|SSLError|Could not connect"
)


def audit(requirements: Path, *more: str) -> int:
    """0 where no hole is known or the database cannot be reached, which is said; 1 where one is known."""
    asked = subprocess.run(
        [*COMMAND, *OFFLINE, *more, "--requirement", str(requirements)], capture_output=True, text=True, check=False
    )
    if asked.stdout.startswith("{"):
        return _told(json.loads(asked.stdout)["dependencies"])
    if _UNREACHED.search(asked.stderr):
        click.echo("Not audited: the database of known holes cannot be reached from here.")
        return 0
    click.echo(asked.stderr, err=True)
    return 1


def _told(packages: list[dict]) -> int:
    holes = [(each, hole) for each in packages for hole in each.get("vulns", ())]
    for package, hole in holes:
        fixed = ", ".join(hole["fix_versions"]) or "no version yet"
        click.echo(f"{package['name']} {package['version']}: {hole['id']}, mended in {fixed}: {hole['description']}")
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    if skipped:
        click.echo(f"Not audited: {', '.join(skipped)}")
    click.echo(f"Audited: {len(packages) - len(skipped)} versions, {len(holes)} known holes")
    return int(bool(holes))


if __name__ == "__main__":
    sys.exit(audit(Path(sys.argv[1])))
