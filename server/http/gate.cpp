#include "server/http/gate.hpp"

#include "server/http/listener.hpp"

#include <fmt/format.h>

namespace nodescope::http {

namespace {

class open_visitor final : public visitor {
public:
    task<admission> authenticate(std::string_view, deadline) override { co_return admission::grant(); }
    task<admission> authorise(method, area, deadline) override { co_return admission::grant(); }
    [[nodiscard]] std::string_view caller() const noexcept override { return {}; }
};

class open_gate final : public gate {
public:
    explicit open_gate(bool insecure_listen) : insecure_listen_(insecure_listen) {}

    std::unique_ptr<visitor> meet(const peer_info&, int, const ssl_st*) override
    {
        return std::make_unique<open_visitor>();
    }

    [[nodiscard]] result<void> may_listen(const listen_address& address) const override
    {
        if (insecure_listen_ || is_local(address)) return {};
        return error(failure::invalid,
                     fmt::format("listen address \"{}\" can be reached from other machines, and there is no "
                                 "authentication: use a loopback address, or --insecure-listen if everybody who can "
                                 "connect may read this node",
                                 address.text));
    }

private:
    bool insecure_listen_;
};

}  // namespace

std::unique_ptr<gate> make_open_gate(bool insecure_listen) { return std::make_unique<open_gate>(insecure_listen); }

}  // namespace nodescope::http
