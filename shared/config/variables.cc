#include "shared/config/variables.h"

#include <algorithm>
#include <deque>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "shared/config/default_ports.h"

namespace dramatis {
namespace {

constexpr char kAll[] = "all";
constexpr char kServices[] = "persona, conversation, memory, inference";

// The number of insertions, deletions and replacements between two names (Levenshtein).
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
    }
  }
  return row[b.size()];
}

// "127.0.0.1:9090 (dramatis, gateway), 127.0.0.1:9091 (persona), ...": the ports in order.
std::string AddressesOf(int DefaultPorts::* port) {
  std::map<int, std::vector<std::string>> programs;
  for (const DefaultPorts& ports : kDefaultPorts) {
    if (ports.*port != 0) programs[ports.*port].emplace_back(ports.program);
  }
  std::vector<std::string> addresses;
  addresses.reserve(programs.size());
  for (const auto& [number, names] : programs)
    addresses.push_back(
        absl::StrCat(LoopbackAddress(number), " (", absl::StrJoin(names, ", "), ")"));
  return absl::StrJoin(addresses, ", ");
}

// A text that lives as long as the list of variables, which is for ever.
std::string_view Kept(std::string text) {
  static auto& kept = *new std::deque<std::string>;
  return kept.emplace_back(std::move(text));
}

std::string_view AddressOf(std::string_view service) {
  return Kept(LoopbackAddress(PortsOf(service).grpc));
}

bool Reads(const Variable& variable, std::string_view program) {
  constexpr std::string_view kPrefix = "dramatis-";
  if (program.substr(0, kPrefix.size()) != kPrefix || variable.programs == kAll) return true;
  return variable.programs.find(program.substr(kPrefix.size())) != std::string_view::npos;
}

}  // namespace

