#include "shared/call/call_metadata.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "shared/call/process_identity.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr char kTrace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kNewId[] = "00000000-0000-7000-8000-000000000001";

struct Received {
  CallContext call;
  absl::Status status;
  std::vector<std::string> authorizations;
  std::optional<Identity> process_identity;
};

Received Read(const std::vector<std::pair<std::string, std::string>>& entries) {
  CallMetadata metadata;
  for (const auto& [name, value] : entries)
    metadata.Add(name, value);
  CountingIdSource ids;
  Received received;
  received.status = metadata.Read(ids, received.call);
  received.authorizations = metadata.authorizations();
  received.process_identity = metadata.process_identity();
  return received;
}

TEST(CallMetadataTest, TakesWhatItKnows) {
  const Received received = Read({{"authorization", "Bearer local:ada:admin"},
                                  {"x-correlation-id", "c-1"},
                                  {"traceparent", kTrace},
                                  {"idempotency-key", "once"},
                                  {"if-match", "\"1\""},
                                  {"if-match", "\"2\""},
                                  {"user-agent", "a test"}});
  ASSERT_TRUE(received.status.ok()) << received.status;
  EXPECT_EQ(received.authorizations, std::vector<std::string>{"Bearer local:ada:admin"});
  EXPECT_EQ(received.call.correlation_id, "c-1");
  EXPECT_EQ(received.call.traceparent, kTrace);
  EXPECT_EQ(received.call.idempotency_key, "once");
  EXPECT_EQ(received.call.if_match, R"("1", "2")");
}

TEST(CallMetadataTest, MakesACorrelationIdWhereThereIsNone) {
  EXPECT_EQ(Read({}).call.correlation_id, kNewId);
  EXPECT_EQ(Read({{"x-correlation-id", "a b"}}).call.correlation_id, kNewId);
}

TEST(CallMetadataTest, LeavesOutATraceThatIsNone) {
  const std::string made = Read({{"traceparent", "00-1-2-03"}}).call.traceparent;
  EXPECT_TRUE(IsTraceparent(made)) << made;
  EXPECT_EQ(TraceId(made).size(), 32U);
}

TEST(CallMetadataTest, KeepsEveryAuthorization) {
  const Received several =
      Read({{"authorization", "Bearer local:ada"}, {"authorization", "Bearer local:bob"}});
  EXPECT_EQ(several.authorizations.size(), 2);
}

TEST(CallMetadataTest, BelievesTheProcessItselfOnly) {
  const Identity service{"J\u00f6rg:admin", AccessRole::kService};
  const std::string text = FormatProcessIdentity(service);
  EXPECT_TRUE(IsPrintableAscii(text));
  const Received own = Read({{kIdentityEntry, text}, {kMarkEntry, ProcessMark()}});
  ASSERT_TRUE(own.process_identity.has_value());
  EXPECT_EQ(own.process_identity->user_id, service.user_id);
  EXPECT_EQ(own.process_identity->role, AccessRole::kService);
  EXPECT_FALSE(Read({{kIdentityEntry, text}}).process_identity.has_value());
  EXPECT_FALSE(Read({{kIdentityEntry, text}, {kMarkEntry, ""}}).process_identity.has_value());
  EXPECT_FALSE(Read({{kIdentityEntry, text}, {kMarkEntry, std::string(64, '0')}})
                   .process_identity.has_value());
  // The gateway's calls have the mark too, and whatever a client sent.
  EXPECT_FALSE(Read({{kMarkEntry, ProcessMark()}}).process_identity.has_value());
  EXPECT_FALSE(Read({{kIdentityEntry, "x"}, {kMarkEntry, ProcessMark()}}).process_identity);
}

TEST(CallMetadataTest, RefusesAnIdempotencyKeyThatIsNone) {
  for (const std::string& key : {std::string(), std::string(129, 'k'), std::string("a\n")}) {
    const Received received = Read({{"idempotency-key", key}});
    ASSERT_EQ(GetReason(received.status), "VALIDATION_FAILED") << key;
    EXPECT_EQ(GetBadRequest(received.status)->field_violations(0).field(), "Idempotency-Key");
  }
  EXPECT_TRUE(Read({{"idempotency-key", std::string(128, 'k')}}).status.ok());
}

TEST(TraceparentTest, IsReadStrictly) {
  EXPECT_TRUE(IsTraceparent(kTrace));
  EXPECT_TRUE(IsTraceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
  for (const char* trace : {"", "00", "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0g"}) {
    EXPECT_FALSE(IsTraceparent(trace)) << trace;
  }
}

}  // namespace
}  // namespace dramatis
