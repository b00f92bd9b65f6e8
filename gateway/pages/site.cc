#include "gateway/pages/site.h"

#include <utility>

#include "embedded/docs_bundle.h"
#include "embedded/docs_index.h"
#include "embedded/docs_start.h"
#include "embedded/docs_style.h"
#include "embedded/openapi_json.h"

namespace dramatis::gateway {
namespace {

constexpr char kLive[] = "/livez";
constexpr char kReady[] = "/readyz";
constexpr char kDocs[] = "/docs";
constexpr char kIndex[] = "/index.html";

HttpAnswer Page(const char* content_type, std::string_view body) {
  HttpAnswer answer;
  answer.content_type = content_type;
  answer.static_body = body;
  answer.headers = {{"Cache-Control", "no-cache"}};
  return answer;
}

// The viewer styles its elements in place, and shows a picture that was answered by a name of its
// own (blob:); apart from that everything is our own file.
HttpAnswer DocsPage() {
  HttpAnswer answer = Page("text/html; charset=utf-8", embedded::docs_index);
  answer.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
      "img-src 'self' data: blob:; connect-src 'self'; font-src 'self' data:; base-uri 'none'; "
      "form-action 'none'; frame-ancestors 'none'");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  return answer;
}

// Where the chat page was not built: whoever comes by browser is shown the routes.
HttpAnswer NoFrontPage() {
  HttpAnswer answer;
  answer.status = 302;
  answer.headers = {{"Location", kDocs}, {"Cache-Control", "no-cache"}};
  return answer;
}

const char* TypeOf(std::string_view path) {
  constexpr std::pair<std::string_view, const char*> kTypes[] = {
      {".html", "text/html; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".svg", "image/svg+xml"},
      {".txt", "text/plain; charset=utf-8"},
      {".json", kJsonType},
      {".png", "image/png"},
      {".woff2", "font/woff2"}};
  for (const auto& [ending, type] : kTypes) {
    if (path.ends_with(ending)) return type;
  }
  return "application/octet-stream";
}

// A built file's name changes with its content, but for the page's own.
HttpAnswer BuiltFile(const WebFile& file) {
  HttpAnswer answer;
  answer.content_type = TypeOf(file.path);
  answer.static_body = file.body;
  const bool named_by_content = file.path.starts_with("/assets/");
  answer.headers = {
      {"Cache-Control", named_by_content ? "public, max-age=31536000, immutable" : "no-cache"}};
  if (!file.gzip.empty()) answer.headers.emplace_back("Vary", "Accept-Encoding");
  if (file.path == kIndex) {
    // Pictures that the page draws itself are data; nothing is loaded from anywhere else.
    answer.headers.emplace_back(
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'");
    answer.headers.emplace_back("Referrer-Policy", "no-referrer");
    answer.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  }
  return answer;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

// What stands before the next `separator`, which is taken off `rest` with it.
std::string_view TakeUntil(std::string_view& rest, char separator) {
  const size_t end = rest.find(separator);
  const std::string_view taken = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return Trim(taken);
}

// Whether an Accept-Encoding (RFC 9110, section 12.5.3) takes gzip: one whose weight is 0 does not.
bool TakesGzip(std::string_view accepted) {
  while (!accepted.empty()) {
    std::string_view coding = TakeUntil(accepted, ',');
    if (!SameText(TakeUntil(coding, ';'), "gzip")) continue;
    const std::string_view weight = Trim(coding);
    return weight.empty() || weight.find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

// What browsers ask for beside every page: a speech bubble.
constexpr std::string_view kIcon = R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">)"
                                   R"(<path fill="#2f6f5e" d="M4 4h24v18H16l-7 7v-7H4z"/></svg>)";

bool IsRead(std::string_view verb) {
  return verb == "GET" || verb == "HEAD";
}

}  // namespace

Site::Site(const WebFiles& web) {
  constexpr char kScript[] = "text/javascript; charset=utf-8";
  pages_[kLive] = {Page(kJsonType, R"({"status":"alive"})"), {}};
  pages_["/openapi.json"] = {Page(kJsonType, embedded::openapi_json), {}};
  pages_["/"] = {NoFrontPage(), {}};
  pages_["/favicon.ico"] = {Page("image/svg+xml", kIcon), {}};
  pages_[kDocs] = {DocsPage(), {}};
  pages_["/docs/start.js"] = {Page(kScript, embedded::docs_start), {}};
  pages_["/docs/swagger-ui-bundle.js"] = {Page(kScript, embedded::docs_bundle), {}};
  pages_["/docs/swagger-ui.css"] = {Page("text/css; charset=utf-8", embedded::docs_style), {}};
  for (const WebFile& file : web.files) {
    pages_[std::string(file.path == kIndex ? "/" : file.path)] = {BuiltFile(file), file.gzip};
  }
}

std::optional<HttpAnswer> Site::Find(const HttpRequest& request) const {
  if (!IsRead(request.verb)) return std::nullopt;
  const auto found = pages_.find(request.path);
  if (found == pages_.end()) return std::nullopt;
  HttpAnswer answer = found->second.answer;
  if (!found->second.gzip.empty() && TakesGzip(request.Header("accept-encoding"))) {
    answer.static_body = found->second.gzip;
    answer.headers.emplace_back("Content-Encoding", "gzip");
  }
  return answer;
}

bool Site::IsReadiness(std::string_view verb, std::string_view path) const {
  return IsRead(verb) && path == kReady;
}

std::string Site::Allow(std::string_view path) const {
  return path == kReady || pages_.contains(path) ? "GET, HEAD, OPTIONS" : "";
}

}  // namespace dramatis::gateway
