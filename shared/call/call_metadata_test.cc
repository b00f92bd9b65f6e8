#include "shared/call/call_metadata.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

constexpr char kTrace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
constexpr char kNewId[] = "00000000-0000-7000-8000-000000000001";

struct Received {
  CallContext call;
  absl::Status status;
};

Received Read(const std::vector<std::pair<std::string, std::string>>& entries) {
  CallMetadata metadata;
  for (const auto& [name, value] : entries)
    metadata.Add(name, value);
  CountingIdSource ids;
  Received received;
  received.status = metadata.Read(ids, received.call);
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
  EXPECT_EQ(received.call.identity.user_id, "ada");
  EXPECT_TRUE(received.call.identity.IsAdmin());
  EXPECT_EQ(received.call.correlation_id, "c-1");
  EXPECT_EQ(received.call.traceparent, kTrace);
  EXPECT_EQ(received.call.idempotency_key, "once");
  EXPECT_EQ(received.call.if_match, "\"1\", \"2\"");
}

TEST(CallMetadataTest, MakesACorrelationIdWhereThereIsNone) {
  EXPECT_EQ(Read({}).call.correlation_id, kNewId);
  EXPECT_EQ(Read({{"x-correlation-id", "a b"}}).call.correlation_id, kNewId);
}

TEST(CallMetadataTest, LeavesOutATraceThatIsNone) {
  EXPECT_EQ(Read({{"traceparent", "00-1-2-03"}}).call.traceparent, "");
}

TEST(CallMetadataTest, RefusesNobodyAndSeveral) {
  const Received wrong = Read({{"authorization", "Basic x"}, {"x-correlation-id", "c-1"}});
  EXPECT_EQ(wrong.status.code(), absl::StatusCode::kUnauthenticated);
  EXPECT_EQ(wrong.call.correlation_id, "c-1");  // the log names the call all the same
  const Received several =
      Read({{"authorization", "Bearer local:ada"}, {"authorization", "Bearer local:bob"}});
  EXPECT_EQ(several.status.code(), absl::StatusCode::kUnauthenticated);
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
