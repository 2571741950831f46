// The questions that only the Kubernetes API server can answer about a token, as an interface, because this folder
// knows no HTTP client.
#pragma once

#include "core/backend_statistics.hpp"
#include "core/deadline.hpp"
#include "core/task.hpp"

#include <optional>
#include <string>

namespace nodescope::auth {

/// Not a bool: a constant result<bool> becomes true when a coroutine returns it (CONTRIBUTING.md, rule 6).
enum class judgement { refused, allowed };

/// Whose token it is.
struct reviewed_user {
    reviewed_user() = default;
    std::string name;     ///< "system:serviceaccount:monitoring:prometheus"
    std::string details;  ///< all that is known of the user, in the form the reviewer wants to see again
};

struct access_question {
    access_question() = default;
    std::string verb;         ///< get or create
    std::string subresource;  ///< of nodes: stats, metrics or diagnosis
};

/// Reviews that were made.
struct review_statistics {
    backend_statistics tokens;
    backend_statistics rights;
};

class access_reviewer {
public:
    virtual ~access_reviewer() = default;
    /// Empty when the token is not valid, or not meant for this service. Fails when the reviewer cannot be asked.
    virtual task<result<std::optional<reviewed_user>>> review_token(std::string token, deadline limit) = 0;
    virtual task<result<judgement>> review_access(reviewed_user who, access_question what, deadline limit) = 0;
    /// Whether what is asked is a right to one URL, and not to a subresource of nodes.
    [[nodiscard]] virtual bool asks_for_url() const noexcept { return false; }
    [[nodiscard]] virtual review_statistics statistics() const noexcept { return {}; }
};

}  // namespace nodescope::auth
