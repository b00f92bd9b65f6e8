// What openai's and Vercel's SDKs get from a deployment, as one object of JSON.
//
//   node sdks.mjs '{"base": "http://127.0.0.1:8080/v1", "user": "ada", "model": "<persona id>"}'
//
// The persona's model is the provider double: FAIL in a message makes it refuse, BREAK break off in
// mid-answer, SLOW never end.
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embedMany, generateText, streamText } from "ai";
import OpenAI from "openai";

const { base, user, model, full } = JSON.parse(process.argv[2]);
const apiKey = `local:${user}`;
let requests = 0;
const counting = (...call) => {
  ++requests;
  return fetch(...call);
};
const openai = new OpenAI({ baseURL: base, apiKey, fetch: counting });
const result = {};

const say = (content) => [{ role: "user", content }];
const textOf = (value) => value.map((part) => part ?? "").join("");

// The error of a call: its class and what the SDK read of it.
async function failure(call) {
  try {
    await call();
  } catch (error) {
    return {
      type: error.constructor.name,
      status: error.status ?? null,
      code: error.code ?? null,
      param: error.param ?? null,
      message: error.message,
    };
  }
  return null;
}

async function collect(stream, pick) {
  const pieces = [];
  for await (const event of stream) pieces.push(pick(event));
  return pieces;
}

