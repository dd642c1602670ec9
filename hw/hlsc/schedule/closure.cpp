// SPDX-License-Identifier: Apache-2.0
#include "hw/hlsc/schedule/closure.hpp"

#include <algorithm>
#include <limits>

namespace fpvs::hlsc {

namespace {

// Dinic's maximum flow: shortest ways first, by levels.
class Flow {
  public:
    explicit Flow(int nodes) : first_(static_cast<std::size_t>(nodes), -1) {}

    void add(int from, int to, std::int64_t capacity) {
        push(from, to, capacity);
        push(to, from, 0);
    }

    void run(int source, int sink) {
        while (find_levels(source, sink)) {
            next_ = first_;
            while (advance(source, sink)) {
            }
        }
    }

    // After run: nodes that the source still reaches.
    [[nodiscard]] bool reached(int node) const { return level_[at(node)] >= 0; }

  private:
    struct Edge {
        int to;
        int next;
        std::int64_t left;
    };
    static std::size_t at(int i) { return static_cast<std::size_t>(i); }

    void push(int from, int to, std::int64_t capacity) {
        edges_.push_back({to, first_[at(from)], capacity});
        first_[at(from)] = static_cast<int>(edges_.size()) - 1;
    }

    bool find_levels(int source, int sink) {
        level_.assign(first_.size(), -1);
        std::vector<int> queue = {source};
        level_[at(source)] = 0;
        for (std::size_t i = 0; i < queue.size(); ++i) {
            for (int e = first_[at(queue[i])]; e >= 0; e = edges_[at(e)].next) {
                const Edge& edge = edges_[at(e)];
                if (edge.left > 0 && level_[at(edge.to)] < 0) {
                    level_[at(edge.to)] = level_[at(queue[i])] + 1;
                    queue.push_back(edge.to);
                }
            }
        }
        return level_[at(sink)] >= 0;
    }

    // One way to the sink, without recursion: ways may be as long as the graph.
    bool advance(int source, int sink) {
        std::vector<int> path;
        int here = source;
        while (here != sink) {
            int& e = next_[at(here)];
            while (e >= 0 && !(edges_[at(e)].left > 0 &&
                               level_[at(edges_[at(e)].to)] == level_[at(here)] + 1)) {
                e = edges_[at(e)].next;
            }
            if (e >= 0) {
                path.push_back(e);
                here = edges_[at(e)].to;
            } else if (path.empty()) {
                return false;
            } else {
                level_[at(here)] = -2;  // A dead end until the next levels.
                here = edges_[at(path.back() ^ 1)].to;
                path.pop_back();
            }
        }
        std::int64_t amount = std::numeric_limits<std::int64_t>::max();
        for (const int e : path) {
            amount = std::min(amount, edges_[at(e)].left);
        }
        for (const int e : path) {
            edges_[at(e)].left -= amount;
            edges_[at(e ^ 1)].left += amount;
        }
        return true;
    }

    std::vector<int> first_;
    std::vector<Edge> edges_;
    std::vector<int> level_;
    std::vector<int> next_;
};

}  // namespace

std::vector<bool> best_closure(const std::vector<std::int64_t>& profit,
                               const std::vector<std::pair<int, int>>& implies) {
    const int count = static_cast<int>(profit.size());
    const int source = count;
    const int sink = count + 1;
    Flow flow(count + 2);
    constexpr std::int64_t kUnbounded = std::int64_t{1} << 60;
    for (int i = 0; i < count; ++i) {
        const std::int64_t gain = profit[static_cast<std::size_t>(i)];
        if (gain > 0) {
            flow.add(source, i, gain);
        } else if (gain < 0) {
            flow.add(i, sink, -gain);
        }
    }
    for (const auto& [first, second] : implies) {
        flow.add(first, second, kUnbounded);
    }
    flow.run(source, sink);
    std::vector<bool> taken;
    for (int i = 0; i < count; ++i) {
        taken.push_back(flow.reached(i));
    }
    return taken;
}

}  // namespace fpvs::hlsc
