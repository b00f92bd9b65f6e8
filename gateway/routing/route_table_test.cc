#include "gateway/routing/route_table.h"

#include "google/protobuf/descriptor.pb.h"

#include "gateway/testing/tables.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace dramatis::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

RouteMatch Match(const char* verb, const char* path) {
  return TestTables::Get().routes->Match(verb, path);
}

std::string NameOf(const RpcMethod* method) {
  return method == nullptr ? "" : method->descriptor->name();
}

TEST(RouteTableTest, FindsTheRpcAndItsVariables) {
  const RouteMatch match = Match("GET", "/api/personas/0194/prompt");
  ASSERT_EQ(match.outcome, RouteMatch::kFound);
  EXPECT_EQ(NameOf(match.route->unary), "GetPersonaPrompt");
  EXPECT_EQ(match.route->unary->path, "/dramatis.persona.v1.PersonaService/GetPersonaPrompt");
  EXPECT_EQ(match.route->unary->backend, "persona");
  EXPECT_THAT(match.variables, ElementsAre("0194"));
}

TEST(RouteTableTest, DecodesVariablesAndLiterals) {
  EXPECT_THAT(Match("GET", "/api/personas/a%20b%2Fc").variables, ElementsAre("a b/c"));
  EXPECT_EQ(Match("GET", "/%61pi/personas").outcome, RouteMatch::kFound);
}

TEST(RouteTableTest, RefusesBrokenEscapes) {
  EXPECT_EQ(Match("GET", "/api/personas/%zz").outcome, RouteMatch::kBadEscape);
  EXPECT_EQ(Match("GET", "/api/personas/%00").outcome, RouteMatch::kBadEscape);
}

TEST(RouteTableTest, LiteralsBeatVariables) {
  EXPECT_EQ(NameOf(Match("GET", "/api/memories/search").route->unary), "SearchMemories");
  EXPECT_EQ(NameOf(Match("GET", "/api/memories/searches").route->unary), "GetMemory");
}

TEST(RouteTableTest, APathHasItsOwnVerbsAndNoNeighbours) {
  const RouteMatch match = Match("DELETE", "/api/memories/search");
  EXPECT_EQ(match.outcome, RouteMatch::kNoVerb);
  EXPECT_EQ(match.allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(Match("OPTIONS", "/api/journal/stats").allow, "GET, HEAD, OPTIONS");
  EXPECT_EQ(Match("OPTIONS", "/api/memories/7").allow, "DELETE, GET, HEAD, OPTIONS, PATCH");
}

TEST(RouteTableTest, PairsAUnaryRpcWithItsStreamingTwin) {
  const RouteMatch match = Match("POST", "/api/chat");
  ASSERT_EQ(match.outcome, RouteMatch::kFound);
  EXPECT_EQ(NameOf(match.route->unary), "Chat");
  EXPECT_EQ(NameOf(match.route->stream), "StreamChat");
  EXPECT_TRUE(match.route->body_is_request);
}

TEST(RouteTableTest, KnowsWhichStreamsHaveNoEndOfTheirOwn) {
  EXPECT_TRUE(Match("GET", "/api/conversations/7/events").route->stream->endless);
  EXPECT_FALSE(Match("GET", "/api/turns/7/stream").route->stream->endless);
  EXPECT_FALSE(Match("POST", "/api/chat").route->stream->endless);
}

TEST(RouteTableTest, KnowsAdditionalBindings) {
  EXPECT_EQ(NameOf(Match("PUT", "/api/personas/7").route->unary), "UpdatePersona");
  EXPECT_EQ(NameOf(Match("PATCH", "/api/personas/7").route->unary), "UpdatePersona");
  EXPECT_EQ(NameOf(Match("POST", "/api/session/s/end").route->unary), "EndSession");
}

TEST(RouteTableTest, HeadFindsTheRouteOfGetUnlessItStreams) {
  EXPECT_EQ(Match("HEAD", "/api/personas").outcome, RouteMatch::kFound);
  EXPECT_EQ(Match("HEAD", "/api/turns/7/stream").outcome, RouteMatch::kNoVerb);
}

TEST(RouteTableTest, SaysWhichVerbsAPathHas) {
  const RouteMatch match = Match("POST", "/api/personas/7");
  EXPECT_EQ(match.outcome, RouteMatch::kNoVerb);
  EXPECT_EQ(match.allow, "DELETE, GET, HEAD, OPTIONS, PATCH, PUT");
  EXPECT_EQ(Match("BREW", "/api/chat").allow, "OPTIONS, POST");
}

TEST(RouteTableTest, DoesNotFindOtherPaths) {
  for (const char* path : {"", "/", "/api", "/api/personas/", "/api//personas", "/api/personas/7/x",
                           "api/personas", "/API/personas", "*"}) {
    EXPECT_EQ(Match("GET", path).outcome, RouteMatch::kNoPath) << path;
  }
}

TEST(RouteTableTest, InternalRpcsHaveNoRoute) {
  for (const auto& method : TestTables::Get().routes->methods()) {
    EXPECT_NE(method->access.access, options::v1::ACCESS_INTERNAL) << method->path;
  }
}

// A file with one service `S` whose RPCs are given, built in a pool of its own.
absl::Status BuildStatus(const std::string& methods) {
  google::protobuf::FileDescriptorProto proto;
  const std::string text = R"pb(
    name: "t.proto"
    package: "dramatis.test.v1"
    syntax: "proto3"
    dependency: "google/api/annotations.proto"
    dependency: "dramatis/options/v1/options.proto"
    message_type {
      name: "In"
      field { name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
      field {
        name: "sub"
        number: 2
        type: TYPE_MESSAGE
        type_name: ".dramatis.test.v1.Out"
        label: LABEL_OPTIONAL
      }
    }
    message_type {
      name: "Out"
      field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
    })pb";
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(
      text + "service { name: 'S' " + methods + "}", &proto));
  google::protobuf::DescriptorPool pool(google::protobuf::DescriptorPool::generated_pool());
  const auto* file = pool.BuildFile(proto);
  if (file == nullptr) return absl::InternalError("test file does not build");
  return RouteTable::Build({file}).status();
}

