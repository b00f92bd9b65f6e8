#include "gateway/calls/database_call_task.h"

#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "dramatis/admin/v1/admin.pb.h"
#include "dramatis/gateway/v1/gateway.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/util/time_util.h"
#include "shared/call/access.h"
#include "shared/call/call_metadata.h"
#include "shared/log/audit.h"
#include "shared/log/log_scope.h"
#include "shared/rules/field_rules.h"
#include "shared/status/errors.h"
#include "shared/status/macros.h"

namespace dramatis::gateway {
namespace {

constexpr char kAdminService[] = "/dramatis.admin.v1.AdminService/";
// A database that is away is waited for a few seconds before it counts as not connected.
constexpr absl::Duration kStatusTimeout = absl::Seconds(8);

// False if the reply is no such message.
template <class Message>
bool Parse(const UnaryReply& reply, Message& message) {
  const std::string_view view = reply.message.view();
  return message.ParseFromArray(view.data(), static_cast<int>(view.size()));
}

bool IsAway(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status);
}

bool IsRefusal(const absl::Status& status) {
  return absl::IsUnauthenticated(status) || absl::IsPermissionDenied(status);
}

// The error that says most, with the service it came from: what a service decided before what keeps
// another one from deciding.
absl::Status ErrorOf(const std::map<std::string, UnaryReply>& replies) {
  absl::Status worst;
  for (const auto& [service, reply] : replies) {
    if (reply.status.ok() || (!worst.ok() && !IsAway(worst))) continue;
    if (!worst.ok() && IsAway(reply.status)) continue;
    // What is wrong with the request is so for every service.
    worst = absl::IsInvalidArgument(reply.status)
                ? reply.status
                : WithMetadata(reply.status, {{"service", service}});
  }
  return worst;
}

// The replies' messages by service. INTERNAL if one does not parse.
template <class Response>
absl::StatusOr<std::map<std::string, Response>> ParseAll(
    const std::map<std::string, UnaryReply>& replies) {
  std::map<std::string, Response> parsed;
  for (const auto& [service, reply] : replies) {
    if (!Parse(reply, parsed[service])) {
      return InternalError(absl::StrCat(service, " answered something else"));
    }
  }
  return parsed;
}

}  // namespace

// One request; lives as long as somebody may still answer.
struct DatabaseCallTask::Work {
  Work(std::shared_ptr<RequestTask> the_task, RequestCall the_call)
      : task(std::move(the_task)), call(std::move(the_call)) {}

  absl::Status CheckCaller() const {
    DRAMATIS_RETURN_IF_ERROR(metadata_status);
    return CheckAccess(caller.identity, call.method->access);
  }

  void WriteAudit(const absl::Status& status) const {
    Audit(task->parts().logger, call.method->path.substr(1), caller, status);
  }

  void Fail(const absl::Status& error) const {
    WriteAudit(error);
    task->Fail(error, false);
  }

  // `replayed`: every service that did something had done it before.
  void Send(const google::protobuf::Message& message, bool replayed = false) const {
    absl::StatusOr<HttpAnswer> answer =
        task->parts().transcoder.Answer(*call.method, message.SerializeAsString());
    WriteAudit(answer.status());
    if (!answer.ok()) return task->Fail(answer.status(), true);
    if (replayed) answer->headers.emplace_back("Idempotency-Replayed", "true");
    task->Send(*std::move(answer));
  }

  const std::shared_ptr<RequestTask> task;
  const RequestCall call;
  CallContext caller;
  absl::Status metadata_status;
};

DatabaseCallTask::DatabaseCallTask(RequestTask& task, const RequestCall& call) {
  const auto work = std::make_shared<Work>(task.shared_from_this(), call);
  const CallMetadata metadata(call.metadata);
  work->metadata_status = metadata.Read(task.parts().ids, work->caller);
  work->caller.identity = call.caller;
  const google::protobuf::Descriptor* const input = &work->call.method->input();
  if (const absl::Status allowed = work->CheckCaller(); !allowed.ok()) {
    work->Fail(allowed);
  } else if (input == v1::GetDatabaseStatusRequest::descriptor()) {
    GetStatus(work);
  } else if (input == v1::SetupDatabaseRequest::descriptor()) {
    Setup(work);
  } else {
    Seed(work, /*validate_only=*/true);
  }
}

bool DatabaseCallTask::Answers(const RpcMethod& method) {
  const auto* const input = &method.input();
  return input == v1::GetDatabaseStatusRequest::descriptor() ||
         input == v1::SetupDatabaseRequest::descriptor() ||
         input == v1::SeedDatabaseRequest::descriptor();
}

