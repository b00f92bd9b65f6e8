#include "shared/status/errors.h"

#include "dramatis/persona/v1/persona.pb.h"

#include "absl/status/statusor.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/status/macros.h"

namespace dramatis {
namespace {

TEST(ErrorTest, NamesReasonAndDomainOfTheService) {
  const absl::Status status =
      Error(absl::StatusCode::kAlreadyExists, persona::v1::ERROR_REASON_PERSONA_NAME_TAKEN, "taken",
            {{"name", "Ann"}});

  EXPECT_EQ(status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(std::string(status.message()), "taken");
  const auto info = GetErrorInfo(status);
  ASSERT_TRUE(info.has_value());
  EXPECT_EQ(info->reason(), "PERSONA_NAME_TAKEN");
  EXPECT_EQ(info->domain(), "persona.dramatis");
  EXPECT_EQ(info->metadata().at("name"), "Ann");
}

TEST(ErrorTest, GivesSharedReasonsTheSharedDomain) {
  EXPECT_EQ(GetErrorInfo(NotFoundError("persona"))->domain(), "dramatis");
  EXPECT_EQ(GetReason(NotFoundError("persona")), "NOT_FOUND");
  EXPECT_EQ(GetReason(PermissionError("no")), "PERMISSION_DENIED");
  EXPECT_EQ(GetReason(UnavailableError("away")), "UNAVAILABLE");
  EXPECT_EQ(GetReason(InternalError("defect")), "INTERNAL");
  EXPECT_EQ(GetReason(EtagMismatchError()), "ETAG_MISMATCH");
}

TEST(ErrorTest, HasNoReasonWhereNoneWasGiven) {
  EXPECT_EQ(GetReason(absl::OkStatus()), "");
  EXPECT_EQ(GetReason(absl::InternalError("plain")), "");
  EXPECT_EQ(GetErrorInfo(absl::InternalError("plain")), std::nullopt);
}

TEST(FieldErrorsTest, NamesEveryField) {
  const absl::Status status =
      FieldErrors({{"persona.name", "is required"}, {"page_size", "must be from 1 to 100"}});

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetReason(status), "VALIDATION_FAILED");
  const auto details = GetBadRequest(status);
  ASSERT_TRUE(details.has_value());
  ASSERT_EQ(details->field_violations_size(), 2);
  EXPECT_EQ(details->field_violations(0).field(), "persona.name");
  EXPECT_EQ(details->field_violations(1).description(), "must be from 1 to 100");
  EXPECT_EQ(std::string(status.message()),
            "the request is not valid: persona.name is required; page_size must be from 1 to 100");
}

TEST(FieldErrorsTest, StaysSmallWhateverTheRequest) {
  const std::vector<FieldViolation> many(1000, {"list[7]", "must have at most 100 characters"});

  const absl::Status status = FieldErrors(many);

  // gRPC sends details as trailing metadata, 8 KiB at most.
  EXPECT_LT(GetBadRequest(status)->ByteSizeLong() + status.message().size(), 4000U);
  EXPECT_THAT(std::string(status.message()), testing::HasSubstr("more"));
}

TEST(CursorErrorTest, NamesTheField) {
  const absl::Status status = CursorError("page_token");

  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(GetReason(status), "INVALID_CURSOR");
  EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "page_token");
}

TEST(WithRetryAfterTest, SaysWhen) {
  const absl::Duration delay = absl::Seconds(3) + absl::Milliseconds(250);

  EXPECT_EQ(GetRetryAfter(WithRetryAfter(UnavailableError("away"), delay)), delay);
  EXPECT_EQ(GetRetryAfter(UnavailableError("away")), std::nullopt);
  EXPECT_TRUE(WithRetryAfter(absl::OkStatus(), delay).ok());
}

TEST(WithMetadataTest, AddsToWhatIsThere) {
  absl::Status status = Error(absl::StatusCode::kAborted, errors::v1::ERROR_REASON_CONFLICT, "met",
                              {{"a", "1"}, {"b", "1"}});

  status = WithMetadata(status, {{"b", "2"}, {"c", "3"}});

  const auto info = GetErrorInfo(status);
  EXPECT_EQ(info->reason(), "CONFLICT");
  EXPECT_EQ(info->metadata().at("a"), "1");
  EXPECT_EQ(info->metadata().at("b"), "2");
  EXPECT_EQ(info->metadata().at("c"), "3");
  EXPECT_TRUE(WithMetadata(absl::OkStatus(), {{"a", "1"}}).ok());
}

absl::StatusOr<int> Half(int number) {
  if (number % 2 != 0) return absl::InvalidArgumentError("odd");
  return number / 2;
}

absl::StatusOr<int> Quarter(int number) {
  DRAMATIS_ASSIGN_OR_RETURN(const int half, Half(number));
  DRAMATIS_RETURN_IF_ERROR(Half(half).status());
  return half / 2;
}

TEST(MacrosTest, ReturnTheFirstError) {
  EXPECT_EQ(*Quarter(8), 2);
  EXPECT_EQ(Quarter(7).status(), absl::InvalidArgumentError("odd"));
  EXPECT_EQ(Quarter(6).status(), absl::InvalidArgumentError("odd"));
}

}  // namespace
}  // namespace dramatis