std::string Rpc(const std::string& name,
                const std::string& http,
                const std::string& rule = "access: ACCESS_USER scope: 'chat'",
                const std::string& more = "") {
  return "method { name: '" + name + "' input_type: '.dramatis.test.v1.In' " +
         "output_type: '.dramatis.test.v1.Out' " + more + " options { [google.api.http] {" + http +
         "} [dramatis.options.v1.method] {" + rule + "} } }";
}

TEST(RouteTableBuildTest, TakesASoundService) {
  EXPECT_TRUE(BuildStatus(Rpc("Get", "get: '/t/{id}'")).ok());
  EXPECT_TRUE(BuildStatus(Rpc("Put", "put: '/t/{id}' body: 'sub'")).ok());
}

TEST(RouteTableBuildTest, RefusesTwoRpcsOfOneBinding) {
  const absl::Status status = BuildStatus(Rpc("A", "get: '/t/{id}'") + Rpc("B", "get: '/t/{id}'"));
  EXPECT_THAT(std::string(status.message()), HasSubstr("dramatis.test.v1.S.B: GET /t/{id} is "));
}

TEST(RouteTableBuildTest, RefusesUnusableBindings) {
  struct Case {
    std::string methods;
    const char* says;
  };
  const Case cases[] = {
      {Rpc("A", "get: '/t/{nope}'"), "no plain field"},
      {Rpc("A", "get: '/t/{sub}'"), "no plain field"},
      {Rpc("A", "get: 't'"), "must start with '/'"},
      {Rpc("A", "get: '/t' body: '*'"), "GET takes no body"},
      {Rpc("A", "post: '/t' body: 'id'"), "body names no message field"},
      {Rpc("A", "body: '*'"), "no method and path"},
      {Rpc("A", "get: '/t'", "access: ACCESS_UNSPECIFIED"), "no access"},
      {Rpc("A", "get: '/t'", "access: ACCESS_INTERNAL allowed_callers: 'memory'"),
       "no HTTP binding"},
      {Rpc("A", "get: '/t'", "access: ACCESS_USER scope: 'chat' success_status: 404"), "not 2xx"},
      {Rpc("A", "get: '/t'", "access: ACCESS_USER scope: 'chat' location: '/t/{id}'"),
       "location names no"},
      {Rpc("A", "get: '/t'", "access: ACCESS_USER scope: 'chat'", "client_streaming: true"),
       "streams a body that is no JSON"},
      {Rpc("A", "get: '/t'", "access: ACCESS_USER scope: 'chat' endless: true"),
       "endless, but no stream"},
  };
  for (const Case& c : cases) {
    EXPECT_THAT(std::string(BuildStatus(c.methods).message()), HasSubstr(c.says));
  }
}

TEST(RouteTableBuildTest, RefusesRpcsThatDoNotSayWhoMayCallThem) {
  const std::pair<const char*, const char*> cases[] = {
      {"access: ACCESS_USER", "names no scope"},
      {"access: ACCESS_USER scope: 'chats'", "a scope that there is not"},
      {"access: ACCESS_PUBLIC scope: 'chat'", "is not for users"},
      {"access: ACCESS_ADMIN scope: 'account'", "whose scope is `admin`"},
      {"access: ACCESS_USER scope: 'chat' allowed_callers: 'bank'", "none of our programs"},
  };
  for (const auto& [rule, says] : cases) {
    EXPECT_THAT(std::string(BuildStatus(Rpc("A", "get: '/t'", rule)).message()), HasSubstr(says));
  }
}

TEST(RouteTableBuildTest, LeavesOutRpcsWithoutABinding) {
  const auto table = RouteTable::Build({});
  ASSERT_TRUE(table.ok());
  EXPECT_THAT((*table)->routes(), IsEmpty());
}

}  // namespace
}  // namespace dramatis::gateway
