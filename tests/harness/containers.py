"""Runs what compose.yaml and k8s/ describe as processes of this machine, and their probes.

    for stack in compose_stacks() + pod_stacks():
        with Machine(folder) as machine:
            machine.run(stack)  # in the order written there; each probe until it is green

A container is its command, started with its environment on top of the image's (Dockerfile), in a
network of its own (a namespace with a loopback and nothing else), which the containers of a pod
share, and those of a compose file that say `network_mode: host`. PostgreSQL is the harness's, on the
port that the manifest gives it. Whatever a manifest says that is not understood here is an error.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

import yaml

from tests.harness.program import BIN, ENVIRONMENT, ROOT, _die_with_parent, wait_for

IMAGE_FILE = ROOT / "Dockerfile"


@dataclasses.dataclass
class Probe:
    name: str
    command: list
    timeout: float


@dataclasses.dataclass
class Container:
    name: str
    image: str
    command: list
    environment: dict
    probes: list = dataclasses.field(default_factory=list)
    once: bool = False  # runs to its end before what comes after it

    @property
    def is_postgres(self):
        return self.image.startswith("postgres:")


@dataclasses.dataclass
class Stack:
    name: str
    containers: list  # in the order of their start


def image_environment():
    """What the Dockerfile's last stage sets."""
    last = IMAGE_FILE.read_text().split("\nFROM ")[-1]
    return dict(match.groups() for match in re.finditer(r"^ENV (\w+)=(\S+)$", last, re.MULTILINE))


# --- compose --------------------------------------------------------------------------------------


