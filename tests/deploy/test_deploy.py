"""The files of deploy/: checked by the linters and schemas that there are, and what goes together.

Nothing here builds an image or starts a cluster. A tool that is missing leaves its test out.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from prometheus_client.metrics import MetricWrapperBase

from preceptor.runtime import metrics
from preceptor.runtime.settings import Settings, SlackSettings, WebSettings
from tests.support.advisor import running_advisor
from tests.support.linters import run, tool
from tests.support.tiny_project import ROOT

DEPLOY = ROOT / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))
PROMETHEUS = DEPLOY / "prometheus"
# Of every target, or of its process.
_NOT_OURS = {"up", "process_resident_memory_bytes", "process_cpu_seconds_total"}


def documents() -> Iterator[dict[str, Any]]:
    for path in MANIFESTS:
        yield from yaml.safe_load_all(path.read_text())


def of_kind(kind: str) -> dict[str, Any]:
    (found,) = [each for each in documents() if each["kind"] == kind]
    return found


def variables() -> set[str]:
    return {
        field.field_info.extra["env"]
        for section in (Settings, WebSettings, SlackSettings)
        for field in section.__fields__.values()
    }


def test_the_dockerfile_pleases_hadolint() -> None:
    run(Path(sys.executable).with_name("hadolint"), DEPLOY / "Dockerfile")


def test_the_image_has_what_the_server_reads_and_no_more() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[0] == "*"
    taken = {line[1:] for line in lines if line.startswith("!")}
    for name in taken:
        assert (ROOT / name).exists(), name
    assert {"preceptor", "actions", "knowledge", "catalogue", "widget/dist"} <= taken
    assert taken.isdisjoint({"var", "models", ".venv", ".git", "tests"})
    stages = (DEPLOY / "Dockerfile").read_text().split("\nFROM ")
    assert len(stages) == 3 and "\nUSER 10001\n" in stages[2] and "/healthz" in stages[2]


@pytest.mark.slow
def test_the_server_needs_nothing_that_the_image_leaves_out(tmp_path: Path) -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    (listed,) = re.findall(r"pip uninstall --yes \\\n(.*?)\n\n", dockerfile, re.DOTALL)
    packages = listed.replace("\\", "").split()
    locked = (ROOT / "requirements" / "runtime.txt").read_text()
    assert all(f"\n{name}==" in locked for name in packages)
    modules = {name.replace("-", "_") for name in packages} | {"grpc", "clang"}
    blocker = f"""
import sys

