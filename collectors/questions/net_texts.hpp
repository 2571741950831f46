// The texts of net_info, as views over what a namespace_reader found.
#pragma once

#include "collectors/questions/namespace_reader.hpp"
#include "netlink/text/name_tables.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace nodescope {

/// One part of an answer: its text, or why there is none, or neither where there is nothing to tell.
struct text_part {
    text_part() = default;
    explicit text_part(std::string t) : text(std::move(t)) {}
    explicit text_part(error e) : reason(std::move(e)) {}

    std::optional<std::string> text;
    std::optional<error> reason;
    std::string note;        ///< said beside a text that is there but incomplete ("cut after 10000 of …"); or empty
    bool truncated = false;  ///< a limit of ours stopped the read
    bool consistent = true;  ///< false: it changed while it was read, also in the last of several tries
};

struct netlink_texts {
    netlink_texts() = default;
    text_part addresses;  ///< `ip addr`
    text_part route;      ///< `route`
    text_part route6;     ///< `route -6`
};

struct nat_texts {
    nat_texts() = default;
    explicit nat_texts(nat_reading read);
    text_part nat;   ///< `iptables-save -t nat`; present and empty where there is no such table
    text_part nat6;  ///< `ip6tables-save -t nat`; neither text nor reason where there is no such table
};

/// Makes each text on the thread that read it: a long table is not to hold up the reactor. put() is for one thread,
/// take() for any.
class netlink_progress final : public network_sink {
public:
    explicit netlink_progress(std::shared_ptr<netlink::name_source> names) : names_(std::move(names)) {}
    void put(const result<netlink::links_and_addresses>& read) override;
    void put(const result<netlink::routes>& read) override;
    void put(const result<netlink::ipv6_routes>& read) override;
    /// What is there; the missing parts get `reason`.
    [[nodiscard]] netlink_texts take(const error& reason);

private:
    void keep(text_part netlink_texts::*part, text_part value);
    const netlink::name_tables& tables();

    const std::shared_ptr<netlink::name_source> names_;
    std::shared_ptr<const netlink::name_tables> tables_;  // the same for both texts with routes
    std::mutex mutex_;
    netlink_texts texts_;
};

}  // namespace nodescope
