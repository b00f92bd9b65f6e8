"""AWS as moto (https://github.com/getmoto/moto) has it, on loopback.

    with Aws() as aws:
        pool = UserPool(aws)
        pool.add("alice", groups=["admin"])
        pool.tokens("alice")["AccessToken"]

`./dev test` installs it (provide_aws).
"""

import json
import subprocess
import urllib.error
import urllib.request

from tests.harness.postgres import free_port
from tests.harness.program import ROOT, _die_with_parent, wait_for

REGION = "us-east-1"


class Aws:
    def __enter__(self):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self._process = subprocess.Popen(
            [ROOT / "build" / "tools" / "aws" / "bin" / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=_die_with_parent)
        wait_for(self._answers, "moto to answer", 60, 0.1)
        return self

    def __exit__(self, *_):
        self._process.terminate()
        self._process.wait(10)

    def _answers(self):
        assert self._process.poll() is None, "moto has ended"
        try:
            urllib.request.urlopen(f"{self.url}/moto-api/", timeout=5).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
        return True

    def call(self, service, target, **request):
        """One call of a service that speaks JSON."""
        headers = {"X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1",
                   "Authorization": f"AWS4-HMAC-SHA256 Credential=x/20260101/{REGION}/{service}/aws4_request"}
        asked = urllib.request.Request(self.url, json.dumps(request).encode(), headers)
        with urllib.request.urlopen(asked, timeout=20) as answer:
            return json.loads(answer.read() or b"{}")


class UserPool:
    """A user pool of Cognito with one app. It says that it is of AWS, and serves its keys here."""

    PASSWORD = "Correct-horse-1"

    def __init__(self, aws):
        self._aws = aws
        self.id = self._call("CreateUserPool", PoolName="users")["UserPool"]["Id"]
        self.client_id = self.new_client()
        self.issuer = f"https://cognito-idp.{REGION}.amazonaws.com/{self.id}"
        self.jwks_url = f"{aws.url}/{self.id}/.well-known/jwks.json"

    def _call(self, name, **request):
        return self._aws.call("cognito-idp", f"AWSCognitoIdentityProviderService.{name}", **request)

    def new_client(self):
        made = self._call("CreateUserPoolClient", UserPoolId=self.id, ClientName="app",
                          ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"])
        return made["UserPoolClient"]["ClientId"]

    def add_group(self, name):
        self._call("CreateGroup", UserPoolId=self.id, GroupName=name)

    def add(self, user, groups=()):
        self._call("AdminCreateUser", UserPoolId=self.id, Username=user, MessageAction="SUPPRESS")
        self._call("AdminSetUserPassword", UserPoolId=self.id, Username=user, Password=self.PASSWORD,
                   Permanent=True)
        for group in groups:
            self._call("AdminAddUserToGroup", UserPoolId=self.id, Username=user, GroupName=group)

    def tokens(self, user, client_id=None):
        """AccessToken and IdToken, as the app gets them when the user signs in."""
        return self._call("AdminInitiateAuth", UserPoolId=self.id, ClientId=client_id or self.client_id,
                          AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                          AuthParameters={"USERNAME": user, "PASSWORD": self.PASSWORD})["AuthenticationResult"]