def _with_defaults(value):
    """`${NAME:-default}` where NAME is not set; as compose reads every text of the file."""
    if isinstance(value, dict):
        return {key: _with_defaults(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_defaults(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\{\w+(?::-([^}]*))?\}", lambda match: match[1] or "", value)
    return value


def _seconds(text):
    return float(re.fullmatch(r"([\d.]+)s", text)[1])


def _compose_container(name, service):
    assert service["network_mode"] == "host", f"{name}: only the host's network is understood"
    probes = []
    if check := service.get("healthcheck"):
        kind, *command = check["test"]
        assert kind == "CMD", f"{name}: {check['test']}"
        patience = _seconds(check["start_period"]) + _seconds(check["interval"]) * check["retries"]
        probes.append(Probe("healthcheck", command, patience))
    once = service.get("restart") == "no"
    return Container(name, service["image"], service["command"], service.get("environment", {}),
                     probes, once)


def _in_order(services):
    """Each after those it depends on, otherwise as written."""
    done = []

    def visit(name):
        if name in done:
            return
        for needed in services[name].get("depends_on", {}):
            visit(needed)
        done.append(name)

    for name in services:
        visit(name)
    return done


def compose_stacks():
    stacks = []
    for file in sorted(ROOT.glob("compose*.yaml")):
        services = _with_defaults(yaml.safe_load(file.read_text()))["services"]
        stacks.append(Stack(file.name, [_compose_container(name, services[name])
                                        for name in _in_order(services)]))
    return stacks


# --- Kubernetes -----------------------------------------------------------------------------------


def overlays():
    return sorted(file.parent for file in ROOT.glob("k8s/overlays/*/kustomization.yaml"))


def _read_overlay(folder):
    """An overlay's objects without kubectl: for those that only list files and literals."""
    overlay = yaml.safe_load((folder / "kustomization.yaml").read_text())
    understood = {"apiVersion", "kind", "namespace", "resources", "labels", "configMapGenerator"}
    assert set(overlay) <= understood, (
        f"{folder}: kubectl has to render {sorted(set(overlay) - understood)}; install kubectl")
    objects = []
    for resource in overlay["resources"]:
        if (folder / resource).is_dir():
            objects += _read_overlay(folder / resource)
        else:
            objects += yaml.safe_load_all((folder / resource).read_text())
    for generator in overlay.get("configMapGenerator", []):
        objects.append({"kind": "ConfigMap", "metadata": {"name": generator["name"]},
                        "data": dict(line.split("=", 1) for line in generator["literals"])})
    return objects


def rendered(folder):
    """The objects of an overlay, as kubectl renders them where there is one."""
    if shutil.which("kubectl") is None:
        return _read_overlay(folder)
    text = subprocess.run(["kubectl", "kustomize", folder], check=True, capture_output=True).stdout
    return list(yaml.safe_load_all(text))


def _pod_environment(container, objects):
    environment = {}
    for source in container.get("envFrom", []):
        kind, reference = next((kind, source[key]) for key, kind in
                               (("configMapRef", "ConfigMap"), ("secretRef", "Secret"))
                               if key in source)
        found = [item for item in objects if item["kind"] == kind
                 and item["metadata"]["name"] == reference["name"]]
        if found:
            environment.update(found[0]["data"])
        else:
            assert reference.get("optional"), f"{container['name']}: no {kind} {reference['name']}"
    for variable in container.get("env", []):
        environment[variable["name"]] = variable["value"]
    return environment


def _pod_probe(container, name):
    probe = container[name]
    if "exec" in probe:
        command = probe["exec"]["command"]
    else:
        get = probe["httpGet"]
        command = ["curl", "-fsS", f"http://127.0.0.1:{get['port']}{get['path']}"]
    patience = probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
    return Probe(name, command, max(patience, 30))


def _pod_container(container, objects, initial):
    names = [name for name in ("startupProbe", "readinessProbe", "livenessProbe")
             if name in container]
    return Container(
        container["name"], container["image"],
        container.get("command", []) + container.get("args", []),
        _pod_environment(container, objects),
        [_pod_probe(container, name) for name in names],
        once=initial and container.get("restartPolicy") != "Always")


def pod_stacks():
    stacks = []
    for folder in overlays():
        objects = rendered(folder)
        for item in objects:
            if item["kind"] not in ("Deployment", "StatefulSet", "Job"):
                continue
            pod = item["spec"]["template"]["spec"]
            stacks.append(Stack(
                f"{folder.relative_to(ROOT)}: {item['metadata']['name']}",
                [_pod_container(one, objects, True) for one in pod.get("initContainers", [])]
                + [_pod_container(one, objects, False) for one in pod["containers"]]))
    return stacks


# --- running --------------------------------------------------------------------------------------


class Machine:
    """A network of its own with nothing but a loopback, and what runs in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = {}
        self.postgres = None

    def __enter__(self):
        # Without root, in a user namespace, where this user may make networks.
        own_user = [] if os.geteuid() == 0 else ["--user", "--map-current-user", "--keep-caps"]
        self.holder = subprocess.Popen(
            ["unshare", *own_user, "--net", "sh", "-c",
             "ip link set lo up && echo up && exec sleep infinity"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            preexec_fn=_die_with_parent)
        if self.holder.stdout.readline() != "up\n":
            raise AssertionError("no network namespace can be made, which needs root or user "
                                 f"namespaces: {self.holder.stderr.read()}")
        return self

    def __exit__(self, *_):
        for process, _ in self.running.values():
            process.terminate()
        for process, _ in self.running.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.postgres is not None:
            subprocess.run(self.inside(self._postgres_program("stop", self.postgres)), check=True)
            shutil.rmtree(self.postgres, ignore_errors=True)
        self.holder.kill()
        self.holder.wait()
        self.holder.stdout.close()
        self.holder.stderr.close()

    def inside(self, command):
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return ["nsenter", "--target", str(self.holder.pid), *user, "--net", *map(str, command)]

    @staticmethod
    def _postgres_program(*arguments):
        return [sys.executable, ROOT / "tests" / "harness" / "postgres.py", *arguments]

    def start_postgres(self, port):
        """PostgreSQL in this network; its URL."""
        # Not in the folder, which is pytest's: the account that PostgreSQL runs as may not enter it.
        self.postgres = tempfile.mkdtemp(prefix="dramatis-postgres.")
        return subprocess.run(
            self.inside(self._postgres_program("start", self.postgres, port)),
            check=True, capture_output=True, text=True).stdout.strip()

    def _start_postgres(self, container):
        settings = dict(word.split("=", 1) for word in container.command if "=" in word)
        url = self.start_postgres(settings.get("port", "5432"))
        # The harness has made the role that the manifest names; the image would make its database.
        database = container.environment["POSTGRES_DB"]
        assert f"//{container.environment['POSTGRES_USER']}@" in url
        subprocess.run(self.inside(["psql", "-X", "-q", "-d", url, "-c",
                                     f'create database "{database}"']), check=True)

    def _environment(self, container):
        environment = {**image_environment(), **container.environment}
        volume = environment.get("DRAMATIS_DATA_DIR")
        if volume is not None:
            environment["DRAMATIS_DATA_DIR"] = str(self.folder / f"{container.name}-volume")
        return {**ENVIRONMENT, **{key: str(value) for key, value in environment.items()}}

    def _start(self, container):
        name, *arguments = container.command
        assert name in IMAGE_FILE.read_text(), f"{name} is not in the image"
        log = self.folder / f"{container.name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                self.inside([BIN / name, *arguments]), env=self._environment(container), cwd="/",
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                preexec_fn=_die_with_parent)
        if container.once:
            assert process.wait(60) == 0, f"{container.name}: {log.read_text()}"
        else:
            self.running[container.name] = (process, log)

    def ask(self, command):
        """Runs a probe's command once; whether it is green."""
        return subprocess.run(self.inside(command), capture_output=True, timeout=30).returncode == 0

    def _await(self, container, probe):
        def green():
            if container.name in self.running:
                process, log = self.running[container.name]
                assert process.poll() is None, f"{container.name} ended: {log.read_text()}"
            return self.ask(probe.command)
        wait_for(green, f"{container.name}'s {probe.name} {probe.command}", probe.timeout, 0.1)

    def run(self, stack):
        for container in stack.containers:
            if container.is_postgres:
                self._start_postgres(container)
                self._await(container, container.probes[0])
            else:
                self._start(container)
        for container in stack.containers:
            for probe in container.probes:
                self._await(container, probe)
