"""Properties 4 and 7 of the contract, each over more than a hundred generated cases; and that every
setting that is wrong, or names a file that cannot be read, is told by its name."""

import http.client
import random
import re
import string

import pytest

from tests.harness.certificates import Authority
from tests.harness.deployment import PORTS, SERVICES, Embedded
from tests.harness.own_issuer import OwnIssuer
from tests.harness.program import ROOT, run_program
from tests.harness.rpc_table import rpcs

CASES = 120


def settings_of_the_documents():
    """(name, its programs) of every setting."""
    found = []
    for line in (ROOT / "docs" / "configuration.md").read_text().splitlines():
        row = re.match(r"\| `([A-Z0-9_]+)` \|.*\| ([a-z, ]+) \|$", line)
        if row:
            programs = ["gateway", *SERVICES] if row[2] == "all" else row[2].split(", ")
            found.append((row[1], programs))
    assert len(found) > 60
    return found


SETTINGS = settings_of_the_documents()
# What a secret is in: every setting that is one has a twin that names a file.
SECRETS = [(name, programs) for name, programs in SETTINGS
           if re.search(r"(API_KEY|TOKEN_BEDROCK)$", name)] + [("DATABASE_URL", list(SERVICES))]
FILES = [(name, programs) for name, programs in SETTINGS if name.endswith("_FILE")] + [
    (f"{name}_FILE", programs) for name, programs in SECRETS]


def check(program, settings):
    return run_program(f"dramatis-{program}" if program != "dramatis" else program, {**PORTS, **settings},
                       ["--check-config"])


def lines_about(output, name):
    return [line for line in output.splitlines() if re.search(rf"\b{name}\b", line)]


# --- property 4: plain HTTP is redirected or refused in production -------------------------------


@pytest.fixture(scope="module")
def production(tmp_path_factory):
    with OwnIssuer() as issuer:
        settings = {"DRAMATIS_ENVIRONMENT": "production", **issuer.settings(),
                    "DRAMATIS_TRUSTED_PROXIES": "127.0.0.1", "DRAMATIS_RATE_LIMIT": "off"}
        with Embedded(tmp_path_factory.mktemp("plain") / "data", settings) as deployment:
            yield deployment, issuer.token("ada")


def some_path(choice, routes):
    path = re.sub(r"\{[^}]*\}", lambda _: "".join(choice.choices(string.ascii_letters + "-_%20"[:2], k=9)),
                  choice.choice(routes))
    return path + choice.choice(["", "", "?a=b", "?q=%20x&r", "/", "/../x"])


