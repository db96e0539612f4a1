"""What is deployed fits its schemas, and says of the app what the app says of itself."""

import configparser
import json
import re
import shlex
import subprocess
import sys

import jsonschema
import kubernetes_validate
import pytest
import sepviz
import uvicorn
import yaml
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families
from sepviz.pictures.decoding import MAX_BYTES
from sepviz.settings import Settings
from sepviz.web.routes.images import FORM_BYTES
from sepviz.web.server import SHUTDOWN_SECONDS

from tests.support.deployed import (
    DEPLOY,
    KUSTOMIZATION,
    MANIFESTS,
    NGINX,
    REPLICAS,
    ROOT,
    SERVICES,
    container,
    environment,
    manifest,
    option,
    size,
)
from tests.support.here import create_app

DOCS = (ROOT / "docs/deploy.md").read_text()
SETTINGS = {f"SEPVIZ_{name.upper()}" for name in Settings.model_fields}


@pytest.mark.parametrize("document", MANIFESTS, ids=lambda each: f"{each['kind']}-{each['metadata']['name']}")
def test_manifest_is_valid_by_the_kubernetes_schema(document):
    kubernetes_validate.validate(document, "1.37", strict=True)
    with pytest.raises(jsonschema.ValidationError):
        kubernetes_validate.validate(document | {"spce": {}}, "1.37", strict=True)


def test_compose_file_is_valid_by_its_schema(tmp_path):
    def check(path):
        command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(path)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    assert check(DEPLOY / "compose.yaml").stdout.startswith("ok")
    wrong = tmp_path / "compose.yaml"
    wrong.write_text((DEPLOY / "compose.yaml").read_text().replace("restart: always", "restrat: always"))
    assert "restrat" in check(wrong).stdout


def test_kustomization_lists_exactly_the_files():
    named = {*KUSTOMIZATION["resources"]}
    for generator in [*KUSTOMIZATION["configMapGenerator"], *KUSTOMIZATION["secretGenerator"]]:
        named |= {*generator.get("files", ()), *generator.get("envs", ())}
    assert named == {f"kubernetes/{each.name}" for each in (DEPLOY / "kubernetes").iterdir()} | {"nginx.conf"}
    # Each by the name that the pods ask for.
    made = {each["name"] for each in KUSTOMIZATION["configMapGenerator"]}
    [settings, secret] = container("sepviz")["envFrom"]
    volumes = manifest("Deployment", "sepviz-nginx")["spec"]["template"]["spec"]["volumes"]
    assert {settings["configMapRef"]["name"], volumes[0]["configMap"]["name"]} == made
    assert [secret["secretRef"]["name"]] == [each["name"] for each in KUSTOMIZATION["secretGenerator"]]
    assert not any("namespace" in each["metadata"] for each in MANIFESTS)


def test_environment_variables_in_deploy_are_settings_of_the_app():
    texts = [path.read_text() for path in DEPLOY.rglob("*") if path.is_file()]
    named = set(re.findall(r"SEPVIZ_[A-Z_]+[A-Z]", "\n".join([*texts, DOCS, (ROOT / "Containerfile").read_text()])))
    # What Kubernetes would make of the Service, if it were let, and a form of words.
    assert named - {"SEPVIZ_PORT", "SEPVIZ_NAME"} <= SETTINGS


@pytest.mark.parametrize(
    "given",
    [
        *(
            {name: re.sub(r"\$\{\w+:-(.*)\}", r"\1", value) for name, value in each["environment"].items()}
            for each in REPLICAS.values()
        ),
        environment(DEPLOY / "kubernetes/settings.env") | environment(DEPLOY / "kubernetes/secret.env"),
    ],
    ids=[*REPLICAS, "kubernetes"],
)
def test_settings_of_each_deployment_are_accepted(given, monkeypatch):
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    assert settings.mode == "public"
    assert {name for name in given if name.removeprefix("SEPVIZ_").lower() in settings.model_fields_set} == {*given}


def test_image_runs_the_server_as_nobody_with_its_dependencies():
    file = (ROOT / "Containerfile").read_text()
    user = container("sepviz"), manifest("Deployment", "sepviz")["spec"]["template"]["spec"]["securityContext"]
    assert f"USER {user[1]['runAsUser']}:{user[1]['runAsGroup']}\n" in file
    assert "HEALTHCHECK" not in file
    assert {"libcairo2", "fonts-dejavu-core"} <= set(file.split())
    [command] = re.findall(r"^CMD (\[.*\])$", file, re.MULTILINE)
    [program, *arguments] = json.loads(command)
    from sepviz.cli import main

    assert program == "sepviz"
    main.make_context("sepviz", [*arguments, "--help"], resilient_parsing=True)
    [port] = re.findall(r"^EXPOSE (\d+)$", file, re.MULTILINE)
    from sepviz.cli.serve_command import serve

    assert {each.name: each.default for each in serve.params}["port"] == int(port)
    # What is copied is let through.
    let = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {word for line in re.findall(r"^COPY (?!--from)(.*) \S+$", file, re.MULTILINE) for word in line.split()}
    assert copied == let
    assert all((ROOT / each).exists() for each in copied)


