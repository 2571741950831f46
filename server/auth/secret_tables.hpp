// The tokens of --token-file, and the users of --password-file in the format of htpasswd -B. Pure, except that checking
// one password takes as long as bcrypt is designed to take.
#pragma once

#include "core/error.hpp"
#include "server/auth/digest.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::auth {

class token_table {
public:
    /// One token a line, optionally with a name in front: `prometheus:4fd1…`. Empty lines and lines that begin with '#'
    /// are skipped. failure::invalid names `origin` and the line number, never the line's content.
    static result<token_table> parse(std::string_view text, const std::string& origin);

    /// The name of a token, "line-3" for one without a name. All are compared, in constant time.
    [[nodiscard]] std::optional<std::string_view> name_of(std::string_view token) const;

    /// Shorter ones can be guessed.
    static constexpr std::size_t shortest_token = 16;

private:
    struct entry {
        std::string name;
        digest secret;
    };
    std::vector<entry> entries_;
};

class password_table {
public:
    /// `user:$2y$10$…` a line; empty lines and comments are left out. Only bcrypt, with a cost from 4 to 14.
    /// failure::invalid names `origin` and the line, never the hash.
    static result<password_table> parse(std::string_view text, const std::string& origin);

    /// Null when there is no such user.
    [[nodiscard]] const std::string* hash_of(std::string_view user) const;
    [[nodiscard]] int highest_cost() const noexcept { return highest_cost_; }

    /// 14 takes about a second, in which one of our threads does nothing else.
    static constexpr int highest_allowed_cost = 14;

private:
    std::map<std::string, std::string, std::less<>> hashes_;
    int highest_cost_ = 0;
};

/// Takes as long as a check against the table's costliest hash, whoever the user is; `hash` is empty for an unknown
/// user.
bool blocking_check_password(const std::string& password, const std::string& hash, int highest_cost);

}  // namespace nodescope::auth
