#include "gateway/calls/health.h"

#include <utility>

#include "dramatis/options/v1/http_options.pb.h"
#include "dramatis/options/v1/service_options.pb.h"
#include "grpc/health/v1/health.pb.h"

#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "shared/config/version.h"

namespace dramatis::gateway {
namespace {

using google::protobuf::FileDescriptor;

// https://github.com/grpc/grpc/blob/master/doc/health-checking.md
constexpr char kHealthCheck[] = "/grpc.health.v1.Health/Check";
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

bool SaysServing(const UnaryReply& reply) {
  if (!reply.status.ok()) return false;
  HealthCheckResponse response;
  const std::string_view view = reply.message.view();
  return response.ParseFromArray(view.data(), static_cast<int>(view.size())) &&
         response.status() == HealthCheckResponse::SERVING;
}

// One round of questions; lives until the last answer.
struct Round {
  absl::Mutex mutex;
  HealthReport report ABSL_GUARDED_BY(mutex);
  size_t open ABSL_GUARDED_BY(mutex) = 0;
  std::function<void(const HealthReport&)> done;
};

void Answered(Round& round, size_t index, bool serving) {
  HealthReport report;
  {
    const absl::MutexLock lock(&round.mutex);
    round.report.entries[index].serving = serving;
    if (--round.open > 0) return;
    report = round.report;
  }
  round.done(report);
}

}  // namespace

std::vector<ServiceName> ServicesOf(const std::vector<const FileDescriptor*>& files) {
  std::vector<ServiceName> services;
  for (const FileDescriptor* file : files) {
    if (file == v1::GetHealthResponse::descriptor()->file()) continue;
    for (int i = 0; i < file->service_count(); ++i) {
      const auto& service = *file->service(i);
      const options::v1::ServiceRule& rule = service.options().GetExtension(options::v1::service);
      if (rule.every_backend()) continue;
      // Another part's: that one is asked.
      if (!service.options().GetExtension(options::v1::http_service).served_by().empty()) continue;
      const std::string& package = file->package();
      const size_t begin = package.find('.') + 1;
      ServiceName name;
      name.backend = package.substr(begin, package.find('.', begin) - begin);
      name.full_name = service.full_name();
      name.dispensable = rule.dispensable();
      services.push_back(std::move(name));
    }
  }
  return services;
}

bool HealthReport::ready() const {
  for (const Entry& entry : entries) {
    if (!entry.serving && !entry.service.dispensable) return false;
  }
  return true;
}

Health::Health(std::vector<ServiceName> services,
               const std::map<std::string, std::unique_ptr<Backend>>& backends,
               const Clock& clock,
               absl::Duration timeout)
    : services_(std::move(services)), backends_(backends), clock_(clock), timeout_(timeout) {}

void Health::Check(std::function<void(const HealthReport&)> done) {
  auto round = std::make_shared<Round>();
  round->done = std::move(done);
  {
    const absl::MutexLock lock(&round->mutex);
    round->report.time = clock_.Now();
    for (const ServiceName& service : services_) {
      round->report.entries.push_back({service, false});
    }
    round->open = services_.size();
  }
  for (size_t i = 0; i < services_.size(); ++i) {
    HealthCheckRequest question;
    question.set_service(services_[i].full_name);
    backends_.at(services_[i].backend)
        ->Call(kHealthCheck, question.SerializeAsString(), {}, {}, timeout_,
               [round, i](const UnaryReply& reply) { Answered(*round, i, SaysServing(reply)); });
  }
}

HealthReport Health::CheckNow() {
  struct Answer {
    absl::Notification came;
    HealthReport report;
  };
  auto answer = std::make_shared<Answer>();
  Check([answer](const HealthReport& report) {
    answer->report = report;
    answer->came.Notify();
  });
  answer->came.WaitForNotification();
  return answer->report;
}

bool Health::Answers(const RpcMethod& method) {
  return &method.output() == v1::GetHealthResponse::descriptor();
}

v1::GetHealthResponse Health::Message(const HealthReport& report) {
  v1::GetHealthResponse message;
  bool all = true;
  for (const HealthReport::Entry& entry : report.entries) {
    all = all && entry.serving;
    (*message.mutable_services())[entry.service.backend] =
        entry.serving ? v1::SERVICE_STATUS_SERVING : v1::SERVICE_STATUS_NOT_SERVING;
  }
  message.set_status(all              ? v1::HEALTH_STATUS_HEALTHY
                     : report.ready() ? v1::HEALTH_STATUS_DEGRADED
                                      : v1::HEALTH_STATUS_UNHEALTHY);
  message.set_version(kVersion);
  const int64_t micros = absl::ToUnixMicros(report.time);
  message.mutable_time()->set_seconds(micros / 1'000'000);
  message.mutable_time()->set_nanos(static_cast<int32_t>(micros % 1'000'000 * 1000));
  return message;
}

HttpAnswer Health::ReadyAnswer(const HealthReport& report) {
  constexpr int kUnavailable = 503;
  HttpAnswer answer;
  answer.content_type = kJsonType;
  answer.body = report.ready() ? R"({"status":"ready"})" : R"({"status":"not_ready"})";
  if (!report.ready()) {
    answer.status = kUnavailable;
    answer.headers.emplace_back("Retry-After", "1");
  }
  return answer;
}

}  // namespace dramatis::gateway