const std::vector<Variable>& KnownVariables() {
  static const auto& variables = *new std::vector<Variable>{
      {"DRAMATIS_ENVIRONMENT", "local", "local, staging or production", kAll},
      {"DRAMATIS_LOG_LEVEL", "info", "debug, info, warning or error", kAll},
      {"DRAMATIS_HTTP_ADDRESS", Kept(LoopbackAddress(PortsOf("gateway").http)),
       "where HTTP is served; port 0 picks one", "gateway"},
      {"DRAMATIS_GRPC_ADDRESS", Kept(AddressesOf(&DefaultPorts::grpc)),
       "where gRPC is served; port 0 picks one", kServices},
      {"DRAMATIS_MANAGEMENT_ADDRESS", Kept(AddressesOf(&DefaultPorts::management)),
       "where /metrics, /livez and /readyz are served; port 0 picks one", kAll},
      {"DRAMATIS_ADVERTISED_ADDRESS", "the gRPC address",
       "this process's gRPC address as other replicas reach it", kServices},
      {"DRAMATIS_DATA_DIR", "./data", "the folder of SQLite files and persona files", kServices},
      {"DATABASE_URL", "SQLite under the data folder",
       "postgresql://...; one schema per service; outside local only as DATABASE_URL_FILE, which "
       "names a file "
       "that holds it, or as a reference, file: or aws-secretsmanager:; read again, so that a "
       "password may "
       "change",
       kServices},
      {"DRAMATIS_DATABASE_ROLE", "",
       "the PostgreSQL role that the service runs as: `migrate`, which runs as the schema's owner, "
       "lets it read and write the rows of each table and nothing else",
       kServices},
      {"DRAMATIS_OIDC_ISSUER", "",
       "whose JWTs are taken (`iss`), as https://id.example.org; outside local it, or a key, is "
       "how anybody comes in; services take JWTs on their own ports where they have it too",
       kAll},
      {"DRAMATIS_OIDC_AUDIENCE", "",
       "one of these must be in `aud` of a JWT, or be its `client_id` or `azp` where it has none",
       kAll},
      {"DRAMATIS_OIDC_JWKS_URL", "what the issuer's discovery document says",
       "where the issuer's keys are", kAll},
      {"DRAMATIS_OIDC_USER_CLAIM", "sub",
       "the claim that is the user's id; a name, or an RFC 6901 pointer, which begins with /",
       kAll},
      {"DRAMATIS_OIDC_ROLES_CLAIM", "cognito:groups,roles,/realm_access/roles,permissions",
       "the claims that list roles, comma-separated", kAll},
      {"DRAMATIS_OIDC_ADMIN_ROLE", "admin", "the role that makes an admin", kAll},
      {"DRAMATIS_OIDC_SCOPE", "", "a scope that every JWT must have", kAll},
      {"DRAMATIS_OIDC_CLIENT_ID", "",
       "whom the issuer knows the page as, a public client without a secret: people sign in there, "
       "by Authorization Code with PKCE; without it they need a key or a token",
       "gateway"},
      {"DRAMATIS_OIDC_CLIENT_SCOPE",
       "openid, DRAMATIS_OIDC_SCOPE, and offline_access where the issuer offers it",
       "what the page asks for when people sign in, separated by spaces", "gateway"},
      {"DRAMATIS_IDENTITY_KEY_FILE", "",
       "the key by which this program proves to others for whom it calls; `dramatis identity new "
       "<folder>` makes it; demanded outside local",
       "conversation, memory, gateway"},
      {"DRAMATIS_IDENTITY_KEYS_FILE", "",
       "the public keys of the programs that call this one; the same command writes them; demanded "
       "outside local",
       kServices},
      {"DRAMATIS_GRPC_TLS", "files",
       "how gRPC between programs is encrypted outside local: by the files below, or mesh, where a "
       "service mesh does it",
       kAll},
      {"DRAMATIS_GRPC_TLS_CERTIFICATE_FILE", "",
       "the certificate, in PEM, that this program shows to the others; it names the program "
       "(persona, conversation, ...); read again when it changes",
       kAll},
      {"DRAMATIS_GRPC_TLS_KEY_FILE", "", "the private key of that certificate, in PEM", kAll},
      {"DRAMATIS_GRPC_TLS_CA_FILE", "",
       "the authorities, in PEM, whose certificates are taken from the others", kAll},
      {"DRAMATIS_DATABASE_CONNECTIONS", "DRAMATIS_WORKERS",
       "most database connections of each service", kServices},
      {"DRAMATIS_WORKERS", "16", "threads of each service", kAll},
      {"DRAMATIS_QUEUE", "1024", "calls that may wait for a thread", kAll},
      {"DRAMATIS_QUEUE_DELAY", "100ms",
       "how long calls may wait for a thread where more come than are answered: once all have "
       "waited "
       "longer for ten times as long, new ones are refused at once, with OVERLOADED, whenever the "
       "first has",
       kAll},
      {"DRAMATIS_GRPC_KEEPALIVE", "20s",
       "between pings to the other side of an open call; one that is gone is noticed after half as "
       "long again",
       kAll},
      {"DRAMATIS_DRAIN_TIMEOUT", "20s", "how long calls under way may go on at the end", kAll},
      {"DRAMATIS_ADMIN_MUTATIONS", "true where the environment is local",
       "admins may migrate and seed databases through the API", kServices},
      {"DRAMATIS_PERSONA_ADDRESS", AddressOf("persona"), "where the persona service is",
       "conversation, gateway"},
      {"DRAMATIS_CONVERSATION_ADDRESS", AddressOf("conversation"),
       "where the conversation service is", "gateway"},
      {"DRAMATIS_MEMORY_ADDRESS", AddressOf("memory"), "where the memory service is",
       "conversation, gateway"},
      {"DRAMATIS_INFERENCE_ADDRESS", AddressOf("inference"), "where the inference service is",
       "conversation, memory, gateway"},
      {"DRAMATIS_OBJECTS", "file: and objects/ in the data folder",
       "where archives are that users bring or take: s3://bucket/prefix, or file: and a folder; "
       "personas' "
       "sources may be in the bucket",
       "persona, conversation"},
      {"DRAMATIS_TRANSCRIPTS", "off",
       "where transcripts of sessions are put, s3://bucket/prefix, or file: and a folder",
       "conversation"},
      {"DRAMATIS_RETENTION", "off",
       "how long after its end a session's messages stay in the database, as 30d; then they are "
       "read from its "
       "transcript, or, without DRAMATIS_TRANSCRIPTS, deleted with the session",
       "conversation"},
      {"DRAMATIS_TRANSCRIPT_RETENTION", "off",
       "how long after its end a session and its transcript are kept at all", "conversation"},
      {"DRAMATIS_DEFAULT_PERSONA", "the sample me.txt",
       "the persona of chats that name none: file:..., s3://bucket/key or a persona id",
       "persona, conversation"},
      {"DRAMATIS_RESTRICT_AI_PERSONAS", "false", "only admins may make AI personas", "persona"},
      {"DRAMATIS_PERSONA_MAX_BYTES", "",
       "goes with the next release: bytes of a biography that reach a prompt", "persona"},
      {"DRAMATIS_MEMORY_QUOTA", "10000", "the most memories of a user", "memory"},
      {"DRAMATIS_MEMORY_EXTRACTION", "true", "take memories from what users say", "memory"},
      {"DRAMATIS_MEMORY_SUMMARIES", "true", "sum up conversations that outgrow a model's window",
       "memory"},
      {"DRAMATIS_MEMORY_MODEL", "the default model", "the model for both, as provider/model",
       "memory"},
      {"DRAMATIS_TURN_LEASE", "15s", "after how long a silent turn is taken over", "conversation"},
      {"DRAMATIS_RESPONSE_DELAY", "true",
       "whether AI participants of conversations wait a while before they answer", "conversation"},
      {"DRAMATIS_OPENAI_SESSION_HEADERS", "false",
       "whether X-OpenWebUI-Chat-Id names a session on /v1", "conversation"},
      {"DRAMATIS_TITLE_MODEL", "off: the first words",
       "the model that gives sessions their titles, as provider/model", "conversation"},
      {"DRAMATIS_MODEL", "the first provider's, else local",
       "the default model as provider/model, then those that stand in for it", "inference"},
      {"DRAMATIS_PROVIDERS_FILE", "", "providers of models, YAML: see docs/providers.md",
       "inference"},
      {"DRAMATIS_MODELS_FILE", "", "windows, prices and the like of models: see docs/providers.md",
       "inference"},
      {"DRAMATIS_TOKEN_RANKS", "",
       "files o200k_base.tiktoken and cl100k_base.tiktoken, comma-separated: with them the prompts "
       "of "
       "OpenAI's models are counted exactly",
       "inference"},
      {"DRAMATIS_ON_BROKEN_STREAM", "stop",
       "an answer that breaks off after its first words: stop fails the turn, restart asks for it "
       "once more",
       "inference"},
      {"DRAMATIS_HEDGE_AFTER", "off",
       "where a model has said nothing for so long, as 2s, the next one of the chain is asked too, "
       "and "
       "whichever speaks first answers; both are paid for",
       "inference"},
      {"OPENAI_API_KEY", "", "the key of an OpenAI-compatible server; or OPENAI_API_KEY_FILE",
       "inference"},
      {"OPENAI_BASE_URL", "https://api.openai.com/v1", "the OpenAI-compatible server", "inference"},
      {"DRAMATIS_OPENAI_MODELS", "", "the models of that server, comma-separated", "inference"},
      {"ANTHROPIC_API_KEY", "", "Anthropic's key; or ANTHROPIC_API_KEY_FILE", "inference"},
      {"ANTHROPIC_BASE_URL", "https://api.anthropic.com",
       "another server that speaks Anthropic's Messages", "inference"},
      {"GEMINI_API_KEY", "", "Google Gemini's key; or GEMINI_API_KEY_FILE", "inference"},
      {"GROQ_API_KEY", "", "Groq's key; or GROQ_API_KEY_FILE", "inference"},
      {"MISTRAL_API_KEY", "", "Mistral's key; or MISTRAL_API_KEY_FILE", "inference"},
      {"OPENROUTER_API_KEY", "", "OpenRouter's key; or OPENROUTER_API_KEY_FILE", "inference"},
      {"AZURE_OPENAI_API_KEY", "", "Azure OpenAI's key; or AZURE_OPENAI_API_KEY_FILE", "inference"},
      {"AZURE_OPENAI_ENDPOINT", "", "the Azure resource, as https://name.openai.azure.com",
       "inference"},
      {"AWS_BEARER_TOKEN_BEDROCK", "",
       "a key of Amazon Bedrock, for Claude there; or AWS_BEARER_TOKEN_BEDROCK_FILE", "inference"},
      {"AWS_REGION", "", "the region of Amazon Bedrock, of buckets and of secrets, as eu-central-1",
       kServices},
      {"AWS_ENDPOINT_URL", "Amazon's",
       "another server that speaks AWS' APIs; also AWS_ENDPOINT_URL_S3 for buckets, "
       "AWS_ENDPOINT_URL_SECRETS_MANAGER, AWS_ENDPOINT_URL_STS",
       kServices},
      {"OLLAMA_HOST", "", "an Ollama server, as 127.0.0.1:11434", "inference"},
      {"DRAMATIS_OPENAI_CONNECT_TIMEOUT", "5s", "for the connection to that server", "inference"},
      {"DRAMATIS_OPENAI_FIRST_BYTE_TIMEOUT", "60s; 300s of loopback and private addresses",
       "for the first byte of an answer", "inference"},
      {"DRAMATIS_OPENAI_IDLE_TIMEOUT", "30s", "for the next byte of an answer", "inference"},
      {"DRAMATIS_MONTHLY_BUDGET_MICROS", "no limit",
       "millionths of a US dollar that a user may spend on models in a calendar month, where an "
       "admin has not "
       "set it",
       "inference"},
      {"DRAMATIS_TOKENS_PER_MINUTE", "no limit",
       "tokens that a user may use in a minute, where an admin has not set it", "inference"},
      {"DRAMATIS_DEPLOYMENT_BUDGET_MICROS", "no limit",
       "millionths of a US dollar that all users together may spend in a calendar month",
       "inference"},
      {"DRAMATIS_EMBEDDER", "none",
       "what makes vectors of memories and questions, so that memories are found by what they "
       "mean: "
       "table: and a file, or provider/model",
       "inference"},
      {"DRAMATIS_RESERVATION_LEASE", "30s",
       "after how long what a silent process reserved for calls to models is freed", "inference"},
      {"DRAMATIS_LOCAL_DELAY", "0s", "before each word of the built-in model", "inference"},
      {"DRAMATIS_TLS_CERTIFICATE_FILE", "",
       "the certificate, in PEM, that DRAMATIS_HTTP_ADDRESS serves HTTPS with, then those between "
       "it "
       "and its authority; read again when it changes",
       "gateway"},
      {"DRAMATIS_TLS_KEY_FILE", "", "the private key of that certificate, in PEM", "gateway"},
      {"DRAMATIS_TRUSTED_PROXIES", "",
       "addresses and networks of proxies that speak TLS for us, as 10.0.0.0/8, comma-separated: "
       "their "
       "X-Forwarded-Proto and X-Forwarded-For are believed",
       "gateway"},
      {"DRAMATIS_RATE_LIMIT", "off in local, else 1000/s",
       "most requests of all callers together, per s, m or h, or off", "gateway"},
      {"DRAMATIS_USER_RATE_LIMIT", "off in local, else 600/m", "most requests of one user",
       "gateway"},
      {"DRAMATIS_ADDRESS_RATE_LIMIT", "off in local, else 60/m",
       "most requests of one address without valid credentials", "gateway"},
      {"DRAMATIS_USER_STREAMS", "unlimited in local, else 20",
       "most streams that one user may have open at once; 0 is no limit", "gateway"},
      {"DRAMATIS_GATEWAY_REPLICAS", "1",
       "gateways that these limits are shared by: each allows its part of them", "gateway"},
      {"DRAMATIS_CORS_ORIGINS", "http://localhost:3000",
       "origins of web pages that may call, comma-separated", "gateway"},
      {"DRAMATIS_MAX_CONNECTIONS", "10000", "most HTTP connections at once", "gateway"},
      {"DRAMATIS_HTTP_THREADS", "one for each processor", "threads that serve HTTP", "gateway"},
      {"DRAMATIS_HTTP_HEADER_TIMEOUT", "10s", "for the head of a request", "gateway"},
      {"DRAMATIS_HTTP_BODY_TIMEOUT", "30s", "for the body of a request", "gateway"},
      {"DRAMATIS_HTTP_IDLE_TIMEOUT", "60s", "between the requests of a connection", "gateway"},
      {"DRAMATIS_HTTP_WRITE_TIMEOUT", "30s", "for a client that takes nothing of its answer",
       "gateway"},
      {"DRAMATIS_UNARY_TIMEOUT", "120s", "for a service's answer", "gateway"},
      {"DRAMATIS_SSE_HEARTBEAT", "15s", "between comments in a stream without events", "gateway"},
  };
  return variables;
}

