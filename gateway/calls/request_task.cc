#include "gateway/calls/request_task.h"

#include <utility>

#include "dramatis/identity/v1/errors.pb.h"

#include "gateway/access/credentials.h"
#include "gateway/access/https_only.h"
#include "gateway/access/local_access.h"
#include "gateway/calls/database_call_task.h"
#include "gateway/calls/download_call_task.h"
#include "gateway/calls/sign_in_call_task.h"
#include "gateway/calls/stream_call_task.h"
#include "gateway/calls/unary_call_task.h"
#include "gateway/calls/upload_call_task.h"
#include "gateway/json/request_error.h"
#include "shared/call/call_metadata.h"
#include "shared/log/audit.h"
#include "shared/log/log_scope.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

constexpr char kNoRoute[] = "none";
constexpr char kLocal[] = "local";  // the environment where everybody is the admin

const char* MessageOf(errors::v1::ErrorReason reason) {
  switch (reason) {
    case errors::v1::ERROR_REASON_BODY_TOO_LARGE:
      return "the body is over the limit of this server";
    case errors::v1::ERROR_REASON_URI_TOO_LONG:
      return "the request's target is over the limit of this server";
    case errors::v1::ERROR_REASON_HEADER_TOO_LARGE:
      return "the request's head is over the limit of this server";
    default:
      return "this is not a valid HTTP/1.1 request";
  }
}

