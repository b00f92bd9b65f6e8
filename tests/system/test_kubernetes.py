"""k8s/: what is closed there, by what the objects say."""

import subprocess

import pytest
import yaml

from tests.harness.containers import overlays, rendered
from tests.harness.program import ROOT

TOOLS = ROOT / "build" / "tools" / "kubernetes" / "bin"
PRODUCTION = ROOT / "k8s" / "overlays" / "production"
# Who calls whom, as ARCHITECTURE.md draws it.
CALLS = {
    "gateway": {"persona", "conversation", "memory", "inference"},
    "conversation": {"persona", "memory", "inference", "conversation"},
    "memory": {"inference"},
    "persona": set(),
    "inference": set(),
    "migrations": set(),
}
PROGRAMS = set(CALLS) - {"migrations"}


@pytest.fixture(scope="module")
def objects():
    return rendered(PRODUCTION)


def of_kind(objects, kind):
    return {item["metadata"]["name"]: item for item in objects if item["kind"] == kind}


def component(selector):
    return selector["matchLabels"]["app.kubernetes.io/component"]


@pytest.mark.parametrize("folder", overlays(), ids=lambda folder: folder.name)
def test_every_object_is_valid(folder, tmp_path):
    file = tmp_path / "objects.yaml"
    file.write_text(yaml.safe_dump_all(rendered(folder)))
    ran = subprocess.run([TOOLS / "kubernetes-validate", "--strict", file],
                         capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_each_program_has_what_it_needs_of_its_own(objects):
    assert set(of_kind(objects, "Deployment")) == PROGRAMS
    assert set(of_kind(objects, "Service")) == PROGRAMS
    assert set(of_kind(objects, "ServiceAccount")) == PROGRAMS | {"migrations"}
    assert set(of_kind(objects, "NetworkPolicy")) == PROGRAMS | {"migrations"}
    assert set(of_kind(objects, "Job")) == {f"{name}-migrate" for name in PROGRAMS - {"gateway"}}
    # No rights in the cluster at all.
    assert not {item["kind"] for item in objects} & {"Role", "ClusterRole", "RoleBinding",
                                                     "ClusterRoleBinding"}
    for account in of_kind(objects, "ServiceAccount").values():
        assert account["automountServiceAccountToken"] is False


def test_the_migrations_are_found_by_the_label_that_the_documents_delete_them_by(objects):
    for job in of_kind(objects, "Job").values():
        assert job["metadata"]["labels"]["app.kubernetes.io/component"] == "migrations"


def pods(objects):
    for item in objects:
        if item["kind"] in ("Deployment", "Job"):
            yield item["metadata"]["name"], item["spec"]["template"]


def test_every_pod_is_restricted_and_has_no_token(objects):
    assert of_kind(objects, "Namespace")["dramatis"]["metadata"]["labels"][
        "pod-security.kubernetes.io/enforce"] == "restricted"
    names = []
    for name, template in pods(objects):
        names.append(name)
        pod = template["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] == ("migrations" if name.endswith("-migrate") else name)
        assert pod["securityContext"]["runAsNonRoot"] and pod["securityContext"]["seccompProfile"] == {
            "type": "RuntimeDefault"}
        for container in pod["containers"]:
            context = container["securityContext"]
            assert context == {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True,
                               "capabilities": {"drop": ["ALL"]}}
            assert "memory" in container["resources"]["limits"]
    assert len(names) == 9


def test_each_pod_has_its_own_secret_and_no_other(objects):
    for name, template in pods(objects):
        own = "migrations" if name.endswith("-migrate") else name
        mounted = [volume["secret"]["secretName"] for volume in template["spec"]["volumes"]
                   if "secret" in volume]
        assert [secret.rpartition("-")[0] for secret in mounted] == [own]
    for name, secret in of_kind(objects, "Secret").items():
        owner = name.rpartition("-")[0]
        assert ("identity.json" in secret["data"]) == (owner in ("gateway", "conversation", "memory"))
        assert ("database-url" in secret["data"]) == (owner != "gateway")
    # Secrets are in files, never in an environment.
    for _, template in pods(objects):
        for container in template["spec"]["containers"]:
            for variable in container.get("env", []):
                assert "secretKeyRef" not in str(variable)
            assert all("secretRef" not in source for source in container.get("envFrom", []))


def test_network_policies_say_who_calls_whom_and_no_more(objects):
    policies = of_kind(objects, "NetworkPolicy")
    ports = {name: service["spec"]["ports"][0]["port"] for name, service in of_kind(objects, "Service").items()}
    ports["gateway"] = 8443
    callers = {name: {caller for caller, called in CALLS.items() if name in called} for name in CALLS}
    for name, policy in policies.items():
        spec = policy["spec"]
        assert component(spec["podSelector"]) == name
        assert spec["policyTypes"] == ["Ingress", "Egress"]
        if name == "gateway":
            assert spec["ingress"] == [{"ports": [{"protocol": "TCP", "port": 8443}]}]
        elif name == "migrations":
            assert spec["ingress"] == []
        else:
            (rule,) = spec["ingress"]
            assert {component(one["podSelector"]) for one in rule["from"]} == callers[name]
            assert rule["ports"] == [{"protocol": "TCP", "port": ports[name]}]
        called, outside = {}, set()
        for rule in spec["egress"]:
            for target in rule.get("to", []):
                if "namespaceSelector" in target:
                    assert target["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}
                    assert {port["port"] for port in rule["ports"]} == {53}
                else:
                    called[component(target["podSelector"])] = rule["ports"]
            if "to" not in rule:
                outside |= {port["port"] for port in rule["ports"]}
        assert set(called) == CALLS[name], name
        for target, allowed in called.items():
            assert allowed == [{"protocol": "TCP", "port": ports[target]}]
        assert outside == ({443} if name == "gateway" else {5432, 443} if name == "inference" else {5432})


def test_only_the_gateway_is_reached_from_outside(objects):
    for name, service in of_kind(objects, "Service").items():
        assert service["spec"].get("type", "ClusterIP") == ("LoadBalancer" if name == "gateway" else "ClusterIP")


def test_deploy_secrets_keeps_what_is_there(tmp_path):
    from tests.harness.containers import secrets_in
    folder = secrets_in(tmp_path / "secrets")
    assert folder.stat().st_mode & 0o777 == 0o700
    before = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    (folder / "gateway" / "public.crt").write_text("theirs")
    (folder / "memory" / "ca.crt").unlink()
    secrets_in(folder)
    after = {file: file.read_bytes() for file in folder.rglob("*") if file.is_file()}
    assert set(after) == set(before)
    assert {file.name for file in before if before[file] != after[file]} == {"public.crt"}
    assert after[folder / "gateway" / "public.crt"] == b"theirs"
    # The authority's key and the passwords are in nobody's folder who does not need them.
    key = (folder / "authority" / "ca.key").read_bytes()
    assert [file for file, content in after.items() if content == key] == [folder / "authority" / "ca.key"]
