"""Runs what compose.yaml and k8s/ describe as processes of this machine, and their probes.

    for stack in compose_stacks() + pod_stacks():
        with Machine(folder) as machine:
            machine.run(stack)  # in the order written there; each probe until it is green

A container is its command, started with its environment on top of the image's (Dockerfile), in a
network of its own (a namespace with a loopback and nothing else), which all containers of a stack
share: those of a pod, of a compose file, of an overlay. Names of neighbours stand for that
loopback. What is mounted at /etc/dramatis is what deploy/secrets makes. PostgreSQL is the
harness's, on the port that the manifest gives it. Whatever a manifest says that is not understood
here is an error.
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
    secrets: str = ""  # the folder of deploy/secrets that it has at /etc/dramatis

    @property
    def is_postgres(self):
        return self.image.startswith("postgres:")


@dataclasses.dataclass
class Stack:
    name: str
    containers: list  # in the order of their start
    proven: bool = False  # production: with secrets, and PostgreSQL over TLS


def image_environment():
    """What the Dockerfile's last stage sets."""
    last = IMAGE_FILE.read_text().split("\nFROM ")[-1]
    return dict(match.groups() for match in re.finditer(r"^ENV (\w+)=(\S+)$", last, re.MULTILINE))


# --- compose --------------------------------------------------------------------------------------


def _with_defaults(value):
    """`${NAME:-default}` where NAME is not set; as compose reads every text of the file."""
    given = {"DRAMATIS_OIDC_ISSUER": "https://id.example.org", "DRAMATIS_OIDC_AUDIENCE": "dramatis"}
    if isinstance(value, dict):
        return {key: _with_defaults(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_defaults(item) for item in value]
    if isinstance(value, str):
        return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}",
                      lambda match: given.get(match[1], match[2] or ""), value)
    return value


def _seconds(text):
    return float(re.fullmatch(r"([\d.]+)s", text)[1])


def _compose_container(name, service):
    probes = []
    if check := service.get("healthcheck"):
        kind, *command = check["test"]
        assert kind == "CMD", f"{name}: {check['test']}"
        patience = _seconds(check["start_period"]) + _seconds(check["interval"]) * check["retries"]
        probes.append(Probe("healthcheck", command, patience))
    once = service.get("restart") == "no"
    mounted = [volume.split(":")[0] for volume in service.get("volumes", [])
               if ":/etc/dramatis:" in volume]
    assert all(one.startswith("./secrets/") for one in mounted), mounted
    command = service.get("command") or service["entrypoint"]
    return Container(name, service["image"], command, service.get("environment", {}), probes, once,
                     mounted[0].removeprefix("./secrets/") if mounted else "")


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
        containers = [_compose_container(name, services[name]) for name in _in_order(services)]
        stacks.append(Stack(file.name, containers, any(one.secrets for one in containers)))
    return stacks


def secrets_in(folder, public_name="chat.test"):
    """What deploy/secrets makes for a database on this machine."""
    subprocess.run([ROOT / "deploy" / "secrets", folder, public_name, "127.0.0.1"], check=True,
                   capture_output=True, env={**ENVIRONMENT, "DRAMATIS": str(BIN / "dramatis")})
    return pathlib.Path(folder)


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
    """The objects of an overlay, as kubectl renders them where there is one, with secrets of ours
    where it wants some."""
    if shutil.which("kubectl") is None:
        return _read_overlay(folder)
    with tempfile.TemporaryDirectory(prefix="dramatis-k8s.") as copy:
        shutil.copytree(ROOT / "k8s", copy, dirs_exist_ok=True)
        overlay = pathlib.Path(copy) / folder.relative_to(ROOT / "k8s")
        if "secretGenerator" in yaml.safe_load((overlay / "kustomization.yaml").read_text()):
            shutil.rmtree(overlay / "secrets", ignore_errors=True)
            secrets_in(overlay / "secrets")
        text = subprocess.run(["kubectl", "kustomize", overlay], check=True, capture_output=True).stdout
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
        if "valueFrom" in variable:
            assert variable["valueFrom"]["fieldRef"]["fieldPath"] == "status.podIP", variable
            environment[variable["name"]] = "127.0.0.1"
        else:
            environment[variable["name"]] = re.sub(
                r"\$\((\w+)\)", lambda match: environment[match[1]], variable["value"])
    return environment


def _pod_secrets(pod):
    """The folder of deploy/secrets that is mounted: the secret's name without its hash."""
    for volume in pod.get("volumes", []):
        if "secret" in volume:
            return volume["secret"]["secretName"].rpartition("-")[0]
    return ""


def _pod_probe(container, name):
    probe = container[name]
    if "exec" in probe:
        command = probe["exec"]["command"]
    else:
        get = probe["httpGet"]
        command = ["curl", "-fsS", f"http://127.0.0.1:{get['port']}{get['path']}"]
    patience = probe.get("periodSeconds", 10) * probe.get("failureThreshold", 3)
    return Probe(name, command, max(patience, 30))


