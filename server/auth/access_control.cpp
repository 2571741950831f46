#include "server/auth/access_control.hpp"

#include "server/auth/caller_check.hpp"

#include <utility>

#include <unistd.h>

namespace nodescope::auth {

namespace {

constexpr std::chrono::seconds reload_limit{10};

class file_backed_control final : public access_control {
public:
    file_backed_control(access_options options, access_reviewer* reviewer, steady_clock::duration review_limit,
                        logger& log)
        : options_(std::move(options)), log_(log), checks_(options_, workers_, reviewer, review_limit, log)
    {
    }

    result<void> load()
    {
        auto loaded = credentials::blocking_load(options_.files, workers_, log_);
        if (!loaded) return loaded.error();
        credentials_ = std::move(*loaded);
        checks_.credentials_in_use = credentials_.get();
        return {};
    }

    std::unique_ptr<http::visitor> meet(const http::peer_info& peer, int descriptor, const ssl_st* tls) override
    {
        return make_caller_check(checks_, peer, descriptor, tls);
    }
    [[nodiscard]] result<void> may_listen(const http::listen_address& address) const override
    {
        return check_exposure(options_, address);
    }

    [[nodiscard]] tls_context tls() const override { return credentials_->tls(); }
    task<result<void>> reload() override { return credentials_->reload(deadline::in(reload_limit)); }
    task<> watch() override { return credentials_->watch(); }
    [[nodiscard]] worker_pool& workers() noexcept override { return workers_; }
    [[nodiscard]] bool has_stuck_worker() const noexcept override { return workers_.busy() > 0; }
    [[nodiscard]] const access_statistics& statistics() const noexcept override { return checks_.statistics; }
    [[nodiscard]] std::vector<reload_statistics> reloads() const override { return credentials_->statistics(); }
    [[nodiscard]] const std::vector<std::string>& methods() const noexcept override { return options_.methods; }

private:
    const access_options options_;
    logger& log_;
    std::unique_ptr<credentials> credentials_;
    // Not the threads that read /proc and enter namespaces: on a sick node those hang first, and these must never be in
    // another network namespace. Declared after what their jobs use.
    worker_pool workers_;
    check_environment checks_;
};

}  // namespace

result<std::unique_ptr<access_control>> make_access_control(access_options options, access_reviewer* reviewer,
                                                            steady_clock::duration review_limit, logger& log)
{
    if (const auto sound = check_options(options); !sound) return sound.error();
    if (options.local_uids.empty()) options.local_uids = {0, ::geteuid()};
    auto made = std::make_unique<file_backed_control>(std::move(options), reviewer, review_limit, log);
    if (const auto loaded = made->load(); !loaded) return loaded.error();
    return std::unique_ptr<access_control>(std::move(made));
}

}  // namespace nodescope::auth
