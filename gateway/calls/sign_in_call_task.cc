#include "gateway/calls/sign_in_call_task.h"

#include <utility>

#include "dramatis/gateway/v1/sign_in.pb.h"

#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

template <class Request, class Response>
absl::StatusOr<std::string> AnswerWith(
    const SignInDesk& desk,
    absl::StatusOr<Response> (SignInDesk::*answer)(const Request&) const,
    const std::string& payload) {
  Request request;
  if (!request.ParseFromString(payload)) {
    return InternalError("the request is no such message");
  }
  DRAMATIS_RETURN_IF_ERROR(CheckFieldRules(request));
  DRAMATIS_ASSIGN_OR_RETURN(const Response response, (desk.*answer)(request));
  return response.SerializeAsString();
}

absl::StatusOr<std::string> Answer(const SignInDesk& desk,
                                   const RpcMethod& method,
                                   const std::string& payload) {
  if (&method.input() == v1::GetAuthConfigRequest::descriptor()) {
    DRAMATIS_ASSIGN_OR_RETURN(const v1::GetAuthConfigResponse config, desk.Config());
    return config.SerializeAsString();
  }
  if (&method.input() == v1::RevokeTokenRequest::descriptor()) {
    return AnswerWith(desk, &SignInDesk::Revoke, payload);
  }
  return AnswerWith(desk, &SignInDesk::Exchange, payload);
}

}  // namespace

SignInCallTask::SignInCallTask(RequestTask& task, const RequestCall& call) {
  SignInDesk& desk = task.parts().sign_in;
  const bool begun = desk.TryPost(
      [&desk, task = task.shared_from_this(), method = call.method, payload = call.payload] {
        task->Post([method, answer = Answer(desk, *method, payload)](RequestTask& asked) {
          if (!answer.ok()) return asked.Fail(answer.status(), false);
          absl::StatusOr<HttpAnswer> http = asked.parts().transcoder.Answer(*method, *answer);
          if (!http.ok()) return asked.Fail(http.status(), true);
          asked.Send(*std::move(http));
        });
      });
  if (!begun) {
    // Not from within the constructor: the task does not have this call yet.
    task.Post([](RequestTask& asked) {
      asked.Fail(UnavailableError("too many are signing in at this moment; try again"), true);
    });
  }
}

bool SignInCallTask::Answers(const RpcMethod& method) {
  return &method.input() == v1::GetAuthConfigRequest::descriptor() ||
         &method.input() == v1::ExchangeTokenRequest::descriptor() ||
         &method.input() == v1::RevokeTokenRequest::descriptor();
}

}  // namespace dramatis::gateway
