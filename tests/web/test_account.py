"""The caller's account: keys, what personas call them, the end of it."""

import re
import uuid

import pytest
from playwright.sync_api import expect

from tests.harness.client import Client
from tests.harness.program import wait_for
from tests.web.test_pages import cards, dialog


def with_key(dramatis, secret, path="/api/session", method="POST"):
    return Client(dramatis.http).request(method, path, {} if method == "POST" else None,
                                         {"Authorization": f"Bearer {secret}"})


def make_key(tab, name, *scopes):
    tab.button("New key").click()
    dialog(tab).get_by_label("Name").fill(name)
    for scope in scopes:
        dialog(tab).get_by_label(scope).check()
    tab.button("Make the key").click()
    secret = dialog(tab).get_by_label(name).input_value()
    return secret


def test_a_key_is_made_shown_once_given_another_secret_and_revoked(open_tab, dramatis, client):
    tab = open_tab("#/account")
    expect(tab.page.get_by_text("No keys")).to_be_visible()
    secret = make_key(tab, "Laptop")
    assert secret.startswith("dramatis_local_")
    assert with_key(dramatis, secret).status == 201
    assert with_key(dramatis, secret, "/api/memories", "GET").status == 403  # of another scope
    tab.button("Copy").click()
    expect(tab.button("Copied")).to_be_visible()
    assert tab.page.evaluate("navigator.clipboard.readText()") == secret
    dialog(tab).get_by_role("button", name="Close", exact=True).last.click()
    card = cards(tab).filter(has_text="Laptop")
    expect(card).to_contain_text(secret[-4:])
    expect(card.get_by_role("list", name="What it may do")).to_contain_text("Chat")
    # Nowhere any more, not after a reload either.
    assert secret not in tab.page.content()
    tab.page.reload()
    expect(card).to_contain_text("Used")
    assert secret not in tab.page.content()

    tab.button("New secret for Laptop").click()
    dialog(tab).get_by_role("button", name="New secret", exact=True).click()
    other = dialog(tab).get_by_label("Laptop").input_value()
    assert other != secret and with_key(dramatis, other).status == 201
    dialog(tab).get_by_role("button", name="Close", exact=True).last.click()

    tab.button("Revoke Laptop").click()
    dialog(tab).get_by_role("button", name="Revoke").click()
    expect(card).to_have_count(0)
    assert client.get("/api/keys").expect(200)["keys"] == []


def test_a_key_has_limits_and_an_end(open_tab, client):
    tab = open_tab("#/account")
    tab.button("New key").click()
    dialog(tab).get_by_label("Name").fill("Small")
    dialog(tab).get_by_label("Until").fill("2999-01-31")
    dialog(tab).get_by_label("Most requests a minute").fill("30")
    dialog(tab).get_by_label("Most US dollars a month").fill("2.5")
    tab.button("Make the key").click()
    expect(dialog(tab).get_by_label("Small")).to_be_visible()
    key = client.get("/api/keys").expect(200)["keys"][0]
    assert (key["requestsPerMinute"], key["monthlyBudgetMicros"]) == (30, 2_500_000)
    assert key["expiresAt"].startswith("2999-01-3")
    dialog(tab).get_by_role("button", name="Close", exact=True).last.click()
    expect(cards(tab).first).to_contain_text("30 requests a minute")
    expect(cards(tab).first).to_contain_text("$2.5 a month")


def test_a_scope_that_the_caller_lacks_is_refused_in_words(open_tab):
    tab = open_tab("#/account", expected=["Failed to load resource"])
    tab.button("New key").click()
    dialog(tab).get_by_label("Name").fill("Mighty")
    dialog(tab).get_by_label("Administration").check()
    tab.button("Make the key").click()
    expect(dialog(tab).get_by_text("You may not do this.")).to_be_visible()
    expect(dialog(tab).get_by_label("Name")).to_have_value("Mighty")


def test_says_what_personas_call_the_user(open_tab, client, user):
    tab = open_tab("#/account")
    expect(tab.page.locator("code", has_text=user)).to_be_visible()
    tab.page.get_by_label("What personas call you").fill("Ada")
    tab.button("Save").click()
    expect(tab.button("Save")).to_be_disabled()
    assert client.get("/api/profile").expect(200)["displayName"] == "Ada"


def test_an_account_is_deleted_by_who_names_it(open_tab, dramatis):
    leaver = f"leaver-{uuid.uuid4().hex[:8]}"
    client = dramatis.client(leaver)
    client.post("/api/memories", {"content": "I leave."}).expect(201)
    tab = open_tab("#/account", headers={"Authorization": f"Bearer local:{leaver}"})
    tab.button("Delete the account").click()
    expect(tab.button("Delete everything")).to_be_disabled()
    dialog(tab).get_by_label(re.compile("Type")).fill("somebody")
    expect(tab.button("Delete everything")).to_be_disabled()
    dialog(tab).get_by_label(re.compile("Type")).fill(leaver)
    tab.button("Delete everything").click()
    expect(tab.page.get_by_text("Your account is being deleted.")).to_be_visible()
    wait_for(lambda: client.get("/api/memories").expect(200)["memories"] == [], "the memories to be gone")


