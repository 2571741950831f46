// Tokens that somebody else can judge: what is asked of the Kubernetes API server, as an interface, because this folder
// knows no client.
#pragma once

#include "core/deadline.hpp"
#include "core/task.hpp"

#include <optional>
#include <string>

namespace nodescope::auth {

/// Not a bool: result<bool> turns true when it is moved through a coroutine as a constant (CONTRIBUTING.md).
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

class access_reviewer {
public:
    virtual ~access_reviewer() = default;
    /// Nobody: the token is not good, or not meant for us. Failures are those of the way there.
    virtual task<result<std::optional<reviewed_user>>> review_token(std::string token, deadline limit) = 0;
    virtual task<result<judgement>> review_access(reviewed_user who, access_question what, deadline limit) = 0;
};

}  // namespace nodescope::auth