def test_plain_http_is_redirected_or_refused(production):
    deployment, token = production
    choice = random.Random(4)
    routes = ["/", "/docs", "/livez", "/nothing/here", *[rpc.path for rpc in rpcs() if rpc.path]]
    seen = set()
    for case in range(CASES):
        verb = choice.choice(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
        path = some_path(choice, routes)
        headers = {"Host": choice.choice(["chat.example.org", "chat.example.org:8080", "CHAT.example.org"])}
        if (protocol := choice.choice([None, "http", "HTTP", "https,http", "ws", "", "httpss"])) is not None:
            headers["X-Forwarded-Proto"] = protocol
        if choice.random() < 0.5:
            headers["Authorization"] = f"Bearer {token}"
        body = b'{"message": "Hello"}' if verb in ("POST", "PUT", "PATCH") else None
        connection = http.client.HTTPConnection(deployment.http, timeout=20)
        connection.request(verb, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        said = (verb, path, headers, answer.status, text[:300])
        if verb in ("GET", "HEAD"):
            assert answer.status == 308, said
            assert answer.headers["Location"].lower().startswith("https://chat.example.org/"), said
            assert answer.headers["Location"].endswith(path), said
        else:
            assert answer.status == 403, said
            assert b"HTTPS_REQUIRED" in text or not text, said
        assert "Strict-Transport-Security" not in answer.headers  # RFC 6797, section 7.2
        seen.add((verb, protocol))
    assert len(seen) > 30


# --- property 7: in production every credential comes from the secret store -----------------------


def some_secret(choice):
    return "".join(choice.choices(string.ascii_letters + string.digits, k=choice.randint(8, 60)))


def test_a_secret_in_the_environment_is_refused_outside_local(tmp_path):
    """Each says the one line that mends it; none says the secret."""
    choice = random.Random(7)
    cases = [(name, program, environment) for name, programs in SECRETS
             for program in [*programs, "dramatis"] for environment in ("staging", "production")]
    cases += choice.choices(cases, k=max(0, CASES - len(cases)))
    for name, program, environment in cases:
        secret = some_secret(choice)
        value = f"postgresql://dramatis:{secret}@db/dramatis" if name == "DATABASE_URL" else secret
        code, output = check(program, {"DRAMATIS_ENVIRONMENT": environment, name: value,
                                       "DRAMATIS_DATA_DIR": str(tmp_path)})
        said = (name, program, environment, output)
        assert code == 2, said
        assert secret not in output, said
        assert any(f"{name}_FILE" in line for line in lines_about(output, f"{name}(_FILE)?")), said


def test_a_secret_in_a_file_is_taken_everywhere(tmp_path):
    choice = random.Random(8)
    file = tmp_path / "secret"
    for name, programs in SECRETS:
        # A key of a cloud is for a place there.
        place = {"AZURE_OPENAI_API_KEY": {"AZURE_OPENAI_ENDPOINT": "https://x.openai.azure.com"},
                 "AWS_BEARER_TOKEN_BEDROCK": {"AWS_REGION": "eu-central-1"}}.get(name, {})
        for program in [*programs, "dramatis"]:
            secret = some_secret(choice)
            file.write_text(f"postgresql://dramatis:{secret}@db/dramatis?sslmode=verify-full\n"
                            if name == "DATABASE_URL" else secret + "\n")
            for environment in ("local", "production"):
                _, output = check(program, {**place, "DRAMATIS_ENVIRONMENT": environment, f"{name}_FILE": str(file),
                                            "DRAMATIS_DATA_DIR": str(tmp_path)})
                # Of other things that production wants, it may say what is missing.
                assert not lines_about(output, f"{name}(_FILE)?"), (name, program, output)
                assert secret not in output


# --- settings that are wrong name themselves, and their file --------------------------------------


@pytest.mark.parametrize("name,programs", FILES, ids=[name for name, _ in FILES])
def test_a_file_that_cannot_be_read_is_named_with_its_setting(name, programs, tmp_path, certificate):
    for file in (tmp_path / "not-there", tmp_path):  # nothing, and a folder
        for program in programs:
            settings = {**companions(name, certificate), name: str(file), "DRAMATIS_ENVIRONMENT": "production",
                        "DRAMATIS_DATA_DIR": str(tmp_path / "data")}
            code, output = check(program, settings)
            assert code == 2, output
            assert any(str(file) in line for line in lines_about(output, name)), (program, output)


# Whatever is written there, it is a name, a list of names, a folder, or a place of AWS.
ANY_TEXT = {"DRAMATIS_OIDC_USER_CLAIM", "DRAMATIS_OIDC_ROLES_CLAIM", "DRAMATIS_OIDC_ADMIN_ROLE",
            "DRAMATIS_OIDC_SCOPE", "DRAMATIS_OIDC_AUDIENCE", "DRAMATIS_OIDC_CLIENT_ID",
            "DRAMATIS_DATA_DIR", "DRAMATIS_OPENAI_MODELS", "DRAMATIS_MEMORY_MODEL",
            "DRAMATIS_TITLE_MODEL", "AWS_REGION", "AWS_ENDPOINT_URL"}
# What goes with a setting, without which it is told that that is missing.
WITH = {
    **{f"DRAMATIS_GRPC_TLS_{name}_FILE": {f"DRAMATIS_GRPC_TLS_{other}_FILE": "/not/there"
                                          for other in ("CERTIFICATE", "KEY", "CA") if other != name}
       for name in ("CERTIFICATE", "KEY", "CA")},
    "DRAMATIS_TLS_CERTIFICATE_FILE": {"DRAMATIS_TLS_KEY_FILE": "/not/there"},
    "DRAMATIS_TLS_KEY_FILE": {"DRAMATIS_TLS_CERTIFICATE_FILE": "@certificate"},
    "DRAMATIS_GRPC_TLS_KEY_FILE": {"DRAMATIS_GRPC_TLS_CERTIFICATE_FILE": "@certificate",
                                   "DRAMATIS_GRPC_TLS_CA_FILE": "@certificate"},
    "DRAMATIS_OIDC_JWKS_URL": {"DRAMATIS_OIDC_ISSUER": "https://id.example.org",
                               "DRAMATIS_OIDC_AUDIENCE": "dramatis"},
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority")).issue("persona")[0]


def companions(name, certificate):
    return {other: str(certificate) if value == "@certificate" else value
            for other, value in WITH.get(name, {}).items()}


def test_every_setting_that_is_wrong_is_told_by_its_name(tmp_path, certificate):
    """With a text that is no number, address, switch or file."""
    wrong, unseen = "\x01 no such thing \\", []
    for name, programs in SETTINGS:
        if name in ANY_TEXT:
            continue
        code, output = check(programs[0], {"DRAMATIS_DATA_DIR": str(tmp_path / "data"),
                                           **companions(name, certificate), name: wrong})
        if code != 2 or not lines_about(output, name):
            unseen.append((name, code, output[:200]))
    assert unseen == []
