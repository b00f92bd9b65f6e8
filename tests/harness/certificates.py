"""Certificates for tests: an authority of our own, and files that programs read.

    authority = Authority(folder)
    authority.issue("persona")                      # folder/persona.crt, folder/persona.key
    authority.issue("gateway", ["chat.test", "127.0.0.1"])
"""

import os
import pathlib
import subprocess


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """Its certificate is `file`, in PEM."""

    def __init__(self, folder, name="ca"):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.file = self.folder / f"{name}.crt"
        self.key = self.folder / f"{name}.key"
        _openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                 "-days", "2", "-subj", f"/CN={name} of a test", "-keyout", self.key, "-out", self.file)

    def issue(self, name, names=None, key="ec", days="1"):
        """A certificate for these host names and addresses, by default `name`; its file and its
        key's. One that is there is replaced by another, each file at once."""
        certificate, private = self.folder / f"{name}.crt", self.folder / f"{name}.key"
        request, extensions = self.folder / f"{name}.csr", self.folder / f"{name}.ext"
        names = names or [name]
        listed = ",".join(("IP:" if one.replace(".", "").isdigit() else "DNS:") + one for one in names)
        extensions.write_text(f"subjectAltName={listed}\nextendedKeyUsage=serverAuth,clientAuth\n")
        kind = (["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if key == "ec" else [f"rsa:{key}"])
        new_key, new_certificate = f"{private}.new", f"{certificate}.new"
        _openssl("req", "-new", "-newkey", *kind, "-nodes", "-subj", f"/CN={names[0]}", "-keyout",
                 new_key, "-out", request)
        _openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key,
                 "-CAcreateserial", "-days", days, "-extfile", extensions, "-out", new_certificate)
        os.replace(new_key, private)
        os.replace(new_certificate, certificate)
        return certificate, private

    def issue_expired(self, name):
        certificate, private = self.issue(name)
        _openssl("x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.file, "-CAkey", self.key,
                 "-CAcreateserial", "-days", "-1", "-out", certificate)
        return certificate, private
