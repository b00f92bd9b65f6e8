"""A moto server, which checks who asks once it is set up."""

import json
import os
import re
import subprocess
import sys
import threading
import urllib.request

import boto3

from tests.harness.program import _die_with_parent

REGION = "eu-central-1"


class Moto:
    """`url`, and `keys`: the environment of a user who may do everything in S3, in Secrets Manager
    and STS. Whoever else asks is refused."""

    def __init__(self):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", "0"],
            env={**os.environ, "INITIAL_NO_AUTH_ACTION_COUNT": "inf"},
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
            preexec_fn=_die_with_parent)
        self.url = ""
        for line in self.process.stderr:
            found = re.search(r"Running on (http://127\.0\.0\.1:\d+)", line)
            if found:
                self.url = found[1]
                break
        assert self.url, "moto did not start"
        # Whoever does not read a pipe stops its writer.
        self._reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self._reader.start()
        self.keys = self._user("dramatis", ["s3:*", "secretsmanager:*", "sts:*"])
        self.keys_of_nobody = self._user("nobody", ["iam:GetUser"])
        self.check_signatures(True)

    def _user(self, name, actions):
        iam = boto3.client("iam", endpoint_url=self.url, region_name=REGION,
                           aws_access_key_id="x", aws_secret_access_key="x")
        iam.create_user(UserName=name)
        policy = {"Version": "2012-10-17",
                  "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    def role(self, name, actions):
        """A role that whoever has a web identity may take on, and do that as it: its ARN."""
        iam = self.client("iam")
        self.check_signatures(False)
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"Federated": "*"},
             "Action": "sts:AssumeRoleWithWebIdentity"}]}
        role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
        policy = {"Version": "2012-10-17",
                  "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
        iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=json.dumps(policy))
        self.check_signatures(True)
        return role["Arn"]

    def check_signatures(self, on):
        request = urllib.request.Request(f"{self.url}/moto-api/reset-auth", method="POST",
                                         headers={"Content-Type": "text/plain"},
                                         data=b"0" if on else b"inf")
        urllib.request.urlopen(request).read()

    def client(self, service):
        """boto3's."""
        return boto3.client(service, endpoint_url=self.url, region_name=REGION,
                            aws_access_key_id=self.keys["AWS_ACCESS_KEY_ID"],
                            aws_secret_access_key=self.keys["AWS_SECRET_ACCESS_KEY"])

    def settings(self, keys=None):
        """For a program, or whatever else reads AWS' variables."""
        return {"AWS_ENDPOINT_URL": self.url, "AWS_REGION": REGION, **(keys or self.keys)}

    def bucket(self, name):
        self.client("s3").create_bucket(
            Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        return name

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self._reader.join()
        self.process.stderr.close()
