"""The other side of a connection is gone and nothing says so: it is frozen, or its network is down.
A stream on which nothing happens finds out all the same, and goes on at another replica."""

import threading
import time

import pytest

from tests.conftest import make_double_persona
from tests.harness.client import Client
from tests.harness.network import Gate, Namespace
from tests.harness.program import Program, wait_for
from tests.harness.rooms import make_persona, open_room, path_of, say
from tests.harness.sse import Transcript

# The promise is 45 s with pings every 20 s, so this many times the interval between two pings.
PROMISE = 45 / 20
# More than the two pings after which gRPC stops pinging by itself.
QUIET = 6


def replicas(make_deployment, provider, keepalive):
    settings = {**provider.settings(), "DRAMATIS_TURN_LEASE": "1s"}
    if keepalive is not None:
        settings["DRAMATIS_GRPC_KEEPALIVE"] = f"{keepalive}s"
    return make_deployment("separate", settings, replicas=2)


def clients(deployment):
    return [Client(address, "alice", timeout=900) for address in deployment.http_addresses()]


def ends_within(stream, seconds):
    """Waits for the end of a stream on which nothing happens; how long that took."""
    ended = threading.Event()

    def drain():
        for _ in stream:
            pass
        ended.set()

    began = time.monotonic()
    threading.Thread(target=drain, daemon=True).start()
    assert ended.wait(seconds), f"still open after {seconds} s"
    return time.monotonic() - began


def assert_notices(deployment, quiet, patience):
    """A follower whose replica falls silent after `quiet` seconds is told, and misses nothing."""
    one, two = clients(deployment)
    me = make_persona(one)
    path = path_of(open_room(one, [me]))
    with one.stream(f"{path}/events") as stream:
        say(one, path, me, "before").expect(201)
        heard = stream.next()
        time.sleep(quiet)
        with deployment.programs["dramatis-conversation"].stopped():
            ends_within(stream, patience)
            with two.stream(f"{path}/events", headers={"Last-Event-ID": heard.id}) as again:
                say(two, path, me, "after").expect(201)
                assert again.next().json()["content"] == "after"


def test_an_idle_stream_notices_that_its_replica_is_frozen(make_deployment, provider):
    with replicas(make_deployment, provider, keepalive=1) as deployment:
        # Some seconds more than promised: the machine of CI is busy.
        assert_notices(deployment, QUIET, PROMISE + 5)


def test_an_idle_stream_stays_open_while_its_replica_lives(make_deployment, provider):
    """Pings are not taken for an attack, however long nothing else comes."""
    with replicas(make_deployment, provider, keepalive=1) as deployment:
        one, _ = clients(deployment)
        me = make_persona(one)
        path = path_of(open_room(one, [me]))
        with one.stream(f"{path}/events") as stream:
            time.sleep(2 * QUIET)
            say(one, path, me, "still here").expect(201)
            assert stream.next().json()["content"] == "still here"


def test_a_relay_notices_that_the_host_of_a_turn_is_frozen(make_deployment, provider):
    """A turn that says nothing for long is followed at the other replica."""
    with replicas(make_deployment, provider, keepalive=1) as deployment:
        one, two = clients(deployment)
        persona = make_double_persona(one)
        provider.script({"tokens": ["never ", {"hang": True}]},
                        default={"tokens": ["taken", " over"]})
        with one.stream("/api/chat",
                        {"message": "Hi", "persona_id": persona, "stream": True}) as stream:
            transcript = Transcript()
            for event in stream:
                transcript.apply(event)
                if transcript.text:
                    break
            with two.stream(f"/api/turns/{transcript.turn_id}/stream") as followed:
                time.sleep(QUIET)
                with deployment.programs["dramatis-conversation"].stopped():
                    assert Transcript().apply_all(followed).done["response"] == "taken over"