// Methods in metrics come from a closed list; what clients make up does not.
std::string_view VerbLabel(std::string_view verb) {
  for (const std::string_view known :
       {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    if (verb == known) return known;
  }
  return "other";
}

SharedLogIds IdsOf(const Correlation& correlation) {
  return std::make_shared<const LogIds>(LogIds{correlation.id, TraceId(correlation.traceparent)});
}

double Seconds(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

RequestTask::RequestTask(const GatewayParts& parts, const HttpRequest& head, PostWork post)
    : parts_(parts),
      head_(head),
      post_(std::move(post)),
      correlation_(ReadCorrelation(head, parts.ids)),
      arrival_(parts.config.trusted_proxies.Read(head)) {}

std::optional<HttpAnswer> RequestTask::AnswerHead(bool has_body) {
  if (parts_.config.https_only && !arrival_.secure) return AnswerPlain();
  if (parts_.environment == kLocal) {
    if (const absl::Status allowed = CheckLocalAccess(head_, parts_.cors); !allowed.ok()) {
      return FailedAnswer(allowed, true);
    }
  }
  if (Cors::IsPreflight(head_)) return parts_.cors.Preflight(head_.Header("origin"));
  if (std::optional<HttpAnswer> page = parts_.site.Find(head_)) {
    page_ = true;
    return page;
  }
  match_ = parts_.routes.Match(head_.verb, head_.path);
  if (match_.outcome != RouteMatch::kFound) return AnswerNoRoute();
  const absl::Status checked = CheckHead(*match_.route, head_, has_body);
  if (!checked.ok()) return FailedAnswer(checked, true);
  return AnswerCaller();
}

std::optional<HttpAnswer> RequestTask::AnswerCaller() {
  // Probes ask how the deployment does, often and without credentials.
  if (Health::Answers(match_.route->any())) {
    identified_ = true;
    return std::nullopt;
  }
  credentials_ = ReadCredentials(head_);
  Authenticator& authenticator = ProcessAuthenticator();
  std::optional<SignIn> sign_in = authenticator.Recall(credentials_);
  if (!sign_in.has_value()) {
    const absl::Status may = parts_.limits.LookAddress(arrival_.client, parts_.clock.Now());
    if (!may.ok()) return FailedAnswer(may, true);
    sign_in = authenticator.Authenticate(credentials_);
  }
  if (!sign_in.has_value()) return std::nullopt;
  return Take(*std::move(sign_in));
}

std::optional<HttpAnswer> RequestTask::Take(SignIn sign_in) {
  identified_ = true;
  credentials_.clear();
  const absl::Status status = CheckSignIn(std::move(sign_in));
  if (status.ok()) return std::nullopt;
  return FailedAnswer(status, true);
}

absl::Status RequestTask::CheckSignIn(SignIn sign_in) {
  if (!sign_in.identity.ok()) return RefuseSignIn(sign_in);
  caller_ = *std::move(sign_in.identity);
  RateVerdict verdict = parts_.limits.Take(caller_, parts_.clock.Now());
  limit_headers_ = std::move(verdict.headers);
  return std::move(verdict.status);
}

absl::Status RequestTask::RefuseSignIn(const SignIn& sign_in) {
  const RpcMethod& method = match_.route->any();
  const absl::Status& status = sign_in.identity.status();
  refusal_ = sign_in.refusal;
  recorded_ = parts_.refusals.TakeSignIn(refusal_);
  if (recorded_) {
    const LogScope scope(IdsOf(correlation_));
    AuditRefusedSignIn(parts_.logger, method.path.substr(1), refusal_);
  }
  // Where nobody's credentials are wrong, it is nobody's fault.
  if (!absl::IsUnavailable(status)) {
    DRAMATIS_RETURN_IF_ERROR(parts_.limits.TakeAddress(arrival_.client, parts_.clock.Now()));
  }
  // Whoever is nobody may do what everybody may.
  if (refusal_ == kNoCredentials && method.access.access == options::v1::ACCESS_PUBLIC) {
    return absl::OkStatus();
  }
  if (recorded_ && method.access.access == options::v1::ACCESS_ADMIN) {
    CallContext call;
    call.correlation_id = correlation_.id;
    call.traceparent = correlation_.traceparent;
    Audit(parts_.logger, method.path.substr(1), call, status);
  }
  return status;
}

HttpAnswer RequestTask::AnswerPlain() const {
  const bool here = !parts_.config.tls_certificate_file.empty();
  if (std::optional<HttpAnswer> redirect = RedirectToHttps(head_, here)) return *redirect;
  return FailedAnswer(
      Error(absl::StatusCode::kPermissionDenied, identity::v1::ERROR_REASON_HTTPS_REQUIRED,
            "this server takes requests over HTTPS only"),
      true);
}

std::optional<HttpAnswer> RequestTask::AnswerNoRoute() {
  if (parts_.site.IsReadiness(head_.verb, head_.path)) {
    page_ = true;
    return std::nullopt;
  }
  if (match_.outcome == RouteMatch::kBadEscape) {
    return FailedAnswer(
        RequestError(errors::v1::ERROR_REASON_MALFORMED_REQUEST,
                     "the path has a percent escape that is broken, of U+0000 or of no UTF-8"),
        true);
  }
  const std::string page_verbs = parts_.site.Allow(head_.path);
  const std::string& allow = match_.allow.empty() ? page_verbs : match_.allow;
  if (head_.verb == "OPTIONS" && (!allow.empty() || head_.path == "*")) {
    HttpAnswer answer;
    answer.status = 204;
    if (!allow.empty()) answer.headers.emplace_back("Allow", allow);
    return answer;
  }
  if (!allow.empty()) {
    HttpAnswer answer =
        FailedAnswer(Error(absl::StatusCode::kUnimplemented,
                           errors::v1::ERROR_REASON_METHOD_NOT_ALLOWED, "this path takes " + allow),
                     true);
    answer.headers.emplace_back("Allow", allow);
    return answer;
  }
  return FailedAnswer(Error(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_ROUTE_NOT_FOUND,
                            "there is no such path"),
                      true);
}

void RequestTask::Start(HttpResponder& responder, const HttpRequest& request) {
  responder_ = &responder;
  head_ = request;  // with its body
  if (match_.route == nullptr) {
    // Only /readyz comes here: its answer needs the services'.
    call_ = std::make_unique<HealthCallTask>(*this, nullptr);
    return;
  }
  if (identified_) return Proceed();
  ProcessAuthenticator().AuthenticateLater(
      credentials_, [task = shared_from_this()](const SignIn& sign_in) {
        task->Post([sign_in](RequestTask& asked) {
          if (!asked.awaited()) return;
          std::optional<HttpAnswer> answer = asked.Take(sign_in);
          if (answer.has_value()) return asked.Send(*std::move(answer));
          asked.Proceed();
        });
      });
}

void RequestTask::Proceed() {
  absl::StatusOr<RequestCall> call =
      parts_.transcoder.requests().Build(match_, head_, correlation_);
  if (!call.ok()) {
    Fail(call.status(), true);
    return;
  }
  const RpcMethod& method = *call->method;
  call->caller = caller_;
  if (method.streaming) {
    stream_place_ = parts_.limits.OpenStream(caller_);
    if (stream_place_ == nullptr) return Fail(TooManyStreamsError(), true);
  }
  const auto backend = parts_.backends.find(method.backend);
  if (backend == parts_.backends.end()) {
    StartLocal(*call);
  } else if (method.upload) {
    StartUpload(*backend->second, *call);
  } else if (method.streaming && method.raw_answer) {
    call_ = std::make_unique<DownloadCallTask>(*this, *backend->second, *call);
  } else if (method.streaming) {
    call_ = std::make_unique<StreamCallTask>(*this, *backend->second, *call);
  } else {
    call_ = std::make_unique<UnaryCallTask>(*this, *backend->second, *call);
  }
}

void RequestTask::StartLocal(const RequestCall& call) {
  if (Health::Answers(*call.method)) {
    call_ = std::make_unique<HealthCallTask>(*this, call.method);
  } else if (DatabaseCallTask::Answers(*call.method)) {
    call_ = std::make_unique<DatabaseCallTask>(*this, call);
  } else if (SignInCallTask::Answers(*call.method)) {
    call_ = std::make_unique<SignInCallTask>(*this, call);
  } else {
    Fail(Error(absl::StatusCode::kUnimplemented, errors::v1::ERROR_REASON_NOT_IMPLEMENTED,
               "the gateway does not answer this yet"),
         true);
  }
}

void RequestTask::StartUpload(Backend& backend, const RequestCall& call) {
  call_ = std::make_unique<UploadCallTask>(*this, backend, call);
  if (!early_piece_.empty() && call_->Take(std::exchange(early_piece_, {}))) ReadOn();
  if (body_ended_) call_->TakeEnd();
}

bool RequestTask::Take(std::string piece) {
  if (call_ != nullptr) return call_->Take(std::move(piece));
  early_piece_ += piece;
  return false;
}

void RequestTask::TakeEnd() {
  body_ended_ = true;
  if (call_ != nullptr) call_->TakeEnd();
}

void RequestTask::Written() {
  if (call_ != nullptr) call_->Written();
}

void RequestTask::Drain() {
  if (call_ != nullptr) call_->Drain();
}

void RequestTask::Probe() {
  if (call_ != nullptr) call_->Probe();
}

void RequestTask::Tick(MonotonicTime now) {
  if (call_ != nullptr) call_->Tick(now);
}

void RequestTask::Gone() {
  responder_ = nullptr;
  if (call_ != nullptr) call_->Gone();
}

Problem RequestTask::Explain(const absl::Status& error, bool own) const {
  // A service that ends cancels its calls; the client, who is still there, may try again.
  const bool cancelled = error.code() == absl::StatusCode::kCancelled;
  ProblemContext context;
  context.route = match_.route;
  context.path = head_.path;
  context.query = head_.query;
  context.body = head_.body;
  context.correlation_id = correlation_.id;
  context.own = own;
  context.openai = match_.route != nullptr ? match_.route->any().openai_errors
                                           : parts_.routes.HasOpenAiErrors(head_.path);
  return MakeProblem(cancelled ? UnavailableError("the service is ending") : error, parts_.reasons,
                     context);
}

HttpAnswer RequestTask::FailedAnswer(const absl::Status& error, bool own) const {
  Problem problem = Explain(error, own);
  code_ = problem.code;
  return ProblemAnswer(std::move(problem));
}

void RequestTask::Fail(const absl::Status& error, bool own) {
  if (awaited()) Send(FailedAnswer(error, own));
}

void RequestTask::Send(HttpAnswer answer) {
  HttpResponder* const responder = std::exchange(responder_, nullptr);
  if (responder != nullptr) responder->Send(std::move(answer));
}

void RequestTask::StartStream(HttpAnswer head) {
  if (awaited()) responder_->StartStream(std::move(head));
}

bool RequestTask::Write(std::string frames) {
  return awaited() && responder_->Write(std::move(frames));
}

void RequestTask::EndStream() {
  HttpResponder* const responder = std::exchange(responder_, nullptr);
  if (responder != nullptr) responder->EndStream();
}

void RequestTask::BreakStream() {
  HttpResponder* const responder = std::exchange(responder_, nullptr);
  if (responder != nullptr) responder->BreakStream();
}

void RequestTask::ReadOn() {
  if (awaited()) responder_->ReadOn();
}

HttpAnswer RequestTask::Refused(errors::v1::ErrorReason reason) const {
  return FailedAnswer(RequestError(reason, MessageOf(reason)), true);
}

void RequestTask::AppendHeaders(std::string& head) const {
  head += "X-Correlation-ID: ";
  head += correlation_.id;
  head += "\r\n";
  if (correlation_.request_id) {
    head += "X-Request-ID: ";
    head += correlation_.id;
    head += "\r\n";
  }
  head += limit_headers_;
  if (parts_.config.https_only && arrival_.secure) head += kStrictTransportSecurity;
  parts_.cors.Append(head_.Header("origin"), head);
}

std::string_view RequestTask::RouteLabel() const {
  if (match_.route != nullptr) return match_.route->path.text();
  return page_ ? head_.path : kNoRoute;
}

void RequestTask::NoteStreamError(int status, const std::string& code) {
  stream_status_ = status;
  code_ = code;
}

void RequestTask::Done(int status, std::chrono::steady_clock::duration took) {
  if (stream_status_ != 0 && status == 200) status = stream_status_;
  parts_.request_metrics.Note(RouteLabel(), VerbLabel(head_.verb), status, Seconds(took));
  Log(status, took);
  parts_.refusals.Tell();
  head_ = {};
  stream_place_.reset();
}

bool RequestTask::IsRecorded(int status) const {
  if (status != 401 && status != 429) return true;
  const bool sign_in = !refusal_.empty() && refusal_ != kNoCredentials;
  return sign_in ? recorded_ : parts_.refusals.TakeRequest(code_);
}

void RequestTask::Log(int status, std::chrono::steady_clock::duration took) const {
  // Without a code it is no failure but a report, as that of a probe.
  const LogLevel level = status < 400                    ? LogLevel::kDebug
                         : status < 500 || code_.empty() ? LogLevel::kInfo
                                                         : LogLevel::kError;
  if (!parts_.logger.Enabled(level) || !IsRecorded(status)) return;
  const LogScope scope(IdsOf(correlation_));
  parts_.logger.Log(level, "request",
                    {{"method", std::string(VerbLabel(head_.verb))},
                     {"route", std::string(RouteLabel())},
                     {"status", status},
                     {"code", code_},
                     {"sign_in", std::string(refusal_)},
                     {"duration_ms", Seconds(took) * 1e3},
                     {"client", arrival_.client}});
}

}  // namespace dramatis::gateway
