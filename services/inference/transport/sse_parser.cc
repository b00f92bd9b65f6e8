#include "services/inference/transport/sse_parser.h"

#include <algorithm>

namespace dramatis::inference {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
constexpr std::string_view kData = "data";

bool IsLineEnd(char c) {
  return c == '\n' || c == '\r';
}

}  // namespace

bool SseParser::Feed(std::string_view bytes, OnData on_data) {
  while (!bytes.empty()) {
    if (skip_lf_) {
      skip_lf_ = false;
      if (bytes.front() == '\n') bytes.remove_prefix(1);
      continue;
    }
    // Not find_first_of, which searches the set anew for every byte.
    const auto end =
        static_cast<size_t>(std::find_if(bytes.begin(), bytes.end(), IsLineEnd) - bytes.begin());
    const std::string_view piece = bytes.substr(0, end);
    if (line_.size() + piece.size() > kMaxEventBytes) return false;
    if (end == bytes.size()) {
      line_ += piece;
      return true;
    }
    skip_lf_ = bytes[end] == '\r';
    bytes.remove_prefix(end + 1);
    bool good = false;
    if (line_.empty()) {
      good = Line(piece, on_data);  // whole within these bytes: not copied
    } else {
      line_ += piece;
      good = Line(line_, on_data);
      line_.clear();
    }
    if (!good) return false;
  }
  return true;
}

bool SseParser::Line(std::string_view line, OnData on_data) {
  if (first_line_) {
    first_line_ = false;
    if (line.starts_with(kByteOrderMark)) {
      line.remove_prefix(kByteOrderMark.size());
    }
  }
  if (line.empty()) return Dispatch(on_data);
  const size_t colon = line.find(':');
  if (line.substr(0, colon) != kData) return true;  // a comment or another field
  std::string_view value;
  if (colon != std::string_view::npos) value = line.substr(colon + 1);
  if (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  if (data_.size() + value.size() + 1 > kMaxEventBytes) return false;
  if (has_data_) data_ += '\n';
  data_ += value;
  has_data_ = true;
  return true;
}

bool SseParser::Dispatch(OnData on_data) {
  // An event whose only data line is empty has no data either (section 9.2.6: "if the data buffer
  // is an empty string, ... return").
  const bool good = data_.empty() || on_data(data_);
  data_.clear();
  has_data_ = false;
  return good;
}

}  // namespace dramatis::inference