class Jobs:
    """Exports and imports as the contract has them, before the page: a job that is asked about
    twice is done the second time."""

    EXPORT = {"exportId": "e1", "createTime": "2026-01-02T03:04:05Z"}
    IMPORT = {"importId": "i1", "source": "chatgpt", "createTime": "2026-01-02T03:04:05Z"}

    def __init__(self, page, routes=("/api/exports", "/api/imports")):
        self.asked = []
        page.route("**/openapi.json", lambda route: route.fulfill(json={"paths": {path: {} for path in routes}}))
        page.route(re.compile(r"/api/(exports|imports)"), self.answer)

    def answer(self, route):
        request = route.request
        path = request.url.split("/api/", 1)[1].split("?")[0]
        self.asked.append((request.method, path, request.headers.get("content-type"), request.post_data_buffer))
        again = sum(asked[:2] == ("GET", path) for asked in self.asked) > 1
        if path == "exports/e1/archive":
            route.fulfill(body=b"PK all of it", content_type="application/zip")
        elif path == "imports" and request.method == "GET":
            route.fulfill(json={"imports": []})
        elif path.startswith("exports"):
            done = {"state": "done", "counts": {"sessions": 12}, "expireTime": "2999-01-01T00:00:00Z"}
            route.fulfill(status=200 if request.method == "GET" else 202,
                          json={**self.EXPORT, "state": "running", **(done if again else {})})
        else:
            done = {"state": "done", "counts": {"sessions": 2, "messages": 40},
                    "leftOut": [{"item": "A picture", "reason": "it is no text"}]}
            route.fulfill(status=200 if request.method == "GET" else 202,
                          json={**self.IMPORT, "state": "queued", **(done if again else {})})


def test_everything_is_taken_away(open_tab):
    tab = open_tab()
    jobs = Jobs(tab.page)
    tab.open("#/account")
    tab.button("Gather everything").click()
    expect(tab.page.get_by_role("status").filter(has_text="is worked on")).to_be_visible()
    expect(tab.page.get_by_text("done sessions: 12")).to_be_visible()
    with tab.page.expect_download() as download:
        tab.button("Download the file").click()
    assert download.value.suggested_filename == "dramatis.zip"
    assert download.value.path().read_bytes() == b"PK all of it"
    # Nothing is asked for once it is done.
    asked = len(jobs.asked)
    tab.page.wait_for_timeout(1500)
    assert len(jobs.asked) == asked


def test_chats_are_brought_along(open_tab, tmp_path):
    tab = open_tab()
    jobs = Jobs(tab.page)
    file = tmp_path / "chat.jsonl"
    file.write_text('{"user_name": "Ada"}\n')
    tab.open("#/account")
    with tab.page.expect_file_chooser() as chooser:
        tab.button("Choose a file").click()
    chooser.value.set_files(file)
    job = cards(tab).filter(has_text="chatgpt")
    expect(job).to_contain_text("waits")
    expect(job).to_contain_text("sessions: 2 · messages: 40")
    job.get_by_text("1 left out").click()
    expect(job).to_contain_text("A picture: it is no text")
    sent = [asked for asked in jobs.asked if asked[0] == "POST"]
    assert sent == [("POST", "imports", "application/jsonl", file.read_bytes())]


def test_a_part_whose_routes_are_not_there_is_not_shown(open_tab):
    tab = open_tab()
    Jobs(tab.page, routes=["/api/keys"])
    tab.open("#/account")
    expect(tab.page.get_by_text("No keys")).to_be_visible()
    expect(tab.button("Delete the account")).to_be_visible()
    expect(tab.button("Gather everything")).to_have_count(0)


def test_what_was_taken_away_is_brought_to_another_account(open_tab, dramatis, client):
    """With the program's own archives."""
    client.post("/api/memories", {"content": "I like lighthouses."}).expect(201)
    client.post("/api/chat", {"message": "Where do you live?"}).expect(200)
    tab = open_tab("#/account")
    tab.button("Gather everything").click()
    with tab.page.expect_download(timeout=30_000) as download:
        tab.button("Download the file").click(timeout=30_000)
    newcomer = f"newcomer-{uuid.uuid4().hex[:8]}"
    other = open_tab("#/account", headers={"Authorization": f"Bearer local:{newcomer}"})
    with other.page.expect_file_chooser() as chooser:
        other.button("Choose a file").click()
    chooser.value.set_files(download.value.path())
    expect(cards(other).filter(has_text="dramatis")).to_contain_text("done", timeout=30_000)
    theirs = dramatis.client(newcomer)
    assert [memory["content"] for memory in theirs.get("/api/memories").expect(200)["memories"]] == ["I like lighthouses."]
    assert len(theirs.get("/api/history").expect(200)["conversations"]) == 1
