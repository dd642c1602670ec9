// SPDX-License-Identifier: Apache-2.0
#include "host/config/statement.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include "host/model/limits.hpp"

namespace fpvs::config {
namespace {

constexpr std::size_t kUsualWords = 3;  // Of a statement, at most.

// Keeps the open blocks on a stack of its own, so that no input can exhaust the thread's.
class TreeBuilder {
  public:
    TreeBuilder(LineSource& source, Diagnostics& diagnostics, StatementVisitor& visitor)
        : source_(source), diagnostics_(diagnostics), visitor_(visitor), blocks_(1) {}

    void build() {
        for (;;) {
            if (blocks_.size() == 1 && words_.empty()) {
                visitor_.between();
                begin_ = source_.mark();
            }
            const std::optional<Line> line = source_.next();
            if (!line) {
                end_statement();
                finish(source_.end());
                return;
            }
            read(*line);
        }
    }

  private:
    void read(const Line& line) {
        Lexer lexer(line, diagnostics_);
        for (;;) {
            Token token = lexer.next();
            switch (token.kind) {
                case TokenKind::word:
                    flush();
                    if (line_ended_) {
                        end_statement();
                    }
                    if (words_.empty()) {
                        words_.reserve(kUsualWords);
                    }
                    words_.push_back(std::move(token.word));
                    break;
                case TokenKind::line_end:
                    flush_whole();
                    // The statement's `{` may stand on the next line: wait for what comes.
                    line_ended_ = true;
                    return;
                case TokenKind::open_brace:
                    flush();
                    open(token.word.position);
                    break;
                case TokenKind::close_brace:
                    flush();
                    end_statement();
                    close(token.word.position);
                    break;
            }
        }
    }

    struct Block {
        std::vector<Word> words;  // Empty: the file itself, or a brace that nothing explains.
        Position opened;
        std::vector<Statement> statements;
    };

    void add(Statement statement) {
        if (blocks_.size() > 1) {
            blocks_.back().statements.push_back(std::move(statement));
        } else if (statement.has_block) {
            complete_ = std::move(statement);  // Until it is known what else its last line has.
        } else {
            visitor_.visit(statement, std::nullopt);
        }
    }

    void flush() {
        if (complete_) {
            visitor_.visit(*complete_, std::nullopt);
            complete_.reset();
            begin_.opening = 0;  // What follows does not begin a line.
        }
    }

    // A block of the file's own level is the last of its lines.
    void flush_whole() {
        if (!complete_) {
            return;
        }
        const LineSource::Mark end = source_.mark();
        std::optional<Extent> extent;
        if (begin_.opening != 0 && begin_.opening == end.opening &&
            begin_.special_lines == end.special_lines) {
            extent = Extent{.begin = begin_,
                            .bytes = end.offset - begin_.offset,
                            .lines = end.line - begin_.line};
        }
        visitor_.visit(*complete_, extent);
        complete_.reset();
    }

    void end_statement() {
        if (!words_.empty()) {
            add({.words = std::move(words_)});
            if (blocks_.size() == 1) {
                begin_.opening = 0;  // What follows begins behind this.
            }
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

    LineSource& source_;
    Diagnostics& diagnostics_;
    StatementVisitor& visitor_;
    std::vector<Block> blocks_;
    std::vector<Word> words_;
    LineSource::Mark begin_;  // Of the statement of the file's own level.
    std::optional<Statement> complete_;
    bool line_ended_ = false;
    bool too_deep_ = false;
};

}  // namespace

void for_each_statement(LineSource& source, Diagnostics& diagnostics, StatementVisitor& visitor) {
    TreeBuilder(source, diagnostics, visitor).build();
}

}  // namespace fpvs::config
