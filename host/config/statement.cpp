// SPDX-License-Identifier: Apache-2.0
#include "host/config/statement.hpp"

#include <cstddef>
#include <utility>

#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr std::size_t kUsualWords = 3;  // Of a statement, at most.

// Keeps the open blocks on a stack of its own, so that no input can exhaust the thread's.
class TreeBuilder {
  public:
    TreeBuilder(std::string_view text,
                Diagnostics& diagnostics,
                const std::function<void(Statement)>& visit)
        : lexer_(text, diagnostics), diagnostics_(diagnostics), visit_(visit), blocks_(1) {}

    void build() {
        for (;;) {
            Token token = lexer_.next();
            switch (token.kind) {
                case TokenKind::word:
                    if (line_ended_) {
                        end_statement();
                    }
                    if (words_.empty()) {
                        words_.reserve(kUsualWords);
                    }
                    words_.push_back(std::move(token.word));
                    break;
                case TokenKind::line_end:
                    // The statement's `{` may stand on the next line: wait for what comes.
                    line_ended_ = true;
                    break;
                case TokenKind::open_brace:
                    open(token.word.position);
                    break;
                case TokenKind::close_brace:
                    end_statement();
                    close(token.word.position);
                    break;
                case TokenKind::file_end:
                    end_statement();
                    finish(token.word.position);
                    return;
            }
        }
    }

  private:
    struct Block {
        std::vector<Word> words;  // Empty: the file itself, or a brace that nothing explains.
        Position opened;
        std::vector<Statement> statements;
    };

    void add(Statement statement) {
        if (blocks_.size() == 1) {
            visit_(std::move(statement));
        } else {
            blocks_.back().statements.push_back(std::move(statement));
        }
    }

    void end_statement() {
        if (!words_.empty()) {
            add({.words = std::move(words_)});
        }
        words_.clear();
        line_ended_ = false;
    }

    void open(Position position) {
        if (words_.empty()) {
            diagnostics_.error(position, "'{{' without a keyword before it");
        }
        if (blocks_.size() > model::kConfigNestingMax) {
            if (!too_deep_) {
                diagnostics_.error(position,
                                   "blocks are nested deeper than {} levels; is a '}}' missing?",
                                   model::kConfigNestingMax);
            }
            too_deep_ = true;
        }
        blocks_.push_back({.words = std::move(words_), .opened = position, .statements = {}});
        words_.clear();
        line_ended_ = false;
    }

    void close(Position position) {
        if (blocks_.size() == 1) {
            diagnostics_.error(position, "'}}' without a '{{' before it; remove it");
            return;
        }
        Block block = std::move(blocks_.back());
        blocks_.pop_back();
        if (!block.words.empty() && blocks_.size() <= model::kConfigNestingMax) {
            add({.words = std::move(block.words),
                 .has_block = true,
                 .children = std::move(block.statements)});
        }
    }

    void finish(Position file_end) {
        while (blocks_.size() > 1) {
            const Block& block = blocks_.back();
            diagnostics_.error(block.words.empty() ? block.opened : block.words.front().position,
                               "the block '{}' is not closed; a '}}' is missing before the end "
                               "of the file at line {}",
                               block.words.empty() ? "{" : block.words.front().text,
                               file_end.line);
            close(file_end);
        }
    }

    Lexer lexer_;
    Diagnostics& diagnostics_;
    const std::function<void(Statement)>& visit_;
    std::vector<Block> blocks_;
    std::vector<Word> words_;
    bool line_ended_ = false;
    bool too_deep_ = false;
};

}  // namespace

void for_each_statement(std::string_view text,
                        Diagnostics& diagnostics,
                        const std::function<void(Statement statement)>& visit) {
    TreeBuilder(text, diagnostics, visit).build();
}

}  // namespace fpvs::config