// openai, raw.
result.models = (await openai.models.list()).data.map((entry) => entry.id);
result.model = await openai.models.retrieve(model);
result.encoded = (await openai.models.retrieve("plain/local/retrieval")).id;
result.chat = await openai.chat.completions.create({ model, messages: say("Hello") });
{
  const stream = await openai.chat.completions.create({
    model,
    messages: say("Hello"),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks = await collect(stream, (chunk) => chunk);
  result.stream = {
    text: textOf(chunks.map((chunk) => chunk.choices[0]?.delta.content)),
    finish: chunks.map((chunk) => chunk.choices[0]?.finish_reason).filter(Boolean),
    usage: chunks.at(-1).usage,
  };
}
result.response = await openai.responses.create({ model, input: "Hello" });
{
  const stream = await openai.responses.create({ model, input: "Hello", stream: true });
  const events = await collect(stream, (event) => event);
  result.responseStream = {
    types: events.map((event) => event.type),
    text: textOf(events.map((event) => event.delta)),
    usage: events.at(-1).response.usage,
  };
}

// Both forms of vectors: the SDK asks for base64 unless told otherwise.
const texts = ["a storm", "tea"];
result.vectors = (await openai.embeddings.create({ model: "embedder", input: texts })).data.map(
  (item) => Array.from(item.embedding),
);
result.floats = (
  await openai.embeddings.create({ model: "embedder", input: texts, encoding_format: "float" })
).data.map((item) => item.embedding);

// openai's helpers.
result.chatHelper = await (async () => {
  const stream = openai.chat.completions.stream({ model, messages: say("Hello") });
  return (await stream.finalChatCompletion()).choices[0].message.content;
})();
result.responseHelper = await (async () => {
  const stream = openai.responses.stream({ model, input: "Hello" });
  return (await stream.finalResponse()).output_text;
})();

// A helper's stream that breaks off, and one that is left.
result.helperBroken = await failure(() =>
  openai.chat.completions.stream({ model, messages: say("BREAK") }).finalChatCompletion(),
);
result.helperAborted = await failure(async () => {
  const stream = openai.chat.completions.stream({ model, messages: say("SLOW") });
  stream.on("content", () => stream.abort());
  await stream.finalChatCompletion();
});

// What goes wrong.
result.unauthenticated = await failure(() =>
  new OpenAI({ baseURL: base, apiKey: "nonsense" }).models.list(),
);
result.missing = await failure(() =>
  openai.chat.completions.create({ model: "nobody", messages: say("Hello") }),
);
result.noRoute = await failure(() => openai.completions.create({ model, prompt: "Hello" }));
result.refused = await failure(() =>
  openai.chat.completions.create({ model, messages: say("Hello"), n: 2 }),
);
requests = 0;
result.tooMany = await failure(() =>
  openai.chat.completions.create({
    model,
    messages: say("Hello"),
    metadata: { session_id: full },
  }, { maxRetries: 1 }),
);
result.tooManyRequests = requests;
result.failed = await failure(() =>
  openai.chat.completions.create({ model, messages: say("FAIL") }, { maxRetries: 0 }),
);
result.broken = await failure(async () => {
  const stream = await openai.chat.completions.create({
    model,
    messages: say("BREAK"),
    stream: true,
  });
  result.beforeBreak = "";
  for await (const chunk of stream) result.beforeBreak += chunk.choices[0]?.delta.content ?? "";
});
{
  const stream = await openai.responses.create({ model, input: "BREAK", stream: true });
  const events = await collect(stream, (event) => event);
  result.brokenResponse = { last: events.at(-1).type, error: events.at(-1).response?.error };
}
{
  const stream = await openai.chat.completions.create({
    model,
    messages: say("SLOW"),
    stream: true,
  });
  for await (const chunk of stream) {
    result.beforeAbort = chunk.choices[0]?.delta.content;
    break; // which aborts
  }
}

// In a session.
result.session = await openai.chat.completions.create({
  model,
  messages: say("Hello"),
  metadata: { session_id: "from-sdk" },
});

// ai, its three ways.
const vercel = createOpenAI({ baseURL: base, apiKey });
const compatible = createOpenAICompatible({
  name: "dramatis",
  baseURL: base,
  apiKey,
  includeUsage: true,
});
result.ai = {};
result.aiVectors = (
  await embedMany({ model: vercel.textEmbeddingModel("embedder"), values: texts })
).embeddings;
const strangers = { apiKey: "nonsense", baseURL: base };
const ways = {
  responses: [vercel, createOpenAI(strangers)],
  chat: [vercel.chat, createOpenAI(strangers).chat],
  compatible: [compatible, createOpenAICompatible({ ...strangers, name: "dramatis" })],
};
// Of ai's errors the status stands in the last one.
async function refusal(call) {
  try {
    await call();
  } catch (error) {
    const last = error.lastError ?? error;
    return { status: last.statusCode ?? null, retryable: last.isRetryable ?? null, message: last.message };
  }
  return null;
}
for (const [name, [way, stranger]] of Object.entries(ways)) {
  const language = way(model);
  const whole = await generateText({ model: language, prompt: "Hello", system: "Be brief." });
  const errors = [];
  const stream = streamText({
    model: language,
    messages: say("Hello"),
    onError: ({ error }) => errors.push(String(error)),
  });
  const text = textOf(await collect(stream.textStream, (piece) => piece));
  const broken = [];
  const bad = streamText({
    model: language,
    messages: say("BREAK"),
    maxRetries: 0,
    onError: ({ error }) => broken.push(JSON.stringify(error) ?? String(error)),
  });
  const before = textOf(await collect(bad.textStream, (piece) => piece));
  result.ai[name] = {
    whole: whole.text,
    finish: whole.finishReason,
    usage: whole.usage.totalTokens,
    text,
    errors,
    streamFinish: await stream.finishReason,
    streamUsage: (await stream.usage).totalTokens,
    before,
    broken: broken.length,
    brokenFinish: await bad.finishReason.then((reason) => reason, () => "rejected"),
    missing: await refusal(() =>
      generateText({ model: way("nobody"), prompt: "Hello", maxRetries: 0 }),
    ),
    unauthenticated: await refusal(() =>
      generateText({ model: stranger(model), prompt: "Hello", maxRetries: 0 }),
    ),
    tooMany: await refusal(() =>
      generateText({
        model: language,
        prompt: "Hello",
        maxRetries: 0,
        providerOptions: {
          [name === "compatible" ? "dramatis" : "openai"]: { metadata: { session_id: full } },
        },
      }),
    ),
    left: await (async () => {
      const leaving = new AbortController();
      const slow = streamText({
        model: language,
        messages: say("SLOW"),
        abortSignal: leaving.signal,
        onError: () => {},
      });
      let before = "";
      for await (const piece of slow.textStream) {
        before += piece;
        leaving.abort();
      }
      return before;
    })(),
  };
}

console.log(JSON.stringify(result));
