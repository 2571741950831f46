// Where a CRI runtime listens.
#pragma once

#include "core/error.hpp"
#include "core/files/root.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace nodescope::cri {

/// Where the runtimes of the node below `root` listen by default, in the order in which they are looked for.
std::vector<files::place> usual_sockets(const std::string& root);

/// The path of `unix:///path` or `/path`. failure::invalid names the value and says what it should look like.
result<std::string> parse_endpoint(std::string_view text);

/// Either what was configured, or the first of the usual sockets that exists when it is asked for: a runtime may be
/// started, and replaced by another, after this service.
class endpoint_choice {
public:
    explicit endpoint_choice(const std::string& configured_path) : places_{{"/", configured_path}}, configured_(true) {}
    /// Looked up in `usual` instead.
    explicit endpoint_choice(std::vector<files::place> usual) : places_(std::move(usual)) {}

    [[nodiscard]] bool is_configured() const noexcept { return configured_; }
    /// Nothing where there is none.
    [[nodiscard]] std::optional<files::place> chosen() const;
    /// What is said then: failure::disabled.
    [[nodiscard]] error nobody() const;
    /// As a person would write it.
    [[nodiscard]] std::string text() const;
    /// Whether there is a socket that this process may connect to.
    [[nodiscard]] bool is_usable() const;

private:
    [[nodiscard]] std::string all() const;

    std::vector<files::place> places_;
    bool configured_ = false;
};

}  // namespace nodescope::cri
