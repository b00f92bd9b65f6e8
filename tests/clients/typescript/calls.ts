// Calls every operation of /openapi.json once with success, by types made from it.
//
//   node calls.js http://127.0.0.1:8080 openapi.json
//
// The deployment has the sample data; a message with FAIL makes the model of `openai/double` fail.
import { readFileSync } from "node:fs";
import createClient, { type Middleware } from "openapi-fetch";
import type { paths } from "./api.js";

const [address, document] = process.argv.slice(2) as [string, string];
const succeeded = new Set<string>();
// One pixel.
const PICTURE =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNo" +
  "AAAAggCBd81ytgAAAABJRU5ErkJggg==";

// Notes each operation that was answered with success.
const noted: Middleware = {
  onResponse({ request, response, schemaPath }) {
    if (response.ok) succeeded.add(`${request.method.toLowerCase()} ${schemaPath}`);
  },
};

function clientOf(user: string) {
  const client = createClient<paths, "application/json" | "application/problem+json">({
    baseUrl: address,
    headers: { Authorization: `Bearer local:${user}` },
  });
  client.use(noted);
  return client;
}

async function ok<T>(call: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await call;
  if (!response.ok) throw new Error(`${response.status} ${response.url} ${JSON.stringify(error)}`);
  return data as T;
}

const api = clientOf("typescript");
const guest = clientOf("visitor");
const admin = clientOf("typescript:admin");
const memberOf = <T>(list: T[]): T => {
  if (list[0] === undefined) throw new Error("the list is empty");
  return list[0];
};

async function operators(): Promise<void> {
  const health = await ok(api.GET("/api/health"));
  if (health.status !== "healthy") throw new Error(health.status);
  const config = await ok(api.GET("/api/auth/config"));
  if (config.methods[0] !== "local") throw new Error(config.methods.join());
  const status = await ok(admin.GET("/api/admin/database-status"));
  if (!status.services["persona"]?.connected) throw new Error("persona is not connected");
  await ok(admin.POST("/api/admin/setup-database"));
  await ok(admin.POST("/api/admin/seed-database", { body: { confirm: "local" } }));
  await ok(admin.GET("/api/admin/usage", { params: { query: { groupBy: "persona" } } }));
  const models = await ok(api.GET("/api/ai/status"));
  memberOf(models.providers);
}

async function personas(): Promise<{ me: string; ada: string }> {
  const me = await ok(api.POST("/api/personas", { body: { name: "Me", type: "human" } }));
  const ada = await ok(
    api.POST("/api/personas", {
      body: {
        name: "Ada",
        type: "ai_agent",
        biography: "I build telescopes in Turin.",
        personality: { openness: 90 },
        knowledge: ["science"],
        modelConfig: { model: "openai/double" },
      },
      params: { header: { "Idempotency-Key": "ada" } },
    }),
  );
  const path = { personaId: ada.personaId };
  await ok(api.GET("/api/personas", { params: { query: { knowledge: ["science"], pageSize: 5 } } }));
  const read = await ok(api.GET("/api/personas/{personaId}", { params: { path } }));
  const header = { "If-Match": read.etag };
  const changed = await ok(
    api.PATCH("/api/personas/{personaId}", { params: { path, header }, body: { greeting: null } }),
  );
  if (changed.personality.openness !== 90) throw new Error("the rest has not stayed");
  await ok(api.PUT("/api/personas/{personaId}", { params: { path }, body: { description: "Ada." } }));
  await ok(api.GET("/api/personas/{personaId}/prompt", { params: { path } }));
  const query = { with: me.personaId };
  await ok(api.GET("/api/personas/{personaId}/compatibility", { params: { path, query } }));
  const spare = await ok(api.POST("/api/personas", { body: { name: "Spare", type: "human" } }));
  await ok(
    api.DELETE("/api/personas/{personaId}", { params: { path: { personaId: spare.personaId } } }),
  );
  return { me: me.personaId, ada: ada.personaId };
}

