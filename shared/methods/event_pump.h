// Takes a stream's events from their source to whoever reads them, one at a time, and holds no
// thread meanwhile. Part of server_call.h.
#pragma once

#include <memory>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "google/protobuf/message.h"
#include "shared/methods/message_source.h"

namespace dramatis {

// Whoever sets `busy` owns the source and the transport until it gives `busy` back, or ends the
// stream and never does: whoever opens the stream at first, then a thread inside Pump, or the
// transport while it sends. So Poll runs on one thread at a time, and a wake or a cancellation that
// comes meanwhile leaves a mark that the owner sees before it lets go.
class EventPump {
 public:
  EventPump();
  EventPump(const EventPump&) = delete;
  EventPump& operator=(const EventPump&) = delete;
  virtual ~EventPump() = default;

  // Nobody reads any more: the source is told, then the stream ends. From any thread, while the
  // pump is there.
  void Cancel();

 protected:
  // By the owner: from here on the source wakes the pump.
  void Take(std::unique_ptr<MessageSource> source);
  // By the owner: sends what there is, then lets go.
  void Pump();
  // By the transport, where Send was false: the event has gone, or nobody takes it.
  void Sent(bool ok);
  // By the owner: ends the stream. The pump may be gone afterwards.
  void Close(const absl::Status& status);

  bool opened() const { return source_ != nullptr; }

 private:
  // What `wake` reaches; outlives the pump as long as somebody holds `wake`.
  struct Link {
    absl::Mutex mutex;
    EventPump* pump ABSL_GUARDED_BY(mutex);     // null once the stream has ended
    bool busy ABSL_GUARDED_BY(mutex) = true;    // somebody owns the source
    bool woken ABSL_GUARDED_BY(mutex) = false;  // since the owner last asked the source
    bool cancelled ABSL_GUARDED_BY(mutex) = false;
  };

  // Sends an event. True: it has been taken. False: Sent will be called, from any thread.
  virtual bool Send(google::protobuf::Message& event) = 0;
  // Why a stream ends that nobody reads.
  virtual absl::Status CancelledError() = 0;
  // The stream has ended so. Once; nothing else is called afterwards, so it may delete the pump.
  virtual void End(const absl::Status& status) = 0;

  static void Wake(std::shared_ptr<Link> link);
  // Whether there is still somebody to send to.
  bool Continue();
  // False if there is news since the source was asked. Where it is true, the pump may be gone.
  bool LetGo();
  MessageSource::Next Poll();

  const std::shared_ptr<Link> link_;
  std::unique_ptr<MessageSource> source_;
  std::optional<absl::Status> end_;  // of the stream, once the last event has gone
};

}  // namespace dramatis
