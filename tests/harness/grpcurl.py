"""gRPC as people do it: every call is a run of the command line program grpcurl."""

import json
import subprocess

from tests.harness import canaries


class GrpcError(Exception):
    def __init__(self, code, text):
        super().__init__(text)
        self.code = code  # "InvalidArgument", ...


class Tls:
    """What a caller shows and whom it believes, where a port speaks mutual TLS: PEM files, and the
    name that the other side's certificate must have. Without a certificate it shows none."""

    def __init__(self, authority, name, certificate=None, key=None):
        self.options = ["-cacert", authority, "-authority", name]
        if certificate is not None:
            self.options += ["-cert", certificate, "-key", key]


def _run(arguments, payload=None, tls=None):
    wire = ["-plaintext"] if tls is None else tls.options
    return subprocess.run(["grpcurl", *wire, "-max-time", "30", *arguments],
                          input=payload, capture_output=True)


def list_services(address):
    ran = _run([address, "list"])
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode().split()


def describe(address, symbol):
    ran = _run([address, "describe", symbol])
    assert ran.returncode == 0, ran.stderr.decode()
    return ran.stdout.decode()


def call(address, method, request=None, headers=(), options=(), tls=None):
    """The answers of a call: a list, since it may stream. Raises GrpcError."""
    arguments = [option for header in headers for option in ("-H", header)] + [*options]
    payload = json.dumps(request or {}).encode()
    canaries.sent({name: value.strip() for name, _, value in (one.partition(":") for one in headers)}, payload)
    ran = _run([*arguments, "-format", "json", "-d", "@", address, method],
               payload, tls)
    if ran.returncode != 0:
        canaries.error("an error of gRPC", ran.stderr)
        text = ran.stderr.decode()
        code = next((line.split(":", 1)[1].strip() for line in text.splitlines()
                     if line.strip().startswith("Code:")), "Unknown")
        raise GrpcError(code, text)
    decoder, text, answers = json.JSONDecoder(), ran.stdout.decode().strip(), []
    while text:
        answer, end = decoder.raw_decode(text)
        answers.append(answer)
        text = text[end:].lstrip()
    return answers