async function sessions(ada: string): Promise<void> {
  const session = await ok(api.POST("/api/session", { body: { persona_id: ada, title: "Stars" } }));
  const path = { session_id: session.session_id };
  const body = { message: "What do you build?", session_id: session.session_id };
  const said = await ok(api.POST("/api/chat", { body }));
  const streamed = await api.POST("/api/chat", {
    body: { ...body, stream: true },
    headers: { Accept: "text/event-stream" },
    parseAs: "text",
  });
  if (!String(streamed.data).includes("event: done")) throw new Error(String(streamed.data));
  const turn = { turn_id: said.turn_id };
  const state = await ok(api.GET("/api/turns/{turn_id}", { params: { path: turn } }));
  if (state.state !== "done") throw new Error(state.state);
  const again = await api.GET("/api/turns/{turn_id}/stream", {
    params: { path: turn },
    parseAs: "text",
  });
  if (!String(again.data).includes("event: start")) throw new Error(String(again.data));
  await ok(api.POST("/api/turns/{turn_id}/cancel", { params: { path: turn } }));
  await answers();
  const failed = await api.POST("/api/chat", { body: { ...body, message: "FAIL" } });
  if (failed.error?.code !== "PROVIDER_FAILED") throw new Error(JSON.stringify(failed.error));
  const failure = failed.error as unknown as { turn_id: string };
  await ok(
    api.POST("/api/turns/{turn_id}/retry", { params: { path: { turn_id: failure.turn_id } } }),
  );
  await ok(api.GET("/api/chat/history/{session_id}", { params: { path, query: { order: "desc" } } }));
  await ok(api.GET("/api/history", { params: { query: { q: "build" } } }));
  await ok(api.GET("/api/history/{session_id}", { params: { path } }));
  await ok(api.GET("/api/session/{session_id}", { params: { path } }));
  await ok(api.POST("/api/session/{session_id}/end", { params: { path } }));
  const ended = await ok(api.DELETE("/api/session/{session_id}", { params: { path } }));
  if (ended.status !== "ended") throw new Error(ended.status);
  const other = { session_id: "typescript" };
  await ok(api.POST("/api/session", { body: {} }));
  await ok(api.POST("/api/chat", { body: { message: "Hello", ...other } }));
  await ok(api.DELETE("/api/history/{session_id}", { params: { path: other } }));
}

// Another answer, a copy, a link to read.
async function answers(): Promise<void> {
  const path = { session_id: "answers" };
  const first = await ok(api.POST("/api/chat", { body: { message: "Hello", ...path } }));
  if (!("turn_id" in first)) throw new Error("no turn");
  const turn = { turn_id: first.turn_id };
  const again = await ok(
    api.POST("/api/turns/{turn_id}/regenerate", { params: { path: turn }, body: {} }),
  );
  if (again.turn_id === turn.turn_id) throw new Error("the same answer");
  const found = await ok(api.GET("/api/turns/{turn_id}/alternatives", { params: { path: turn } }));
  if (found.alternatives.length !== 2) throw new Error(`${found.alternatives.length} answers`);
  await ok(api.POST("/api/turns/{turn_id}/select", { params: { path: turn } }));
  const body = { sequence: 1, message: "And when?" };
  await ok(api.POST("/api/history/{session_id}/fork", { params: { path }, body }));
  const share = await ok(api.POST("/api/history/{session_id}/share", { params: { path } }));
  const token = String(share.url).split("/").pop() ?? "";
  await ok(api.GET("/api/shared/{token}", { params: { path: { token } } }));
  await ok(api.GET("/api/history/{session_id}/share", { params: { path } }));
  await ok(
    api.DELETE("/api/history/{session_id}/share/{share_id}", {
      params: { path: { ...path, share_id: share.share_id } },
    }),
  );
}

