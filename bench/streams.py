"""Streams: time to the first text, CPU per token, many at once. Every byte of text is checked."""

import json
import statistics
import threading
import time

from bench.deployment import Deployment
from bench.measure import cpu_us, interleaved, medians, resident_kib, threads, tool

CHAT = '{"message":"go","session_id":"%s-%%","stream":true}'
# Each stream is another user's: a user has at most 100 live sessions.
USER = "Authorization: Bearer local:%s-%%"
OPENAI = '{"model":"%s","stream":true,"messages":[{"role":"user","content":"go"}]}'
DIRECT = '{"model":"double","stream":true,"messages":[{"role":"user","content":"go"}]}'

_run = 0


def through(address, streams, tokens, *more, sessions=None, persona=None):
    """Each stream in a session of its own: a new one, or where `sessions` names them the same ones
    in every run; with `persona`, where it is named."""
    global _run
    _run += 1
    name = sessions or f"s{_run}"
    body = CHAT % name
    if persona is not None:
        body = body.replace("{", '{"persona_id":"%s",' % persona, 1)
    return json.loads(tool("stream-load", "--address", address, "--streams", streams,
                           "--tokens", tokens, "--body", body,
                           "--header", USER % name, *more))


def direct(address, streams, tokens, *more, body=DIRECT):
    return json.loads(tool("stream-load", "--address", address, "--path", "/v1/chat/completions",
                           "--format", "openai", "--streams", streams, "--tokens", tokens,
                           "--body", body, *more))


def first_text(table, deployment, what, load, script, sessions=None, at_most_ms=None):
    """Through Dramatis minus the same provider asked directly."""
    provider = deployment.provider
    provider.script(default=script)

    def once(measured):
        return {"us": measured["first_text_us"]["median"], "open": measured["most_open"]}

    ours, theirs = interleaved(
        7,
        lambda: once(through(deployment.address, *load, sessions=sessions)),
        lambda: once(direct(provider.address, *load)))
    ours, theirs = medians(ours), medians(theirs)
    table.add(f"time to first delta, {what}", ours["us"] / 1000, "ms")
    table.add("the same, provider asked directly", theirs["us"] / 1000, "ms")
    table.add("added by Dramatis", (ours["us"] - theirs["us"]) / 1000, "ms", at_most=at_most_ms)
    table.add("most streams open at once", ours["open"])


def openai(table, deployment):
    """`/v1/chat/completions` beside `/api/chat`, of the same persona and model, in turns."""
    load = (20, 8, "--spread-ms", 2000)
    deployment.provider.script(default={"count": 8, "token_delay_ms": 5})
    persona = deployment.client.get("/api/personas").expect(200)["personas"][0]["personaId"]

    def once(measured):
        return {"us": measured["first_text_us"]["median"]}

    chat, completions = interleaved(
        7,
        lambda: once(through(deployment.address, *load, sessions="beside")),
        lambda: once(direct(deployment.address, *load, "--header", USER % "beside",
                            body=OPENAI % persona)))
    chat, completions = medians(chat), medians(completions)
    table.add("time to first delta, /api/chat, 1 stream", chat["us"] / 1000, "ms")
    table.add("the same, /v1/chat/completions", completions["us"] / 1000, "ms")
    table.add("/v1/chat/completions over /api/chat", completions["us"] / chat["us"], at_most=1)


def relay(table, deployment):
    """32 streams of 1,024 tokens that come without pause."""
    streams, tokens = 32, 1024
    deployment.provider.script(default={"count": tokens})

    def once():
        before = cpu_us([deployment.pid])
        through(deployment.address, streams, tokens)
        return {"us": (cpu_us([deployment.pid]) - before) / (streams * tokens)}

    (ours,) = interleaved(7, once)
    table.add("relay without pause: CPU per token, whole program", medians(ours)["us"], "us",
              at_most=10)


