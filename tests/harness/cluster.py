"""A Kubernetes without machines: its real API server and controller manager, on loopback.

    with Cluster(folder) as cluster:
        cluster.apply(objects)           # validated, defaulted and admitted as anywhere
        cluster.get("pods", "dramatis")  # that the controllers have made

Nothing runs the pods, since there is no node. `./dev test long` builds the programs
(provide_kubernetes_server).
"""

import json
import pathlib
import subprocess

import yaml

from tests.harness.postgres import free_port
from tests.harness.program import ROOT, _die_with_parent, wait_for

SERVER = ROOT / "build" / "tools" / "kubernetes-server"
TOKEN = "of-the-admin"
CONTROLLERS = "deployment-controller,replicaset-controller,job-controller,serviceaccount-controller"


class Refused(Exception):
    pass


class Cluster:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.processes = []

    def __enter__(self):
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            process.terminate()
        for process in reversed(self.processes):
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _start(self):
        keys, peers, self.port = free_port(), free_port(), free_port()
        etcd = f"http://127.0.0.1:{keys}"
        self._run("etcd", f"--data-dir={self.folder}/etcd", f"--listen-client-urls={etcd}",
                  f"--advertise-client-urls={etcd}", f"--listen-peer-urls=http://127.0.0.1:{peers}",
                  f"--initial-advertise-peer-urls=http://127.0.0.1:{peers}",
                  f"--initial-cluster=default=http://127.0.0.1:{peers}")
        subprocess.run(["openssl", "genrsa", "-out", self.folder / "accounts.key", "2048"], check=True,
                       capture_output=True)
        (self.folder / "tokens").write_text(f"{TOKEN},admin,admin,system:masters\n")
        self._run("kube-apiserver", f"--etcd-servers={etcd}", f"--secure-port={self.port}",
                  "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
                  f"--cert-dir={self.folder}/certificates",
                  "--service-account-issuer=https://kubernetes.default.svc",
                  f"--service-account-key-file={self.folder}/accounts.key",
                  f"--service-account-signing-key-file={self.folder}/accounts.key",
                  f"--token-auth-file={self.folder}/tokens", "--authorization-mode=RBAC",
                  "--service-cluster-ip-range=10.0.0.0/24",
                  "--disable-admission-plugins=ServiceAccount")
        self.config = self.folder / "config"
        self.config.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "clusters": [{"name": "here", "cluster": {"server": f"https://127.0.0.1:{self.port}",
                                                      "insecure-skip-tls-verify": True}}],
            "users": [{"name": "admin", "user": {"token": TOKEN}}],
            "contexts": [{"name": "here", "context": {"cluster": "here", "user": "admin"}}]}))
        wait_for(self._is_ready, "the API server to be ready", 60, 0.2)
        self._run("kube-controller-manager", f"--kubeconfig={self.config}",
                  f"--controllers={CONTROLLERS}", "--leader-elect=false", "--secure-port=0")

    def _run(self, name, *arguments):
        log = (self.folder / f"{name}.log").open("wb")
        with log:
            self.processes.append(subprocess.Popen(
                [SERVER / name, *arguments], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                cwd=self.folder, preexec_fn=_die_with_parent))

    def _is_ready(self):
        for process in self.processes:
            assert process.poll() is None, (self.folder / "kube-apiserver.log").read_text()[-3000:]
        return self._kubectl("get", "--raw", "/readyz").returncode == 0

    def _kubectl(self, *arguments, text=None):
        return subprocess.run(["kubectl", f"--kubeconfig={self.config}", *map(str, arguments)],
                              input=text, capture_output=True, text=True, timeout=120)

    def kubectl(self, *arguments, text=None):
        """What it prints. Refused with what was said instead; warnings count as that."""
        ran = self._kubectl(*arguments, text=text)
        if ran.returncode != 0 or "Warning:" in ran.stderr:
            raise Refused(ran.stderr)
        return ran.stdout

    def apply(self, objects, *options):
        return self.kubectl("apply", "--server-side", "--validate=strict", *options, "-f", "-",
                            text=yaml.safe_dump_all(objects))

    def get(self, kind, namespace, *options):
        listed = json.loads(self.kubectl("get", kind, "-n", namespace, "-o", "json", *options))
        return listed["items"]
