#include "collectors/network/path/rule_words.hpp"
#include "core/text_scan.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace nodescope::paths {

namespace {

constexpr std::array<std::string_view, 5> made_by_iptables{"nat", "filter", "mangle", "raw", "security"};
/// Of lines that are one rule.
constexpr std::size_t longest_rule = 64UL * 1024UL;

class nft_rule_reader {
public:
    nft_rule_reader(const std::vector<std::string>& words, std::uint8_t family) : words_(words), family_(family) {}

    rule read()
    {
        while (at_ < words_.size() && !done_) take(next());
        return std::move(made_);
    }

private:
    std::string_view peek(std::size_t ahead = 0) const
    {
        return at_ + ahead < words_.size() ? std::string_view(words_[at_ + ahead]) : std::string_view();
    }
    std::string_view next()
    {
        const std::string_view word = peek();
        at_ = std::min(at_ + 1, words_.size());
        return word;
    }
    bool negation()
    {
        const bool found = peek() == "!=";
        if (found || peek() == "==") next();
        return found;
    }
    /// Of a value: one word, or what stands in braces.
    std::vector<std::string_view> values()
    {
        std::vector<std::string_view> all;
        if (peek() != "{") {
            all.push_back(next());
            return all;
        }
        next();
        while (at_ < words_.size()) {
            std::string_view word = next();
            if (word == "}") break;
            if (word.ends_with(',')) word.remove_suffix(1);
            all.push_back(word);
        }
        return all;
    }

    void take(std::string_view word)
    {
        if (word == "ip" || word == "ip6") return take_address(word == "ip" ? AF_INET : AF_INET6);
        if (word == "tcp" || word == "udp" || word == "th") return take_port(word);
        if (word == "iifname" || word == "iif") return take_link(made_.input);
        if (word == "oifname" || word == "oif") return take_link(made_.output);
        if (word == "ct" && peek() == "state" && peek(1) != "vmap") return take_state();
        if (word == "fib" && peek() == "daddr" && peek(1) == "type" && peek(2) == "local") {
            at_ += 3;
            made_.only_local = true;
        } else if (word == "meta") {
            take_meta();
        } else if (word == "counter") {
            if (peek() == "packets") at_ = std::min(at_ + 4, words_.size());
        } else if (word == "comment") {
            next();
        } else if (!take_verdict(word)) {
            // Of a map of verdicts the worst may be meant.
            if (word == "drop" || word == "drop,") made_.target = target_kind::drop;
            made_.asks_more = true;
        }
    }
    void take_address(std::uint8_t family)
    {
        const std::string_view field = next();
        const bool negated = negation();
        const auto all = values();
        if (family != family_) made_.asks_more = true;
        if (field == "protocol" || field == "nexthdr") return take_protocol(all, negated);
        auto& to = field == "daddr" ? made_.destination : made_.source;
        const auto parsed = all.size() == 1 ? parse_prefix(all.front()) : std::nullopt;
        if ((field == "daddr" || field == "saddr") && parsed) to = condition<prefix>{*parsed, negated};
        else made_.asks_more = true;
    }
    void take_protocol(const std::vector<std::string_view>& all, bool negated)
    {
        const auto number = all.size() == 1 ? protocol_called(all.front()) : std::nullopt;
        if (number) made_.protocol = condition<std::uint8_t>{*number, negated};
        else made_.asks_more = true;
    }
    void take_port(std::string_view protocol)
    {
        if (protocol != "th") made_.protocol = condition<std::uint8_t>{*protocol_called(protocol), false};
        const std::string_view field = next();
        made_.ports_negated = negation();
        const auto all = values();
        if (field != "dport" || (!all.empty() && (all.front().starts_with('@') || all.front() == "vmap"))) {
            made_.asks_more = true;
            return;
        }
        for (const std::string_view one : all) {
            if (!add_ports(made_, one, '-')) made_.asks_more = true;
        }
    }
    void take_link(std::optional<condition<std::string>>& to)
    {
        const bool negated = negation();
        const auto all = values();
        if (all.size() == 1 && !all.front().starts_with('@'))
            to = condition<std::string>{std::string(all.front()), negated};
        else made_.asks_more = true;
    }
    void take_state()
    {
        next();
        const bool negated = negation();
        std::string list;
        for (const std::string_view one : values()) list += fmt::format("{},", one);
        take_states(made_, list, negated);
    }
    void take_meta()
    {
        const std::string_view field = next();
        if (field == "l4proto") {
            const bool negated = negation();
            take_protocol(values(), negated);
        } else if (field == "nfproto") {
            next();
        } else if (field == "iifname") {
            take_link(made_.input);
        } else if (field == "oifname") {
            take_link(made_.output);
        } else {
            made_.asks_more = true;
        }
    }
    bool take_verdict(std::string_view word)
    {
        if (word == "accept") made_.target = target_kind::accept;
        else if (word == "drop" || word == "reject") made_.target = target_kind::drop;
        else if (word == "return") made_.target = target_kind::back;
        else if (word == "jump" || word == "goto") made_.target = word == "jump" ? target_kind::jump : target_kind::go;
        else if (word == "dnat" || word == "redirect" || word == "tproxy") made_.target = target_kind::translate;
        else if (word == "masquerade" || word == "snat") made_.target = target_kind::other;
        else return false;
        if (word == "jump" || word == "goto") made_.chain = next();
        if (word == "dnat") {
            if (peek() == "ip" || peek() == "ip6") next();
            if (peek() == "to") next();
            // A map has more words.
            if (at_ + 1 >= words_.size() || peek(1) == "random" || peek(1) == "persistent") {
                take_translation(made_, next());
            }
        }
        done_ = true;
        return true;
    }

