"""DATABASE_URL in Secrets Manager, which moto plays, with signatures checked; the database is real."""

from tests.harness.program import run_program
from tests.system.test_database_url import first_password, guarded, rotate_under_load  # noqa: F401


def test_a_password_rotates_without_a_failed_request(moto, guarded, tmp_path):  # noqa: F811
    store = moto.client("secretsmanager")
    store.create_secret(Name="prod/database", SecretString=guarded.url("first"))
    settings = {**moto.settings(), "DATABASE_URL": "aws-secretsmanager:prod/database"}
    rotate_under_load(guarded, tmp_path / "data", settings,
                      lambda url: store.put_secret_value(SecretId="prod/database", SecretString=url))


def test_a_secret_that_cannot_be_read_is_named_at_start(moto):
    settings = {**moto.settings(), "DATABASE_URL": "aws-secretsmanager:prod/none"}
    code, output = run_program("dramatis", settings, ["--check-config"])
    assert code != 0 and "DATABASE_URL the secret prod/none of Secrets Manager cannot be read" in output
