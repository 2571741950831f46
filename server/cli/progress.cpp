#include "server/cli/progress.hpp"

#include "core/deadline.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <utility>

namespace nodescope::cli {

void passing_line::show(std::string_view text)
{
    if (!on_.terminal) return;
    std::string line = shown(text);
    if (on_.width > 1) line = fitted(line, on_.width - 1);  // in the last column a terminal may begin a new line
    const std::size_t columns = columns_of(line);
    if (columns_ == 0 && columns == 0) return;
    const std::size_t rest = columns_ > columns ? columns_ - columns : 0;
    std::fprintf(stderr, "\r%s%s%s", line.c_str(), std::string(rest, ' ').c_str(), columns == 0 ? "\r" : "");
    columns_ = columns;
}

std::string progress_text(std::size_t done, std::size_t all, std::string_view what)
{
    constexpr std::size_t bar = 20;
    const std::size_t full = all == 0 ? 0 : done * bar / all;
    return fmt::format("[{}{}] {}/{} {}", std::string(full, '#'), std::string(bar - full, ' '), done, all, what);
}

waiting_sign::waiting_sign(std::string what, std::chrono::milliseconds limit) : what_(std::move(what)), limit_(limit)
{
    if (line_.is_seen()) teller_ = std::thread([this] { tell(); });
}

waiting_sign::~waiting_sign()
{
    if (!teller_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    changed_.notify_one();
    teller_.join();
}

void waiting_sign::tell()
{
    const auto begun = std::chrono::steady_clock::now();
    std::unique_lock lock(mutex_);
    for (std::chrono::seconds waited{1};; ++waited) {
        if (changed_.wait_until(lock, begun + waited, [this] { return over_; })) return;
        line_.show(fmt::format("{}: {} s, at most {}", what_, waited.count(), duration_text(limit_)));
    }
}

}  // namespace nodescope::cli
