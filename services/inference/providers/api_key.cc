#include "services/inference/providers/api_key.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"

namespace dramatis::inference {
namespace {

constexpr absl::Duration kFresh = absl::Seconds(240);  // 80 % of the 300 s a secret is cached for
constexpr absl::Duration kStale = absl::Hours(1);

}  // namespace

bool IsHeaderSafe(const std::string& key) {
  return std::all_of(key.begin(), key.end(),
                     [](unsigned char c) { return absl::ascii_isgraph(c); });
}

ApiKey::ApiKey(const ApiKeySource& source, const Clock& clock)
    : file_(source.file),
      clock_(clock),
      key_(source.value),
      checked_(clock.Now()),
      good_(clock.Now()) {}

std::string ApiKey::Get() {
  const absl::MutexLock lock(&mutex_);
  if (!file_.empty() && clock_.Now() - checked_ >= kFresh) Read();
  return key_;
}

void ApiKey::Refetch() {
  const absl::MutexLock lock(&mutex_);
  if (!file_.empty()) Read();
}

void ApiKey::Read() {
  checked_ = clock_.Now();
  std::optional<std::string> key = ReadKeyFile(file_);
  if (!key.has_value()) {
    if (checked_ - good_ >= kStale) key_.clear();
    return;
  }
  key_ = *std::move(key);
  good_ = checked_;
}

std::optional<std::string> ReadKeyFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string key((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  while (!key.empty() && (key.back() == '\n' || key.back() == '\r'))
    key.pop_back();
  if (file.bad() || key.empty() || !IsHeaderSafe(key)) return std::nullopt;
  return key;
}

}  // namespace dramatis::inference
