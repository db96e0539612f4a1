"""`make audit`: looks up every pinned version in OSV, the open database of vulnerabilities: `python audit.py FILE`.

The package index is not asked: a mirror inside a network often has no data on vulnerabilities and so reports none.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

import click

COMMAND = (str(Path(sys.executable).parent / "pip-audit"), "--vulnerability-service", "osv", "--format", "json")
# The pins are complete: nothing has to be resolved or installed.
OFFLINE = ("--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "10")
# The errors of pip-audit without a network, without DNS, without a reply, or behind a proxy that forbids the request.
_UNREACHABLE = re.compile(
    r"ConnectionError|ConnectTimeout|ReadTimeout|ServiceError|ProxyError|SSLError|Could not connect"
)


def audit(requirements: Path, *options: str) -> int:
    """1 where a vulnerability is known or pip-audit fails, else 0, also where the database is unreachable."""
    result = subprocess.run(
        [*COMMAND, *OFFLINE, *options, "--requirement", str(requirements)], capture_output=True, text=True, check=False
    )
    if result.stdout.startswith("{"):
        return _report(json.loads(result.stdout)["dependencies"])
    if _UNREACHABLE.search(result.stderr):
        click.echo("Not audited: the database of vulnerabilities is unreachable.")
        return 0
    click.echo(result.stderr, err=True)
    return 1


def _report(packages: list[dict]) -> int:
    found = [(each, vulnerability) for each in packages for vulnerability in each.get("vulns", ())]
    for package, vulnerability in found:
        fixed = ", ".join(vulnerability["fix_versions"]) or "no version yet"
        name = f"{package['name']} {package['version']}: {vulnerability['id']}"
        click.echo(f"{name}, fixed in {fixed}: {vulnerability['description']}")
    skipped = [each["name"] for each in packages if "skip_reason" in each]
    if skipped:
        click.echo(f"Not audited: {', '.join(skipped)}")
    click.echo(f"Audited: {len(packages) - len(skipped)} versions, {len(found)} known vulnerabilities")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(audit(Path(sys.argv[1])))