def test_a_turn_notices_that_the_model_service_is_frozen(make_deployment, provider):
    """What inference was saying is asked for again, or fails; it is not waited for for ever."""
    with replicas(make_deployment, provider, keepalive=1) as deployment:
        one, _ = clients(deployment)
        persona = make_double_persona(one)
        provider.script({"tokens": ["never ", {"hang": True}]})
        with one.stream("/api/chat",
                        {"message": "Hi", "persona_id": persona, "stream": True}) as stream:
            transcript = Transcript()
            for event in stream:
                transcript.apply(event)
                if transcript.text:
                    break
            time.sleep(QUIET)
            with deployment.programs["dramatis-inference"].stopped():
                turn = f"/api/turns/{transcript.turn_id}"
                wait_for(lambda: one.get(turn).expect(200)["state"] in ("failed", "done"),
                         "the turn to end", timeout=30)


def gateway_through(deployment, address_of, wrapper=()):
    """Another gateway of the deployment, which reaches each service at `address_of(name)`."""
    ended = deployment.programs["dramatis-gateway"].settings
    services = ("persona", "memory", "inference", "conversation")
    return Program("dramatis-gateway", {**ended, **{
        f"DRAMATIS_{name.upper()}_ADDRESS": address_of(name) for name in services}}, wrapper=wrapper)


def test_an_idle_stream_notices_that_its_network_swallows_everything(make_deployment, provider):
    with replicas(make_deployment, provider, keepalive=1) as deployment:
        gate = Gate(deployment.grpc("conversation"))
        gateway = gateway_through(deployment, lambda name: gate.address if name == "conversation"
                                  else deployment.grpc(name))
        try:
            there, two = Client(gateway.address("http"), "alice"), clients(deployment)[1]
            wait_for(lambda: there.get("/readyz").status == 200, "the gateway")
            me = make_persona(there)
            path = path_of(open_room(there, [me]))
            with there.stream(f"{path}/events") as stream:
                say(there, path, me, "before").expect(201)
                heard = stream.next()
                time.sleep(QUIET)
                gate.swallow()
                ends_within(stream, PROMISE + 5)
            with two.stream(f"{path}/events", headers={"Last-Event-ID": heard.id}) as again:
                say(two, path, me, "after").expect(201)
                assert again.next().json()["content"] == "after"
        finally:
            gateway.kill()
            gate.close()


@pytest.mark.long
@pytest.mark.parametrize("quiet", [60, 150, 300])
def test_an_idle_stream_notices_that_its_network_is_down(make_deployment, provider, quiet):
    """A gateway in a network namespace of its own, whose cable is pulled: no packet comes, no
    reset."""
    with replicas(make_deployment, provider, keepalive=None) as deployment, Namespace() as namespace:
        gates = {name: Gate(deployment.grpc(name), namespace.host)
                 for name in ("persona", "memory", "inference", "conversation")}
        gateway = gateway_through(deployment, lambda name: gates[name].address, namespace.wrapper)
        try:
            there = Inside(namespace, gateway.address("http"))
            wait_for(lambda: there.get("/readyz").status == 200, "the gateway")
            one = clients(deployment)[0]
            me = make_persona(one)
            path = path_of(open_room(one, [me]))
            with there.stream(f"{path}/events") as stream:
                say(one, path, me, "before").expect(201)
                heard = stream.next()
                time.sleep(quiet)
                namespace.pull_cable()
                ends_within(stream, 45)
            with one.stream(f"{path}/events", headers={"Last-Event-ID": heard.id}) as again:
                say(one, path, me, "after").expect(201)
                assert again.next().json()["content"] == "after"
        finally:
            gateway.kill()
            for gate in gates.values():
                gate.close()


class Inside(Client):
    """A client in a network namespace."""

    def __init__(self, namespace, address):
        super().__init__(address, "alice", timeout=900)
        self._wrapper = namespace.wrapper

    def _curl(self, *arguments, **options):
        return [*self._wrapper, *super()._curl(*arguments, **options)]


@pytest.mark.long
@pytest.mark.parametrize("quiet", [60, 150, 300])
def test_an_idle_stream_notices_within_45_seconds(make_deployment, provider, quiet):
    with replicas(make_deployment, provider, keepalive=None) as deployment:
        assert_notices(deployment, quiet, 45)
