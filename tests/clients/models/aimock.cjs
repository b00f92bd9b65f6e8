// Every provider at once, as @copilotkit/aimock plays them: `node aimock.cjs` prints its URL. What a
// user message holds decides what becomes of it.
const {LLMock} = require("@copilotkit/aimock");

const content = "I build telescopes in Turin, and I love clear nights.";
const tokens = {prompt_tokens: 40, completion_tokens: 12, input_tokens: 40, output_tokens: 12};
const said = {content, usage: tokens};
const fixtures = [
  {match: {userMessage: "SLOW"}, response: said, latency: 20, chunkSize: 8},
  {match: {userMessage: "CUT"}, response: said, chunkSize: 8, latency: 30, truncateAfterChunks: 4},
  {
    match: {userMessage: "OVERLOADED"},
    response: {error: {message: "Overloaded", type: "overloaded_error"}, status: 529},
  },
  {
    match: {userMessage: "BUSY"},
    response: {error: {message: "Slow down", type: "rate_limit_error"}, status: 429},
  },
  {
    match: {userMessage: "REFUSED"},
    response: {error: {message: "No such thing", type: "invalid_request_error"}, status: 400},
  },
  {
    match: {userMessage: "CHAOS"},
    response: said,
    chunkSize: 8,
    chaos: {dropRate: 0.2, malformedRate: 0.2, disconnectRate: 0.2, latencyMs: 5},
  },
  {match: {userMessage: "ANY"}, response: said, chunkSize: 8},
];

async function main() {
  const mock = new LLMock({port: 0, logLevel: "silent"});
  for (const fixture of fixtures) mock.addFixture(fixture);
  await mock.start();
  process.stdout.write(`${mock.url}\n`);
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
}

main();