std::string SuggestVariable(const std::string& name) {
  constexpr size_t kFarthest = 3;
  const auto& variables = KnownVariables();
  const auto nearest = std::min_element(
      variables.begin(), variables.end(), [&](const Variable& a, const Variable& b) {
        return EditDistance(name, a.name) < EditDistance(name, b.name);
      });
  if (EditDistance(name, nearest->name) > kFarthest) return "";
  return std::string(nearest->name);
}

std::string VariablesHelp(const std::string& program) {
  std::string text;
  for (const Variable& variable : KnownVariables()) {
    if (!Reads(variable, program)) continue;
    absl::StrAppendFormat(&text, "  %-36s %s", std::string(variable.name),
                          std::string(variable.meaning));
    if (!variable.fallback.empty()) {
      absl::StrAppendFormat(&text, " (%s)", std::string(variable.fallback));
    }
    text += '\n';
  }
  return text;
}

std::string VariablesMarkdown() {
  std::string text = "| Variable | Default | Meaning | Programs |\n|---|---|---|---|\n";
  for (const Variable& variable : KnownVariables()) {
    absl::StrAppendFormat(&text, "| `%s` | %s | %s | %s |\n", std::string(variable.name),
                          std::string(variable.fallback), std::string(variable.meaning),
                          std::string(variable.programs));
  }
  return text;
}

}  // namespace dramatis
