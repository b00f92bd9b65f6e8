// Secrets of AWS Secrets Manager
// (https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetSecretValue.html).
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace dramatis::secrets {

// Which secret, as `prod/openai`, `prod/openai#key` or `arn:aws:secretsmanager:...`: its name or
// ARN, and the member of the JSON object that its text is, where only that is meant.
struct AwsSecretName {
  std::string id;
  std::string member = {};
  // Of an ARN; empty where the settings' region is meant.
  std::string region = {};
};

// INVALID_ARGUMENT says what must be there.
absl::StatusOr<AwsSecretName> ParseAwsSecretName(std::string_view text);

// The body of a request for its current version.
std::string AwsSecretRequest(const AwsSecretName& name);

// The value in an answer: its text, or its member. UNAVAILABLE where there is none; never with what
// came.
absl::StatusOr<std::string> ParseAwsSecretAnswer(std::string_view text, const std::string& member);
// The code of a refusal, as `ResourceNotFoundException`; empty where it has none.
std::string AwsSecretRefusal(std::string_view text);

}  // namespace dramatis::secrets
