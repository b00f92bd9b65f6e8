"""Objects in a bucket, for which moto checks every signature."""

import os
import subprocess

from tests.harness.program import BIN


def conformance(settings, *arguments):
    return subprocess.run([BIN / "s3-conformance", *arguments], capture_output=True, text=True,
                          env={"PATH": os.environ["PATH"], **settings}, timeout=300)


def test_a_bucket_does_what_a_folder_does(moto):
    bucket = moto.bucket("conformance")
    ran = conformance({**moto.settings(), "DRAMATIS_OBJECTS": f"s3://{bucket}"})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "GivesBackWhatWasPut" in ran.stdout
    uploads = moto.client("s3").list_multipart_uploads(Bucket=bucket)
    assert not uploads.get("Uploads"), "what broke off was dropped"


def test_a_wrong_key_or_a_user_without_rights_is_refused(moto):
    """So the signatures of the test above were looked at."""
    bucket = moto.bucket("refusals")
    settings = {"DRAMATIS_OBJECTS": f"s3://{bucket}"}
    wrong = {**moto.keys, "AWS_SECRET_ACCESS_KEY": "wrong"}
    for keys in (wrong, moto.keys_of_nobody):
        ran = conformance({**moto.settings(keys), **settings},
                          "--gtest_filter=*GivesBackWhatWasPut*")
        assert ran.returncode != 0
