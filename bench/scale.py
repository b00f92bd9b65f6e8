"""Lists, history and search when there is a hundred times as much to look through.

Two deployments of the same program, one with a hundredth of the other's messages, on the same
PostgreSQL or each on SQLite files of its own. The rows are written straight into the tables, in the
shape that the services give them; every answer is read over HTTP and must be a full page. A user
has the same number of conversations at both sizes: what grows is everybody else's.
"""

import http.client
import json
import pathlib
import random
import sqlite3
import statistics
import subprocess
import tempfile
import time
import typing
import urllib.parse
import uuid

from bench.deployment import PORTS
from bench.measure import interleaved
from tests.harness import postgres
from tests.harness.program import Program, run_program

NAMESPACE = uuid.UUID("3cf6f03b-dfd6-5ee5-a324-714209228089")  # shared/ids
ROUNDS = 7
REQUESTS = 200  # of each kind in a round
PUBLIC = 10  # each tenth room is public
START = 1_780_000_000_000_000  # microseconds
DAY = 86_400_000_000
WORDS = ("harbour violin granite orchard telescope ferment lantern compass drizzle bicycle chess "
         "pottery glacier saffron railway walnut sonata cliff meadow turbine").split()


class Shape(typing.NamedTuple):
    """How much there is. Every second conversation is a session, the others are rooms."""

    users: int
    conversations: int  # of a user
    messages: int  # in a conversation
    memories: int  # of a user

    def total(self):
        return self.users * self.conversations * self.messages


def session_id(number):
    return f"session-{number}"


def conversation_id(user, number):
    """Of sessions as the service names them; of rooms in the order of their making."""
    if number % 2 == 0:
        return str(uuid.uuid5(NAMESPACE, f"session\n{user}\n{session_id(number)}"))
    return f"01990000-{number // 65536:04x}-7{number % 4096:03x}-8000-{number:08x}{user_number(user):04x}"


def user_name(number):
    return f"user-{number}"


def user_number(user):
    return int(user.partition("-")[2])


def sentence(rng, count=12):
    return " ".join(rng.choice(WORDS) for _ in range(count))


def said(conversation, sequence):
    """The text of a message, the same whenever it is asked for."""
    return sentence(random.Random(f"{conversation} {sequence}"))


def titled(conversation):
    return sentence(random.Random(f"{conversation} title"), 4)


def found_by(title):
    """What a title is found by: its words and their beginnings, each once."""
    return list(dict.fromkeys(word[:length] for word in title.split()
                              for length in range(2, len(word) + 1)))


def backfilled(*names):
    """Nothing is left to be brought up to date."""
    return "backfills", "name first_key second_key done", ((name, "", "", True) for name in names)


