#include "server/api/metrics/access_metrics.hpp"

#include <algorithm>
#include <string_view>

namespace nodescope::api {

namespace {

using prometheus::MetricFamily;

void add_decisions(metric_families& to, const access_state& state)
{
    MetricFamily& decisions =
        to.add({"nodescope_access_decisions_total", "Requests by the method that decided who asks, and how.", counter});
    for (std::size_t method = 0; method < auth::access_method_names.size(); ++method) {
        const std::string_view name = auth::access_method_names.at(method);
        const bool in_use = std::find(state.methods.begin(), state.methods.end(), name) != state.methods.end();
        if (!in_use && name != auth::to_string(auth::access_method::unknown)) continue;
        for (std::size_t outcome = 0; outcome < auth::access_outcome_names.size(); ++outcome) {
            append_own(decisions, as_double(state.statistics.decisions.at(method).at(outcome)),
                       {{"method", name}, {"outcome", auth::access_outcome_names.at(outcome)}});
        }
    }
}

}  // namespace

void add_access_metrics(metric_families& to, const access_state& state)
{
    add_decisions(to, state);
    MetricFamily& reloads = to.add(
        {"nodescope_credentials_reloads_total", "Times that changed files of credentials were read again.", counter});
    MetricFamily& outdated = to.add({"nodescope_credentials_outdated",
                                     "1 while files hold something unusable and the old content is in use.", gauge});
    for (const auth::reload_statistics& one : state.reloads) {
        append_own(reloads, as_double(one.reloads), {{"outcome", "taken_over"}, {"what", one.what}});
        append_own(reloads, as_double(one.failures), {{"outcome", "failed"}, {"what", one.what}});
        append_own(outdated, one.outdated ? 1 : 0, {{"what", one.what}});
    }
    if (!state.certificate_expiry) return;
    const std::chrono::duration<double> expiry = state.certificate_expiry->time_since_epoch();
    to.add_gauge("nodescope_tls_certificate_expiry_timestamp_seconds",
                 "When the certificate that is served expires, in seconds since 1970.", expiry.count());
}

}  // namespace nodescope::api
