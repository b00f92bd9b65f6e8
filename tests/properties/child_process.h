// A program of ours as a child process: started with its own environment, ended with the object.
//
//   ChildProcess provider("provider-double", {});
//   const std::string address = provider.Address("http");   // waits until it listens
//
// Not thread-safe.
#pragma once

#include <map>
#include <string>
#include <thread>
#include <vector>

#include <sys/types.h>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace dramatis::properties {

class ChildProcess {
 public:
  using Variables = std::map<std::string, std::string>;

  // `program` is a file of this build's bin/. Dies where it cannot be started.
  ChildProcess(const std::string& program,
               const Variables& variables,
               const std::vector<std::string>& arguments = {});
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Where it listens for `protocol`. Dies, with what the program said, where it does not.
  std::string Address(const std::string& protocol);
  // Waits for its end: the exit code.
  int Wait();
  // What it has written to standard error.
  std::string Log() const;

 private:
  void ReadLog(int file);

  pid_t pid_ = -1;
  bool ended_ = false;
  std::thread reader_;
  mutable absl::Mutex mutex_;
  std::string log_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace dramatis::properties
