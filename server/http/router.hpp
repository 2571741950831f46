// The table of routes: which one answers a path and a method, and what Allow says when none does.
#pragma once

#include "server/http/message.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace nodescope::http {

class router {
public:
    /// Two routes with the same path and method, or a path that does not begin with '/', are a defect of the table:
    /// std::logic_error.
    explicit router(std::vector<route> routes);

    struct match {
        const route* found = nullptr;
        /// When nothing was found: the methods of the path, empty if the path is unknown.
        std::string_view allow;
    };

    /// `path` is canonical. An exact path wins over a prefix, a longer prefix over a shorter one.
    [[nodiscard]] match find(method verb, std::string_view path) const;

    [[nodiscard]] const std::vector<route>& all() const noexcept { return routes_; }

private:
    struct entry {
        const route* get = nullptr;
        const route* post = nullptr;
        const route* other = nullptr;
        std::string allow;
    };
    void add(entry& to, const route& added) const;
    [[nodiscard]] const entry* lookup(std::string_view path) const;

    std::vector<route> routes_;
    std::map<std::string, entry, std::less<>> exact_;
    std::map<std::string, entry, std::less<>> prefixes_;  // keys end in '/'
};

/// The table as a person reads it, one row a line: methods, path, what it gives away ("open" without authentication).
/// "PATH/*" is the path and everything below it; where the path itself has a row of its own, only what is below.
std::string table_text(const std::vector<route>& routes);

}  // namespace nodescope::http
