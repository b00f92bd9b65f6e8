"""Transcripts and archives in buckets, for which moto checks every signature."""

import json

import pytest

from tests.harness.client import Client
from tests.harness.deployment import Embedded
from tests.harness.program import wait_for
from tests.system.test_exports import exported
from tests.system.test_imports import imported


@pytest.fixture
def s3(moto):
    return moto.client("s3")


def keys_in(s3, bucket):
    return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_a_session_is_read_back_from_its_bucket(moto, s3, tmp_path):
    bucket = moto.bucket("transcripts")
    settings = {**moto.settings(), "DRAMATIS_TRANSCRIPTS": f"s3://{bucket}/old",
                "DRAMATIS_RETENTION": "1s"}
    with Embedded(tmp_path / "data", settings) as deployment:
        client = Client(deployment.http, user="ada")
        for message in ("Hello", "größer 😀"):
            client.post("/api/chat", {"message": message, "session_id": "talk"}).expect(200)
        before = client.get("/api/chat/history/talk").expect(200)
        client.delete("/api/session/talk").expect(200)
        wait_for(lambda: deployment.execute(
            "conversation", "select 1 from transcripts where purged"), "the rows to go", timeout=30)
        assert deployment.row_counts()["conversation.messages"] == 0
        written = s3.get_object(Bucket=bucket, Key="old/ada/talk.json")["Body"].read()
        assert json.loads(written) == before["messages"]
        assert client.get("/api/chat/history/talk").expect(200) == before
        client.request("DELETE", "/api/account", {"confirm": "ada"}).expect(202)
        wait_for(lambda: not keys_in(s3, bucket), "the transcript to go", timeout=30)


def test_archives_come_and_go_through_a_bucket(moto, s3, tmp_path):
    bucket = moto.bucket("archives")
    settings = {**moto.settings(), "DRAMATIS_OBJECTS": f"s3://{bucket}/d"}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={
        "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]})
    with Embedded(tmp_path / "data", settings) as deployment:
        client = Client(deployment.http, user="ada")
        client.post("/api/chat", {"message": "Hello", "session_id": "talk"}).expect(200)
        before = client.get("/api/chat/history/talk").expect(200)
        done, archive = exported(client)
        assert keys_in(s3, bucket) == [f"d/archives/ada/{done['exportId']}"]
        kept = s3.head_object(Bucket=bucket, Key=f"d/archives/ada/{done['exportId']}")
        assert kept["ServerSideEncryption"] == "AES256", "the bucket's default holds for it"
        heir = Client(deployment.http, user="eve")
        imported(heir, archive)
        texts = [m["content"] for m in heir.get("/api/chat/history/talk").expect(200)["messages"]]
        assert texts == [m["content"] for m in before["messages"]]
        wait_for(lambda: keys_in(s3, bucket) == [f"d/archives/ada/{done['exportId']}"],
                 "the file that was imported to go")
        client.request("DELETE", "/api/account", {"confirm": "ada"}).expect(202)
        wait_for(lambda: not keys_in(s3, bucket), "the archive to go", timeout=30)
