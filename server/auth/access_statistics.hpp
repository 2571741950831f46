// What the gate and the files behind it have counted since the start, for metrics. Counted by fixed sets only, never by
// user, address or name, so that callers cannot make the metrics grow.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace nodescope::auth {

/// The names are those of --auth. `unknown` is for callers that showed nothing, or nothing of a kind that is in use.
enum class access_method { local_peer, client_certificate, token_file, basic, kubernetes, none, unknown };
inline constexpr std::array<std::string_view, 7> access_method_names{
    "local-peer", "client-certificate", "token-file", "basic", "kubernetes", "none", "unknown"};

enum class access_outcome {
    granted,      ///< it is known who asks
    refused,      ///< 401, or 403 where nothing could be presented
    forbidden,    ///< 403: it is known who asks, and they have no right to
    limited,      ///< 429: the credentials were not looked at
    unavailable,  ///< 503: it could not be found out
};
inline constexpr std::array<std::string_view, 5> access_outcome_names{"granted", "refused", "forbidden", "limited",
                                                                      "unavailable"};

constexpr std::string_view to_string(access_method method) noexcept
{
    return access_method_names.at(static_cast<std::size_t>(method));
}

struct access_statistics {
    using by_outcome = std::array<std::uint64_t, access_outcome_names.size()>;

    void count(access_method method, access_outcome outcome) noexcept
    {
        ++decisions[static_cast<std::size_t>(method)][static_cast<std::size_t>(outcome)];
    }

    std::array<by_outcome, access_method_names.size()> decisions{};
};

/// For a group of files that are taken over together.
struct reload_statistics {
    std::string what;            ///< "tokens", "passwords", "certificates"
    std::uint64_t reloads = 0;   ///< contents taken over
    std::uint64_t failures = 0;  ///< attempts to read changed files that left the old content in use
    bool outdated = false;       ///< right now the files hold something that cannot be used
};

}  // namespace nodescope::auth
