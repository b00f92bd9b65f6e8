// Bodies under keys: avatars, archives, transcripts, persona sources. A folder, or a bucket of
// anything that speaks S3's API.
//
//   DRAMATIS_RETURN_IF_ERROR(PutWhole(objects, "avatars/0192.png", bytes));
//   absl::StatusOr<std::string> body = GetWhole(objects, "avatars/0192.png", 2 << 20);
//   objects.Get("archives/0193.zip", [&](std::string_view piece) { return Send(piece); });
//
// A key is parts with slashes between: `avatars/0192.png`. A part has 1 to 200 bytes of UTF-8
// without control characters, backslash and slash, and does not begin with a dot; a key has at most
// 900. No key is the beginning of another one's path (`a` and `a/b`). What is not a key is
// INVALID_ARGUMENT.
//
// UNAVAILABLE means that the store cannot be reached or is broken, PERMISSION_DENIED that it does
// not let us; both say which store and what to do. Everything blocks, for minutes where a body is
// large. Thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace dramatis::objects {

struct ObjectInfo {
  std::string key = {};
  int64_t bytes = 0;
  // Another one for each body that the key has had.
  std::string version = {};
  absl::Time modified = absl::UnixEpoch();
  bool operator==(const ObjectInfo&) const = default;
};

class Objects {
 public:
  // The next piece of a body, of any size; empty at its end. An error ends the Put.
  using Pieces = std::function<absl::StatusOr<std::string>()>;
  // Takes a piece of a body, at most a few 100 KiB. An error ends the Get.
  using Sink = std::function<absl::Status(std::string_view)>;

  virtual ~Objects() = default;

  // Stores a body, in place of the one that was there. OK means durable; a reader gets the old body
  // or the new one, never a part, and after an error the old one stays. Holds one piece in memory,
  // or 8 MiB.
  virtual absl::Status Put(const std::string& key, const Pieces& next) = 0;
  // The body, piece by piece. NOT_FOUND where there is none; an error after some pieces where the
  // store fails meanwhile.
  virtual absl::StatusOr<ObjectInfo> Get(const std::string& key, const Sink& sink) = 0;
  // What Get would say, without the body.
  virtual absl::StatusOr<ObjectInfo> Look(const std::string& key) = 0;
  // OK also where there is none.
  virtual absl::Status Delete(const std::string& key) = 0;
  // The objects whose key begins with `prefix` and comes after `after`, by key in byte order, at
  // most `most` (1 to 1000). `prefix` is empty or a key with a slash at its end.
  virtual absl::StatusOr<std::vector<ObjectInfo>> List(const std::string& prefix,
                                                       const std::string& after,
                                                       int most) = 0;
};

bool IsKey(std::string_view key);
bool IsPrefix(std::string_view prefix);
// A part of a key that stands for any text and no other: the text itself where it is plain, at most
// 150 of a-z, A-Z, 0-9, `-` and `_`; else its SHA-256.
std::string KeyPart(std::string_view text);

absl::Status PutWhole(Objects& objects, const std::string& key, std::string_view body);
// RESOURCE_EXHAUSTED where the body has more than `most_bytes`.
absl::StatusOr<std::string> GetWhole(Objects& objects, const std::string& key, size_t most_bytes);
// Gives `take` the objects whose key begins with `prefix`, as List has them; `take` may delete
// them. Ends with the first error, or early, with OK, once `ending` says so.
absl::Status ForEachObject(Objects& objects,
                           const std::string& prefix,
                           const std::function<bool()>& ending,
                           const std::function<absl::Status(const ObjectInfo&)>& take);

}  // namespace dramatis::objects
