#include "gateway/routing/correlation.h"

#include "gateway/testing/tables.h"
#include "gtest/gtest.h"
#include "shared/call/call_metadata.h"

namespace dramatis::gateway {
namespace {

constexpr char kTrace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

Correlation Read(std::vector<std::pair<std::string_view, std::string_view>> headers) {
  CountingIdSource ids;
  return ReadCorrelation(MakeRequest("GET", "/", "", std::move(headers)), ids);
}

TEST(CorrelationTest, TakesEitherHeader) {
  EXPECT_EQ(Read({{"X-Correlation-ID", "a.b_C-1"}}).id, "a.b_C-1");
  EXPECT_EQ(Read({{"x-request-id", "r"}}).id, "r");
  EXPECT_TRUE(Read({{"x-request-id", "r"}}).request_id);
  EXPECT_EQ(Read({{"x-request-id", "r"}, {"x-correlation-id", "c"}}).id, "c");
}

TEST(CorrelationTest, MakesOneWhereThereIsNoneToTake) {
  const std::string long_id(129, 'a');
  const std::string made = "00000000-0000-7000-8000-000000000001";
  EXPECT_EQ(Read({}).id, made);
  for (const std::string& id :
       {std::string(), long_id, std::string("a b"), std::string("é"), std::string("a\"b")}) {
    EXPECT_EQ(Read({{"x-correlation-id", id}}).id, made) << id;
  }
  EXPECT_EQ(Read({{"x-correlation-id", "a b"}, {"x-request-id", "r"}}).id, "r");
}

TEST(CorrelationTest, TakesWellFormedTracesOnly) {
  EXPECT_EQ(Read({{"traceparent", kTrace}}).traceparent, kTrace);
  EXPECT_TRUE(IsTraceparent(Read({{"traceparent", "00-1-2-03"}}).traceparent));
  EXPECT_TRUE(IsTraceparent(Read({}).traceparent));
}

}  // namespace
}  // namespace dramatis::gateway
