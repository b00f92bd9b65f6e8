"""What the protos say, for tests that go through all of them: every RPC with its options.

    for rpc in rpcs(): rpc.name, rpc.rule.access, rpc.verb, rpc.path, rpc.example
"""

import json

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

from tests.harness.program import BIN


class Rpc:
    def __init__(self, service, method, extensions, rule, http, example):
        self.service = service
        self.name = method.name
        self.input = method.input_type
        self.streaming = method.server_streaming
        self.scope = rule.scope
        self.access = extensions["access"].values_by_number[rule.access].name
        self.verb, self.path, self.body = None, None, ""
        if http is not None:
            self.verb = http.WhichOneof("pattern")
            self.path = getattr(http, self.verb)
            self.verb = self.verb.upper()
            self.body = http.body
        self.example = json.loads(example) if example else {}

    @property
    def full_name(self):
        return f"{self.service}/{self.name}"

    @property
    def route(self):
        return f"{self.verb} {self.path}"


def rpcs():
    """Every RPC of our services."""
    files = descriptor_pb2.FileDescriptorSet.FromString(
        (BIN.parent / "protos" / "dramatis.binpb").read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    options_type = message_factory.MessageFactory(pool).GetPrototype(
        pool.FindMessageTypeByName("google.protobuf.MethodOptions"))
    find = pool.FindExtensionByName
    rule = find("dramatis.options.v1.method")
    http = find("google.api.http")
    example = find("dramatis.options.v1.example")
    enums = {"access": pool.FindEnumTypeByName("dramatis.options.v1.Access")}
    for extension in (rule, http, example):
        options_type.RegisterExtension(extension)
    for file in files.file:
        if not file.package.startswith("dramatis."):
            continue
        for service in file.service:
            for method in service.method:
                options = options_type.FromString(method.options.SerializeToString())
                yield Rpc(f"{file.package}.{service.name}", method, enums,
                          options.Extensions[rule],
                          options.Extensions[http] if options.HasExtension(http) else None,
                          options.Extensions[example].request)
