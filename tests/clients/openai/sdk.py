"""What PyPI's openai, and LiteLLM where it is asked for, get from a deployment, as one object of
JSON.

python sdk.py '{"base": "http://127.0.0.1:8080/v1", "user": "ada", "model": "<persona id>"}'
"""

import json
import sys

import openai

ASKED = json.loads(sys.argv[1])
BASE, MODEL, KEY = ASKED["base"], ASKED["model"], f"local:{ASKED['user']}"


def say(content):
    return [{"role": "user", "content": content}]


def failure(call):
    try:
        call()
    except openai.APIError as error:
        return {"type": type(error).__name__, "status": getattr(error, "status_code", None),
                "code": error.code, "param": error.param, "message": error.message}
    return None


def with_openai():
    client = openai.OpenAI(base_url=BASE, api_key=KEY, max_retries=0)
    result = {"models": [entry.id for entry in client.models.list()]}
    result["chat"] = client.chat.completions.create(model=MODEL, messages=say("Hello")).to_dict()
    chunks = list(client.chat.completions.create(
        model=MODEL, messages=say("Hello"), stream=True, stream_options={"include_usage": True}))
    result["stream"] = "".join(chunk.choices[0].delta.content or "" for chunk in chunks
                               if chunk.choices)
    result["usage"] = chunks[-1].usage.to_dict()
    result["vectors"] = [item.embedding for item in client.embeddings.create(
        model="embedder", input=["a storm", "tea"]).data]
    result["response"] = client.responses.create(model=MODEL, input="Hello").output_text
    with client.responses.stream(model=MODEL, input="Hello") as stream:
        result["types"] = [event.type for event in stream]
        result["helper"] = stream.get_final_response().output_text
    with client.chat.completions.stream(model=MODEL, messages=say("Hello")) as stream:
        stream.until_done()
        result["chat_helper"] = stream.get_final_completion().choices[0].message.content
    result["unauthenticated"] = failure(
        openai.OpenAI(base_url=BASE, api_key="nonsense", max_retries=0).models.list)
    result["missing"] = failure(lambda: client.models.retrieve("nobody"))
    result["too_many"] = failure(lambda: client.chat.completions.create(
        model=MODEL, messages=say("Hello"), metadata={"session_id": ASKED["full"]}))
    result["broken"] = failure(lambda: list(client.chat.completions.create(
        model=MODEL, messages=say("BREAK"), stream=True)))
    stream = client.chat.completions.create(model=MODEL, messages=say("SLOW"), stream=True)
    result["before_abort"] = next(iter(stream)).choices[0].delta.content
    stream.close()
    return result


def with_litellm():
    import litellm
    litellm.suppress_debug_info = True
    asked = {"model": f"openai/{MODEL}", "api_base": BASE, "api_key": KEY, "num_retries": 0,
             "max_retries": 0}
    whole = litellm.completion(messages=say("Hello"), **asked)
    result = {"chat": whole.choices[0].message.content, "usage": whole.usage.total_tokens}
    chunks = list(litellm.completion(messages=say("Hello"), stream=True,
                                     stream_options={"include_usage": True}, **asked))
    result["stream"] = "".join(chunk.choices[0].delta.content or "" for chunk in chunks
                               if chunk.choices)
    result["stream_usage"] = chunks[-1].usage.total_tokens

    def error(**changed):
        try:
            answer = litellm.completion(**{"messages": say("Hello"), **asked, **changed})
            for _ in answer if changed.get("stream") else ():
                pass
        except Exception as failed:  # what it makes of ours is what the test is about
            return type(failed).__name__
        return None
    result["unauthenticated"] = error(api_key="nonsense")
    result["missing"] = error(model="openai/nobody")
    result["too_many"] = error(metadata={}, extra_body={"metadata": {"session_id": ASKED["full"]}})
    result["broken"] = error(messages=say("BREAK"), stream=True)
    result["models"] = litellm.get_valid_models(check_provider_endpoint=True, custom_llm_provider="openai",
                                                api_base=BASE, api_key=KEY)
    stream = litellm.completion(messages=say("SLOW"), stream=True, **{**asked, "timeout": 20})
    result["before_abort"] = next(iter(stream)).choices[0].delta.content
    stream.completion_stream.close()
    return result


print(json.dumps(with_litellm() if ASKED.get("litellm") else with_openai()))
