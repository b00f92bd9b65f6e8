#include "shared/ids/ids.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <openssl/rand.h>
#include <openssl/sha.h>

namespace dramatis {
namespace {

using Uuid = std::array<unsigned char, 16>;

// UUIDv5 of "urn:dramatis:ids" in RFC 9562's URL namespace. Never to be changed: session ids
// in every database derive from it.
constexpr Uuid kNamespace = {0x3c, 0xf6, 0xf0, 0x3b, 0xdf, 0xd6, 0x5e, 0xe5,
                             0xa3, 0x24, 0x71, 0x42, 0x09, 0x22, 0x80, 0x89};

constexpr std::string_view kDigits = "0123456789abcdef";

std::string Format(const Uuid& uuid) {
  std::string text;
  text.reserve(36);
  for (size_t i = 0; i < uuid.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text.push_back('-');
    text.push_back(kDigits[uuid[i] >> 4]);
    text.push_back(kDigits[uuid[i] & 15]);
  }
  return text;
}

void SetVersionAndVariant(Uuid& uuid, unsigned char version) {
  uuid[6] = static_cast<unsigned char>((uuid[6] & 0x0f) | (version << 4));
  uuid[8] = static_cast<unsigned char>((uuid[8] & 0x3f) | 0x80);
}

void FillRandom(unsigned char* bytes, size_t count) {
  // Without random numbers ids could collide: nothing sensible can go on.
  if (RAND_bytes(bytes, static_cast<int>(count)) != 1) std::abort();
}

}  // namespace

UuidV7Source::UuidV7Source(const Clock& clock) : clock_(clock) {}
UuidV7Source::~UuidV7Source() = default;

std::string UuidV7Source::NewId() {
  // 12 bits of rand_a and the 14 highest of rand_b are the counter of method 1. It starts below
  // 2^25 in each millisecond, which leaves room for 2^25 ids before it runs over.
  constexpr uint32_t kCounterBits = 26;
  Uuid uuid;
  int64_t millis = 0;
  uint32_t counter = 0;
  {
    const absl::MutexLock lock(&mutex_);
    if (random_used_ == random_.size()) {
      FillRandom(random_.data(), random_.size());
      random_used_ = 0;
    }
    std::memcpy(uuid.data(), random_.data() + random_used_, uuid.size());
    random_used_ += uuid.size();
    millis = absl::ToUnixMillis(clock_.Now());
    if (millis > last_millis_) {
      uint32_t seed = 0;
      std::memcpy(&seed, uuid.data(), sizeof(seed));
      counter_ = seed & ((1U << (kCounterBits - 1)) - 1);
    } else {
      // The same millisecond, or the clock went back: keep the last time and count on.
      millis = last_millis_;
      if (++counter_ == 1U << kCounterBits) {
        counter_ = 0;
        ++millis;
      }
    }
    last_millis_ = millis;
    counter = counter_;
  }
  for (int i = 0; i < 6; ++i)
    uuid[i] = static_cast<unsigned char>(millis >> (8 * (5 - i)));
  uuid[6] = static_cast<unsigned char>(counter >> 22);
  uuid[7] = static_cast<unsigned char>(counter >> 14);
  uuid[8] = static_cast<unsigned char>((counter >> 8) & 0x3f);
  uuid[9] = static_cast<unsigned char>(counter);
  SetVersionAndVariant(uuid, 7);
  return Format(uuid);
}

std::string CountingIdSource::NewId() {
  const absl::MutexLock lock(&mutex_);
  std::array<char, 37> text{};
  std::snprintf(text.data(), text.size(), "00000000-0000-7000-8000-%012d", next_++);
  return text.data();
}

std::string NameId(const std::string& name) {
  std::string input(reinterpret_cast<const char*>(kNamespace.data()), kNamespace.size());
  input += name;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(input.data()), input.size(), digest.data());
  Uuid uuid;
  std::copy_n(digest.begin(), uuid.size(), uuid.begin());
  SetVersionAndVariant(uuid, 5);
  return Format(uuid);
}

bool IsUuid(const std::string& text) {
  if (text.size() != 36) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (c != '-') return false;
    } else if (kDigits.find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

}  // namespace dramatis
