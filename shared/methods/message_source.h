// A stream's events, and a sink of one, as messages of any type: what the table of a service's RPCs
// (method_table.h) makes of an EventSource or UploadSink, so that calls are one piece of code for
// every type.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "shared/call/event_source.h"
#include "shared/call/upload_sink.h"

namespace dramatis {

// As EventSource.
class MessageSource {
 public:
  virtual ~MessageSource() = default;
  struct Next {
    google::protobuf::Message* event = nullptr;  // until the next Poll; may be moved from
    std::optional<absl::Status> end = std::nullopt;
  };
  virtual Next Poll() = 0;
  virtual void OnReady(std::function<void()> wake) = 0;
  virtual void Cancelled() = 0;
};

template <class Event>
class TypedSource : public MessageSource {
 public:
  explicit TypedSource(std::unique_ptr<EventSource<Event>> source) : source_(std::move(source)) {}
  Next Poll() override {
    typename EventSource<Event>::Next next = source_->Poll();
    event_ = std::move(next.event);
    return {event_.has_value() ? &*event_ : nullptr, std::move(next.end)};
  }
  void OnReady(std::function<void()> wake) override { source_->OnReady(std::move(wake)); }
  void Cancelled() override { source_->Cancelled(); }

 private:
  const std::unique_ptr<EventSource<Event>> source_;
  std::optional<Event> event_;
};

// As UploadSink.
class MessageSink {
 public:
  virtual ~MessageSink() = default;
  virtual absl::Status Take(const google::protobuf::Message& message) = 0;
  virtual absl::Status End(google::protobuf::Message& response) = 0;
};

template <class Request, class Response>
class TypedSink : public MessageSink {
 public:
  explicit TypedSink(std::unique_ptr<UploadSink<Request, Response>> sink)
      : sink_(std::move(sink)) {}
  absl::Status Take(const google::protobuf::Message& message) override {
    return sink_->Take(static_cast<const Request&>(message));
  }
  absl::Status End(google::protobuf::Message& response) override {
    absl::StatusOr<Response> answer = sink_->End();
    if (!answer.ok()) return std::move(answer).status();
    static_cast<Response&>(response) = *std::move(answer);
    return absl::OkStatus();
  }

 private:
  const std::unique_ptr<UploadSink<Request, Response>> sink_;
};

}  // namespace dramatis
