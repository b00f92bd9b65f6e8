"""DRAMATIS_MODELS_FILE made of what OpenRouter says of its models."""

import datetime
import json
import subprocess

from tests.harness.deployment import PORTS, Embedded
from tests.harness.program import ROOT, run_program

SCRIPT = ROOT / "services" / "inference" / "catalogue" / "openrouter_models.py"
# As https://openrouter.ai/api/v1/models answers.
ANSWER = {"data": [
    {"id": "anthropic/claude-opus-5.5", "name": "Claude", "context_length": 1000000,
     "pricing": {"prompt": "0.000005", "completion": "0.000025", "input_cache_read": "0.0000005",
                 "input_cache_write": "0.00000625", "image": "0"},
     "top_provider": {"context_length": 1000000, "max_completion_tokens": 128000},
     "supported_parameters": ["max_tokens", "reasoning", "stop"]},
    {"id": "meta-llama/llama-3.3-70b-instruct:free", "context_length": 131072,
     "pricing": {"prompt": "0", "completion": "0"}, "top_provider": {"max_completion_tokens": None},
     "supported_parameters": ["temperature", "top_p"]},
    {"id": "openrouter/auto", "context_length": 2000000,
     "pricing": {"prompt": "-1", "completion": "-1"}},
    {"id": "odd/one"},
]}


def convert(document, *arguments):
    ran = subprocess.run([SCRIPT, *arguments], input=json.dumps(document), text=True,
                         capture_output=True, check=True)
    return json.loads(ran.stdout), ran.stderr


def test_openrouters_list_becomes_a_models_file(tmp_path):
    made, said = convert(ANSWER)
    assert made == {"providers": {"openrouter": {
        "anthropic/claude-opus-5.5": {
            "window": 1000000, "output": 128000, "inputMicros": 5000000, "outputMicros": 25000000,
            "cachedMicros": 500000, "writtenMicros": 6250000, "sampling": False,
            "thinking": "optional"},
        "meta-llama/llama-3.3-70b-instruct:free": {"window": 131072, "thinking": "never"}}}}
    assert "openrouter/auto" in said and "odd/one" in said
    file = tmp_path / "models.json"
    file.write_text(json.dumps(made))
    code, output = run_program("dramatis", {
        **PORTS, "DRAMATIS_DATA_DIR": str(tmp_path), "DRAMATIS_MODELS_FILE": str(file),
        "OPENROUTER_API_KEY": "sk-or-1", "DRAMATIS_MODEL": "openrouter/anthropic/claude-opus-5.5",
    }, ["--check-config"])
    assert code == 0, output


def test_another_providers_name_may_be_given():
    assert list(convert(ANSWER, "router")[0]["providers"]) == ["router"]


def test_a_model_that_ends_soon_is_named_at_the_start(tmp_path):
    def day(days):
        return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days)).strftime("%Y-%m-%d")

    file = tmp_path / "models.json"
    ends = {"gone": day(-3), "soon": day(60), "later": day(200)}
    file.write_text(json.dumps({"providers": {"openai": {
        **{name: {"window": 8192, "deprecated": until} for name, until in ends.items()},
        "never": {"window": 8192}}}}))
    with Embedded(tmp_path / "data", {
            "DRAMATIS_MODELS_FILE": str(file), "OPENAI_API_KEY": "sk-test-0123456789",
            "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "DRAMATIS_MODEL": "local",
            "DRAMATIS_OPENAI_MODELS": "never,gone,soon,later"}) as deployment:
        told = [json.loads(line) for line in deployment.programs["dramatis"].log_text().splitlines()
                if "does not serve it much longer" in line]
    assert {(line["model"], line["until"]) for line in told} == {
        (f"openai/{name}", ends[name]) for name in ("gone", "soon")}
