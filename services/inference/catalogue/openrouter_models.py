#!/usr/bin/env python3
"""Makes a file for DRAMATIS_MODELS_FILE of what OpenRouter says of its models: windows, limits and
prices, which are newer there than in what Dramatis is built with.

    curl -fsS https://openrouter.ai/api/v1/models | openrouter_models.py >models.json

`openrouter_models.py NAME` is for a provider that DRAMATIS_PROVIDERS_FILE calls otherwise. A model
whose entry cannot be used is left out, and named on standard error.
"""

import json
import sys

# Our field, and where it stands in `pricing`: US dollars for a token, as text.
PRICES = (("inputMicros", "prompt"), ("outputMicros", "completion"),
          ("cachedMicros", "input_cache_read"), ("writtenMicros", "input_cache_write"))
SAMPLING = {"temperature", "top_p"}


def facts(model):
    entry = {"window": int(model["context_length"])}
    output = (model.get("top_provider") or {}).get("max_completion_tokens")
    if output:
        entry["output"] = int(output)
    for ours, theirs in PRICES:
        price = float(model.get("pricing", {}).get(theirs) or 0)
        if price < 0:
            raise ValueError("its price depends on the model that is chosen")
        if price > 0:
            entry[ours] = round(price * 1e12)
    takes = set(model.get("supported_parameters") or ())
    if takes and not takes & SAMPLING:
        entry["sampling"] = False
    # Told not to think, a model of OpenRouter's that may does not.
    entry["thinking"] = "optional" if "reasoning" in takes else "never"
    return entry


def catalogue(document, provider="openrouter"):
    models = {}
    for model in document["data"]:
        try:
            models[model["id"]] = facts(model)
        except (KeyError, TypeError, ValueError) as error:
            print(f"left out: {model.get('id')}: {error!r}", file=sys.stderr)
    return {"providers": {provider: dict(sorted(models.items()))}}


def main():
    json.dump(catalogue(json.load(sys.stdin), *sys.argv[1:2]), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