class LeftOut:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {modules!r}:
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, LeftOut())
"""
    (tmp_path / "sitecustomize.py").write_text(blocker)
    # The model is trained before, with everything; the server's process alone is without.
    settings = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    with running_advisor(tmp_path / "home", settings=settings) as advisor:
        texts = ["surgery in Kenya", "How do I write a motivation letter?", "¿cuánto cuesta?"]
        # The first may take too long on a busy machine; none may need what isn't there.
        for text in ["hello", *texts]:
            answer = advisor.say(text, "somebody").text
        assert answer and "something went wrong" not in answer
        assert "ModuleNotFoundError" not in advisor.log()


def test_compose_follows_its_schema_and_knows_our_variables() -> None:
    compose = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    # From the Compose Specification (Apache License 2.0).
    schema = json.loads((Path(__file__).parent / "compose-spec.json").read_text())
    jsonschema.validate(compose, schema)
    services = compose["services"]
    assert set(services) == {"postgres", "nginx", "advisor-1", "advisor-2"}
    for name in ("advisor-1", "advisor-2"):
        assert set(services[name]["environment"]) <= variables()
        assert "ports" not in services[name], "only nginx is reached from outside"
    text = (DEPLOY / "compose.yaml").read_text()
    assert not re.search(r"(PASSWORD|SECRET): (?!\$\{)", text), "secrets come from the environment"
    assert compose["networks"]["inside"]["internal"] is True


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_follows_kubernetes_schema(path: Path) -> None:
    for each in yaml.safe_load_all(path.read_text()):
        kubernetes_validate.validate(each, "1.28", strict=True)


def test_the_manifests_fit_together() -> None:
    deployment, service, ingress = of_kind("Deployment"), of_kind("Service"), of_kind("Ingress")
    budget = of_kind("PodDisruptionBudget")
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    for selector in (
        deployment["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
        budget["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
    assert budget["spec"]["minAvailable"] < deployment["spec"]["replicas"]
    assert deployment["spec"]["strategy"]["rollingUpdate"] == {"maxUnavailable": 0, "maxSurge": 1}
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    paths = {probe: container[f"{probe}Probe"]["httpGet"]["path"] for probe in
             ("startup", "liveness", "readiness")}  # fmt: skip
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}
    assert {each["name"] for each in container["env"]} <= variables()
    by_value = {each["name"] for each in container["env"] if "value" in each}
    assert by_value.isdisjoint({"PRECEPTOR_SECRET", "PRECEPTOR_CONVERSATIONS_URL"})
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert not any(each["kind"] == "Secret" for each in documents())
    (rule,) = ingress["spec"]["rules"]
    for path in rule["http"]["paths"]:
        assert path["backend"]["service"]["name"] == service["metadata"]["name"]


def test_the_same_paths_are_passed_on_everywhere() -> None:
    (rule,) = of_kind("Ingress")["spec"]["rules"]
    expected = {"/", "/widget/", "/webhooks/web/", "/webhooks/slack/"}
    assert {each["path"] for each in rule["http"]["paths"]} == expected
    assert [each["pathType"] for each in rule["http"]["paths"] if each["path"] == "/"] == ["Exact"]
    nginx = (DEPLOY / "nginx.conf").read_text()
    passed = re.findall(r"location (?:= )?(\S+) \{[^}]*proxy_pass", nginx)
    assert set(passed) == expected and "location / { return 404; }" in nginx


def test_the_unit_pleases_systemd(tmp_path: Path) -> None:
    analyze = tool("systemd-analyze", "systemd")
    # It wants the program to be there.
    unit = tmp_path / "preceptor@.service"
    text = (DEPLOY / "systemd" / "preceptor@.service").read_text()
    unit.write_text(text.replace("/opt/preceptor/.venv/bin/python", sys.executable))
    assert run(analyze, "verify", unit).strip() == ""
    # 0 is best, in tenths.
    run(analyze, "security", "--offline=yes", "--threshold=25", unit)
    for name in re.findall(r"^Environment=(\w+)=", text, re.MULTILINE):
        assert name in variables()


def test_prometheus_takes_its_configuration_and_the_rules_do_what_they_say() -> None:
    promtool = tool("promtool", "prometheus")
    run(promtool, "check", "config", PROMETHEUS / "prometheus.yml")
    assert "SUCCESS" in run(promtool, "test", "rules", PROMETHEUS / "alerts_test.yml")


def rules() -> list[dict[str, Any]]:
    (group,) = yaml.safe_load((PROMETHEUS / "alerts.yml").read_text())["groups"]
    return list(group["rules"])


def names_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:preceptor|process)_\w+|\bup\b", expression))


def known_names() -> set[str]:
    names: set[str] = set(_NOT_OURS)
    for each in vars(metrics).values():
        if isinstance(each, MetricWrapperBase):
            for family in each.describe():
                plain = family.name
                names |= {plain, f"{plain}_total", f"{plain}_bucket", f"{plain}_count"}
    return names


def test_every_alert_says_what_to_do_about_a_metric_that_there_is() -> None:
    for rule in rules():
        assert names_in(rule["expr"]) and names_in(rule["expr"]) <= known_names(), rule["alert"]
        assert rule["annotations"]["summary"] and rule["annotations"]["action"].endswith(".")
        assert rule["labels"]["severity"] in ("page", "ticket")


def test_the_dashboard_shows_metrics_that_there_are() -> None:
    board = json.loads((DEPLOY / "grafana" / "preceptor.json").read_text())
    expressions = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    shown = set().union(*map(names_in, expressions))
    assert shown <= known_names()
    ours = {name for name in known_names() if f"{name}" in shown and name.startswith("preceptor_")}
    families = {name.removesuffix("_total").removesuffix("_bucket") for name in ours}
    declared = {
        family.name
        for each in vars(metrics).values()
        if isinstance(each, MetricWrapperBase)
        for family in each.describe()
    }
    assert families == declared, "the dashboard leaves something out"
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_expressions_of_the_dashboard_can_be_read_by_prometheus(tmp_path: Path) -> None:
    promtool = tool("promtool", "prometheus")
    board = json.loads((DEPLOY / "grafana" / "preceptor.json").read_text())
    made = [
        {"record": f"panel:{n}", "expr": target["expr"].replace("$__rate_interval", "5m")}
        for n, target in enumerate(t for panel in board["panels"] for t in panel["targets"])
    ]
    path = tmp_path / "rules.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": made}]}))
    run(promtool, "check", "rules", path)
