#include "gateway/calls/upload_call.h"

#include <utility>

#include "shared/rpc/status_conversion.h"

namespace dramatis::gateway {

std::shared_ptr<UploadCall> UploadCall::Start(grpc::GenericStub& stub,
                                              const RequestCall& call,
                                              std::function<void()> sent,
                                              std::function<void(UnaryReply)> done) {
  std::shared_ptr<UploadCall> upload(new UploadCall(std::move(sent), std::move(done)));
  upload->self_ = upload;
  AddMetadata(call.metadata, upload->context_);
  AddCaller(call.caller, upload->context_);
  upload->outgoing_ = ToBuffer(call.payload);
  stub.PrepareBidiStreamingCall(&upload->context_, call.method->path, grpc::StubOptions(),
                                upload.get());
  // Writes are begun outside gRPC's callbacks: that needs a hold.
  upload->AddHold();
  upload->StartWrite(&upload->outgoing_);
  upload->StartRead(&upload->incoming_);
  upload->StartCall();
  return upload;
}

bool UploadCall::BeginWrite() {
  const absl::MutexLock lock(&mutex_);
  if (!open_) return false;
  beginning_ = true;
  return true;
}

void UploadCall::WriteBegun() {
  {
    const absl::MutexLock lock(&mutex_);
    beginning_ = false;
    if (open_) return;
  }
  Release();
}

void UploadCall::Release() {
  {
    const absl::MutexLock lock(&mutex_);
    // What is being begun comes to its end first.
    if (beginning_ || !std::exchange(held_, false)) return;
  }
  RemoveHold();
}

void UploadCall::Send(const std::string& message) {
  if (!BeginWrite()) return;
  outgoing_ = ToBuffer(message);
  StartWrite(&outgoing_);
  WriteBegun();
}

void UploadCall::End() {
  if (!BeginWrite()) return;
  StartWritesDone();
  WriteBegun();
}

void UploadCall::OnWriteDone(bool ok) {
  if (ok) sent_();
}

void UploadCall::OnReadDone(bool ok) {
  if (ok) {
    message_ = MessageBytes(incoming_);
    incoming_.Clear();
    return StartRead(&incoming_);  // what follows is the end
  }
  {
    const absl::MutexLock lock(&mutex_);
    open_ = false;
  }
  Release();
}

void UploadCall::OnDone(const grpc::Status& status) {
  UnaryReply reply;
  reply.headers = HeadersOf(context_);
  if (status.ok()) {
    reply.message = std::move(message_);
  } else {
    reply.status = FromGrpc(status);
  }
  // What the callbacks hold may hold this.
  const std::function<void(UnaryReply)> done = std::exchange(done_, nullptr);
  sent_ = nullptr;
  self_.reset();
  done(std::move(reply));
}

}  // namespace dramatis::gateway
