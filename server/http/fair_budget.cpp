#include "server/http/fair_budget.hpp"

#include <algorithm>
#include <list>
#include <map>
#include <utility>
#include <vector>

namespace nodescope::http {

namespace {

/// What is held, and who holds it.
struct usage {
    void take(const claimant& who, std::size_t bytes)
    {
        all += bytes;
        if (!who.admitted) of_others += bytes;
        groups[who.group] += bytes;
    }

    void give_back(const claimant& who, std::size_t bytes)
    {
        if (bytes == 0) return;
        all -= bytes;
        if (!who.admitted) of_others -= bytes;
        const auto group = groups.find(who.group);
        if ((group->second -= bytes) == 0) groups.erase(group);
    }

    [[nodiscard]] std::size_t of(const std::string& group) const
    {
        const auto found = groups.find(group);
        return found == groups.end() ? 0 : found->second;
    }

    /// Whether `who` may have `bytes` more of `limit`, of which others leave `kept` to those who are admitted.
    [[nodiscard]] bool fits(const claimant& who, std::size_t bytes, std::size_t limit, std::size_t kept) const
    {
        if (all + bytes > limit) return false;
        return who.admitted || of_others + bytes <= limit - kept;
    }

    std::size_t all = 0;
    std::size_t of_others = 0;  // that are not admitted
    std::map<std::string, std::size_t, std::less<>> groups;
};

}  // namespace

/// What several budgets have together.
struct fair_budget::shared_limit {
    std::size_t limit = 0;
    std::size_t kept = 0;
    usage used;
    std::vector<ledger*> members;
};

struct fair_budget::ledger {
    explicit ledger(limits l) : of(std::move(l)) {}
    ledger(const ledger&) = delete;
    ledger& operator=(const ledger&) = delete;
    ~ledger()
    {
        if (together) std::erase(together->members, this);
    }

    void join(std::shared_ptr<shared_limit> with)
    {
        together = std::move(with);
        together->members.push_back(this);
        together->kept = std::max(together->kept, of.kept);
    }

    /// Whether there is room here, were there room in what is shared.
    [[nodiscard]] bool fits_here(const claimant& who, std::size_t bytes) const
    {
        return used.fits(who, bytes, of.all, keeps ? of.kept : 0) && used.of(who.group) + bytes <= of.of_one;
    }

    [[nodiscard]] bool fits(const claimant& who, std::size_t bytes) const
    {
        if (!fits_here(who, bytes)) return false;
        return !together || together->used.fits(who, bytes, together->limit, keeps ? together->kept : 0);
    }

    void take(const claimant& who, std::size_t bytes)
    {
        used.take(who, bytes);
        if (together) together->used.take(who, bytes);
    }

    void give_back(const claimant& who, std::size_t bytes)
    {
        used.give_back(who, bytes);
        if (together) together->used.give_back(who, bytes);
    }

    /// The share that is to give way to `who`, for `bytes`; null: none may.
    [[nodiscard]] share* stalest_for(const claimant& who, std::size_t bytes) const
    {
        if (!together || !fits_here(who, bytes)) return stalest_of(who, used, nullptr);
        share* stalest = nullptr;
        for (const ledger* const one : together->members) stalest = one->stalest_of(who, together->used, stalest);
        return stalest;
    }

    /// The share that has waited longest for its reader, of those that may give way to `who`: of another group that
    /// holds more of `whole`, and not of an admitted one unless `who` is admitted too. `before` has waited long
    /// already.
    [[nodiscard]] share* stalest_of(const claimant& who, const usage& whole, share* before) const
    {
        // Where answers are built all the time, some of them are always new.
        constexpr int share_for_admitted = 10;
        const bool for_admitted = who.admitted && keeps;
        const auto patient_until =
            steady_clock::now() - (for_admitted ? of.patience / share_for_admitted : of.patience);
        share* stalest = before;
        for (share* one : shares) {
            if (!one->end_ || one->bytes_ == 0 || one->waits_since_ > patient_until) continue;
            if (one->who_.group == who.group || (one->who_.admitted && !who.admitted)) continue;
            if (whole.of(one->who_.group) <= whole.of(who.group)) continue;
            if (stalest == nullptr || one->waits_since_ < stalest->waits_since_) stalest = one;
        }
        return stalest;
    }

    limits of;
    bool keeps = false;
    usage used;
    std::shared_ptr<shared_limit> together;  // null: nothing is shared
    std::list<share*> shares;
    std::uint64_t refused = 0;
    std::uint64_t given_way = 0;
};

fair_budget::share::share(std::shared_ptr<ledger> from, claimant who) : from_(std::move(from)), who_(std::move(who))
{
    from_->shares.push_back(this);
}

fair_budget::share::~share()
{
    from_->give_back(who_, bytes_);
    from_->shares.remove(this);
}

bool fair_budget::share::resize(std::size_t bytes)
{
    if (gone_) return false;
    if (bytes <= bytes_) {
        from_->give_back(who_, bytes_ - bytes);
        bytes_ = bytes;
        return true;
    }
    const std::size_t more = bytes - bytes_;
    std::size_t freed = 0;  // by what gave way: the process has not given it back yet
    const auto has_room = [&] {
        const auto& ask = from_->of.has_room;
        return !ask || more <= freed || ask(more - freed);
    };
    while (!from_->fits(who_, more) || !has_room()) {
        share* const stalest = from_->stalest_for(who_, more);
        if (stalest == nullptr) {
            ++from_->refused;
            return false;
        }
        freed += stalest->bytes_;
        stalest->from_->give_back(stalest->who_, std::exchange(stalest->bytes_, 0));
        stalest->gone_ = true;
        ++stalest->from_->given_way;
        const auto end = std::exchange(stalest->end_, nullptr);
        end();
    }
    from_->take(who_, more);
    bytes_ = bytes;
    return true;
}

void fair_budget::share::may_give_way(std::function<void()> end)
{
    end_ = std::move(end);
    waits_since_ = steady_clock::now();
}

fair_budget::fair_budget(limits of) : ledger_(std::make_shared<ledger>(std::move(of))) {}

fair_budget::fair_budget(limits of, fair_budget& other, std::size_t together) : fair_budget(std::move(of))
{
    if (!other.ledger_->together) {
        const auto fresh = std::make_shared<shared_limit>();
        fresh->limit = together;
        other.ledger_->join(fresh);
    }
    ledger_->join(other.ledger_->together);
}

void fair_budget::keep_for_admitted() noexcept { ledger_->keeps = true; }

std::shared_ptr<fair_budget::share> fair_budget::open(claimant who)
{
    return std::make_shared<share>(ledger_, std::move(who));
}

std::size_t fair_budget::used() const noexcept { return ledger_->used.all; }
std::size_t fair_budget::limit() const noexcept { return ledger_->of.all; }
std::uint64_t fair_budget::refused() const noexcept { return ledger_->refused; }
std::uint64_t fair_budget::given_way() const noexcept { return ledger_->given_way; }

}  // namespace nodescope::http
