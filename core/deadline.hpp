// Points in time by which something must be over, and their text form. A deadline remembers the limit it came from,
// so that a message can say "within 10s".
#pragma once

#include "core/error.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace nodescope {

using std::chrono::steady_clock;

class deadline {
public:
    /// `limit` from now.
    static deadline in(steady_clock::duration limit) { return deadline(steady_clock::now() + limit, limit); }

    [[nodiscard]] steady_clock::time_point at() const noexcept { return at_; }
    [[nodiscard]] steady_clock::duration limit() const noexcept { return limit_; }
    [[nodiscard]] bool passed() const noexcept { return steady_clock::now() >= at_; }
    /// Never negative.
    [[nodiscard]] steady_clock::duration remaining() const noexcept;

    /// A little later, with the same limit in its messages: for the wait for something that is bounded by this deadline
    /// itself and that should be the one to say what failed.
    [[nodiscard]] deadline with_grace(steady_clock::duration grace) const noexcept
    {
        return deadline(at_ + grace, limit_);
    }

    /// The one that fires first. An inner deadline is always made as sooner(outer, deadline::in(own_limit)).
    static deadline sooner(const deadline& a, const deadline& b) noexcept { return b.at_ < a.at_ ? b : a; }

private:
    deadline(steady_clock::time_point at, steady_clock::duration limit) noexcept : at_(at), limit_(limit) {}
    steady_clock::time_point at_;
    steady_clock::duration limit_;
};

/// "250ms", "10s", "5m": the largest unit that shows the value without a fraction.
std::string duration_text(steady_clock::duration value);

/// Reads `250ms`, `5s`, `1m`, `2h`: a decimal number without sign directly followed by its unit. Bounds: 1ms to 24h.
/// Anything else is failure::invalid with a sentence that shows the value and the forms.
result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace nodescope