async function moneyAndKeys(): Promise<void> {
  await ok(api.GET("/api/usage", { params: { query: { groupBy: "model" } } }));
  const path = { userId: "typescript" };
  const budgets = "/api/admin/budgets/{userId}" as const;
  await ok(admin.PUT(budgets, { params: { path }, body: { monthlyBudgetMicros: 5000000 } }));
  await ok(admin.PATCH(budgets, { params: { path }, body: { tokensPerMinute: 50000 } }));
  const budget = await ok(admin.GET(budgets, { params: { path } }));
  if (budget.tokensPerMinute !== 50000) throw new Error(JSON.stringify(budget));
  const key = await ok(api.POST("/api/keys", { body: { name: "kiosk", scopes: ["chat"] } }));
  const one = { params: { path: { keyId: key.keyId } } };
  await ok(api.GET("/api/keys"));
  await ok(api.PATCH("/api/keys/{keyId}", { ...one, body: { name: "museum" } }));
  await ok(api.GET("/api/keys/{keyId}", one));
  await ok(api.POST("/api/keys/{keyId}/rotate", { ...one, body: { graceSeconds: 60 } }));
  await ok(api.DELETE("/api/keys/{keyId}", one));
}

async function rooms(me: string, ada: string): Promise<void> {
  const made = await ok(
    api.POST("/api/conversations", {
      body: { title: "Stars", personaIds: [me], visibility: "unlisted" },
    }),
  );
  const path = { conversationId: made.conversationId };
  await ok(api.GET("/api/conversations", { params: { query: { status: "active" } } }));
  await ok(api.GET("/api/conversations/{conversationId}", { params: { path } }));
  await ok(
    api.PATCH("/api/conversations/{conversationId}", { params: { path }, body: { goal: "To see." } }),
  );
  await ok(
    api.PUT("/api/conversations/{conversationId}", {
      params: { path },
      body: { settings: { maxAiResponders: 0 } },
    }),
  );
  await ok(
    api.POST("/api/conversations/{conversationId}/participants", {
      params: { path },
      body: { personaId: ada, role: "guest" },
    }),
  );
  const inside = { ...path, personaId: ada };
  await ok(
    api.GET("/api/conversations/{conversationId}/participants/{personaId}", {
      params: { path: inside },
    }),
  );
  const body = { personaId: ada };
  await ok(api.POST("/api/conversations/{conversationId}/reveal", { params: { path }, body }));
  const visitor = await ok(guest.POST("/api/personas", { body: { name: "Zoe", type: "human" } }));
  const mine = { params: { path }, body: { personaId: visitor.personaId } };
  await ok(guest.POST("/api/conversations/{conversationId}/join", mine));
  await ok(guest.POST("/api/conversations/{conversationId}/leave", mine));
  await messages(path, me, ada);
  await ok(api.POST("/api/conversations/{conversationId}/pause", { params: { path } }));
  await ok(api.POST("/api/conversations/{conversationId}/resume", { params: { path } }));
  await ok(
    api.DELETE("/api/conversations/{conversationId}/participants/{personaId}", {
      params: { path: inside },
    }),
  );
  await ok(
    api.POST("/api/conversations/{conversationId}/close", { params: { path }, body: { reason: "Dawn" } }),
  );
  await ok(api.DELETE("/api/conversations/{conversationId}", { params: { path } }));
}

async function messages(path: { conversationId: string }, me: string, ada: string): Promise<void> {
  const said = await ok(
    api.POST("/api/conversations/{conversationId}/messages", {
      params: { path },
      body: { personaId: me, content: "Good evening.", type: "text" },
    }),
  );
  const one = { ...path, messageId: said.message.messageId };
  const message = "/api/conversations/{conversationId}/messages/{messageId}" as const;
  await ok(api.GET("/api/conversations/{conversationId}/messages", { params: { path } }));
  await ok(api.GET(message, { params: { path: one } }));
  await ok(api.PUT(message, { params: { path: one }, body: { content: "Good night." } }));
  await ok(api.PATCH(message, { params: { path: one }, body: { content: "Good morning." } }));
  const answer = await ok(
    api.POST("/api/ai/generate-response", { body: { ...path, personaId: ada } }),
  );
  const prompt = await ok(
    api.GET("/api/conversations/{conversationId}/messages/{messageId}/prompt", {
      params: { path: { ...path, messageId: answer.message.messageId } },
    }),
  );
  if (!prompt.verification.same) throw new Error("the prompt is another one");
  await ok(api.DELETE(message, { params: { path: one } }));
  await events(path);
}

