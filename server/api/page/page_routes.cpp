#include "server/api/page/page_routes.hpp"

#include "server/api/failure_status.hpp"
#include "server/api/page/page_files.hpp"
#include "server/http/content_coding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace nodescope::api {

namespace {

constexpr std::string_view base = "/ui";
constexpr std::string_view first_file = "index.html";

/// Scripts, styles and figures from this service alone, nothing in the text of the page, and no frame around it.
constexpr const char* content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const page_file* find_file(std::string_view path)
{
    std::string_view name = path.substr(std::min(path.size(), base.size() + 1));
    if (name.empty()) name = first_file;
    const auto all = page_files();
    const auto found = std::ranges::find(all, name, &page_file::name);
    return found == all.end() ? nullptr : &*found;
}

task<http::reply> to_page()
{
    http::reply made(301, "text/plain; charset=utf-8", fmt::format("the page is at {}/\n", base));
    made.headers.emplace_back("Location", fmt::format("{}/", base));
    co_return made;
}

task<http::reply> file_reply(const http::request& asked)
{
    const page_file* const file = find_file(asked.path);
    if (file == nullptr) {
        const std::string sentence = fmt::format("the page has no file {}", asked.path);
        co_return sentence_reply(404, sentence, sentence.size());
    }
    http::reply made(200, std::string(file->content_type), std::string(file->compressed));
    made.headers.emplace_back("Content-Security-Policy", content_policy);
    made.headers.emplace_back("Referrer-Policy", "no-referrer");
    made.headers.emplace_back("Vary", "Accept-Encoding");
    if (asked.accepts_gzip) {
        made.headers.emplace_back("Content-Encoding", "gzip");
        co_return made;
    }
    auto plain = http::gunzip(file->compressed);
    if (!plain) throw std::logic_error("a file of the page is damaged");
    made.set_text(std::move(*plain));
    co_return made;
}

task<http::reply> page_reply(const http::request& asked) { return asked.path == base ? to_page() : file_reply(asked); }

}  // namespace

std::vector<http::route> page_routes()
{
    std::vector<http::route> routes;
    routes.emplace_back(
        http::method::get, "/", [](const http::request& /*asked*/) { return to_page(); }, /*is_prefix=*/false,
        /*is_open=*/true);
    routes.emplace_back(http::method::get, std::string(base), page_reply, /*is_prefix=*/true, /*is_open=*/true);
    return routes;
}

}  // namespace nodescope::api
