"""Personas whose text is an object in a bucket."""

import pytest

from tests.harness.client import Client
from tests.harness.deployment import Embedded
from tests.harness.program import wait_for
from tests.system.test_avatars import JPEG, make, send


@pytest.fixture
def s3(moto):
    return moto.client("s3")


def test_a_twin_is_read_from_a_bucket_and_again_when_it_changes(moto, s3, tmp_path):
    bucket = moto.bucket("twins")
    s3.put_object(Bucket=bucket, Key="ada/me.txt", Body=b"# Ada\nI build engines.")
    settings = {**moto.settings(), "DRAMATIS_DEFAULT_PERSONA": f"s3://{bucket}/ada/me.txt"}
    with Embedded(tmp_path / "data", settings) as deployment:
        client = Client(deployment.http)
        assert "engines" in client.post("/api/chat", {
            "message": "What do you build?"}).expect(200)["response"]
        s3.put_object(Bucket=bucket, Key="ada/me.txt", Body=b"# Ada\nI build telescopes.")
        wait_for(lambda: "telescopes" in client.post("/api/chat", {
            "message": "What do you build?"}).expect(200)["response"],
            "the new text", timeout=15, pause=0.5)


def test_admins_name_objects_of_configured_buckets_and_nobody_names_others(moto, s3, tmp_path):
    bucket = moto.bucket("more-twins")
    s3.put_object(Bucket=bucket, Key="bob.txt", Body="I am Bob, and I like ä.".encode())
    with Embedded(tmp_path / "data", {**moto.settings(), "DRAMATIS_OBJECTS": f"s3://{bucket}/d"}) as deployment:
        admin = Client(deployment.http)
        made = admin.post("/api/personas", {"name": "Bob", "type": "ai_agent",
                                            "sourceUri": f"s3://{bucket}/bob.txt"}).expect(201)
        assert made["biography"] == "I am Bob, and I like ä."
        problem = admin.post("/api/personas", {
            "name": "Eve", "type": "ai_agent", "sourceUri": "s3://elsewhere/bob.txt"}).problem(
                400, "VALIDATION_FAILED")
        assert problem["errors"][0]["field"] == "sourceUri"
        admin.post("/api/personas", {
            "name": "Eve", "type": "ai_agent", "sourceUri": f"s3://{bucket}/none.txt"}).problem(
                500, "PERSONA_SOURCE_UNAVAILABLE")
        program = deployment.programs["dramatis"]
        wait_for(lambda: f"cannot use the persona object s3://{bucket}/none.txt" in program.log_text(),
                 "the reason in the log")
        said = program.log_text()
        for secret in moto.keys.values():
            assert secret not in said


def test_pictures_lie_in_the_bucket_and_go_with_the_account(moto, s3, tmp_path):
    bucket = moto.bucket("pictures")

    def keys():
        return [found["Key"] for found in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]

    with Embedded(tmp_path / "data", {**moto.settings(), "DRAMATIS_OBJECTS": f"s3://{bucket}/d"}) as deployment:
        user = Client(deployment.http, user="ada")
        path = make(user)
        send(user, path, JPEG, "image/jpeg").expect(200)
        wait_for(keys, "the picture to be an object")
        [key] = keys()
        assert key.startswith(f"d/avatars/{path.split('/')[3]}/")
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read() == JPEG
        wait_for(lambda: deployment.execute(
            "persona", "select 1 from persona_avatars where length(picture) = 0"), "the row to be empty")
        assert user.get(path).body == JPEG
        s3.delete_object(Bucket=bucket, Key=key)
        user.get(path).problem(500, "PERSONA_PICTURE_UNAVAILABLE")
        send(user, path, JPEG, "image/jpeg").expect(200)
        wait_for(lambda: keys() and keys() != [key], "the new one to be an object")
        user.request("DELETE", "/api/account", {"confirm": "ada"}).expect(202)
        wait_for(lambda: not keys(), "the pictures to go", timeout=30)