// An endless stream: its head is enough.
async function events(path: { conversationId: string }): Promise<void> {
  const stop = new AbortController();
  const { data } = await api.GET("/api/conversations/{conversationId}/events", {
    params: { path },
    parseAs: "stream",
    signal: stop.signal,
  });
  const reader = data?.getReader();
  await reader?.read();
  stop.abort();
}

async function memory(): Promise<void> {
  await ok(api.PUT("/api/profile", { body: { displayName: "Ty", units: "imperial" } }));
  await ok(api.PATCH("/api/profile", { body: { timezone: "Europe/Rome" } }));
  const profile = await ok(api.GET("/api/profile"));
  if (profile.units !== "imperial") throw new Error(profile.units);
  const made = await ok(api.POST("/api/memories", { body: { content: "Likes tea." } }));
  const path = { memoryId: made.memoryId };
  await ok(api.GET("/api/memories"));
  await ok(api.GET("/api/memories/{memoryId}", { params: { path } }));
  await ok(api.PATCH("/api/memories/{memoryId}", { params: { path }, body: { confidence: 0.5 } }));
  const found = await ok(api.GET("/api/memories/search", { params: { query: { q: "tea" } } }));
  if (memberOf(found.results).memory.confidence !== 0.5) throw new Error("another memory");
  await ok(api.DELETE("/api/memories/{memoryId}", { params: { path } }));
}

async function goals(): Promise<string> {
  const made = await ok(
    api.POST("/api/goals", {
      body: {
        title: "Walk",
        category: "health",
        goalPattern: "recurring",
        target: { metric: "distance", value: 20, unit: "km", period: "week" },
      },
    }),
  );
  const path = { goalId: made.goalId };
  await ok(api.GET("/api/goals", { params: { query: { goalPattern: "recurring" } } }));
  await ok(api.GET("/api/goals/{goalId}", { params: { path } }));
  await ok(api.PATCH("/api/goals/{goalId}", { params: { path }, body: { target: { value: 25 } } }));
  await ok(api.PUT("/api/goals/{goalId}", { params: { path }, body: { color: "#C04000" } }));
  const done = await ok(
    api.POST("/api/goals/{goalId}/activities", { params: { path }, body: { value: 5 } }),
  );
  const activity = { ...path, activityId: done.activityId };
  await ok(api.GET("/api/goals/{goalId}/activities", { params: { path } }));
  await ok(api.GET("/api/goals/{goalId}/activities/{activityId}", { params: { path: activity } }));
  const progress = await ok(
    api.GET("/api/goals/{goalId}/progress", { params: { path, query: { period: "all" } } }),
  );
  if (progress.currentValue !== 5) throw new Error(`${progress.currentValue}`);
  await ok(api.POST("/api/goals/{goalId}/complete", { params: { path } }));
  await ok(api.POST("/api/goals/{goalId}/restore", { params: { path } }));
  return made.goalId;
}

async function journal(goalId: string): Promise<void> {
  const body = { title: "Dusk", content: "Two moons.", linkedGoalIds: [goalId] };
  const made = await ok(api.POST("/api/journal", { body }));
  const path = { entryId: made.entryId };
  await ok(api.GET("/api/journal", { params: { query: { from: "2026-01-01" } } }));
  await ok(api.GET("/api/journal/{entryId}", { params: { path } }));
  await ok(api.PATCH("/api/journal/{entryId}", { params: { path }, body: { mood: "calm" } }));
  await ok(api.PUT("/api/journal/{entryId}", { params: { path }, body: { tags: ["sky"] } }));
  const stats = await ok(api.GET("/api/journal/stats"));
  if (stats.moodDistribution["calm"] !== 1) throw new Error("no mood");
  await ok(api.DELETE("/api/journal/{entryId}", { params: { path } }));
  await ok(api.DELETE("/api/goals/{goalId}", { params: { path: { goalId } } }));
}

