// The gateway's own work for one request, each part beside a peer that does the same job or less:
// the check of a body beside Boost.JSON's parser, transcoding beside protobuf's JSON conversion,
// the match of a route beside one look into a hash map.
#include <memory>
#include <string>
#include <unordered_map>

#include "dramatis/persona/v1/persona.pb.h"

#include "benchmark/benchmark.h"
#include "boost/json.hpp"
#include "gateway/json/check.h"
#include "gateway/json/types.h"
#include "gateway/routing/proto_files.h"
#include "gateway/routing/route_table.h"
#include "gateway/routing/transcoder.h"
#include "google/protobuf/util/json_util.h"

namespace dramatis::gateway {
namespace {

namespace util = google::protobuf::util;

constexpr char kBody[] =
    R"({"name":"Ada Lovelace","type":"ai_agent","description":"A mathematician who writes letters.",
"personality":{"openness":90,"conscientiousness":80,"extraversion":40,"agreeableness":60},
"knowledge":["technology","science","arts"],"communicationStyle":"academic","isPublic":true,
"biography":"I was born in London in 1815 and have kept company with engines ever since.",
"modelConfig":{"temperature":0.7,"maxOutputTokens":512,"stop":["\n\n"]}})";
constexpr char kPath[] = "/api/personas/01a1fc76-d8e8-730e-8441-9aacad03b023";

// One route table and transcoder for everything here.
struct World {
  std::unique_ptr<RouteTable> routes = RouteTable::Build(LinkedFiles().value()).value();
  std::unique_ptr<Transcoder> transcoder = Transcoder::Make(*routes).value();
  JsonTypes types{*google::protobuf::DescriptorPool::generated_pool()};
  Correlation correlation{
      .id = "01a1fc76-d979-74c2-a794-7320cdad334e", .traceparent = "", .request_id = false};

  RequestCall Build(const char* verb, const char* path, const char* body) const {
    HttpRequest request;
    request.verb = verb;
    request.path = path;
    request.body = body;
    if (*body != '\0') request.headers = {{"content-type", kJsonType}};
    return transcoder->requests().Build(routes->Match(verb, path), request, correlation).value();
  }
};

const World& TheWorld() {
  static const auto& world = *new World();
  return world;
}

persona::v1::Persona Persona() {
  const RequestCall call = TheWorld().Build("POST", "/api/personas", kBody);
  persona::v1::CreatePersonaRequest request;
  if (!request.ParseFromString(call.payload)) std::abort();
  request.mutable_persona()->set_persona_id(kPath + sizeof("/api/personas/") - 1);
  request.mutable_persona()->set_etag("1");
  return request.persona();
}

void RouteMatching(benchmark::State& state) {
  const RouteTable& routes = *TheWorld().routes;
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(routes.Match("GET", kPath));
}
BENCHMARK(RouteMatching);

void RouteMatchingPeerHashMap(benchmark::State& state) {
  std::unordered_map<std::string, int> routes;
  for (const auto& route : TheWorld().routes->routes()) {
    routes[route->verb + route->any().path] = static_cast<int>(routes.size());
  }
  routes[std::string("GET") + kPath] = 0;
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(routes.find(std::string("GET") + kPath));
}
BENCHMARK(RouteMatchingPeerHashMap);

void JsonChecking(benchmark::State& state) {
  const auto& type = *persona::v1::Persona::descriptor();
  if (!CheckJson(kBody, type).ok()) state.SkipWithError("the body is refused");
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(CheckJson(kBody, type));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * (sizeof(kBody) - 1)));
}
BENCHMARK(JsonChecking);

void JsonCheckingPeerBoostParse(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(boost::json::parse(kBody));
  state.SetBytesProcessed(static_cast<int64_t>(state.iterations() * (sizeof(kBody) - 1)));
}
BENCHMARK(JsonCheckingPeerBoostParse);

void RequestTranscoding(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(TheWorld().Build("POST", "/api/personas", kBody));
  }
}
BENCHMARK(RequestTranscoding);

void RequestTranscodingPeerProtobuf(benchmark::State& state) {
  const World& world = TheWorld();
  const std::string url = JsonTypes::Url(*persona::v1::Persona::descriptor());
  for ([[maybe_unused]] auto _ : state) {
    std::string wire;
    if (!util::JsonToBinaryString(&world.types.resolver(), url, kBody, &wire).ok()) {
      state.SkipWithError("the body is refused");
    }
    benchmark::DoNotOptimize(wire);
  }
}
BENCHMARK(RequestTranscodingPeerProtobuf);

void AnswerTranscoding(benchmark::State& state) {
  const World& world = TheWorld();
  const RpcMethod& method = *world.routes->Match("GET", kPath).route->unary;
  const std::string wire = Persona().SerializeAsString();
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(world.transcoder->Answer(method, wire));
}
BENCHMARK(AnswerTranscoding);

void AnswerTranscodingPeerProtobuf(benchmark::State& state) {
  const World& world = TheWorld();
  const std::string url = JsonTypes::Url(*persona::v1::Persona::descriptor());
  const std::string wire = Persona().SerializeAsString();
  util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  for ([[maybe_unused]] auto _ : state) {
    std::string json;
    if (!util::BinaryToJsonString(&world.types.resolver(), url, wire, &json, options).ok()) {
      state.SkipWithError("the message is refused");
    }
    benchmark::DoNotOptimize(json);
  }
}
BENCHMARK(AnswerTranscodingPeerProtobuf);

}  // namespace
}  // namespace dramatis::gateway
