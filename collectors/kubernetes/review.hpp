// Asks the API server about a caller of this service: whose token it is, and what that user may do (TokenReview and
// SubjectAccessReview).
#pragma once

#include "collectors/kubernetes/api_peer.hpp"
#include "core/backend_statistics.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace nodescope::kubernetes {

enum class permission { denied, granted };

struct token_user {
    token_user() = default;
    std::string name;
    std::string spec;  ///< members of a SubjectAccessReview's spec that name this user: "user":…,"groups":…
};

/// What is to be allowed, below `nodes/<name>`, or a path that is no resource when `url` is not empty.
struct access_attributes {
    access_attributes() = default;
    std::string verb;
    std::string subresource;
    std::string node;
    std::string url;
};

std::string token_review(std::string_view token, std::string_view audience);
/// Empty when the token is not valid, or not for `audience`. An answer from an API server that knows no audiences
/// counts as empty.
result<std::optional<token_user>> read_token_review(std::string_view answer, std::string_view audience);

std::string access_review(const token_user& who, const access_attributes& what);
result<permission> read_access_review(std::string_view answer);

class reviews {
public:
    reviews(std::unique_ptr<api_peer> api_server, std::string audience);

    task<result<std::optional<token_user>>> review_token(std::string token, deadline limit);
    task<result<permission>> review_access(token_user who, access_attributes what, deadline limit);

    /// Reviews that were made, of tokens and of rights.
    [[nodiscard]] const backend_statistics& of_tokens() const noexcept { return of_tokens_; }
    [[nodiscard]] const backend_statistics& of_rights() const noexcept { return of_rights_; }

    /// No review has more to say.
    static constexpr std::size_t answer_limit = std::size_t{1} << 18U;

private:
    std::unique_ptr<api_peer> api_server_;
    std::string audience_;
    backend_statistics of_tokens_;
    backend_statistics of_rights_;
};

}  // namespace nodescope::kubernetes
