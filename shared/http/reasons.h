// The closed list of reasons of errors, as the protos state it, and what HTTP makes of them.
//
//   absl::StatusOr<ReasonTable> reasons = ReasonTable::Build(files);
//   reasons->Find("NOT_FOUND")->title
//
// Thread-safe.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "dramatis/errors/v1/errors.pb.h"

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/descriptor.h"

namespace dramatis {

// One enumerator of an `ErrorReason`: a member of the closed list of codes.
struct Reason {
  std::string name;    // "NOT_FOUND"
  std::string domain;  // "dramatis.errors.v1", the package that defines it
  std::string title;
  int http_status = 0;  // 0: that of the gRPC code
};

// The closed list, from every enum `ErrorReason` of the files.
class ReasonTable {
 public:
  // INVALID_ARGUMENT where a reason has no title or stands in two lists.
  static absl::StatusOr<ReasonTable> Build(
      const std::vector<const google::protobuf::FileDescriptor*>& files);

  // Null for a name that is not in the list.
  const Reason* Find(const std::string& name) const;
  const std::map<std::string, Reason>& reasons() const { return reasons_; }

 private:
  std::map<std::string, Reason> reasons_;
};

// The HTTP status of a gRPC code (google/rpc/code.proto; FAILED_PRECONDITION is 409 here).
int HttpStatusOf(absl::StatusCode code);

// The HTTP status of a reason for which an HTTP server refuses a request.
int HttpStatusOf(errors::v1::ErrorReason reason);

}  // namespace dramatis
