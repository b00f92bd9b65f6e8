#!/usr/bin/env python3
"""Writes sigv4.json: requests and their signatures by botocore, the AWS SDK's signer, which judges
ours (`pip install botocore`). Reproducible: the same seed, the same requests."""

import datetime
import json
import pathlib
import random
import string
import unittest.mock
from urllib.parse import quote

import botocore
from botocore import auth, awsrequest, credentials

NOW = datetime.datetime(2026, 11, 26, 12, 34, 56, tzinfo=datetime.timezone.utc)
random.seed(4)
ODD = string.ascii_letters + string.digits + "-._~ :/?#[]@!$&'()*+,;=%é😀"


def word(characters=ODD, most=12):
    return "".join(random.choice(characters) for _ in range(random.randint(1, most)))


def url(service):
    host = f"https://{service}.eu-central-1.amazonaws.com"
    segments = [quote(word(), safe="") for _ in range(random.randint(0, 4))]
    if service != "s3" and random.random() < 0.2:
        segments.insert(random.randint(0, len(segments)), random.choice([".", "..", ""]))
    path = "/" + "/".join(segments) + random.choice(["", "/"] if segments else [""])
    parameters = [f"{quote(word(), safe='')}={quote(word(), safe='')}"
                  for _ in range(random.randint(0, 3))]
    return host + path + ("?" + "&".join(parameters) if parameters else "")


def case(number):
    service = random.choice(["bedrock", "bedrock-mantle", "secretsmanager", "sts", "s3"])
    token = word(string.ascii_letters + string.digits + "/+=", 40) if number % 2 else ""
    body = word(ODD + "\n\0", 200) if number % 5 else ""
    headers = {"Content-Type": "application/json"}
    for _ in range(random.randint(0, 2)):
        headers["X-" + word(string.ascii_letters, 8)] = (
            " " * random.randint(0, 2) + word(string.ascii_letters + "  ,;", 20))
    request = awsrequest.AWSRequest(method=random.choice(["GET", "POST", "PUT"]), url=url(service),
                                    headers=headers, data=body.encode())
    keys = credentials.Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", token or None)
    signer = (auth.S3SigV4Auth if service == "s3" else auth.SigV4Auth)(keys, service, "eu-central-1")
    if service == "s3":
        request.context["payload_signing_enabled"] = True
    else:
        import hashlib
        request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body.encode()).hexdigest()
    with unittest.mock.patch("botocore.auth.get_current_datetime", return_value=NOW, create=True):
        signer.add_auth(request)
    return {"method": request.method, "url": request.url, "service": service, "token": token,
            "headers": [f"{name}: {value}" for name, value in headers.items()], "body": body,
            "authorization": request.headers["Authorization"]}


def main():
    cases = [case(number) for number in range(200)]
    document = {"source": f"botocore {botocore.__version__}", "time": NOW.isoformat(), "cases": cases}
    path = pathlib.Path(__file__).with_name("sigv4.json")
    path.write_text(json.dumps(document, indent=0, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
