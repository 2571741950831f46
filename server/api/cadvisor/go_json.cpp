#include "server/api/cadvisor/go_json.hpp"

#include "core/rfc3339.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <ctime>

namespace nodescope::api {

namespace {

std::chrono::seconds local_offset(std::chrono::sys_time<std::chrono::minutes> minute)
{
    const std::time_t moment = std::chrono::duration_cast<std::chrono::seconds>(minute.time_since_epoch()).count();
    std::tm local{};
    if (localtime_r(&moment, &local) == nullptr) return std::chrono::seconds(0);
    return std::chrono::seconds(local.tm_gmtoff);
}

void append_two_digits(std::string& out, std::int64_t number)
{
    out += static_cast<char>('0' + number / 10);
    out += static_cast<char>('0' + number % 10);
}

/// ".12" of 120 million nanoseconds, nothing of 0.
void append_fraction(std::string& out, std::int64_t nanoseconds)
{
    if (nanoseconds == 0) return;
    std::array<char, 10> digits{'.'};
    std::size_t used = digits.size();
    for (std::size_t at = digits.size() - 1; at > 0; --at) {
        digits.at(at) = static_cast<char>('0' + nanoseconds % 10);
        nanoseconds /= 10;
    }
    while (digits.at(used - 1) == '0') --used;
    out.append(digits.data(), used);
}

}  // namespace

void go_json::time_member(std::string_view name, const std::optional<time_point>& when, zone shown)
{
    using namespace std::chrono;
    key(name);
    if (!when) return plain_value("0001-01-01T00:00:00Z");
    const auto minute = floor<minutes>(*when);
    if (minute_ != minute || minute_zone_ != shown) prepare_minute(minute, shown);
    const auto second = floor<seconds>(*when);
    time_ = before_seconds_;
    append_two_digits(time_, (second - minute).count());
    append_fraction(time_, (*when - second).count());
    time_ += after_fraction_;
    plain_value(time_);
}

void go_json::prepare_minute(std::chrono::sys_time<std::chrono::minutes> minute, zone shown)
{
    using namespace std::chrono;
    const seconds offset = shown == zone::utc ? seconds(0) : local_offset(minute);
    // The last zone whose offset had seconds gave them up in 1972 (Liberia).
    const auto whole_offset = duration_cast<minutes>(offset);
    minute_ = minute;
    minute_zone_ = shown;
    before_seconds_ = date_and_time(minute + whole_offset);
    before_seconds_.resize(before_seconds_.size() - 2);
    after_fraction_ = "Z";
    if (whole_offset.count() == 0) return;
    const auto distance = std::abs(whole_offset.count());
    after_fraction_ = fmt::format("{}{:02}:{:02}", whole_offset.count() < 0 ? '-' : '+', distance / 60, distance % 60);
}

std::string zeros(std::span<const std::string_view> figures)
{
    std::string text;
    go_json json(text);
    json.object([&] {
        for (const std::string_view figure : figures) json.member(figure, 0);
    });
    return text;
}

}  // namespace nodescope::api
