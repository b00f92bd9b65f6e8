"""What the protos say of every RPC, read from their descriptors."""

import subprocess
import sys
import tempfile

from google.protobuf import descriptor_pb2

from tests.harness.deployment import SERVICES
from tests.harness.program import ROOT

PROTOS = ROOT / "protos"
OPTIONS = "dramatis/options/v1/options.proto"
# The tag of the extension google.api.http (72295728) in MethodOptions: there where an RPC has a
# route. Which program serves the RPCs of a package that is not called like it.
SERVED_BY = {"openai": "conversation"}
HTTP_TAG = b"\x82\xd3\xe4\x93\x02"


def rpcs():
    """(service, "dramatis.x.v1.XService/Y", programs that may call it) of every RPC of a
    service."""
    folder = tempfile.mkdtemp(prefix="dramatis-protos.")
    files = sorted(str(file.relative_to(PROTOS)) for file in (PROTOS / "dramatis").rglob("*.proto"))
    subprocess.run(["protoc", f"-I{PROTOS}", f"--descriptor_set_out={folder}/all.binpb", *files],
                   check=True)
    subprocess.run(["protoc", f"-I{PROTOS}", f"--python_out={folder}", OPTIONS], check=True)
    sys.path.insert(0, folder)
    from dramatis.options.v1 import options_pb2
    found = descriptor_pb2.FileDescriptorSet()
    with open(f"{folder}/all.binpb", "rb") as content:
        found.ParseFromString(content.read())
    listed = []
    for file in found.file:
        package = file.package.split(".")[1]
        owner = SERVED_BY.get(package, package)
        if owner not in SERVICES:
            continue
        for service in file.service:
            for method in service.method:
                callers = set(method.options.Extensions[options_pb2.method].allowed_callers)
                if HTTP_TAG in method.options.SerializeToString():
                    callers.add("gateway")
                listed.append((owner, f"{file.package}.{service.name}/{method.name}", callers))
    return listed
