"""k8s/ before Kubernetes's own API server and controllers: what it refuses, what they make of it,
and that what they made of it starts."""

import copy
import re

import pytest
import yaml

from tests.harness.cluster import Cluster, Refused
from tests.harness.containers import Machine, overlays, pod_stack, rendered
from tests.harness.program import ROOT, wait_for
from tests.system.test_kubernetes import CALLS, PRODUCTION, PROGRAMS, component

pytestmark = pytest.mark.long
NAMESPACE = "dramatis"
COMPONENT = "app.kubernetes.io/component"


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with Cluster(tmp_path_factory.mktemp("cluster")) as running:
        # What policies name, and a cluster has.
        running.apply([{"apiVersion": "v1", "kind": "Pod", "metadata": {
            "name": "dns", "namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}},
            "spec": {"containers": [{"name": "dns", "image": "dns"}]}}])
        yield running


@pytest.fixture(scope="module")
def objects():
    return rendered(PRODUCTION)


@pytest.fixture(scope="module")
def applied(cluster, objects):
    cluster.apply(objects)
    return objects


@pytest.mark.parametrize("folder", overlays(), ids=lambda folder: folder.name)
def test_every_overlay_is_taken_as_it_is(cluster, applied, folder):
    theirs = applied if folder == PRODUCTION else rendered(folder)
    said = cluster.apply(theirs).splitlines()
    assert len(said) == len(theirs) and all("serverside-applied" in line for line in said)


def generations(cluster):
    return {item["metadata"]["name"]: item["metadata"]["generation"]
            for item in cluster.get("deployments", NAMESPACE)}


def test_it_can_be_applied_again(cluster, applied):
    before = generations(cluster)
    cluster.apply(applied)
    assert generations(cluster) == before


def spoilt(objects, kind, change):
    item = copy.deepcopy(next(item for item in objects if item["kind"] == kind))
    change(item)
    return [item]


@pytest.mark.parametrize("kind,change,said", [
    ("Deployment", lambda item: item["spec"].update(replica=2), "field not declared in schema"),
    ("Deployment", lambda item: item["spec"].update(replicas="many"), "replicas"),
    ("Deployment", lambda item: item["spec"]["template"]["spec"].update(hostNetwork=True),
     "would violate PodSecurity"),
    ("Deployment", lambda item: item["spec"]["selector"]["matchLabels"].update(other="one"), "selector"),
    ("NetworkPolicy", lambda item: item["spec"].update(policyTypes=["Inwards"]), "policyTypes"),
    ("Service", lambda item: item["spec"]["ports"][0].update(port=0), "port"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_it_would_say_what_is_wrong(cluster, applied, kind, change, said):
    with pytest.raises(Refused, match=said):
        cluster.apply(spoilt(applied, kind, change), "--dry-run=server", "--force-conflicts")


def pods_of(cluster, selector):
    labels = ",".join(f"{name}={value}" for name, value in selector.items())
    return cluster.get("pods", NAMESPACE, "-l", labels)


@pytest.fixture(scope="module")
def pods(cluster, applied):
    """All pods that the controllers make, by component."""
    expected = {item["metadata"]["name"]: item["spec"]["replicas"]
                for item in applied if item["kind"] == "Deployment"}
    expected["migrations"] = sum(item["kind"] == "Job" for item in applied)

    def made():
        found = {name: pods_of(cluster, {COMPONENT: name}) for name in expected}
        return found if {name: len(of) for name, of in found.items()} == expected else None
    return wait_for(made, f"pods: {expected}", 60, 0.2)


def test_podsecurity_lets_every_pod_in(cluster, pods):
    for event in cluster.get("events", NAMESPACE):
        assert event["type"] == "Normal", event["message"]
    # And nobody else's, so that this says something.
    bare = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": NAMESPACE},
            "spec": {"containers": [{"name": "bare", "image": "bare"}]}}
    with pytest.raises(Refused, match='violates PodSecurity "restricted'):
        cluster.apply([bare])


def test_services_lead_to_pods_and_policies_to_who_calls_whom(cluster, pods):
    every = {pod["metadata"]["name"]: pod["metadata"]["labels"][COMPONENT]
             for of in pods.values() for pod in of}

    def selected(selector):
        return {every[pod["metadata"]["name"]] for pod in pods_of(cluster, selector["matchLabels"])}

    for service in cluster.get("services", NAMESPACE):
        name = service["metadata"]["name"]
        of_service = pods_of(cluster, service["spec"]["selector"])
        assert {every[pod["metadata"]["name"]] for pod in of_service} == {name}
        for port in service["spec"]["ports"]:
            for pod in of_service:
                assert port["targetPort"] in [one["name"] for one in pod["spec"]["containers"][0]["ports"]]

    covered, calls = set(), {name: set() for name in CALLS}
    for policy in cluster.get("networkpolicies", NAMESPACE):
        whose = selected(policy["spec"]["podSelector"])
        assert len(whose) == 1
        covered |= whose
        for rule in policy["spec"].get("ingress", []):
            for source in rule.get("from", []):
                for caller in selected(source["podSelector"]):
                    calls[caller] |= whose
        for rule in policy["spec"]["egress"]:
            for target in rule.get("to", []):
                if "namespaceSelector" in target:
                    spaces = cluster.kubectl("get", "namespaces", "-o", "name", "-l", ",".join(
                        "=".join(pair) for pair in target["namespaceSelector"]["matchLabels"].items()))
                    assert spaces.split() == ["namespace/kube-system"]
                else:
                    assert selected(target["podSelector"]) <= CALLS[component(policy["spec"]["podSelector"])]
    assert covered == set(CALLS)
    assert calls == CALLS


def test_no_account_may_do_anything(cluster, applied):
    """Beyond what everybody may: ask what they may, and read of the server what is public."""
    for name in sorted(PROGRAMS | {"migrations"}):
        account = f"--as=system:serviceaccount:{NAMESPACE}:{name}"
        for verb, kind in (("get", "secrets"), ("list", "pods"), ("create", "pods"), ("*", "*"),
                           ("create", "serviceaccounts/token"), ("get", "configmaps")):
            with pytest.raises(Refused):
                cluster.kubectl("auth", "can-i", verb, kind, "-n", NAMESPACE, account)
        allowed = cluster.kubectl("auth", "can-i", "--list", "--no-headers", "-n", NAMESPACE, account)
        for line in allowed.splitlines():
            resource = line.split()[0]
            assert resource.startswith(("selfsubject", "[/")), line


def test_what_the_server_made_of_it_starts(cluster, pods, tmp_path):
    """Every container's command as a process, with its environment and its probes, by the objects
    as the API server has completed them."""
    live = [item for kind in ("deployments", "jobs", "configmaps") for item in cluster.get(kind, NAMESPACE)]
    stack = pod_stack("the API server's", live)
    assert len(stack.containers) == 1 + len(PROGRAMS) + 4
    with Machine(tmp_path) as machine:
        machine.run(stack)
        https = ["curl", "-fsS", "--cacert", machine.secrets / "authority" / "ca.crt",
                 "--resolve", "chat.test:8443:127.0.0.1"]
        assert machine.ask([*https, "https://chat.test:8443/api/health"])


def test_a_new_version_is_applied_as_the_documents_say(cluster, pods, applied):
    """Last, since it replaces everything."""
    text = yaml.safe_dump_all(applied).replace("dramatis:latest", "dramatis:next")
    new = list(yaml.safe_load_all(text))
    before = generations(cluster)
    with pytest.raises(Refused, match="immutable"):
        cluster.apply([item for item in new if item["kind"] == "Job"])
    command = re.search(r"`kubectl (-n dramatis delete job [^`]*)`",
                        (ROOT / "docs" / "deployment.md").read_text())[1]
    cluster.kubectl(*command.split())
    cluster.apply(new)
    assert all(generations(cluster)[name] == before[name] + 1 for name in before)
    for item in cluster.get("jobs", NAMESPACE):
        assert item["spec"]["template"]["spec"]["containers"][0]["image"].endswith(":next")
