#include "shared/rpc/status_conversion.h"

#include "dramatis/conversation/v1/conversation.pb.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/errors.h"
#include "shared/status/outgoing.h"

namespace dramatis {
namespace {

using testing::HasSubstr;
using testing::Not;

absl::Status RoundTrip(const absl::Status& status) {
  return FromGrpc(ToGrpc(status));
}

TEST(StatusConversionTest, KeepsOk) {
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
  EXPECT_TRUE(FromGrpc(grpc::Status::OK).ok());
}

TEST(StatusConversionTest, KeepsCodeMessageAndDetails) {
  const absl::Status error = WithRetryAfter(
      WithMetadata(FieldErrors({{"persona.name", "must be set"}, {"persona.type", "is unknown"}}),
                   {{"turn_id", "t1"}}),
      absl::Milliseconds(1500));
  const absl::Status back = RoundTrip(error);
  EXPECT_EQ(back.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(back.message(), error.message());
  EXPECT_EQ(GetReason(back), "VALIDATION_FAILED");
  EXPECT_EQ(GetErrorInfo(back)->metadata().at("turn_id"), "t1");
  ASSERT_EQ(GetBadRequest(back)->field_violations_size(), 2);
  EXPECT_EQ(GetBadRequest(back)->field_violations(1).field(), "persona.type");
  EXPECT_EQ(GetRetryAfter(back), absl::Milliseconds(1500));
}

TEST(StatusConversionTest, KeepsAServicesOwnReason) {
  const absl::Status back = RoundTrip(Error(absl::StatusCode::kFailedPrecondition,
                                            conversation::v1::ERROR_REASON_TURN_IN_PROGRESS,
                                            "a turn runs", {{"turn_id", "t"}}));
  EXPECT_EQ(GetErrorInfo(back)->domain(), "conversation.dramatis");
  EXPECT_EQ(GetReason(back), "TURN_IN_PROGRESS");
}

TEST(StatusConversionTest, HidesWhatAnInternalErrorSays) {
  for (const absl::Status& error : {InternalError("select secret"), absl::UnknownError("secret"),
                                    absl::DataLossError("secret")}) {
    const grpc::Status sent = ToGrpc(error);
    EXPECT_EQ(sent.error_message(), "internal error");
    EXPECT_THAT(sent.error_details(), Not(HasSubstr("secret")));
    EXPECT_EQ(GetReason(FromGrpc(sent)), "INTERNAL");
  }
}

TEST(StatusConversionTest, GivesAReasonToErrorsThatHaveNone) {
  EXPECT_EQ(GetReason(RoundTrip(absl::CancelledError("gone"))), "CANCELLED");
  EXPECT_EQ(GetReason(RoundTrip(absl::DeadlineExceededError("late"))), "TIMEOUT");
  EXPECT_EQ(GetReason(RoundTrip(absl::ResourceExhaustedError("full"))), "OVERLOADED");
}

TEST(StatusConversionTest, TransportErrorsNameNoAddressesButKeepTheCauseForTheLog) {
  const absl::Status error =
      FromGrpc(grpc::Status(grpc::StatusCode::UNAVAILABLE, "failed to connect to 10.0.0.7:50051"));
  EXPECT_EQ(error.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(GetReason(error), "UNAVAILABLE");
  EXPECT_THAT(std::string(error.message()), Not(HasSubstr("10.0.0.7")));
  EXPECT_THAT(GetCause(error), HasSubstr("10.0.0.7"));
  EXPECT_THAT(ToGrpc(error).error_details(), Not(HasSubstr("10.0.0.7")));
}

TEST(StatusConversionTest, UnknownCodesAreUnknownErrors) {
  const absl::Status error(static_cast<absl::StatusCode>(99), "x");
  EXPECT_EQ(ToGrpc(error).error_code(), grpc::StatusCode::UNKNOWN);
}

TEST(StatusConversionTest, DetailsThatAreNoStatusAreIgnored) {
  const absl::Status error =
      FromGrpc(grpc::Status(grpc::StatusCode::NOT_FOUND, "none", "\xff\xff\xff"));
  EXPECT_EQ(error.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(GetReason(error), "NOT_FOUND");
}

TEST(StatusConversionTest, FitsTheHeaderLimitOfClients) {
  std::vector<FieldViolation> violations;
  for (int i = 0; i < 500; ++i)
    violations.push_back({"parts[" + std::to_string(i) + "]", "is bad"});
  const grpc::Status sent = ToGrpc(FieldErrors(violations));
  EXPECT_LT(sent.error_message().size() + sent.error_details().size(), 7000u);
  EXPECT_EQ(GetBadRequest(FromGrpc(sent))->field_violations(0).field(), "parts[0]");
}

}  // namespace
}  // namespace dramatis