class Rows:
    """What a service's tables get."""

    def __init__(self, shape):
        self.shape = shape
        self.rng = random.Random(7)

    def conversations(self):
        for user in range(self.shape.users):
            for number in range(self.shape.conversations):
                yield user_name(user), number

    def conversation_tables(self):
        """(table, columns, rows) for conversation's schema."""
        yield ("conversations",
               "conversation_id user_id session_id persona_id persona_name title title_given "
               "metadata created_at last_activity_at expires_at ttl hold_expires_at last_sequence "
               "active_turn_id kind visibility topic topic_tags updated_at",
               (self._conversation(user, number) for user, number in self.conversations()))
        yield ("participants",
               "conversation_id participant_id kind ref_id name joined_at user_id type role",
               (row for user, number in self.conversations()
                for row in self._participants(user, number)))
        yield ("room_members", "user_id conversation_id",
               ((user, conversation_id(user, number)) for user, number in self.conversations()
                if number % 2 == 1))
        yield ("user_conversations",
               "user_id conversation_id session_id persona_id title created_at updated_at "
               "expires_at message_count preview",
               (self._entry(user, number) for user, number in self.conversations()
                if number % 2 == 0))
        yield ("messages",
               "conversation_id sequence message_id participant_id author_kind content created_at "
               "turn_id model finish_reason retrieval user_id",
               (row for user, number in self.conversations()
                for row in self._messages(user, number)))
        yield ("message_search", "conversation_id sequence created_at readers words size",
               (row for user, number in self.conversations()
                for row in self._search(user, number)))
        yield backfilled("search_titles", "search_messages")

    def _conversation(self, user, number):
        room = number % 2 == 1
        when = START + number * 1_000_000
        public = room and number % (2 * PUBLIC) == 1
        conversation = conversation_id(user, number)
        return (conversation, user, "" if room else session_id(number),
                f"human-{user}" if room else "model", user, titled(conversation), True, b"", when,
                when, when + 3650 * DAY, 3650 * DAY, when + 3650 * DAY, self.shape.messages, "",
                "room" if room else "session", "public" if public else "private",
                "harbour" if room else "", "\nart\n" if room else "", when)

    def _participants(self, user, number):
        conversation = conversation_id(user, number)
        if number % 2 == 0:
            yield (conversation, f"user/{user}", "user", user, "", START, "", "", "guest")
            yield (conversation, "persona/model", "persona", "model", "Model", START, "", "", "guest")
        else:
            yield (conversation, f"persona/human-{user}", "persona", f"human-{user}", user, START,
                   user, "human", "initiator")
            yield (conversation, "persona/model", "persona", "model", "Model", START, "somebody",
                   "ai_agent", "guest")

    def _entry(self, user, number):
        when = START + number * 1_000_000
        conversation = conversation_id(user, number)
        return (user, conversation, session_id(number), "model", titled(conversation), when, when,
                when + 3650 * DAY, self.shape.messages, sentence(self.rng, 8))

    def _messages(self, user, number):
        conversation = conversation_id(user, number)
        room = number % 2 == 1
        for sequence in range(1, self.shape.messages + 1):
            own = sequence % 2 == 1
            speaker = (f"persona/human-{user}" if room else f"user/{user}") if own else "persona/model"
            yield (conversation, sequence, f"{conversation}-{sequence}", speaker,
                   "persona" if room or not own else "user", said(conversation, sequence),
                   START + sequence,
                   "" if own else f"{conversation}-turn-{sequence}", "" if own else "local/model",
                   "" if own else "stop", False, user if own else "somebody")

    def _search(self, user, number):
        """What messages and titles are found by: their words, each once."""
        conversation = conversation_id(user, number)
        if number % 2 == 0:
            readers = "@u" + user.encode().hex()
        else:
            readers = f"@r{conversation.encode().hex()} @rooms"
            if number % (2 * PUBLIC) == 1:
                readers += " @public"
        words = found_by(titled(conversation))
        yield conversation, 0, START, readers.replace("@", "@t"), " ".join(words), len(words)
        for sequence in range(1, self.shape.messages + 1):
            words = dict.fromkeys(said(conversation, sequence).split())
            yield (conversation, sequence, START + sequence, readers, " ".join(words), len(words))

    def memory_tables(self):
        rng = self.rng
        yield ("memories",
               "user_id memory_id content confidence persona_id source_message_id "
               "source_conversation_id version create_time update_time words",
               ((user_name(user), f"memory-{number}", text, 1.0, "", "", "", 1, START + number,
                 START + number, text) for user in range(self.shape.users) for number in range(self.shape.memories)
                for text in [sentence(rng)]))
        yield ("memory_counts", "user_id memories",
               ((user_name(user), self.shape.memories) for user in range(self.shape.users)))
        yield backfilled("memory_words_2", "journal_words_2")


def csv_value(value):
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, bytes):
        return "\\x" + value.hex()
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else str(value)


def load_postgres(url, schema, tables):
    for table, columns, rows in tables:
        copy = subprocess.Popen(
            ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url, "-c",
             f"copy {schema}.{table} ({', '.join(columns.split())}) from stdin with (format csv)"],
            stdin=subprocess.PIPE, text=True)
        for row in rows:
            copy.stdin.write(",".join(map(csv_value, row)) + "\n")
        copy.stdin.close()
        if copy.wait() != 0:
            raise SystemExit(f"void: {schema}.{table} was not filled")
    postgres.psql(url, "vacuum analyze")


def load_sqlite(path, tables):
    database = sqlite3.connect(path)
    for table, columns, rows in tables:
        names = columns.split()
        database.executemany(
            f"insert into {table} ({', '.join(names)}) values ({', '.join('?' * len(names))})", rows)
    database.commit()
    database.execute("analyze")
    database.close()


