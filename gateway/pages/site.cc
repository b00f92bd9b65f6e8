#include "gateway/pages/site.h"

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

HttpAnswer Page(const char* content_type, std::string_view body) {
  HttpAnswer answer;
  answer.content_type = content_type;
  answer.static_body = body;
  answer.headers = {{"Cache-Control", "no-cache"}};
  return answer;
}

// The viewer styles its elements in place; apart from that everything is our own file.
HttpAnswer DocsPage() {
  HttpAnswer answer = Page("text/html; charset=utf-8", embedded::docs_index);
  answer.headers.emplace_back(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
      "img-src 'self' data:; connect-src 'self'; font-src 'self' data:; base-uri 'none'; "
      "form-action 'none'; frame-ancestors 'none'");
  answer.headers.emplace_back("Referrer-Policy", "no-referrer");
  return answer;
}

// There is no page of our own at the root: whoever comes by browser is shown the routes.
HttpAnswer FrontPage() {
  HttpAnswer answer;
  answer.status = 302;
  answer.headers = {{"Location", kDocs}, {"Cache-Control", "no-cache"}};
  return answer;
}

// What browsers ask for beside every page: a speech bubble.
constexpr std::string_view kIcon = R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">)"
                                   R"(<path fill="#2f6f5e" d="M4 4h24v18H16l-7 7v-7H4z"/></svg>)";

bool IsRead(std::string_view verb) {
  return verb == "GET" || verb == "HEAD";
}

}  // namespace

Site::Site() {
  constexpr char kScript[] = "text/javascript; charset=utf-8";
  pages_[kLive] = Page(kJsonType, R"({"status":"alive"})");
  pages_["/openapi.json"] = Page(kJsonType, embedded::openapi_json);
  pages_["/"] = FrontPage();
  pages_["/favicon.ico"] = Page("image/svg+xml", kIcon);
  pages_[kDocs] = DocsPage();
  pages_["/docs/start.js"] = Page(kScript, embedded::docs_start);
  pages_["/docs/swagger-ui-bundle.js"] = Page(kScript, embedded::docs_bundle);
  pages_["/docs/swagger-ui.css"] = Page("text/css; charset=utf-8", embedded::docs_style);
}

const HttpAnswer* Site::Find(std::string_view verb, std::string_view path) const {
  if (!IsRead(verb)) return nullptr;
  const auto page = pages_.find(path);
  return page == pages_.end() ? nullptr : &page->second;
}

bool Site::IsReadiness(std::string_view verb, std::string_view path) const {
  return IsRead(verb) && path == kReady;
}

std::string Site::Allow(std::string_view path) const {
  return path == kReady || pages_.contains(path) ? "GET, HEAD, OPTIONS" : "";
}

}  // namespace dramatis::gateway
