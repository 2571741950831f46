#include "collectors/network/path/rule_words.hpp"
#include "core/ascii.hpp"
#include "core/text_scan.hpp"

#include <algorithm>
#include <array>

namespace nodescope::paths {

namespace {

/// Matches whose options are all understood below, or that ask nothing.
constexpr std::array<std::string_view, 8> plain_matches{"tcp",       "udp",   "sctp",     "comment",
                                                        "conntrack", "state", "addrtype", "multiport"};

class line_reader {
public:
    explicit line_reader(const std::vector<std::string>& words) : words_(words) {}

    rule read()
    {
        while (at_ < words_.size()) {
            const std::string& word = words_[at_++];
            if (word == "!") {
                negated_ = true;
                continue;
            }
            take(word);
            negated_ = false;
        }
        return std::move(made_);
    }

private:
    std::string_view next() { return at_ < words_.size() ? std::string_view(words_[at_++]) : std::string_view(); }

    void take(std::string_view option)
    {
        if (behind_target_) {
            if (option == "--to-destination") take_translation(made_, next());
            return;
        }
        if (option == "-j" || option == "-g") return take_target(option == "-g");
        if (option == "-d") return take_prefix(made_.destination);
        if (option == "-s") return take_prefix(made_.source);
        if (option == "-i") made_.input = condition<std::string>{std::string(next()), negated_};
        else if (option == "-o") made_.output = condition<std::string>{std::string(next()), negated_};
        else if (option == "-p") take_protocol();
        else if (option == "-m") take_match();
        else if (option == "--dport" || option == "--dports") take_ports();
        else if (option == "--ctstate" || option == "--state") take_states(made_, next(), negated_);
        else if (option == "--dst-type") take_type();
        else if (option == "--comment") next();
        else made_.asks_more = true;
    }
    void take_prefix(std::optional<condition<prefix>>& to)
    {
        const auto parsed = parse_prefix(next());
        if (parsed) to = condition<prefix>{*parsed, negated_};
        else made_.asks_more = true;
    }
    void take_protocol()
    {
        const auto word = next();
        if (word == "all") return;
        const auto number = protocol_called(word);
        if (number) made_.protocol = condition<std::uint8_t>{*number, negated_};
        else made_.asks_more = true;
    }
    void take_match()
    {
        if (std::ranges::find(plain_matches, next()) == plain_matches.end()) made_.asks_more = true;
    }
    void take_ports()
    {
        made_.ports_negated = negated_;
        for_each_part(next(), ',', [&](std::string_view one) {
            if (!add_ports(made_, one, ':')) made_.asks_more = true;
            return true;
        });
    }
    void take_type()
    {
        if (next() == "LOCAL" && !negated_) made_.only_local = true;
        else made_.asks_more = true;
    }
    void take_target(bool go)
    {
        behind_target_ = true;
        const std::string_view name = next();
        if (name == "ACCEPT") made_.target = target_kind::accept;
        else if (name == "DROP" || name == "REJECT" || name == "TARPIT") made_.target = target_kind::drop;
        else if (name == "RETURN") made_.target = target_kind::back;
        else if (name == "DNAT" || name == "REDIRECT" || name == "TPROXY") made_.target = target_kind::translate;
        else made_.target = go ? target_kind::go : target_kind::jump;
        if (made_.target == target_kind::jump || made_.target == target_kind::go) made_.chain = name;
    }

    const std::vector<std::string>& words_;
    std::size_t at_ = 0;
    bool negated_ = false;
    bool behind_target_ = false;
    rule made_;
};

/// ":FORWARD DROP [0:0]"
void take_chain(rule_table& table, std::string_view line)
{
    fields words(line.substr(1));
    const std::string name(words.next());
    const std::string_view policy = words.next();
    chain& made = table.chains[name];
    if (policy.empty() || policy == "-") return;
    made.hook = lower_case(name);
    made.drops = policy == "DROP";
}

void take_rule(rule_table& table, std::string_view line, std::size_t& count)
{
    if (count++ >= rules_limit) {
        ++table.left_out;
        return;
    }
    std::vector<std::string> words = words_of_rule(line);
    if (words.size() < 2) return;
    const auto owner = table.chains.find(words[1]);
    if (owner == table.chains.end()) return;
    words.erase(words.begin(), words.begin() + 2);
    rule made = line_reader(words).read();
    made.text = line;
    owner->second.rules.push_back(std::move(made));
}

/// What is no chain is a target that lets the packet go on (LOG, MARK), or ends the chain (MASQUERADE).
void settle_targets(rule_table& table)
{
    for (auto& [name, one] : table.chains) {
        for (rule& each : one.rules) {
            const bool leads = each.target == target_kind::jump || each.target == target_kind::go;
            if (leads && !table.chains.contains(each.chain)) each.target = target_kind::other;
        }
    }
}

}  // namespace

std::vector<rule_table> parse_iptables_save(std::string_view text, std::string_view program)
{
    std::vector<rule_table> all;
    std::size_t count = 0;
    for_each_line(text, [&](std::string_view line) {
        if (line.starts_with('*')) {
            rule_table& made = all.emplace_back();
            made.program = program;
            made.name = line.substr(1);
        } else if (all.empty()) {
            return true;
        } else if (line.starts_with(':')) {
            take_chain(all.back(), line);
        } else if (line.starts_with("-A ")) {
            take_rule(all.back(), line, count);
        }
        return true;
    });
    for (rule_table& one : all) settle_targets(one);
    return all;
}

}  // namespace nodescope::paths
