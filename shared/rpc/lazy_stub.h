// A stub of a neighbour that is made with the first call, since there is no channel before the
// program has started.
//
//   LazyStub<v1::MemoryService> stub([&] { return context.channel("memory"); });
//   stub->Recall(&client_context, request, &response);
//
// Thread-safe.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "grpcpp/grpcpp.h"

namespace dramatis {

// Gives a channel to a neighbour.
using Connect = std::function<std::shared_ptr<grpc::Channel>()>;

template <class Service>
class LazyStub {
 public:
  explicit LazyStub(Connect connect) : connect_(std::move(connect)) {}
  typename Service::Stub& operator*() {
    std::call_once(made_, [this] { stub_ = Service::NewStub(connect_()); });
    return *stub_;
  }
  typename Service::Stub* operator->() { return &**this; }

 private:
  const Connect connect_;
  std::once_flag made_;
  std::unique_ptr<typename Service::Stub> stub_;
};

}  // namespace dramatis
