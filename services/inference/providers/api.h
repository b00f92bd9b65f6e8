// How providers of models differ, in the two words that their data names.
#pragma once

namespace dramatis::inference {

// What a provider's server speaks.
enum class Api {
  kOpenAi,     // OpenAI's chat completions
  kAnthropic,  // Anthropic's Messages
  kLocal,      // nothing: the built-in model
};

// How a request says who asks.
enum class Auth {
  kBearer,   // Authorization: Bearer <secret>
  kXApiKey,  // x-api-key: <secret>
  kApiKey,   // api-key: <secret>, as Azure wants it
  kSigV4,    // signed with the AWS credentials of the pod, container or machine
};

}  // namespace dramatis::inference
