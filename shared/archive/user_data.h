// What a service keeps of a user, as lines of an archive: JSON objects with one member, whose name
// says what it is. The lines are records of a proto of the service's own (`UserRecord`, one oneof),
// in protobuf's JSON mapping, so that an archive reads as the API's answers do.
//
//   page.lines.push_back(RecordLine(record));
//   absl::StatusOr<v1::UserRecord> record = ReadRecord<v1::UserRecord>(line);
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "google/protobuf/message.h"

namespace dramatis {

// Some of a user's lines.
struct UserPage {
  std::vector<std::string> lines;
  // Names the next page; empty at the end.
  std::string next;
};

// Whose lines become, and when.
struct ImportingUser {
  std::string user_id;
  bool admin = false;
  absl::Time now;
};

// What became of lines.
struct UserImport {
  struct LeftOut {
    std::string item;
    std::string reason;
  };
  // By kind: how many were made; under `unchanged`, how many were there already.
  std::map<std::string, int> counts;
  std::vector<LeftOut> left_out;

  // Counts one of `kind`, or one that was there already.
  void Count(const std::string& kind, bool made) { ++counts[made ? kind : "unchanged"]; }
  void LeaveOut(std::string item, std::string reason) {
    left_out.push_back({std::move(item), std::move(reason)});
  }
};

// The record in one line, without an end of line.
std::string RecordLine(const google::protobuf::Message& record);

// INVALID_ARGUMENT, for people, where the line is no such record, or a field is out of the bounds
// that its rule sets. Members that this version does not know are passed over.
absl::Status ReadRecordInto(const std::string& line, google::protobuf::Message& record);

template <class Record>
absl::StatusOr<Record> ReadRecord(const std::string& line) {
  Record record;
  if (absl::Status read = ReadRecordInto(line, record); !read.ok()) return read;
  return record;
}

}  // namespace dramatis
