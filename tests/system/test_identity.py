"""A wrong identity in gRPC metadata is refused by each service on its own, without the gateway."""

import pytest

from tests.harness import grpcurl
from tests.harness.deployment import FULL_NAMES, SERVICES

ADMIN = "dramatis.admin.v1.AdminService"

# One RPC of each service that any user may call, and what it is called with.
FOR_USERS = {
    "persona": ("ListPersonas", {}),
    "memory": ("GetProfile", {}),
    "inference": ("GetStatus", {}),
    "conversation": ("ListHistory", {}),
}
# Those for other services of the deployment only.
FOR_SERVICES = [
    ("persona", "RenderPersona", {"user_id": "alice"}),
    ("persona", "ReleasePersona", {"persona_id": "x", "conversation_id": "x"}),
    ("memory", "Recall", {"user_id": "alice"}),
    ("inference", "ListModels", {}),
    ("inference", "StreamGenerate",
     {"user_id": "alice", "turn_key": "t:1", "messages": [{"role": "ROLE_USER", "text": "Hi"}]}),
    ("inference", "RunTask", {"user_id": "alice"}),
]
FOR_ADMINS = ["GetDatabaseStatus", "SetupDatabase", "SeedDatabase"]

NOBODY = [
    "Bearer",
    "Bearer ",
    "Bearer local:",
    "Bearer local::admin",
    "Bearer local:alice:",
    "Bearer local:alice:root",
    "Bearer local:alice:ADMIN",
    "Bearer local:alice:admin:admin",
    "Bearer local:alice smith",
    "Bearer local:alice,bob",
    "Bearer local:../alice",
    "Bearer local:" + "a" * 129,
    "Bearer alice",
    "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbGljZSJ9.",
    "Basic YWxpY2U6c2VjcmV0",
    "local:alice",
    "Digest username=alice",
]


def refused(address, method, request, authorization):
    with pytest.raises(grpcurl.GrpcError) as error:
        grpcurl.call(address, method, request, [f"authorization: {authorization}"])
    return error.value


@pytest.mark.parametrize("service", SERVICES)
def test_malformed_and_unknown_credentials_name_nobody(dramatis, service):
    rpc, request = FOR_USERS[service]
    for authorization in NOBODY:
        error = refused(dramatis.grpc(service), f"{FULL_NAMES[service]}/{rpc}", request,
                        authorization)
        assert error.code == "Unauthenticated", authorization
        # What was sent is not sent back.
        assert "alice" not in str(error), authorization


@pytest.mark.parametrize("service", SERVICES)
def test_two_identities_are_not_the_stronger_one(dramatis, service):
    rpc, request = FOR_USERS[service]
    method = f"{FULL_NAMES[service]}/{rpc}"
    twice = ["authorization: Bearer local:alice", "authorization: Bearer local:root:admin"]
    status = {"service": service}
    for headers in (twice, twice[::-1]):
        with pytest.raises(grpcurl.GrpcError) as error:
            grpcurl.call(dramatis.grpc(service), method, request, headers)
        assert error.value.code == "Unauthenticated"
        with pytest.raises(grpcurl.GrpcError) as error:
            grpcurl.call(dramatis.grpc(service), f"{ADMIN}/GetDatabaseStatus", status, headers)
        assert error.value.code == "Unauthenticated"


@pytest.mark.parametrize("service", SERVICES)
def test_a_well_formed_identity_is_taken(dramatis, service, user):
    rpc, request = FOR_USERS[service]
    for authorization in (f"Bearer local:{user}", f"bearer local:{user}:admin"):
        grpcurl.call(dramatis.grpc(service), f"{FULL_NAMES[service]}/{rpc}", request,
                     [f"authorization: {authorization}"])


@pytest.mark.parametrize("service,rpc,request_body", FOR_SERVICES,
                         ids=[f"{service}-{rpc}" for service, rpc, _ in FOR_SERVICES])
def test_what_is_for_services_is_refused_to_users(dramatis, service, rpc, request_body, user):
    method = f"{FULL_NAMES[service]}/{rpc}"
    error = refused(dramatis.grpc(service), method, request_body, f"Bearer local:{user}")
    assert error.code == "PermissionDenied"
    assert "only services of this deployment" in str(error)
    assert refused(dramatis.grpc(service), method, request_body,
                   f"Bearer local:{user}:services").code == "Unauthenticated"


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_for_admins_is_refused_to_everybody_else(dramatis, service, user):
    for rpc in FOR_ADMINS:
        for role in ("", ":service"):
            error = refused(dramatis.grpc(service), f"{ADMIN}/{rpc}",
                            {"service": service, "confirm": "elsewhere"}
                            if rpc == "SeedDatabase" else {"service": service},
                            f"Bearer local:{user}{role}")
            assert error.code == "PermissionDenied", (rpc, role)
            assert "only an admin" in str(error)


def test_usage_is_refused_to_everybody_else(dramatis, user):
    method = f"{FULL_NAMES['inference']}/ListUsage"
    for role in ("", ":service"):
        assert refused(dramatis.grpc("inference"), method, {},
                       f"Bearer local:{user}{role}").code == "PermissionDenied"
    grpcurl.call(dramatis.grpc("inference"), method, {}, [f"authorization: Bearer local:{user}:admin"])


@pytest.mark.parametrize("service", SERVICES)
def test_admins_are_answered_by_each_service(dramatis, service, user):
    headers = [f"authorization: Bearer local:{user}:admin"]
    status = grpcurl.call(dramatis.grpc(service), f"{ADMIN}/GetDatabaseStatus",
                          {"service": service}, headers)[0]
    assert status["connected"] is True
    other = "memory" if service != "memory" else "persona"
    if dramatis.shape == "separate":
        with pytest.raises(grpcurl.GrpcError) as error:
            grpcurl.call(dramatis.grpc(service), f"{ADMIN}/GetDatabaseStatus",
                         {"service": other}, headers)
        assert error.value.code == "NotFound"


def test_a_service_acts_for_the_user_it_names_only(dramatis, client, user):
    """Not for an admin: somebody else's private things stay invisible."""
    private = client.post("/api/personas", {"name": "Private", "type": "human"}).expect(201)
    method = f"{FULL_NAMES['persona']}/GetPersona"
    request = {"persona_id": private["personaId"]}
    assert refused(dramatis.grpc("persona"), method, request,
                   f"Bearer local:{user}-other:service").code == "NotFound"
    read = grpcurl.call(dramatis.grpc("persona"), method, request,
                        [f"authorization: Bearer local:{user}:service"])
    assert read[0]["name"] == "Private"
