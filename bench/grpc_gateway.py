"""The peer for the gateway: grpc-gateway (Go) before our persona service, generated from our
protos.

Built once into build/bench/; needs Go and its module proxy. Without them there is no peer.
"""

import os
import pathlib
import shutil
import subprocess

from tests.harness.program import ROOT, Program

SOURCE = ROOT / "bench" / "load" / "grpc_gateway"
BUILD = ROOT / "build" / "bench" / "grpc_gateway"
MODULE = "dramatis.bench/grpc_gateway"
PLUGINS = (
    "google.golang.org/protobuf/cmd/protoc-gen-go@v1.31.0",
    "google.golang.org/grpc/cmd/protoc-gen-go-grpc@v1.3.0",
    "github.com/grpc-ecosystem/grpc-gateway/v2/protoc-gen-grpc-gateway@v2.18.1",
)
PROTOS = ("persona", "options", "prompt")


def _go():
    return shutil.which("go", path=os.environ.get("PATH", "") + ":/usr/local/go/bin")


def build():
    """The program's path, or None where it cannot be built."""
    binary = BUILD / "grpc-gateway-peer"
    if binary.exists():
        return binary
    go = _go()
    if go is None:
        return None
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in ("main.go", "go.mod", "go.sum"):
        shutil.copy(SOURCE / name, BUILD)
    tools = BUILD / "tools"
    environment = dict(os.environ, GOBIN=str(tools), GOFLAGS="-modcacherw", GOWORK="off",
                       GOPATH=str(BUILD / "go"), GOCACHE=str(BUILD / "cache"),
                       PATH=f"{tools}:{pathlib.Path(go).parent}:{os.environ['PATH']}")

    def run(*arguments):
        subprocess.run(arguments, cwd=BUILD, env=environment, check=True,
                       stdin=subprocess.DEVNULL)

    try:
        for plugin in PLUGINS:
            run(go, "install", plugin)
        run("protoc", f"-I{ROOT / 'protos'}", *_plugin_options(),
            *(f"dramatis/{name}/v1/{name}.proto" for name in PROTOS))
        run(go, "build", "-o", str(binary), ".")
    except subprocess.CalledProcessError as error:
        print(f"  no grpc-gateway: {error}", flush=True)
        return None
    return binary


def _plugin_options():
    apis = "google.golang.org/genproto/googleapis/api/annotations"
    packages = [f"M{path}={apis}" for path in ("google/api/annotations.proto",
                                               "google/api/http.proto")]
    packages += [f"Mdramatis/{name}/v1/{name}.proto={MODULE}/gen/dramatis/{name}/v1"
                 for name in PROTOS]
    options = ",".join([f"module={MODULE}", *packages])
    return [argument for plugin in ("go", "go-grpc", "grpc-gateway")
            for argument in (f"--{plugin}_out=.", f"--{plugin}_opt={options}")]


def start(persona_address):
    """The running peer, or None where it cannot be built."""
    binary = build()
    return Program(binary, {}, [persona_address]) if binary else None
