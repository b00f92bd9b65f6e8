// The work on one request, from its head to its answer. On its connection's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gateway/access/trusted_proxies.h"
#include "gateway/calls/gateway_parts.h"
#include "gateway/routing/correlation.h"
#include "gateway/routing/route_table.h"
#include "shared/call/authenticator.h"
#include "shared/http/responder.h"

namespace dramatis::gateway {

// A call that is under way for a request.
class ActiveCall {
 public:
  virtual ~ActiveCall() = default;
  // The client went away: cancels the call; nobody waits for it any more.
  virtual void Gone() = 0;
  virtual void Written() {}
  virtual void Drain() {}
  virtual void Probe() {}
  virtual void Tick(MonotonicTime) {}
  // Of a request whose body comes in pieces; as HttpTask has them.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): those that take a body keep the piece
  virtual bool Take(std::string /*piece*/) { return true; }
  virtual void TakeEnd() {}
};

class RequestTask : public HttpTask, public std::enable_shared_from_this<RequestTask> {
 public:
  RequestTask(const GatewayParts& parts, const HttpRequest& head, PostWork post);

  // What can be answered before the body has come: pages, preflights, problems.
  std::optional<HttpAnswer> AnswerHead(bool has_body);

  // The most bytes of its body; 0 for the server's own limit.
  size_t max_body_bytes() const {
    return match_.route == nullptr ? 0 : match_.route->any().max_body_bytes;
  }

  // Whether its body is handed over as it comes.
  bool takes_pieces() const { return match_.route != nullptr && match_.route->any().upload; }

  void Start(HttpResponder& responder, const HttpRequest& request) override;
  bool Take(std::string piece) override;
  void TakeEnd() override;
  void Written() override;
  void Drain() override;
  void Probe() override;
  void Tick(MonotonicTime now) override;
  void Gone() override;
  HttpAnswer Refused(errors::v1::ErrorReason reason) const override;
  void AppendHeaders(std::string& head) const override;
  void Done(int status, std::chrono::steady_clock::duration took) override;

  // For the call under way:
  const GatewayParts& parts() const { return parts_; }
  // Runs `work` on the connection's thread; from any thread. Somebody may have answered meanwhile,
  // or the client be gone: see awaited().
  template <class Work>
  void Post(Work work) {
    post_([task = shared_from_this(), work = std::move(work)]() mutable { work(*task); });
  }
  // What does `work` there where the client still waits, to be called from any thread. `work` may
  // use what ends with the responder, as the call under way does.
  template <class Work>
  std::function<void()> WhileAwaited(Work work) {
    return [task = shared_from_this(), work = std::move(work)] {
      task->Post([work](RequestTask& asked) {
        if (asked.awaited()) work();
      });
    };
  }
  // Whether the client still waits for an answer, or for more of its stream. Where nobody does, the
  // request is no more, and what follows here does nothing.
  bool awaited() const { return responder_ != nullptr; }
  // The problem that tells of `error`, which a service answered with, or the gateway itself.
  Problem Explain(const absl::Status& error, bool own) const;
  // Answers with it.
  void Fail(const absl::Status& error, bool own);
  void Send(HttpAnswer answer);
  void StartStream(HttpAnswer head);
  // As HttpResponder::Write.
  bool Write(std::string frames);
  // Ends the answer that a stream is.
  void EndStream();
  // As HttpResponder::BreakStream.
  void BreakStream();
  // As HttpResponder::ReadOn.
  void ReadOn();
  // The field of the request that its body fills; null where none does.
  const google::protobuf::FieldDescriptor* body_field() const { return match_.route->body_field; }
  // An error ended a stream that had begun: for log and metrics.
  void NoteStreamError(int status, const std::string& code);

 private:
  std::optional<HttpAnswer> AnswerNoRoute();
  // Finds out who calls and whether they may ask so much. The answer where they may not; nullopt
  // with `identified_` unset where it takes a while to say.
  std::optional<HttpAnswer> AnswerCaller();
  std::optional<HttpAnswer> Take(SignIn sign_in);
  absl::Status CheckSignIn(SignIn sign_in);
  absl::Status RefuseSignIn(const SignIn& sign_in);
  // Makes the call, once it is known who calls.
  void Proceed();
  HttpAnswer AnswerPlain() const;
  void StartLocal(const RequestCall& call);
  void StartUpload(Backend& backend, const RequestCall& call);
  std::string_view RouteLabel() const;
  // Whether the request has a record of its own.
  bool IsRecorded(int status) const;
  void Log(int status, std::chrono::steady_clock::duration took) const;
  HttpAnswer FailedAnswer(const absl::Status& error, bool own) const;

  const GatewayParts& parts_;
  HttpRequest head_;  // views of what the connection holds; empty once the request is done
  const PostWork post_;
  const Correlation correlation_;
  const Arrival arrival_;
  RouteMatch match_;
  std::vector<std::string> credentials_;  // until it is known who calls
  bool identified_ = false;
  Identity caller_;
  std::string_view refusal_;  // why nobody calls; of a closed list
  // Whether a refused sign-in has records of its own.
  bool recorded_ = true;
  std::string limit_headers_;  // how the caller stands
  std::unique_ptr<RateLimits::StreamPlace> stream_place_;
  bool page_ = false;         // one of the site's
  mutable std::string code_;  // of the problem answered, for the log
  int stream_status_ = 0;
  HttpResponder* responder_ = nullptr;
  std::unique_ptr<ActiveCall> call_;
  // Of a body in pieces that came before the call.
  std::string early_piece_;
  bool body_ended_ = false;
};

}  // namespace dramatis::gateway
