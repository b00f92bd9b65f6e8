"""/docs in a browser: every operation is tried out as the page fills it in."""

import pytest

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


def test_a_mistake_is_shown_with_what_is_wrong(docs):
    block = block_of(docs, "CreatePersona_post")
    block.locator(".opblock-summary-control").click()
    block.locator(".try-out__btn").click()
    block.locator("textarea.body-param__text").fill('{"name": "x", "nam": 1}')
    block.locator("button.execute").click()
    answer = block.locator(".live-responses-table")
    answer.get_by_text("is not a known field").first.wait_for()
    assert answer.locator("tbody .response-col_status").first.inner_text().split()[0] == "400"
