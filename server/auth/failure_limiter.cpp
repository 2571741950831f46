#include "server/auth/failure_limiter.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace nodescope::auth {

namespace {

/// A bucket that has not been used for this long is full again.
constexpr std::chrono::seconds refilled_after{1};

}  // namespace

failure_limiter::failure_limiter(clock now)
    : now_(std::move(now)), buckets_(most_addresses, refilled_after, [this] { return now_(); })
{
}

failure_limiter::bucket failure_limiter::current(const std::string& key)
{
    bucket now_in;
    if (const bucket* const known = buckets_.find(key)) {
        const std::chrono::duration<double> passed = now_() - known->at;
        now_in.left = std::min<double>(failures_per_second, known->left + passed.count() * failures_per_second);
    }
    now_in.at = now_();
    return now_in;
}

bool failure_limiter::exhausted(const std::string& key) { return current(key).left < 1; }

steady_clock::duration failure_limiter::wait_of(const std::string& key)
{
    const double missing = std::max(0.0, 1 - current(key).left);
    return std::chrono::ceil<std::chrono::milliseconds>(std::chrono::duration<double>(missing / failures_per_second));
}

void failure_limiter::count(const std::string& key)
{
    bucket taken = current(key);
    taken.left = std::max(0.0, taken.left - 1);
    buckets_.put(key, taken);
}

}  // namespace nodescope::auth