void DatabaseCallTask::AskAll(const std::shared_ptr<Work>& work,
                              const std::string& rpc,
                              const std::function<std::string(const std::string& service)>& payload,
                              absl::Duration timeout,
                              const std::function<void(const Replies&)>& then) {
  struct Round {
    absl::Mutex mutex;
    Replies replies ABSL_GUARDED_BY(mutex);
    size_t open ABSL_GUARDED_BY(mutex) = 0;
  };
  const auto& backends = work->task->parts().backends;
  const auto round = std::make_shared<Round>();
  {
    const absl::MutexLock lock(&round->mutex);
    round->open = backends.size();
  }
  for (const auto& [service, backend] : backends) {
    backend->Call(kAdminService + rpc, payload(service), work->call.metadata, work->call.caller,
                  timeout, [work, round, service = service, then](UnaryReply reply) {
                    auto all = std::make_shared<Replies>();
                    {
                      const absl::MutexLock lock(&round->mutex);
                      round->replies[service] = std::move(reply);
                      if (--round->open > 0) return;
                      all->swap(round->replies);
                    }
                    // Also where the client is gone: it goes on, and into the audit log.
                    work->task->Post([all, then](RequestTask&) { then(*all); });
                  });
  }
}

void DatabaseCallTask::GetStatus(const std::shared_ptr<Work>& work) {
  const auto payload = [](const std::string& service) {
    admin::v1::GetDatabaseStatusRequest request;
    request.set_service(service);
    return request.SerializeAsString();
  };
  AskAll(work, "GetDatabaseStatus", payload, kStatusTimeout, [work](const Replies& replies) {
    v1::GetDatabaseStatusResponse response;
    *response.mutable_time() = google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(
        absl::ToUnixMicros(work->task->parts().clock.Now()));
    response.set_environment(work->task->parts().environment);
    for (const auto& [service, reply] : replies) {
      if (IsRefusal(reply.status)) return work->Fail(reply.status);
      admin::v1::DatabaseStatus& status = (*response.mutable_services())[service];
      if (reply.status.ok() && Parse(reply, status)) continue;
      status.Clear();
      status.set_status(admin::v1::SERVING_STATUS_NOT_SERVING);
      status.set_problem("the service does not answer");
    }
    work->Send(response);
  });
}

void DatabaseCallTask::Setup(const std::shared_ptr<Work>& work) {
  const auto payload = [](const std::string& service) {
    admin::v1::SetupDatabaseRequest request;
    request.set_service(service);
    return request.SerializeAsString();
  };
  AskAll(work, "SetupDatabase", payload, work->task->parts().config.unary_timeout,
         [work](const Replies& replies) {
           if (const absl::Status error = ErrorOf(replies); !error.ok()) return work->Fail(error);
           const auto parsed = ParseAll<admin::v1::SetupDatabaseResponse>(replies);
           if (!parsed.ok()) return work->Fail(parsed.status());
           v1::SetupDatabaseResponse response;
           response.mutable_services()->insert(parsed->begin(), parsed->end());
           bool replayed = !replies.empty();
           for (const auto& [service, reply] : replies)
             replayed = replayed && reply.headers.idempotency_replayed;
           work->Send(response, replayed);
         });
}

void DatabaseCallTask::Seed(const std::shared_ptr<Work>& work, bool validate_only) {
  v1::SeedDatabaseRequest asked;
  if (!asked.ParseFromString(work->call.payload)) {
    return work->Fail(InternalError("the request is no such message"));
  }
  if (const absl::Status rules = CheckFieldRules(asked); !rules.ok()) return work->Fail(rules);
  const auto payload = [&](const std::string& service) {
    admin::v1::SeedDatabaseRequest request;
    request.set_service(service);
    request.set_confirm(asked.confirm());
    request.set_validate_only(validate_only);
    return request.SerializeAsString();
  };
  AskAll(work, "SeedDatabase", payload, work->task->parts().config.unary_timeout,
         [work, validate_only](const Replies& replies) {
           if (const absl::Status error = ErrorOf(replies); !error.ok()) return work->Fail(error);
           const auto parsed = ParseAll<admin::v1::SeedDatabaseResponse>(replies);
           if (!parsed.ok()) return work->Fail(parsed.status());
           bool seeded = false;
           bool replayed = true;
           for (const auto& [service, one] : *parsed) {
             if (!one.seeded()) continue;
             seeded = true;
             replayed = replayed && replies.at(service).headers.idempotency_replayed;
           }
           if (!seeded) {
             return work->Fail(Error(absl::StatusCode::kPermissionDenied,
                                     admin::v1::ERROR_REASON_ADMIN_DISABLED,
                                     "the sample data are there already"));
           }
           if (validate_only) return Seed(work, /*validate_only=*/false);
           v1::SeedDatabaseResponse response;
           response.mutable_services()->insert(parsed->begin(), parsed->end());
           work->Send(response, replayed);
         });
}

}  // namespace dramatis::gateway