    const std::vector<std::string>& words_;
    const std::uint8_t family_;
    std::size_t at_ = 0;
    bool done_ = false;
    rule made_;
};

/// "type filter hook forward priority filter; policy drop;"
void take_hook(chain& to, std::string_view line)
{
    fields words(line);
    for (std::string_view word = words.next(); !word.empty(); word = words.next()) {
        if (word == "hook") to.hook = words.next();
        if (word == "policy") to.drops = words.next() == "drop;";
    }
}

class ruleset_reader {
public:
    explicit ruleset_reader(std::uint8_t family) : family_(family) {}

    void line(std::string_view text)
    {
        text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
        if (text.empty() || text.starts_with('#')) return;
        if (!pending_.empty()) text = joined(text);
        const auto opened = std::ranges::count(text, '{');
        const auto closed = std::ranges::count(text, '}');
        if (text == "}") return close();
        if (depth_ < 2 && opened > closed) return open(text);
        if (opened > closed && text.size() < longest_rule) {
            pending_ = text;
            return;
        }
        std::string whole(text);
        pending_.clear();
        if (depth_ == 2 && in_chain_ && shown_) statement(whole);
    }
    std::vector<rule_table> take() { return std::move(made_); }

private:
    std::string_view joined(std::string_view text)
    {
        pending_ += ' ';
        pending_ += text;
        return pending_;
    }
    void close()
    {
        if (depth_ > 0) --depth_;
        if (depth_ < 2) in_chain_ = false;
    }
    void open(std::string_view text)
    {
        ++depth_;
        fields words(text);
        const std::string_view what = words.next();
        if (depth_ == 1) {
            const std::string_view family = words.next();
            const std::string_view name = words.next();
            const bool own = family == (family_ == AF_INET ? "ip" : "ip6");
            shown_ = what == "table" && (family == "inet" || own) &&
                     !(own && std::ranges::find(made_by_iptables, name) != made_by_iptables.end());
            if (!shown_) return;
            rule_table& table = made_.emplace_back();
            table.program = "nft";
            table.name = fmt::format("{} {}", family, name);
            return;
        }
        in_chain_ = what == "chain";
        chain_ = words.next();
        if (in_chain_ && shown_) made_.back().chains[chain_];
    }
    void statement(const std::string& text)
    {
        rule_table& table = made_.back();
        chain& to = table.chains[chain_];
        if (text.starts_with("type ")) return take_hook(to, text);
        if (count_++ >= rules_limit) {
            ++table.left_out;
            return;
        }
        const std::vector<std::string> words = words_of_rule(text);
        rule made = nft_rule_reader(words, family_).read();
        made.text = text;
        to.rules.push_back(std::move(made));
    }

    const std::uint8_t family_;
    std::vector<rule_table> made_;
    std::string pending_;
    std::string chain_;
    std::size_t depth_ = 0;
    std::size_t count_ = 0;
    bool in_chain_ = false;
    bool shown_ = false;
};

}  // namespace

std::vector<rule_table> parse_nft_ruleset(std::string_view text, std::uint8_t family)
{
    ruleset_reader reader(family);
    for_each_line(text, [&](std::string_view line) {
        reader.line(line);
        return true;
    });
    return reader.take();
}

}  // namespace nodescope::paths
