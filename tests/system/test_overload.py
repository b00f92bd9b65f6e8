"""More is asked than is answered: what is one too many is refused, the rest is served."""

import collections
import itertools
import json
import threading

from tests.conftest import make_double_persona
from tests.harness.fast_client import connect, post
from tests.harness.program import wait_for

CROWD = 24
ENOUGH = 20


class Crowd:
    """Callers who ask again as soon as they are answered."""

    def __init__(self, address, path, body):
        self.answers = collections.Counter()
        self.problems = []
        self._where = (address, path, body)
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(CROWD)]
        for thread in self._threads:
            thread.start()

    def _ask(self, number):
        address, path, body = self._where
        with connect(address) as connection:
            for turn in itertools.count():
                if self._over.is_set():
                    return
                answer = post(connection, path, body, user=f"crowd-{number}-{turn}")
                text = answer.read()
                if answer.status != 200:
                    self.problems.append((answer.headers, json.loads(text)))
                self.answers[answer.status] += 1

    def saw_both(self):
        assert set(self.answers) <= {200, 429}, self.problems[-1]
        return min(self.answers[200], self.answers[429]) >= ENOUGH

    def end(self):
        self._over.set()
        for thread in self._threads:
            thread.join()


def test_chats_too_many_are_refused_while_others_are_served(make_deployment, provider, shape, user):
    settings = {**provider.settings(), "DRAMATIS_MODEL": "local", "DRAMATIS_WORKERS": "2",
                "DRAMATIS_QUEUE_DELAY": "1ms"}
    with make_deployment(shape, settings) as dramatis:
        client = dramatis.client(user)
        provider.script({"tokens": ["word "] * 60, "token_delay_ms": 50})
        persona = make_double_persona(client)
        with client.stream("/api/chat", {"message": "Hello", "persona_id": persona,
                                         "stream": True}) as events:
            assert next(iter(events)).name == "start"
            crowd = Crowd(dramatis.http, "/api/chat", {"message": "Where do you live?"})
            try:
                wait_for(crowd.saw_both, "some to be served and some to be refused", timeout=60)
                # Who asks how it does is always told.
                assert client.get("/livez").status == 200
                client.get("/api/health").expect(200)
            finally:
                crowd.end()
            # What was open goes on to its end.
            rest = list(events)
        assert rest[-1].name == "done"
        said = [event.json()["text"] for event in rest if event.name == "delta"]
        assert "".join(said).strip() == ("word " * 60).strip()
        for headers, problem in crowd.problems:
            assert problem["code"] == "OVERLOADED"
            assert problem["retryAfterSeconds"] == 1
            assert headers["Retry-After"] == "1"
            assert headers["Content-Type"] == "application/problem+json"
        # Nobody who was refused has left anything; and now there is room again.
        wait_for(lambda: client.post("/api/chat", {"message": "And now?"}).status == 200,
                 "a chat to be answered")
        counted = dramatis.row_counts()["conversation.turns"]
        assert counted == crowd.answers[200] + 2


def test_reads_too_many_are_refused_at_their_service(make_deployment, shape, user):
    with make_deployment(shape, {"DRAMATIS_WORKERS": "1", "DRAMATIS_QUEUE_DELAY": "1ms"}) as dramatis:
        crowd = Crowd(dramatis.http, "/api/chat/preview", {"message": "Where do you live?"})
        try:
            wait_for(crowd.saw_both, "some to be served and some to be refused", timeout=60)
            # Another service has nothing to do with it.
            dramatis.client(user).get("/api/goals").expect(200)
        finally:
            crowd.end()
        assert {problem["code"] for _, problem in crowd.problems} == {"OVERLOADED"}
