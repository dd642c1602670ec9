// SPDX-License-Identifier: Apache-2.0
// A list that costs nothing to copy: copies share the items until one of them is changed.
//
// Items are read in place; what changes the list takes a copy of its own first if others share. Two
// lists that share compare equal without a look at the items.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <memory>
#include <utility>
#include <vector>

namespace fpvs {

template <class Item>
class SharedList {
  public:
    using value_type = Item;
    using const_iterator = typename std::vector<Item>::const_iterator;

    SharedList() = default;
    SharedList(std::initializer_list<Item> items)
        : items_(std::make_shared<std::vector<Item>>(items)) {}

    [[nodiscard]] const_iterator begin() const { return items().begin(); }
    [[nodiscard]] const_iterator end() const { return items().end(); }
    [[nodiscard]] std::size_t size() const { return items().size(); }
    [[nodiscard]] bool empty() const { return items().empty(); }
    [[nodiscard]] const Item& operator[](std::size_t index) const { return items()[index]; }
    [[nodiscard]] const Item& front() const { return items().front(); }
    [[nodiscard]] const Item& back() const { return items().back(); }

    void push_back(Item item) { own().push_back(std::move(item)); }
    void pop_back() { own().pop_back(); }
    // Good until the next copy or change of the list.
    [[nodiscard]] Item& edit(std::size_t index) { return own()[index]; }

    friend bool operator==(const SharedList& a, const SharedList& b) {
        return a.items_ == b.items_ || a.items() == b.items();
    }

  private:
    [[nodiscard]] const std::vector<Item>& items() const {
        static const std::vector<Item> kNone;
        return items_ != nullptr ? *items_ : kNone;
    }
    [[nodiscard]] std::vector<Item>& own() {
        if (items_ == nullptr) {
            items_ = std::make_shared<std::vector<Item>>();
        } else if (items_.use_count() > 1) {
            items_ = std::make_shared<std::vector<Item>>(*items_);
        }
        return *items_;
    }

    std::shared_ptr<std::vector<Item>> items_;
};

}  // namespace fpvs