def test_exposed_ports_are_those_the_server_listens_on():
    [port] = re.findall(r"^EXPOSE (\d+)$", (ROOT / "Containerfile").read_text(), re.MULTILINE)
    [front] = re.findall(r"listen (\d+);", NGINX)
    named = re.findall(r"^server (\S+):(\d+) ", (DEPLOY / "replicas.conf").read_text(), re.MULTILINE)
    assert named == [(name, port) for name in REPLICAS]
    assert len(named) >= 2
    addresses = {f"{name}:{each['networks']['inside']['ipv4_address']}" for name, each in REPLICAS.items()}
    assert addresses == {*SERVICES["nginx"]["extra_hosts"]}
    assert SERVICES["nginx"]["ports"] == [f"{front}:{front}"]
    inside = re.findall(r"^server (\S+):(\d+) ", (DEPLOY / "kubernetes/replicas.conf").read_text(), re.MULTILINE)
    assert inside == [("sepviz", port)] * 2
    assert manifest("Service", "sepviz")["spec"]["ports"][0]["port"] == int(port)
    assert container("sepviz")["ports"][0]["containerPort"] == int(port)
    assert container("sepviz-nginx")["ports"][0]["containerPort"] == int(front)
    for name in ("sepviz", "sepviz-nginx", "sepviz-redis"):
        service = manifest("Service", name)["spec"]
        labels = manifest("Deployment", name)["spec"]["template"]["metadata"]["labels"]
        assert service["selector"] == labels
        assert service["ports"][0]["targetPort"] == container(name)["ports"][0]["name"]
    backend = manifest("Ingress", "sepviz")["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]
    assert backend["name"] == "sepviz-nginx"
    assert backend["port"]["name"] == manifest("Service", backend["name"])["spec"]["ports"][0]["name"]


def test_probes_ask_for_routes_of_the_app():
    probes = {name: container("sepviz")[f"{name}Probe"]["httpGet"] for name in ("startup", "liveness", "readiness")}
    assert {name: each["path"] for name, each in probes.items()} == {
        "startup": "/healthz",
        "liveness": "/healthz",
        "readiness": "/readyz",
    }
    settings = Settings(mode="public", public_url="https://sepviz.example.org")
    with TestClient(create_app(settings), base_url="http://10.1.2.3:8000") as client:
        for probe in probes.values():
            headers = {each["name"]: each["value"] for each in probe["httpHeaders"]}
            assert client.get(probe["path"], headers=headers).status_code == 200
            assert client.get(probe["path"]).status_code == 400
    for each in REPLICAS.values():
        assert "http://127.0.0.1:8000/readyz" in each["healthcheck"]["test"][-1]


def test_at_least_two_replicas_stop_within_their_grace_period():
    assert len(REPLICAS) >= 2
    scaler = manifest("HorizontalPodAutoscaler", "sepviz")["spec"]
    assert 2 <= scaler["minReplicas"] < scaler["maxReplicas"]
    assert "replicas" not in manifest("Deployment", "sepviz")["spec"]
    pod = manifest("Deployment", "sepviz")["spec"]["template"]["spec"]
    before = container("sepviz")["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert SHUTDOWN_SECONDS + before < pod["terminationGracePeriodSeconds"] == 15
    assert all(each["stop_grace_period"] == "15s" for each in REPLICAS.values())
    assert all(each["restart"] == "always" for each in SERVICES.values())
    for each in manifest("PodDisruptionBudget", "sepviz"), manifest("PodDisruptionBudget", "sepviz-nginx"):
        name = each["metadata"]["name"]
        assert each["spec"]["selector"] == manifest("Deployment", name)["spec"]["selector"]


def test_memory_is_bounded_and_what_is_kept_fits_in():
    command = SERVICES["redis"]["command"]
    assert container("sepviz-redis")["args"] == command
    assert (option(command, "save"), option(command, "appendonly")) == ("", "no")
    assert option(command, "maxmemory-policy") == "volatile-lru"
    [cache] = re.findall(r"max_size=(\w+)", NGINX)
    kept = {"redis": size(option(command, "maxmemory")), "nginx": size(cache)}
    for name, most in kept.items():
        limits = size(SERVICES[name]["mem_limit"]), size(container(f"sepviz-{name}")["resources"]["limits"]["memory"])
        assert limits[0] == limits[1] >= 1.5 * most
    temporary = manifest("Deployment", "sepviz-nginx")["spec"]["template"]["spec"]["volumes"][1]["emptyDir"]
    [tmpfs] = SERVICES["nginx"]["tmpfs"]
    assert size(tmpfs.partition("=")[2]) == size(temporary["sizeLimit"]) > kept["nginx"]
    defaults = Settings()
    for limit in [each["mem_limit"] for each in REPLICAS.values()] + [
        container("sepviz")["resources"]["limits"]["memory"]
    ]:
        assert size(limit) == 2**30 > 4 * (defaults.cache_bytes + defaults.input_cache_bytes + defaults.upload_bytes)


def test_containers_run_read_only_and_not_as_root():
    for each in SERVICES.values():
        assert each["read_only"]
        assert each["cap_drop"] == ["ALL"]
        assert each["security_opt"] == ["no-new-privileges:true"]
    for name in ("sepviz", "sepviz-nginx", "sepviz-redis"):
        context = container(name)["securityContext"]
        assert context["readOnlyRootFilesystem"]
        assert not context["allowPrivilegeEscalation"]
        assert manifest("Deployment", name)["spec"]["template"]["spec"]["securityContext"]["runAsNonRoot"]


def test_images_have_versions_and_sepviz_has_the_current_one():
    images = [each["image"] for each in SERVICES.values()]
    deployed = [container(name)["image"] for name in ("sepviz", "sepviz-nginx", "sepviz-redis")]
    assert {*images} == {*deployed}
    assert all(re.fullmatch(r"[a-z]+:\d[\w.-]*", each) for each in images)
    assert f"sepviz:{sepviz.__version__}" in images


def test_nginx_waits_longer_than_the_app_and_lets_go_earlier():
    [idle] = re.findall(r"keepalive_timeout (\d+)s; # before", NGINX)
    assert int(idle) < uvicorn.Config(app="").timeout_keep_alive
    [patience] = re.findall(r"proxy_read_timeout (\d+)s", NGINX)
    assert int(patience) > 2 * Settings().deadline_seconds
    [most] = re.findall(r"client_max_body_size (\w+)", NGINX)
    ingress = manifest("Ingress", "sepviz")["metadata"]["annotations"]
    assert size(most) == size(ingress["nginx.ingress.kubernetes.io/proxy-body-size"]) > MAX_BYTES + FORM_BYTES
    # Locations that are kept are routes of the app.
    [kept] = re.findall(r"location ~ \^/\((\S+)\) \{", NGINX)
    paths = create_app().openapi()["paths"]
    for each in kept.split("|"):
        assert any(re.match(f"/{each}", path) for path in paths)


def test_systemd_unit_starts_the_serve_command():
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str
    unit.read(DEPLOY / "sepviz.service")
    service = unit["Service"]
    program, *arguments = shlex.split(service["ExecStart"])
    assert program.endswith("/.venv/bin/sepviz")
    from sepviz.cli import main

    main.make_context("sepviz", [*arguments, "--help"], resilient_parsing=True)
    assert int(service["TimeoutStopSec"]) > SHUTDOWN_SECONDS
    assert (service["Restart"], service["MemoryMax"]) == ("always", "1G")


def test_alerts_use_metrics_that_exist():
    [rules] = [yaml.safe_load(each) for each in re.findall(r"```yaml\n(groups:.*?)```", DOCS, re.DOTALL)]
    with TestClient(create_app(), base_url="http://127.0.0.1") as client:
        client.get("/healthz")
        families = text_string_to_metric_families(client.get("/metrics").text)
        samples = {sample.name: set(sample.labels) for family in families for sample in family.samples}
        samples |= {f"{name.removesuffix('_total')}_total": labels for name, labels in samples.items()}
    asked = [rule["expr"] for group in rules["groups"] for rule in group["rules"]]
    named = {name for each in asked for name in re.findall(r"sepviz_\w+", each)}
    assert len(named) >= 4
    assert named <= samples.keys()
    for name, labels in re.findall(r"(sepviz_\w+)\{([^}]*)\}", " ".join(asked)):
        assert set(re.findall(r"(\w+)[!=~]+\"", labels)) <= samples[name]
    for name in re.findall(r"`(sepviz_\w+)", DOCS):
        assert name in samples
