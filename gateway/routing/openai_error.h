// The member `error` of a problem document, as OpenAI's API has it
// (https://platform.openai.com/docs/guides/error-codes): what its clients show and decide by. Pure
// functions.
//
//   {"message":"there is no such model","type":"invalid_request_error","param":"model",
//    "code":"model_not_found"}
#pragma once

#include <string>

namespace dramatis::gateway {

struct OpenAiError {
  std::string message;
  std::string param;   // the field; empty for none
  std::string reason;  // the problem's code
  int status = 500;
};

std::string OpenAiErrorJson(const OpenAiError& error);

// Whether the same request may get another answer when it is sent again soon. OpenAI's clients send
// what was answered 408, 409, 429 or 5xx again by themselves unless they are told not to.
bool WaitingHelps(const std::string& reason, int status);

}  // namespace dramatis::gateway
