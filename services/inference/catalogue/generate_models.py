#!/usr/bin/env python3
"""Writes models.json, the facts about models that inference is built with, from the table that the
LiteLLM project publishes under the MIT licence (Copyright (c) 2023 Berri AI) in its Python package:

    pip download --no-deps litellm && unzip litellm-*.whl
    generate_models.py litellm/model_prices_and_context_window_backup.json "LiteLLM 1.110.2"

What makes vectors of texts is there for its price. Prices become whole micros (10^-6 US dollars)
for a million tokens; what the table does not say is left out. Same input, same output, one model a
line.
"""

import json
import pathlib
import re
import sys

# Where our section comes from: LiteLLM's providers, and what their keys begin with.
SECTIONS = {
    "openai": (("openai",), ("",)),
    "azure": (("azure",), ("azure/",)),
    "anthropic": (("anthropic",), ("",)),
    "bedrock": (("bedrock", "bedrock_converse", "bedrock_mantle"), ("bedrock_mantle/", "bedrock/", "")),
    "gemini": (("gemini",), ("gemini/",)),
    "groq": (("groq",), ("groq/",)),
    "mistral": (("mistral",), ("mistral/",)),
    "deepseek": (("deepseek",), ("deepseek/",)),
    "xai": (("xai",), ("xai/",)),
}
# Prices that hold for one region or one contract only, and models that are not for chats of text.
LEFT_OUT = re.compile(r"^bedrock/[a-z]+-|commitment|^ft:|audio|realtime|search-(preview|api)|^(azure/)?(eu|us|global(-standard)?)/")


LEAST_WINDOW = 256


def micros(dollars_per_token):
    return round(dollars_per_token * 1e12)


def thinking(section, model):
    if model.get("thinking_always_on"):
        return "always"
    if not model.get("supports_reasoning"):
        return "never"
    if section in ("anthropic", "bedrock") or model.get("supports_none_reasoning_effort"):
        return "optional"
    return "always"


def facts(section, model):
    entry = {}
    if model.get("max_input_tokens"):
        entry["window"] = int(model["max_input_tokens"])
    if model.get("max_output_tokens"):
        entry["output"] = int(model["max_output_tokens"])
    for ours, theirs in (("inputMicros", "input_cost_per_token"),
                         ("outputMicros", "output_cost_per_token"),
                         ("cachedMicros", "cache_read_input_token_cost"),
                         ("writtenMicros", "cache_creation_input_token_cost")):
        if model.get(theirs):
            entry[ours] = micros(model[theirs])
    if model.get("supports_sampling_params") is False:
        entry["sampling"] = False
    entry["thinking"] = thinking(section, model)
    if re.fullmatch(r"\d{4}-\d\d-\d\d", model.get("deprecation_date", "")):
        entry["deprecated"] = model["deprecation_date"]
    return entry


def name_of(key, prefixes):
    return next(key[len(prefix):] for prefix in prefixes if key.startswith(prefix))


def main():
    table = json.loads(pathlib.Path(sys.argv[1]).read_text())
    lines = []
    for section, (providers, prefixes) in SECTIONS.items():
        models = {}
        for key, model in sorted(table.items()):
            if model.get("litellm_provider") not in providers or LEFT_OUT.search(key):
                continue
            if model.get("mode") not in ("chat", "responses", "embedding") or not model.get("max_input_tokens"):
                continue
            # What the program takes for a window (catalogue.cc); less is of models of pictures.
            if model["max_input_tokens"] < LEAST_WINDOW:
                continue
            if not any(key.startswith(prefix) for prefix in prefixes):
                continue
            models.setdefault(name_of(key, prefixes), facts(section, model))
        body = ",\n".join(f"   {json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}"
                          for name, entry in sorted(models.items()))
        lines.append(f"  {json.dumps(section)}: {{\n{body}\n  }}")
    source = {"source": f"{sys.argv[2]}, model_prices_and_context_window_backup.json",
              "licence": "MIT, Copyright (c) 2023 Berri AI"}
    head = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in source.items())
    text = f"{{\n{head},\n \"providers\": {{\n" + ",\n".join(lines) + "\n }\n}\n"
    json.loads(text)
    pathlib.Path(__file__).with_name("models.json").write_text(text)


if __name__ == "__main__":
    main()
