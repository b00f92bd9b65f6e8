// Parses a stream of server-sent events incrementally (WHATWG HTML, section 9.2.6), for events
// whose `data` is all that matters.
//
//   SseParser parser;
//   const bool good = parser.Feed(bytes, [&](std::string_view data) { ...; return true; });
//
// Bytes may be cut anywhere, also within a character or a CRLF. Lines end with LF, CR or CRLF; a
// byte order mark at the start is skipped; comments and other fields are ignored; the data lines of
// one event are joined by LF; an event without data is none. An event that the stream's end cuts
// off is dropped, as the standard says. Not thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"

namespace dramatis::inference {

class SseParser {
 public:
  // Called with each event's data, valid during the call. False stops.
  using OnData = absl::FunctionRef<bool(std::string_view data)>;

  // No line and no event may be larger than this.
  static constexpr size_t kMaxEventBytes = size_t{1024} * 1024;

  // False if `on_data` said so or something was too large; then the parser is not to be used again.
  [[nodiscard]] bool Feed(std::string_view bytes, OnData on_data);

 private:
  bool Line(std::string_view line, OnData on_data);
  bool Dispatch(OnData on_data);

  std::string line_;  // the start of a line whose end has not come yet
  std::string data_;  // of the event so far
  bool has_data_ = false;
  bool skip_lf_ = false;  // the last byte was CR: a LF now belongs to it
  bool first_line_ = true;
};

}  // namespace dramatis::inference