def _pod_container(container, objects, initial, secrets=""):
    names = [name for name in ("startupProbe", "readinessProbe", "livenessProbe")
             if name in container]
    return Container(
        container["name"], container["image"],
        container.get("command", []) + container.get("args", []),
        _pod_environment(container, objects),
        [_pod_probe(container, name) for name in names],
        once=initial and container.get("restartPolicy") != "Always", secrets=secrets)


# An overlay starts its jobs first, then each program before those that call it.
ORDER = ("persona", "memory", "inference", "conversation", "gateway")


def _place(item):
    return item["kind"] != "Job", ORDER.index(item["metadata"]["name"].removesuffix("-migrate")) if (
        item["metadata"]["name"].removesuffix("-migrate") in ORDER) else -1


def pod_stack(name, objects):
    """All that the objects of an overlay start."""
    containers = []
    workloads = [item for item in objects if item["kind"] in ("Deployment", "StatefulSet", "Job")]
    for item in sorted(workloads, key=_place):
        pod = item["spec"]["template"]["spec"]
        job, secrets = item["kind"] == "Job", _pod_secrets(pod)
        for one in pod.get("initContainers", []):
            containers.append(_pod_container(one, objects, True, secrets))
        for one in pod["containers"]:
            container = _pod_container(one, objects, job, secrets)
            container.name = item["metadata"]["name"] if job else container.name
            containers.append(container)
    proven = any(one.secrets for one in containers)
    if proven:  # the database is not the overlay's
        containers.insert(0, Container("postgres", "postgres:", ["postgres"], {"POSTGRES_DB": "dramatis"}))
    return Stack(name, containers, proven)


def pod_stacks():
    """A stack of each overlay."""
    return [pod_stack(str(folder.relative_to(ROOT)), rendered(folder)) for folder in overlays()]


# --- running --------------------------------------------------------------------------------------


class Machine:
    """A network of its own with nothing but a loopback, and what runs in it."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = {}
        self.postgres = None
        self.secrets = None
        self.database = None

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

    def start_postgres(self, port, secrets=()):
        """PostgreSQL in this network; its URL."""
        # Not in the folder, which is pytest's: the account that PostgreSQL runs as may not enter
        # it.
        self.postgres = tempfile.mkdtemp(prefix="dramatis-postgres.")
        return subprocess.run(
            self.inside(self._postgres_program("start", self.postgres, port, *secrets)),
            check=True, capture_output=True, text=True).stdout.strip()

    def _start_postgres(self, container):
        settings = dict(word.split("=", 1) for word in container.command if re.fullmatch(r"\w+=\S+", word))
        database = container.environment["POSTGRES_DB"]
        proven = self.secrets is not None
        url = self.start_postgres(settings.get("port", "5432"),
                                  [self.secrets / "postgres"] if proven else ())
        # The image would make the database, and run what is in its folder for that.
        subprocess.run(self.inside(["psql", "-X", "-q", "-d", url, "-c",
                                     f'create database "{database}"']), check=True)
        self.database = url.rpartition("/")[0] + "/" + database
        if proven:
            subprocess.run(self.inside(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.database,
                                         "-f", self.secrets / "postgres" / "roles.sql"]), check=True)
        else:
            # The harness has made the role that the manifest names.
            assert f"//{container.environment['POSTGRES_USER']}@" in url

    def sql(self, statement):
        """The rows of a statement that the superuser runs, each a list of texts."""
        ran = subprocess.run(self.inside(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-d", self.database,
                                          "-c", statement]), check=True, capture_output=True, text=True)
        return [line.split("\t") for line in ran.stdout.splitlines()]

    def _prove(self):
        """Makes the secrets; their files name each other by where they are here."""
        self.secrets = secrets_in(self.folder / "secrets")
        for file in self.secrets.glob("*/database-url"):
            file.write_text(file.read_text().replace("/etc/dramatis", str(file.parent)))

    def _environment(self, container):
        environment = {**image_environment(), **container.environment}
        for name, value in environment.items():
            if name.endswith("_ADDRESS"):
                value = re.sub(r"^dns:///\w+:", "127.0.0.1:", str(value))
            elif container.secrets and str(value).startswith("/etc/dramatis/"):
                value = str(value).replace("/etc/dramatis", str(self.secrets / container.secrets), 1)
            environment[name] = value
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
        if stack.proven:
            self._prove()
        for container in stack.containers:
            if container.is_postgres:
                self._start_postgres(container)
                if container.probes and not stack.proven:
                    self._await(container, container.probes[0])
            else:
                self._start(container)
        for container in stack.containers:
            for probe in container.probes:
                if not (container.is_postgres and stack.proven):
                    self._await(container, probe)
