"""`maxConcurrent` of a provider: so many calls at once, and users take turns."""

import concurrent.futures
import json
import time

SECONDS = 0.4


def test_who_asks_once_does_not_wait_for_everything_of_who_asks_often(make_deployment, provider, tmp_path):
    provider.script(default={"count": 1, "first_delay_ms": int(SECONDS * 1000)})
    file = tmp_path / "providers.yaml"
    file.write_text(json.dumps({"providers": [
        {"name": "house", "baseUrl": f"http://{provider.address}/v1", "models": ["double"],
         "maxConcurrent": 1}]}))
    settings = {"DRAMATIS_PROVIDERS_FILE": str(file), "DRAMATIS_MODEL": "house/double",
                "DRAMATIS_MEMORY_MODEL": "local"}
    with make_deployment("embedded", settings) as deployment:
        def chat(user):
            deployment.client(user).post("/api/chat", {"message": "Hi"}).expect(200)
            return time.monotonic()

        chat("often"), chat("once")  # whatever is only done the first time
        begun = time.monotonic()
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            often = [pool.submit(chat, "often") for _ in range(6)]
            time.sleep(SECONDS / 2)
            once = pool.submit(chat, "once").result()
            often = sorted(done.result() for done in often)
        assert once < often[2], "in turns: after at most two of the six"
        assert often[-1] - begun > 7 * SECONDS, "one after the other"
