#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "shared/objects/s3.h"

namespace dramatis::objects {
namespace {

constexpr size_t kMostListed = 1000;

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = absl::ascii_tolower(static_cast<unsigned char>(c));
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// As `encoding-type=url` writes keys: a space is `+`.
std::string UrlDecoded(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size() && HexDigit(text[i + 1]) >= 0 &&
                         HexDigit(text[i + 2]) >= 0;
    if (escaped) {
      out += static_cast<char>(HexDigit(text[i + 1]) * 16 + HexDigit(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

}  // namespace

std::string XmlElement(std::string_view xml, std::string_view name) {
  const std::string open = absl::StrCat("<", std::string(name), ">");
  const std::string close = absl::StrCat("</", std::string(name), ">");
  const size_t begin = xml.find(open);
  if (begin == std::string_view::npos) return "";
  const size_t end = xml.find(close, begin + open.size());
  if (end == std::string_view::npos) return "";
  const std::string text(xml.substr(begin + open.size(), end - begin - open.size()));
  return absl::StrReplaceAll(text, {{"&lt;", "<"},
                                    {"&gt;", ">"},
                                    {"&quot;", "\""},
                                    {"&#34;", "\""},
                                    {"&apos;", "'"},
                                    {"&amp;", "&"}});
}

absl::StatusOr<std::vector<ObjectInfo>> ParseListing(std::string_view xml) {
  const auto broken = [] { return absl::UnavailableError("the list of objects cannot be read"); };
  if (xml.find("<ListBucketResult") == std::string_view::npos) return broken();
  constexpr std::string_view kOpen = "<Contents>";
  constexpr std::string_view kClose = "</Contents>";
  std::vector<ObjectInfo> found;
  for (size_t at = xml.find(kOpen); at != std::string_view::npos; at = xml.find(kOpen, at)) {
    const size_t end = xml.find(kClose, at);
    if (end == std::string_view::npos || found.size() == kMostListed) return broken();
    const std::string_view one = xml.substr(at + kOpen.size(), end - at - kOpen.size());
    ObjectInfo info = {.key = UrlDecoded(XmlElement(one, "Key")),
                       .version = XmlElement(one, "ETag")};
    std::string error;
    if (info.key.empty() || !absl::SimpleAtoi(XmlElement(one, "Size"), &info.bytes) ||
        info.bytes < 0 ||
        !absl::ParseTime(absl::RFC3339_full, XmlElement(one, "LastModified"), &info.modified,
                         &error)) {
      return broken();
    }
    found.push_back(std::move(info));
    at = end + kClose.size();
  }
  return found;
}

bool IsBucketName(std::string_view name) {
  constexpr size_t kShortest = 3;
  constexpr size_t kLongest = 63;
  const auto is_plain = [](unsigned char c) {
    return absl::ascii_islower(c) || absl::ascii_isdigit(c);
  };
  return name.size() >= kShortest && name.size() <= kLongest &&
         is_plain(static_cast<unsigned char>(name.front())) &&
         is_plain(static_cast<unsigned char>(name.back())) &&
         std::all_of(name.begin(), name.end(),
                     [&](unsigned char c) { return is_plain(c) || c == '.' || c == '-'; });
}

}  // namespace dramatis::objects
