// Requests that come as a stream of messages, which gRPC only carries.
#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include "dramatis/conversation/v1/archives.grpc.pb.h"

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/rpc/status_conversion.h"
#include "shared/rpc/testing/test_server.h"
#include "shared/status/errors.h"

namespace dramatis {
namespace {

namespace v1 = ::dramatis::conversation::v1;

// What became of the sinks.
struct Kept {
  std::string bytes;  // of the one that ended
  std::atomic<int> ended = 0;
  std::atomic<int> destroyed = 0;
  absl::Notification first;    // a message `hold` has come
  absl::Notification release;  // and may be done with
};

class Sink : public UploadSink<v1::CreateImportRequest, v1::Import> {
 public:
  explicit Sink(Kept& kept) : kept_(kept) {}
  ~Sink() override { ++kept_.destroyed; }

  absl::Status Take(const v1::CreateImportRequest& message) override {
    if (message.archive().data() == "hold") {
      kept_.first.Notify();
      kept_.release.WaitForNotification();
    }
    if (message.archive().data() == "full") return absl::FailedPreconditionError("full");
    bytes_ += message.archive().data();
    return absl::OkStatus();
  }
  absl::StatusOr<v1::Import> End() override {
    ++kept_.ended;
    kept_.bytes = bytes_;
    v1::Import import;
    import.set_import_id(absl::StrCat(bytes_.size()));
    return import;
  }

 private:
  Kept& kept_;
  std::string bytes_;
};

class UploadsTest : public testing::Test {
 protected:
  ~UploadsTest() override { executor_.Stop(); }

  const MethodTable& Filled() {
    table_.Upload("CreateImport", &UploadsTest::Open, *this);
    return table_;
  }
  absl::StatusOr<std::unique_ptr<Sink>> Open(const CallContext& call,
                                             const v1::CreateImportRequest& first) {
    seen_ = first.persona_id();
    call.send_header("idempotency-replayed", "true");
    return std::make_unique<Sink>(kept_);
  }

  static v1::CreateImportRequest Piece(const std::string& bytes, const std::string& persona = "") {
    v1::CreateImportRequest request;
    request.mutable_archive()->set_data(bytes);
    request.set_persona_id(persona);
    return request;
  }

  Kept kept_;
  std::string seen_;
  SystemClock clock_;
  RecordingLogger logger_;
  Metrics metrics_;
  Executor executor_{2, 8};
  MethodTable table_{"dramatis.conversation.v1.ArchiveService", executor_, clock_, logger_,
                     metrics_};
  TestServer server_{{&Filled()}, GrpcService::Missing::kUnimplemented};
  const std::unique_ptr<v1::ArchiveService::Stub> stub_ =
      v1::ArchiveService::NewStub(server_.channel());
  v1::Import import_;
};

TEST_F(UploadsTest, TheSinkTakesEveryMessageInOrder) {
  const auto context = TestContext();
  const auto writer = stub_->CreateImport(context.get(), &import_);
  std::string all;
  for (int i = 0; i < 200; ++i) {
    const std::string piece = absl::StrCat(i, " ");
    all += piece;
    ASSERT_TRUE(writer->Write(Piece(piece, i == 0 ? "p1" : "")));
  }
  writer->WritesDone();
  const absl::Status status = FromGrpc(writer->Finish());
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(kept_.bytes, all);
  EXPECT_EQ(import_.import_id(), absl::StrCat(all.size()));
  EXPECT_EQ(seen_, "p1");
  EXPECT_EQ(context->GetServerInitialMetadata().find("idempotency-replayed")->second, "true");
  EXPECT_EQ(kept_.destroyed, 1);
}

TEST_F(UploadsTest, NoMessageAtAllIsAnEmptyOne) {
  const auto context = TestContext();
  const auto writer = stub_->CreateImport(context.get(), &import_);
  writer->WritesDone();
  EXPECT_TRUE(writer->Finish().ok());
  EXPECT_EQ(import_.import_id(), "0");
}

TEST_F(UploadsTest, RefusesBadCredentialsAndAFirstMessageThatBreaksItsRule) {
  const auto anonymous = TestContext("Basic x");
  EXPECT_EQ(stub_->CreateImport(anonymous.get(), &import_)->Finish().error_code(),
            grpc::StatusCode::UNAUTHENTICATED);
  const auto context = TestContext();
  const auto writer = stub_->CreateImport(context.get(), &import_);
  writer->Write(Piece("x", std::string(129, 'p')));
  const absl::Status status = FromGrpc(writer->Finish());
  EXPECT_EQ(GetBadRequest(status)->field_violations(0).field(), "persona_id");
  EXPECT_EQ(kept_.destroyed, 0);  // there was none
}

TEST_F(UploadsTest, EndsWithTheErrorOfTheSink) {
  const auto context = TestContext();
  const auto writer = stub_->CreateImport(context.get(), &import_);
  writer->Write(Piece("a"));
  writer->Write(Piece("full"));
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(kept_.ended, 0);
  EXPECT_EQ(kept_.destroyed, 1);
}

// A stream of bytes, of which some are no message: the rest is not taken for all of it.
TEST_F(UploadsTest, RefusesBytesThatAreNoMessage) {
  const auto context = TestContext();
  const grpc::internal::RpcMethod method("/dramatis.conversation.v1.ArchiveService/CreateImport",
                                         grpc::internal::RpcMethod::CLIENT_STREAMING);
  const auto channel = server_.channel();
  const std::unique_ptr<grpc::ClientWriter<grpc::ByteBuffer>> writer(
      grpc::internal::ClientWriterFactory<grpc::ByteBuffer>::Create(channel.get(), method,
                                                                    context.get(), &import_));
  const std::string sound = Piece("a").SerializeAsString();
  for (const std::string& bytes : {sound, std::string("\xff")}) {
    const grpc::Slice slice(bytes);
    writer->Write(grpc::ByteBuffer(&slice, 1));
  }
  writer->WritesDone();
  EXPECT_EQ(GetReason(FromGrpc(writer->Finish())), "VALIDATION_FAILED");
  EXPECT_EQ(kept_.ended, 0);
  EXPECT_EQ(kept_.destroyed, 1);
}

TEST_F(UploadsTest, WhatItsCallerBreaksOffNeverEnds) {
  const auto context = TestContext();
  const auto writer = stub_->CreateImport(context.get(), &import_);
  writer->Write(Piece("hold"));
  kept_.first.WaitForNotification();
  context->TryCancel();
  EXPECT_EQ(writer->Finish().error_code(), grpc::StatusCode::CANCELLED);
  kept_.release.Notify();
  while (kept_.destroyed == 0)
    std::this_thread::yield();
  EXPECT_EQ(kept_.ended, 0);
}

}  // namespace
}  // namespace dramatis
