#include "collectors/http_client/request_text.hpp"

#include "core/ascii.hpp"
#include "core/text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::http_client {
namespace {

bool is_token(std::string_view text) noexcept { return !text.empty() && token_bytes.contains_all(text); }

bool all_graphic(std::string_view text) noexcept { return std::all_of(text.begin(), text.end(), is_graphic); }

bool is_target(std::string_view text) noexcept
{
    return text.starts_with('/') && all_graphic(text) && text.find('#') == std::string_view::npos;
}

bool is_field_value(std::string_view text) noexcept
{
    return std::all_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
    });
}

}  // namespace

result<std::string> request_text(const request& call)
{
    if (!is_token(call.method) || !is_target(call.target)) {
        return error(failure::invalid, fmt::format("{} {}: not a request line", escape_untrusted(call.method, 32),
                                                   escape_untrusted(call.target, 256)));
    }
    if (call.host.empty() || !all_graphic(call.host))
        return error(failure::invalid, "the Host field has a byte that is not allowed there");
    std::string text;
    text.reserve(256 + call.target.size() + call.body.size());
    text.append(call.method).append(" ").append(call.target).append(" HTTP/1.1\r\nHost: ").append(call.host);
    text.append("\r\nUser-Agent: nodescope/" NODESCOPE_VERSION "\r\n");
    for (const auto& [name, value] : call.headers) {
        // Not with its value, which may be a credential.
        if (!is_token(name) || !is_field_value(value)) {
            return error(failure::invalid,
                         fmt::format("header {}: a byte that is not allowed there", escape_untrusted(name, 64)));
        }
        text.append(name).append(": ").append(value).append("\r\n");
    }
    if (!call.body.empty() || call.method == "POST") {
        text.append(fmt::format("Content-Length: {}\r\n", call.body.size()));
    }
    text.append("\r\n").append(call.body);
    return text;
}

bool is_repeatable(const request& call) noexcept { return call.method == "GET" || call.method == "HEAD"; }

}  // namespace nodescope::http_client
