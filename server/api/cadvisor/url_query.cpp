#include "server/api/cadvisor/url_query.hpp"

#include "core/ascii.hpp"

#include <algorithm>

namespace nodescope::api {

namespace {

std::string decoded(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) {
        const bool escape = text[at] == '%' && at + 2 < text.size();
        const int high = escape ? hex_value(text[at + 1]) : -1;
        const int low = escape ? hex_value(text[at + 2]) : -1;
        if (high >= 0 && low >= 0) {
            out += static_cast<char>(high * 16 + low);
            at += 2;
        } else {
            out += text[at] == '+' ? ' ' : text[at];
        }
    }
    return out;
}

}  // namespace

url_query::url_query(std::string_view encoded)
{
    while (!encoded.empty()) {
        const std::size_t end = std::min(encoded.find_first_of("&;"), encoded.size());
        const std::string_view pair = encoded.substr(0, end);
        encoded.remove_prefix(std::min(end + 1, encoded.size()));
        const std::size_t equals = std::min(pair.find('='), pair.size());
        if (pair.empty()) continue;
        pairs_.emplace_back(decoded(pair.substr(0, equals)), decoded(pair.substr(std::min(equals + 1, pair.size()))));
    }
}

std::string_view url_query::get(std::string_view name) const noexcept
{
    const auto found = std::find_if(pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair.first == name; });
    return found == pairs_.end() ? std::string_view() : std::string_view(found->second);
}

bool url_query::has(std::string_view name) const noexcept
{
    return std::any_of(pairs_.begin(), pairs_.end(), [&](const auto& pair) { return pair.first == name; });
}

}  // namespace nodescope::api
