#include "server/auth/token_file.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace nodescope::auth {

bool is_plain_name(std::string_view name) noexcept
{
    constexpr std::size_t longest_name = 64;
    return !name.empty() && name.size() <= longest_name &&
           std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < '\x7f' && c != ':'; });
}

result<token_table> token_table::parse(std::string_view text, const std::string& origin)
{
    token_table out;
    const auto read = [&](std::size_t number, std::string_view line) -> result<void> {
        const auto wrong = [&](std::string_view why) {
            return error(failure::invalid, fmt::format("{}:{}: {}", origin, number, why));
        };
        const std::size_t colon = line.find(':');
        std::string name = fmt::format("line-{}", number);
        if (colon != std::string_view::npos) name = line.substr(0, colon);
        if (!is_plain_name(name)) return wrong("the name in front of ':' is empty, over 64 bytes, or not plain ASCII");
        const std::string_view token = colon == std::string_view::npos ? line : line.substr(colon + 1);
        if (token.size() < shortest_token) return wrong("the token has less than 16 bytes: it could be guessed");
        // A token that cannot be sent in a header could never be presented.
        const bool presentable = std::all_of(token.begin(), token.end(), [](char c) { return c > ' ' && c < '\x7f'; });
        if (!presentable) return wrong("the token holds a space or bytes that cannot stand in a header");
        out.entries_.push_back({std::move(name), digest_of(token)});
        return {};
    };
    if (const auto done = for_each_entry(text, read); !done) return done.error();
    if (out.entries_.empty()) return error(failure::invalid, fmt::format("{} holds no token", origin));
    return out;
}

std::optional<std::string_view> token_table::name_of(std::string_view token) const
{
    const digest presented = digest_of(token);
    const entry* found = nullptr;
    for (const entry& one : entries_) {
        if (equal_in_constant_time(one.secret, presented)) found = &one;
    }
    if (found == nullptr) return std::nullopt;
    return found->name;
}

}  // namespace nodescope::auth
