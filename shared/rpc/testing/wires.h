// Calls of a table's RPCs over either wire, so that one suite of tests holds for both.
//
//   class CallsTest : public testing::TestWithParam<Via> {
//     TestWires wires_{table_};
//   ...
//   const auto memory = wires_.Call<v1::Memory>(GetParam(), "GetMemory", request);
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"
#include "shared/call/call_metadata.h"
#include "shared/methods/local_methods.h"
#include "shared/methods/ongoing_call.h"
#include "shared/rpc/testing/test_server.h"

namespace dramatis {

// kGrpc: a gRPC server; kProcess: within the process, by bytes as the gateway calls.
enum class Via { kGrpc, kProcess };

// "Grpc", "Process".
std::string NameOf(Via via);

// What is sent beside the request.
struct Sent {
  std::string authorization = {};  // the admin `local` where it is empty
  HeaderList headers = {};
  absl::Duration timeout = absl::Seconds(30);
};

// What a unary call was answered.
struct Reply {
  absl::StatusOr<std::string> message;
  HeaderList headers;

  std::string Header(const std::string& name) const;
};

// A unary call under way.
class PendingReply {
 public:
  PendingReply(std::future<Reply> reply, std::function<void()> cancel)
      : reply_(std::move(reply)), cancel_(std::move(cancel)) {}
  void Cancel() { cancel_(); }
  // Waits.
  Reply Get() { return reply_.get(); }

 private:
  std::future<Reply> reply_;
  const std::function<void()> cancel_;
};

// A stream that is read by one thread.
class TestStream {
 public:
  virtual ~TestStream() = default;
  // Waits until the stream is open, or has ended.
  virtual void AwaitOpen() = 0;
  // The next event's bytes; nothing at the end.
  virtual std::optional<std::string> Next() = 0;
  // Why it has ended.
  virtual absl::Status Finish() = 0;
  virtual void Cancel() = 0;
  // Once it is open.
  virtual std::string Header(const std::string& name) = 0;
};

class TestWires {
 public:
  // The table may lack lines. It outlives the wires, and so does its executor's last task.
  explicit TestWires(const MethodTable& table);

  // `request`: the bytes of a message.
  PendingReply Start(Via via,
                     const std::string& rpc,
                     const std::string& request,
                     const Sent& sent = {});
  Reply Call(Via via, const std::string& rpc, const std::string& request, const Sent& sent = {}) {
    return Start(via, rpc, request, sent).Get();
  }
  template <class Response>
  absl::StatusOr<Response> Call(Via via,
                                const std::string& rpc,
                                const google::protobuf::Message& request,
                                const Sent& sent = {}) {
    const Reply reply = Call(via, rpc, request.SerializeAsString(), sent);
    if (!reply.message.ok()) return reply.message.status();
    Response response;
    if (!response.ParseFromString(*reply.message)) return absl::DataLossError("no such message");
    return response;
  }
  std::unique_ptr<TestStream> Stream(Via via,
                                     const std::string& rpc,
                                     const std::string& request,
                                     const Sent& sent = {});

  TestServer& server() { return server_; }

 private:
  const std::string service_;
  TestServer server_;
  const std::shared_ptr<grpc::Channel> channel_;
  LocalMethods local_;
};

}  // namespace dramatis