def dialects(table, deployment):
    """A provider that speaks Anthropic's Messages beside one that speaks OpenAI's API: the double is both, and
    the personas differ in nothing else. In turns, so that what the machine does meanwhile is the same for both;
    the ratios are of rounds, of which the middle one counts."""
    provider, personas = deployment.provider, {}
    for name, model in (("openai", "openai/double"), ("anthropic", "anthropic/claude-haiku-5-5")):
        personas[name] = deployment.client.post("/api/personas", {
            "name": name, "type": "ai_agent", "isPublic": True, "biography": "I count.",
            "modelConfig": {"model": model, "maxOutputTokens": 32768}}).expect(201)["personaId"]
        answered = deployment.client.post("/api/chat", {
            "message": "go", "persona_id": personas[name]}).expect(200)["model"]
        if answered != model:  # another one stood in
            raise SystemExit(f"void: {answered} answered for {model}")

    def relayed(name, streams=32, tokens=1024):
        before = cpu_us([deployment.pid])
        through(deployment.address, streams, tokens, persona=personas[name])
        return (cpu_us([deployment.pid]) - before) / (streams * tokens)

    provider.script(default={"count": 1024})
    anthropic, openai_ = interleaved(9, lambda: relayed("anthropic"), lambda: relayed("openai"))
    table.add("relay without pause, anthropic: CPU per token, whole program", statistics.median(anthropic), "us")
    table.add("the same, openai", statistics.median(openai_), "us")
    table.add("anthropic over openai", middle_ratio(anthropic, openai_), at_most=1.1)

    load = (20, 8, "--spread-ms", 2000)
    provider.script(default={"count": 8, "token_delay_ms": 5})

    def first(measured):
        return measured["first_text_us"]["median"] / 1000

    def added(name):
        """Beside what the provider itself takes, asked at the same time of the round."""
        alone = first(direct(provider.address, *load))
        return first(through(deployment.address, *load, sessions=f"of-{name}", persona=personas[name])) - alone

    anthropic, openai_ = interleaved(9, lambda: added("anthropic"), lambda: added("openai"))
    table.add("time to first delta added, 1 stream, anthropic", statistics.median(anthropic), "ms")
    table.add("the same, openai", statistics.median(openai_), "ms")
    table.add("anthropic over openai", middle_ratio(anthropic, openai_), at_most=1.1)


def middle_ratio(ours, theirs):
    return statistics.median(mine / other for mine, other in zip(ours, theirs))


def paced(table, deployment):
    """500 streams, a token every 20 ms: none lost."""
    streams, tokens = 500, 100
    deployment.provider.script(default={"count": tokens, "token_delay_ms": 20})
    before = cpu_us([deployment.pid])
    report = through(deployment.address, streams, tokens, "--spread-ms", 1000)
    table.add("paced at 20 ms, 500 streams: exact", report["exact"], at_least=streams)
    table.add("the same: CPU per token",
              (cpu_us([deployment.pid]) - before) / (streams * tokens), "us")


def many(table, deployment):
    """2,000 streams at once, 10 tokens/s each."""
    streams, tokens = 2000, 200
    deployment.provider.script(default={"count": tokens, "token_delay_ms": 100})
    idle_kib, idle_threads = resident_kib(deployment.pid), threads(deployment.pid)
    seen = {"kib": 0, "threads": 0}
    running = threading.Event()

    def watch():
        while not running.is_set():
            seen["kib"] = max(seen["kib"], resident_kib(deployment.pid))
            seen["threads"] = max(seen["threads"], threads(deployment.pid))
            time.sleep(0.2)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        report = through(deployment.address, streams, tokens, "--spread-ms", 4000)
    finally:
        running.set()
        watcher.join()
    table.add("2,000 streams: exact", report["exact"], at_least=streams)
    table.add("2,000 streams: most open at once", report["most_open"])
    table.add("2,000 streams: memory per stream",
              (seen["kib"] - idle_kib) / report["most_open"], "KiB")
    table.add("2,000 streams: threads more than idle", seen["threads"] - idle_threads)


def measure(table):
    with Deployment(provider=True, anthropic=True) as deployment:
        # Twenty, one after the other.
        one = ((20, 8, "--spread-ms", 2000), {"count": 8, "token_delay_ms": 5})
        first_text(table, deployment, "1 stream", *one, sessions="one", at_most_ms=2)
        first_text(table, deployment, "1 stream, of a new session", *one)
        # Each takes two seconds, and every 20 ms another begins.
        many_open = ((200, 50, "--spread-ms", 4000), {"count": 50, "token_delay_ms": 40})
        first_text(table, deployment, "100 streams under way", *many_open, sessions="open",
                   at_most_ms=10)
        burst = ((100, 8), {"count": 8, "token_delay_ms": 5})
        first_text(table, deployment, "100 streams begun in one instant", *burst,
                   sessions="burst", at_most_ms=10)
        openai(table, deployment)
        relay(table, deployment)
        dialects(table, deployment)
        paced(table, deployment)
    with Deployment(provider=True) as deployment:
        many(table, deployment)
