// What the signature of a use case says of its RPC: the messages, and whether it asks for the call.
// Part of method_table.h.
#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

#include "google/protobuf/empty.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/call/answer_headers.h"
#include "shared/call/call.h"
#include "shared/call/event_source.h"
#include "shared/call/upload_sink.h"

namespace dramatis::handler_types {

// Forms of handlers, by their result and arguments.
template <class R, class... Arguments>
struct Form;
template <class R, class Asked>
struct Form<R, const Asked&> {
  using Result = R;
  using Request = Asked;
  static constexpr bool kTakesCall = false;
};
template <class R, class Asked>
struct Form<R, const CallContext&, const Asked&> : Form<R, const Asked&> {
  static constexpr bool kTakesCall = true;
};
template <class Asked, class Done>
struct Form<void, const CallContext&, const Asked&, Done> : Form<void, const Asked&> {
  static constexpr bool kTakesCall = true;
  using Answered = std::decay_t<Done>;
};

// The form of a member function, or of a function object whose operator() is not a template.
template <class Function>
struct FormOf : FormOf<decltype(&Function::operator())> {};
template <class Owner, class R, class... Arguments>
struct FormOf<R (Owner::*)(Arguments...)> : Form<R, Arguments...> {};
template <class Owner, class R, class... Arguments>
struct FormOf<R (Owner::*)(Arguments...) const> : Form<R, Arguments...> {};

// The result of a write that may have been the replay of an earlier one, as in
// services/conversation/model/store.h.
template <class Type>
concept SaysWhetherReplayed = requires(Type written) {
  written.result;
  written.replayed;
};

// What is answered for a result: itself, or
template <class Result>
struct Answer {
  using Type = Result;
  static absl::Status Take(const CallContext& /*call*/, Result result, Result& response) {
    response = std::move(result);
    return absl::OkStatus();
  }
};
// for a status, nothing;
template <>
struct Answer<absl::Status> {
  using Type = google::protobuf::Empty;
  static absl::Status Take(const CallContext& /*call*/, absl::Status status, Type& /*response*/) {
    return status;
  }
};
// its result, and a header that says that it was replayed;
template <SaysWhetherReplayed Written>
struct Answer<Written> {
  using Type = decltype(Written::result);
  static absl::Status Take(const CallContext& call, Written written, Type& response) {
    if (written.replayed) MarkReplayed(call);
    response = std::move(written.result);
    return absl::OkStatus();
  }
};
// or the error.
template <class Result>
struct Answer<absl::StatusOr<Result>> {
  using Type = typename Answer<Result>::Type;
  static absl::Status Take(const CallContext& call, absl::StatusOr<Result> result, Type& response) {
    if (!result.ok()) return std::move(result).status();
    return Answer<Result>::Take(call, *std::move(result), response);
  }
};

template <class Response>
Response AnsweredBy(const std::function<void(absl::StatusOr<Response>)>*);
template <class Event>
Event EventOf(const EventSource<Event>*);
template <class Message, class Response>
Response ResponseOf(const UploadSink<Message, Response>*);

// Of a handler that answers later: the message of its `done`.
template <class Done>
using Answered = decltype(AnsweredBy(static_cast<const Done*>(nullptr)));
// Of what opens a stream, absl::StatusOr<std::unique_ptr<a source>>: the source, and its events.
template <class Result>
using Opened = typename Result::value_type::element_type;
template <class Result>
using EventIn = decltype(EventOf(static_cast<const Opened<Result>*>(nullptr)));
template <class Result>
using ResponseIn = decltype(ResponseOf(static_cast<const Opened<Result>*>(nullptr)));

}  // namespace dramatis::handler_types
