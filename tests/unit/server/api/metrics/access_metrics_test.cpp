// What a broken new file raises; labels have fixed sets of values alone.
#include "server/api/metrics/access_metrics.hpp"

#include "tests/support/exposition.hpp"

#include <gtest/gtest.h>

namespace nodescope::api {
namespace {

using auth::access_method;
using auth::access_outcome;
using nodescope::testing::exposition;
using nodescope::testing::value;

exposition text_of(const access_state& state)
{
    metric_families families;
    add_access_metrics(families, state);
    return exposition(families.take_text());
}

access_state tokens_and_certificates()
{
    access_state state;
    state.methods = {"token-file", "client-certificate"};
    state.statistics.count(access_method::token_file, access_outcome::granted);
    state.statistics.count(access_method::token_file, access_outcome::granted);
    state.statistics.count(access_method::client_certificate, access_outcome::refused);
    state.statistics.count(access_method::unknown, access_outcome::limited);
    state.reloads.push_back({"tokens", 3, 2, true});
    state.reloads.push_back({"certificates", 1, 0, false});
    state.certificate_expiry = std::chrono::system_clock::from_time_t(1'800'000'000);
    return state;
}

TEST(AccessMetrics, CountDecisionsByMethodAndOutcome)
{
    const exposition got = text_of(tokens_and_certificates());
    const auto decisions = [&](const char* method, const char* outcome) {
        return value(got, "nodescope_access_decisions_total", {{"method", method}, {"outcome", outcome}});
    };
    EXPECT_EQ(decisions("token-file", "granted"), 2);
    EXPECT_EQ(decisions("token-file", "refused"), 0);
    EXPECT_EQ(decisions("client-certificate", "refused"), 1);
    EXPECT_EQ(decisions("unknown", "limited"), 1);
    EXPECT_EQ(got.families.at("nodescope_access_decisions_total").type, "counter");
}

TEST(AccessMetrics, HaveNoSeriesOfMethodsThatAreNotInUse)
{
    access_state state = tokens_and_certificates();
    const auto series = [&] { return text_of(state).families.at("nodescope_access_decisions_total").series.size(); };
    EXPECT_EQ(series(), 3 * auth::access_outcome_names.size());
    for (int i = 0; i < 1000; ++i) state.statistics.count(access_method::basic, access_outcome::refused);
    EXPECT_EQ(series(), 3 * auth::access_outcome_names.size());
}

TEST(AccessMetrics, TellWhatCouldNotBeReadAgain)
{
    const exposition got = text_of(tokens_and_certificates());
    const auto reloads = [&](const char* what, const char* outcome) {
        return value(got, "nodescope_credentials_reloads_total", {{"what", what}, {"outcome", outcome}});
    };
    EXPECT_EQ(reloads("tokens", "taken_over"), 3);
    EXPECT_EQ(reloads("tokens", "failed"), 2);
    EXPECT_EQ(reloads("certificates", "failed"), 0);
    EXPECT_EQ(value(got, "nodescope_credentials_outdated", {{"what", "tokens"}}), 1);
    EXPECT_EQ(value(got, "nodescope_credentials_outdated", {{"what", "certificates"}}), 0);
    EXPECT_EQ(value(got, "nodescope_tls_certificate_expiry_timestamp_seconds"), 1'800'000'000);
}

TEST(AccessMetrics, AreNotThereWithoutFiles)
{
    const exposition got = text_of(access_state());
    EXPECT_EQ(got.families.size(), 1U);
    EXPECT_EQ(value(got, "nodescope_access_decisions_total", {{"method", "unknown"}, {"outcome", "refused"}}), 0);
}

}  // namespace
}  // namespace nodescope::api
