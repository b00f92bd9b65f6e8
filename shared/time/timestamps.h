// Times as messages carry them.
//
//   *message.mutable_create_time() = ToTimestamp(row.created_at);   // to the microsecond
#pragma once

#include "google/protobuf/timestamp.pb.h"

#include "absl/time/time.h"
#include "google/protobuf/util/time_util.h"

namespace dramatis {

// In whole microseconds, as stores keep them.
inline google::protobuf::Timestamp ToTimestamp(absl::Time time) {
  return google::protobuf::util::TimeUtil::MicrosecondsToTimestamp(absl::ToUnixMicros(time));
}

inline absl::Time FromTimestamp(const google::protobuf::Timestamp& timestamp) {
  return absl::FromUnixMicros(google::protobuf::util::TimeUtil::TimestampToMicroseconds(timestamp));
}

}  // namespace dramatis
