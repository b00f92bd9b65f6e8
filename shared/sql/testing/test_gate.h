// A TCP gate between a client and a server, to break the wire in one way at a time.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <poll.h>

#include "absl/synchronization/mutex.h"

namespace dramatis::sql {

class TestGate {
 public:
  // Listens on a port of its own, and passes on to `host`:`port`.
  TestGate(std::string host, int port);
  ~TestGate();

  int port() const { return port_; }
  // Closes every connection; new ones are accepted.
  void Cut();
  // Closes every connection, and each new one at once, until Open.
  void Close();
  // Keeps connections, but passes nothing on, until Open.
  void Stall();
  void Open();
  // Connections accepted so far.
  int accepted() const { return accepted_; }

 private:
  struct Pair {
    int client;
    int server;
  };

  void Run();
  std::vector<pollfd> Poll() const;
  void Accept();
  void PassOn(const std::vector<pollfd>& polled);
  void ClosePairs();
  static void ClosePair(const Pair& pair);
  // Passes on what has come on one side. False at its end.
  static bool Pump(int from, int to);

  const std::string host_;
  const int target_port_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> closed_ = false;
  std::atomic<bool> stalled_ = false;
  std::atomic<bool> cut_ = false;
  std::atomic<int> accepted_ = 0;
  std::vector<Pair> pairs_;  // of the thread
  std::thread thread_;
};

}  // namespace dramatis::sql
