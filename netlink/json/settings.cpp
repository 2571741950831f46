#include "netlink/json/settings.hpp"

#include <string_view>

namespace nodescope::netlink {

namespace {

void write_numbers(json_writer& out, const network_setting& of)
{
    if (of.numbers.empty()) out.null();
    else if (of.numbers.size() == 1) out.value(of.numbers.front());
    else out.array(of.numbers, [&](std::int64_t number) { out.value(number); });
}

void write_link4(json_writer& out, const link_settings& of)
{
    out.member("forwarding", of.forwarding);
    out.member("rp_filter", of.rp_filter);
    out.member("proxy_arp", of.proxy_arp);
    out.member("arp_ignore", of.arp_ignore);
    out.member("accept_local", of.accept_local);
    out.member("route_localnet", of.route_localnet);
}

void write_link6(json_writer& out, const link_settings& of)
{
    out.member("forwarding", of.forwarding6);
    out.member("disable_ipv6", of.disable_ipv6);
}

bool has_ipv6(const link_settings& of) { return of.forwarding6.has_value(); }

/// Beside `all` and `default`: the kernel lets no link have these names.
template <class Members>
void write_links(json_writer& out, const std::vector<link_settings>& links, bool ipv6, const Members& members)
{
    for (const link_settings& one : links) {
        if (ipv6 && !has_ipv6(one)) continue;
        out.map_key(one.name);
        out.object([&] { members(out, one); });
    }
}

class settings_writer {
public:
    settings_writer(json_writer& out, const network_settings& what) : out_(out), what_(what) {}

    /// The files in `directory` ("ipv4/conf/all/") as members.
    void files(std::string_view directory)
    {
        for (const network_setting& one : what_.files) {
            if (!one.path.starts_with(directory)) continue;
            const std::string_view name = one.path.substr(directory.size());
            if (name.find('/') == std::string_view::npos) out_.key(name), write_numbers(out_, one);
        }
    }
    void directory(std::string_view name, std::string_view path)
    {
        out_.object_member(name, [&] { files(path); });
    }

private:
    json_writer& out_;
    const network_settings& what_;
};

}  // namespace

void write_settings(json_writer& out, const network_settings& what)
{
    settings_writer of(out, what);
    out.object([&] {
        out.object_member("ipv4", [&] {
            of.files("ipv4/");
            out.object_member("neigh", [&] { of.directory("default", "ipv4/neigh/default/"); });
            out.object_member("conf", [&] {
                of.directory("all", "ipv4/conf/all/");
                of.directory("default", "ipv4/conf/default/");
                write_links(out, what.links, false, write_link4);
            });
        });
        out.object_member("ipv6", [&] {
            out.object_member("neigh", [&] { of.directory("default", "ipv6/neigh/default/"); });
            out.object_member("conf", [&] {
                of.directory("all", "ipv6/conf/all/");
                of.directory("default", "ipv6/conf/default/");
                write_links(out, what.links, true, write_link6);
            });
        });
        of.directory("bridge", "bridge/");
        of.directory("core", "core/");
        of.directory("netfilter", "netfilter/");
    });
}

}  // namespace nodescope::netlink
