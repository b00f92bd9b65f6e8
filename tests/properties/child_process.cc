#include "tests/properties/child_process.h"

#include <array>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <sstream>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "boost/json.hpp"

namespace dramatis::properties {
namespace {

constexpr absl::Duration kStart = absl::Seconds(30);

[[noreturn]] void Die(const std::string& why) {
  std::cerr << why << '\n';
  std::abort();
}

std::vector<char*> Pointers(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (std::string& text : texts)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

// The address of a log line `{"event":"listening","protocol":...}`, or empty.
std::string ListeningAddress(const std::string& line, const std::string& protocol) {
  boost::system::error_code error;
  const boost::json::value parsed = boost::json::parse(line, error);
  if (error || !parsed.is_object()) return "";
  const boost::json::object& fields = parsed.as_object();
  const auto text = [&](const char* name) {
    const boost::json::value* value = fields.if_contains(name);
    return value != nullptr && value->is_string() ? std::string(value->as_string()) : "";
  };
  return text("event") == "listening" && text("protocol") == protocol ? text("address") : "";
}

}  // namespace

ChildProcess::ChildProcess(const std::string& program,
                           const Variables& variables,
                           const std::vector<std::string>& arguments) {
  const std::string path = absl::StrCat(DRAMATIS_BIN_DIR, "/", program);
  std::vector<std::string> words = {path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> environment;
  for (const auto& [name, value] : variables) {
    environment.push_back(absl::StrCat(name, "=", value));
  }
  std::vector<char*> argv = Pointers(words);
  std::vector<char*> envp = Pointers(environment);
  std::array<int, 2> log{};
  if (pipe2(log.data(), O_CLOEXEC) != 0) Die("no pipe");
  pid_ = fork();
  if (pid_ < 0) Die("no process");
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int nothing = open("/dev/null", O_RDWR);
    if (nothing >= 0) dup2(nothing, STDIN_FILENO);
    dup2(log[1], STDERR_FILENO);
    execve(path.c_str(), argv.data(), envp.data());
    _exit(127);
  }
  close(log[1]);
  reader_ = std::thread([this, file = log[0]] { ReadLog(file); });
}

ChildProcess::~ChildProcess() {
  if (!ended_) {
    kill(pid_, SIGKILL);
    Wait();
  }
  reader_.join();
}

void ChildProcess::ReadLog(int file) {
  std::array<char, 4096> buffer{};
  ssize_t size = 0;
  while ((size = read(file, buffer.data(), buffer.size())) > 0) {
    absl::MutexLock lock(&mutex_);
    log_.append(buffer.data(), static_cast<size_t>(size));
  }
  close(file);
  absl::MutexLock lock(&mutex_);
  closed_ = true;
}

std::string ChildProcess::Address(const std::string& protocol) {
  std::string address;
  const auto found = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::istringstream lines(log_);
    for (std::string line; address.empty() && std::getline(lines, line);) {
      address = ListeningAddress(line, protocol);
    }
    return !address.empty() || closed_;
  };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&found), kStart);
  if (address.empty()) Die(absl::StrCat("the program does not listen:\n", log_));
  return address;
}

int ChildProcess::Wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  ended_ = true;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

std::string ChildProcess::Log() const {
  absl::MutexLock lock(&mutex_);
  return log_;
}

}  // namespace dramatis::properties
