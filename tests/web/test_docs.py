"""/docs in a browser: every operation is tried out as the page fills it in."""

import pytest
from playwright.sync_api import expect

from tests.harness import examples
from tests.harness.client import Client
from tests.harness.deployment import Embedded
from tests.harness.vector_table import write_table


@pytest.fixture
def new_deployment(tmp_path, provider):
    """One that nothing is in yet."""
    provider.script(default={"tokens": ["I build ", "telescopes."]})
    settings = {**provider.settings(), "DRAMATIS_ADMIN_MUTATIONS": "true",
                **write_table(tmp_path / "table")}
    with Embedded(tmp_path / "data", settings) as deployment:
        yield deployment


# A picture as a file; what is sent where the body is a chat that was taken along.
PICTURE = {"name": "picture.png", "mimeType": "image/png", "buffer": examples.PICTURE}


@pytest.fixture
def docs(chromium, new_deployment):
    """The page, for an admin; what it complains of fails the test."""
    problems = []
    context = chromium.new_context(
        viewport={"width": 1280, "height": 900},
        extra_http_headers={"Authorization": "Bearer local:mara:admin"})
    page = context.new_page()
    page.set_default_timeout(15_000)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text)
            if message.type in ("error", "warning") else None)
    page.on("request", lambda request: problems.append(f"asked for {request.url}")
            if not request.url.startswith((f"http://{new_deployment.http}/", "data:", "blob:")) else None)
    page.goto(f"http://{new_deployment.http}/docs")
    page.locator(".opblock").first.wait_for()
    yield page
    context.close()
    # The browser names every answer that is no success; the test itself says which there may be.
    assert [text for text in problems if "Failed to load resource" not in text] == []


def block_of(page, name):
    return page.locator(f".opblock[id$='-{name}']")


# What is open makes the page slow, and there are many operations: all are closed at first, and each
# is tried within the page. Opens its tag and itself, "Try it out", "Execute", and closes them.
CLOSE_ALL = """() => document.querySelectorAll('.opblock-tag[data-is-open=true]')
  .forEach((tag) => tag.click())"""
TRY_OUT = """async ([tag, name]) => {
  const seen = async (selector) => {
    for (let left = 1000; left > 0; --left) {
      const found = document.querySelector(selector);
      if (found) return found;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`${name}: ${selector} is not shown`);
  };
  const block = `.opblock[id$='-${name}'] `;
  const heading = `.opblock-tag[data-tag='${tag}']`;
  (await seen(heading)).click();
  (await seen(block + '.opblock-summary-control')).click();
  (await seen(block + '.try-out__btn')).click();
  (await seen(block + 'button.execute')).click();
  const status = await seen(block + '.live-responses-table tbody .response-col_status');
  const shown = status.innerText;
  (await seen(block + '.opblock-summary-control')).click();
  (await seen(heading)).click();
  return shown.split(/\\s/)[0];
}"""


@pytest.mark.long  # the viewer takes a second for each
def test_every_operation_can_be_tried_out_as_it_is(docs, new_deployment):
    document = Client(new_deployment.http).get("/openapi.json").expect(200)
    docs.evaluate(CLOSE_ALL)
    failures = {}
    for _, _, operation in examples.operations(document):
        name = operation["operationId"]
        if name == examples.ENDLESS:
            continue
        if kind := examples.kind_of_body(operation):  # whoever tries it chooses a file
            path = "/api/personas/856fd181-aba4-5e87-83cd-b128b5f49c6c/avatar"
            assert operation["operationId"] == "UpdateAvatar_put"
            Client(new_deployment.http).request("PUT", path, examples.PICTURE,
                                                {"Content-Type": kind}).expect(200)
            continue
        if name == "CreateImport_post":  # the same, with a file that is no picture
            file = operation["requestBody"]["content"]["application/jsonl"]["example"]
            Client(new_deployment.http, user="mara:admin").post(
                "/api/imports", file.encode(), {"Content-Type": "application/jsonl"}).expect(202)
            continue
        shown = docs.evaluate(TRY_OUT, [operation["tags"][0], name])
        if shown not in map(str, examples.expected(name)):
            failures[name] = shown
    assert failures == {}


def try_out(page, name):
    block = block_of(page, name)
    block.locator(".opblock-summary-control").click()
    block.locator(".try-out__btn").click()
    return block


def test_an_answer_is_seen_as_it_comes_in(docs, provider):
    provider.script(default={"tokens": ["I build ", {"hold": True}, "telescopes."]})
    block = try_out(docs, "Chat_post")
    block.locator("textarea.body-param__text").fill('{"message": "What do you do?", "stream": true}')
    block.locator("button.execute").click()
    stream = block.locator(".stream")
    expect(stream).to_contain_text("event: delta")
    expect(stream).not_to_contain_text("event: done")
    provider.release()
    answer = block.locator(".live-responses-table")
    expect(answer).to_contain_text("event: done")
    expect(answer).to_contain_text("event: start")
    expect(stream).to_have_count(0)


def test_a_stream_without_end_is_seen_and_stopped(docs, new_deployment):
    client = Client(new_deployment.http, user="mara:admin")
    me = client.post("/api/personas", {"name": "Me", "type": "human"}).expect(201)["personaId"]
    room = client.post("/api/conversations", {"title": "Open", "personaIds": [me]}).expect(201)["conversationId"]
    block = try_out(docs, examples.ENDLESS)
    block.locator("tr[data-param-name=conversationId] input").fill(room)
    block.locator("button.execute").click()
    stream = block.locator(".stream")
    expect(stream).to_be_visible()
    client.post(f"/api/conversations/{room}/messages", {"personaId": me, "content": "Heard?"}).expect(201)
    expect(stream).to_contain_text("Heard?")
    stream.get_by_role("button", name="Stop the stream").click()
    expect(stream).to_have_count(0)
    answer = block.locator(".live-responses-table")
    expect(answer).to_contain_text("Heard?")
    assert answer.locator("tbody .response-col_status").first.inner_text().split()[0] == "200"


def test_a_file_is_sent_from_the_form(docs, new_deployment):
    client = Client(new_deployment.http, user="mara:admin")
    ada = client.post("/api/personas", {"name": "Ada", "type": "ai_agent"}).expect(201)["personaId"]
    block = try_out(docs, "UpdateAvatar_put")
    block.locator("tr[data-param-name=personaId] input").fill(ada)
    block.locator("input[type=file]").set_input_files(PICTURE)
    block.locator("button.execute").click()
    status = block.locator(".live-responses-table tbody .response-col_status").first
    expect(status).to_contain_text("200")
    assert client.get(f"/api/personas/{ada}").expect(200)["avatarEtag"]


def test_a_mistake_is_shown_with_what_is_wrong(docs):
    block = try_out(docs, "CreatePersona_post")
    block.locator("textarea.body-param__text").fill('{"name": "x", "nam": 1}')
    block.locator("button.execute").click()
    answer = block.locator(".live-responses-table")
    answer.get_by_text("is not a known field").first.wait_for()
    assert answer.locator("tbody .response-col_status").first.inner_text().split()[0] == "400"
