#include "server/cli/figures.hpp"

#include <gtest/gtest.h>

#include <string>

namespace nodescope::cli {
namespace {

TEST(Figures, AreShort)
{
    EXPECT_EQ(bytes_text(0), "0 B");
    EXPECT_EQ(bytes_text(1023), "1023 B");
    EXPECT_EQ(bytes_text(1536), "1.5 KiB");
    EXPECT_EQ(bytes_text(200.0 * 1024 * 1024), "200 MiB");
    EXPECT_EQ(bytes_text(1e30).substr(bytes_text(1e30).size() - 3), "PiB");
    EXPECT_EQ(cores_text(0), "0");
    EXPECT_EQ(cores_text(0.0123), "12m");
    EXPECT_EQ(cores_text(2), "2.00");
}

TEST(Figures, AgesAreThoseOfKubectl)
{
    const auto age = [](std::int64_t seconds) { return age_text("1970-01-01T00:00:00Z", seconds); };
    EXPECT_EQ(age(0), "0s");
    EXPECT_EQ(age(119), "119s");
    EXPECT_EQ(age(120), "2m");
    EXPECT_EQ(age(7199), "119m");
    EXPECT_EQ(age(7200), "2h");
    EXPECT_EQ(age(172800), "2d");
    EXPECT_EQ(age(-5), "0s");
    EXPECT_EQ(age_text("never", 5), "");
}

std::string reading(const std::string& second, int cpu, int received)
{
    return R"({"measured":"2026-01-01T00:00:)" + second + R"(Z","cpu":{"usage_ns":)" + std::to_string(cpu) +
           R"(},"network":{"rx_bytes":)" + std::to_string(received) + "}}";
}

TEST(Figures, RatesAreOfTheTimeBetween)
{
    const std::string before = reading("01", 1000000000, 100);
    const std::string now = reading("03", 2000000000, 300);
    const usage_rates rates = rates_between(json_value::of_document(before), json_value::of_document(now));
    EXPECT_EQ(rates.cores, 0.5);
    EXPECT_EQ(rates.received, 100);
    EXPECT_EQ(rates.sent, std::nullopt);
    // A counter that began again, no time, nothing before.
    EXPECT_EQ(rates_between(json_value::of_document(now), json_value::of_document(before)).cores, std::nullopt);
    EXPECT_EQ(rates_between(json_value::of_document(now), json_value::of_document(now)).cores, std::nullopt);
    EXPECT_EQ(rates_between(json_value(), json_value::of_document(now)).cores, std::nullopt);
}

TEST(Figures, NamesAreThosePeopleKnow)
{
    const auto name = [](const std::string& text) { return name_text(json_value::of_document(text)); };
    EXPECT_EQ(name(R"({"id":"0123456789abcdef","name":"web"})"), "web");
    EXPECT_EQ(name(R"({"id":"0123456789abcdef","name":"0123456789abcdef"})"), "0123456789ab");
    EXPECT_EQ(name(R"({"id":"0123456789abcdef","name":"k8s_x","pod":{"container":"app"}})"), "app");
    const auto image = [](const std::string& text) {
        const std::string body = "{\"image\":\"" + text + "\"}";
        return image_text(json_value::of_document(body));
    };
    EXPECT_EQ(image("busybox:local"), "busybox:local");
    EXPECT_EQ(image("user/app:1"), "user/app:1");
    EXPECT_EQ(image("registry.example:5000/team/app:1"), "team/app:1");
    EXPECT_EQ(image("localhost/app"), "app");
}

}  // namespace
}  // namespace nodescope::cli
