// The users of --password-file, in the format of htpasswd -B. Pure, except that checking one password takes as long as
// bcrypt is designed to take.
#pragma once

#include "core/error.hpp"

#include <map>
#include <string>
#include <string_view>

namespace nodescope::auth {

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
