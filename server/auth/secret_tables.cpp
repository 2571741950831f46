#include "server/auth/secret_tables.hpp"

#include "core/ascii.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include <crypt.h>

namespace nodescope::auth {

namespace {

/// Calls `read(line number, line)` for each line that is neither empty nor a comment, until one returns what is wrong
/// with it (not an empty text): failure::invalid then names `origin` and the line.
template <class Read>
result<void> for_each_entry(std::string_view text, const std::string& origin, Read read)
{
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        line = trimmed(line, " \t\r");
        if (line.empty() || line.front() == '#') continue;
        if (const std::string_view wrong = read(number, line); !wrong.empty()) {
            return error(failure::invalid, fmt::format("{}:{}: {}", origin, number, wrong));
        }
    }
    return {};
}

/// A name that may stand in logs as it is: printable ASCII without space and ':', 64 bytes at most.
bool is_plain_name(std::string_view name) noexcept
{
    constexpr std::size_t longest_name = 64;
    return !name.empty() && name.size() <= longest_name &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_graphic(c) && c != ':'; });
}

/// "$2y$10$" and 53 characters of salt and hash (crypt(5)).
constexpr std::size_t bcrypt_length = 60;

bool is_bcrypt(std::string_view hash) noexcept
{
    constexpr std::string_view alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const bool prefixed = hash.starts_with("$2y$") || hash.starts_with("$2b$") || hash.starts_with("$2a$");
    return hash.size() == bcrypt_length && prefixed && hash[6] == '$' &&
           hash.substr(7).find_first_not_of(alphabet) == std::string_view::npos;
}

/// The cost of a bcrypt hash; 0 when it is not a number.
int cost_of(std::string_view hash) noexcept
{
    if (!is_digit(hash[4]) || !is_digit(hash[5])) return 0;
    return (hash[4] - '0') * 10 + (hash[5] - '0');
}

/// Whether `password` gives `hash`. Takes 2^cost steps.
bool matches(const std::string& password, const std::string& hash)
{
    const auto scratch = std::make_unique<crypt_data>();
    // Not crypt_r: g++'s sanitizers define an interceptor of that name, and the library is then not linked.
    const char* const made = crypt_rn(password.c_str(), hash.c_str(), scratch.get(), sizeof(crypt_data));
    // Compared as digests: that is constant in time, whatever the lengths.
    return made != nullptr && equal_in_constant_time(digest_of(made), digest_of(hash));
}

/// A hash of no password, with this cost.
std::string dummy_hash(int cost)
{
    return fmt::format("$2b${:02}$abcdefghijklmnopqrstuuAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", cost);
}

}  // namespace

result<token_table> token_table::parse(std::string_view text, const std::string& origin)
{
    token_table out;
    const auto read = [&](std::size_t number, std::string_view line) -> std::string_view {
        const std::size_t colon = line.find(':');
        std::string name = fmt::format("line-{}", number);
        if (colon != std::string_view::npos) name = line.substr(0, colon);
        if (!is_plain_name(name)) return "the name in front of ':' is empty, over 64 bytes, or not plain ASCII";
        const std::string_view token = colon == std::string_view::npos ? line : line.substr(colon + 1);
        if (token.size() < shortest_token) return "the token has less than 16 bytes: it could be guessed";
        // A token that cannot be sent in a header could never be presented.
        if (!std::all_of(token.begin(), token.end(), is_graphic))
            return "the token holds a space or bytes that cannot stand in a header";
        out.entries_.push_back({std::move(name), digest_of(token)});
        return {};
    };
    if (const auto done = for_each_entry(text, origin, read); !done) return done.error();
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

result<password_table> password_table::parse(std::string_view text, const std::string& origin)
{
    constexpr int lowest_cost = 4;  // bcrypt's minimum
    password_table out;
    const auto read = [&](std::size_t, std::string_view line) -> std::string_view {
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return "not of the form user:hash";
        std::string user(line.substr(0, colon));
        if (!is_plain_name(user)) return "the user is empty, over 64 bytes, or not plain ASCII";
        std::string hash(line.substr(colon + 1));
        if (!is_bcrypt(hash)) return "not a bcrypt hash, as htpasswd -B makes them";
        const int cost = cost_of(hash);
        if (cost < lowest_cost || cost > highest_allowed_cost) return "the cost of the hash is not from 4 to 14";
        out.highest_cost_ = std::max(out.highest_cost_, cost);
        if (!out.hashes_.emplace(std::move(user), std::move(hash)).second) return "the user is there twice";
        return {};
    };
    if (const auto done = for_each_entry(text, origin, read); !done) return done.error();
    if (out.hashes_.empty()) return error(failure::invalid, fmt::format("{} holds no user", origin));
    return out;
}

const std::string* password_table::hash_of(std::string_view user) const
{
    const auto found = hashes_.find(user);
    return found == hashes_.end() ? nullptr : &found->second;
}

bool blocking_check_password(const std::string& password, const std::string& hash, int highest_cost)
{
    if (hash.empty()) {
        matches(password, dummy_hash(highest_cost));
        return false;
    }
    if (matches(password, hash)) return true;
    // 2^c for the check, and 2^c + 2^(c+1) + … + 2^(highest-1) more make 2^highest.
    for (int cost = cost_of(hash); cost < highest_cost; ++cost) matches(password, dummy_hash(cost));
    return false;
}

}  // namespace nodescope::auth