class Filled:
    """`dramatis` on a store that holds so much."""

    def __init__(self, folder, name, shape, database_url=None):
        self.shape = shape
        data = pathlib.Path(folder) / name
        settings = dict(PORTS, DRAMATIS_DATA_DIR=str(data), DRAMATIS_LOG_LEVEL="error")
        if database_url:
            settings["DATABASE_URL"] = database_url
        run_program("dramatis", settings, ["migrate"])
        rows = Rows(shape)
        if database_url:
            load_postgres(database_url, "conversation", rows.conversation_tables())
            load_postgres(database_url, "memory", rows.memory_tables())
        else:
            load_sqlite(data / "conversation.db", rows.conversation_tables())
            load_sqlite(data / "memory.db", rows.memory_tables())
        self.program = Program("dramatis", settings)
        self.connection = http.client.HTTPConnection(self.program.address("http"))
        self.rng = random.Random(11)

    def get(self, user, path):
        self.connection.request("GET", path, headers={"authorization": f"Bearer local:{user}"})
        answer = self.connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise SystemExit(f"void: {path} answered {answer.status}: {body[:500]!r}")
        return json.loads(body)

    def p95(self, kind):
        """Milliseconds below which 95 of 100 requests stay."""
        took = []
        for _ in range(REQUESTS):
            user = user_name(self.rng.randrange(self.shape.users))
            path, member = REQUEST[kind](self.rng, self.shape, user)
            began = time.monotonic()
            answer = self.get(user, path)
            took.append((time.monotonic() - began) * 1000)
            if not answer[member]:
                raise SystemExit(f"void: {path} found nothing")
        return statistics.quantiles(took, n=20)[-1]

    def stop(self):
        self.connection.close()
        self.program.terminate()


def _word(rng):
    return urllib.parse.quote(rng.choice(WORDS))


REQUEST = {
    "history of a session": lambda rng, shape, user: (
        f"/api/chat/history/{session_id(rng.randrange(0, shape.conversations, 2))}?order=desc", "messages"),
    "messages of a room": lambda rng, shape, user: (
        f"/api/conversations/{conversation_id(user, rng.randrange(1, shape.conversations, 2))}/messages",
        "messages"),
    "list of sessions": lambda rng, shape, user: ("/api/history", "conversations"),
    "list of rooms": lambda rng, shape, user: ("/api/conversations", "conversations"),
    "search in sessions": lambda rng, shape, user: (f"/api/history?q={_word(rng)}", "conversations"),
    "search in rooms": lambda rng, shape, user: (f"/api/conversations?q={_word(rng)}", "conversations"),
    "search in memories": lambda rng, shape, user: (
        f"/api/memories/search?q={_word(rng)}%20{_word(rng)}", "results"),
}


def compare(table, engine, fill):
    """What `fill(shape, name)` makes, whole and with a hundredth of its users, in turn."""
    pair = []
    try:
        for name, shape in (("small", SHAPE[engine]._replace(users=1)), ("large", SHAPE[engine])):
            pair.append(fill(shape, name))
        for kind in REQUEST:
            less, more = interleaved(ROUNDS, *(lambda filled=filled: filled.p95(kind)
                                               for filled in pair))
            table.add(f"{engine}, {SHAPE[engine].total():,} messages, {kind}: p95",
                      statistics.median(more), "ms")
            table.add("the same over that with a hundredth of them",
                      statistics.median(more) / statistics.median(less), at_most=2)
    finally:
        for filled in pair:
            filled.stop()


SHAPE = {"PostgreSQL": Shape(users=100, conversations=100, messages=100, memories=1000),
         "SQLite": Shape(users=100, conversations=100, messages=100, memories=1000)}


def measure(table):
    with tempfile.TemporaryDirectory(prefix="dramatis-bench-") as folder:
        pathlib.Path(folder).chmod(0o755)
        cluster = postgres.Cluster.start(pathlib.Path(folder) / "cluster")
        try:
            compare(table, "PostgreSQL", lambda shape, name: Filled(
                folder, name, shape, cluster.create_database(name)))
        finally:
            cluster.stop()
        compare(table, "SQLite", lambda shape, name: Filled(folder, f"sqlite-{name}", shape))