async function cards(ada: string): Promise<void> {
  const card = await ok(
    api.GET("/api/personas/{personaId}/export", { params: { path: { personaId: ada } } }),
  );
  const made = await ok(
    api.POST("/api/personas/import", { body: { ...card, data: { name: "Tessa" } } }),
  );
  const path = { personaId: made.persona.personaId };
  const entries = [{ keys: ["net"], content: "Nets are blue." }];
  await ok(api.PUT("/api/personas/{personaId}/lore", { params: { path }, body: { entries } }));
  await ok(api.GET("/api/personas/{personaId}/lore", { params: { path } }));
  // The picture itself is the body, whatever JSON would make of it.
  const picture = Uint8Array.from(atob(PICTURE), (letter) => letter.charCodeAt(0));
  const avatar = await ok(
    api.PUT("/api/personas/{personaId}/avatar", {
      params: { path },
      body: picture as never,
      bodySerializer: (body) => body,
      headers: { "Content-Type": "image/png" },
    }),
  );
  if (avatar.width !== 1) throw new Error("not the picture");
  await ok(
    api.GET("/api/personas/{personaId}/avatar", { params: { path }, parseAs: "arrayBuffer" }),
  );
  const asked = { message: "A net?", persona_id: path.personaId };
  await ok(api.POST("/api/chat/preview", { body: asked }));
  if (made.persona.name !== "Tessa") throw new Error(made.persona.name);
}

async function archives(): Promise<void> {
  const chat = [
    { user_name: "Ada", character_name: "Tessa", chat_metadata: {} },
    { name: "Ada", is_user: true, mes: "Good morning." },
  ];
  const { importId } = await ok(
    api.POST("/api/imports", {
      body: chat.map((line) => JSON.stringify(line)).join("\n"),
      bodySerializer: (text) => text,
      headers: { "Content-Type": "application/jsonl" },
    }),
  );
  await untilDone(() => ok(api.GET("/api/imports/{importId}", { params: { path: { importId } } })));
  const listed = await ok(api.GET("/api/imports"));
  if (memberOf(listed.imports).importId !== importId) throw new Error("not listed");
  const { exportId } = await ok(api.POST("/api/exports", { body: {} }));
  const path = { exportId };
  await untilDone(() => ok(api.GET("/api/exports/{exportId}", { params: { path } })));
  await ok(
    api.GET("/api/exports/{exportId}/archive", { params: { path }, parseAs: "arrayBuffer" }),
  );
}

async function untilDone(look: () => Promise<{ state: string }>): Promise<void> {
  while ((await look()).state !== "done") await new Promise((done) => setTimeout(done, 100));
}

async function openai(ada: string): Promise<void> {
  const listed = await ok(api.GET("/v1/models"));
  if (!listed.data.some((model) => model.id === ada)) throw new Error("not listed");
  await ok(api.GET("/v1/models/{model}", { params: { path: { model: ada } } }));
  const messages = [{ role: "user", content: "Hello" }];
  await ok(api.POST("/v1/chat/completions", { body: { model: ada, messages } }));
  await ok(api.POST("/v1/responses", { body: { model: ada, input: "Hello" } }));
  await ok(api.POST("/v1/embeddings", { body: { model: "embedder", input: ["a storm"] } }));
}

async function main(): Promise<void> {
  await operators();
  const { me, ada } = await personas();
  await sessions(ada);
  await rooms(me, ada);
  await cards(ada);
  await archives();
  await openai(ada);
  await memory();
  await journal(await goals());
  await moneyAndKeys();
  await ok(guest.DELETE("/api/account", { body: { confirm: "visitor" } }));

  const described: { paths: Record<string, Record<string, unknown>> } = JSON.parse(
    readFileSync(document, "utf8"),
  );
  const missing = Object.entries(described.paths)
    .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
    // Tokens come from an issuer, which there is none of here: tests/web/test_sign_in.py has one.
    .filter((operation) => !succeeded.has(operation) && !operation.startsWith("post /api/auth/"));
  if (missing.length > 0) throw new Error(`never called: ${missing.join(", ")}`);
  console.log(`${succeeded.size} operations`);
}

await main();
