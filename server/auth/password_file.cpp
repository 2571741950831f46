#include "server/auth/password_file.hpp"

#include "server/auth/digest.hpp"
#include "server/auth/token_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include <crypt.h>

namespace nodescope::auth {

namespace {

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
    if (hash[4] < '0' || hash[4] > '9' || hash[5] < '0' || hash[5] > '9') return 0;
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

result<password_table> password_table::parse(std::string_view text, const std::string& origin)
{
    constexpr int lowest_cost = 4;  // bcrypt's minimum
    password_table out;
    const auto read = [&](std::size_t number, std::string_view line) -> result<void> {
        const auto wrong = [&](std::string_view why) {
            return error(failure::invalid, fmt::format("{}:{}: {}", origin, number, why));
        };
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) return wrong("not of the form user:hash");
        std::string user(line.substr(0, colon));
        if (!is_plain_name(user)) return wrong("the user is empty, over 64 bytes, or not plain ASCII");
        std::string hash(line.substr(colon + 1));
        if (!is_bcrypt(hash)) return wrong("not a bcrypt hash, as htpasswd -B makes them");
        const int cost = cost_of(hash);
        if (cost < lowest_cost || cost > highest_allowed_cost) return wrong("the cost of the hash is not from 4 to 14");
        out.highest_cost_ = std::max(out.highest_cost_, cost);
        if (!out.hashes_.emplace(std::move(user), std::move(hash)).second) return wrong("the user is there twice");
        return {};
    };
    if (const auto done = for_each_entry(text, read); !done) return done.error();
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
