#include "core/deadline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace nodescope {

namespace {
constexpr std::chrono::milliseconds shortest_duration{1};
constexpr std::chrono::milliseconds longest_duration{std::chrono::hours{24}};
}  // namespace

steady_clock::duration deadline::remaining() const noexcept
{
    return std::max(at_ - steady_clock::now(), steady_clock::duration::zero());
}

std::string duration_text(steady_clock::duration value)
{
    using namespace std::chrono;
    const auto in_milliseconds = duration_cast<milliseconds>(value).count();
    if (in_milliseconds != 0 && in_milliseconds % 60'000 == 0) return fmt::format("{}m", in_milliseconds / 60'000);
    if (in_milliseconds != 0 && in_milliseconds % 1'000 == 0) return fmt::format("{}s", in_milliseconds / 1'000);
    return fmt::format("{}ms", in_milliseconds);
}

result<std::chrono::milliseconds> parse_duration(std::string_view text)
{
    using namespace std::chrono;
    const error refused(
        failure::invalid,
        fmt::format("\"{}\" is not a duration: use 250ms, 5s, 1m or 2h, from 1ms to 24h", text.substr(0, 64)));
    std::int64_t number = 0;
    const auto [unit_begin, code] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (code != std::errc{} || number < 0 || text.front() == '-') return refused;
    const std::string_view unit(unit_begin, static_cast<std::size_t>(text.data() + text.size() - unit_begin));

    std::int64_t scale = 0;
    if (unit == "ms") scale = 1;
    else if (unit == "s") scale = 1'000;
    else if (unit == "m") scale = 60'000;
    else if (unit == "h") scale = 3'600'000;
    else return refused;

    if (number > longest_duration.count() / scale) return refused;
    const milliseconds value{number * scale};
    if (value < shortest_duration || value > longest_duration) return refused;
    return value;
}

}  // namespace nodescope
