#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cllm::report {

// Text of anybody for HTML: control characters and what is no UTF-8 replaced, markup escaped.
std::string HtmlText(const std::string& text);

// The beginning of a text, cut at a whole character, with a sign where it was cut.
std::string Shortened(const std::string& text, size_t bytes);

// A page from <!doctype html> to its end. Nothing on it is read from elsewhere, and no script runs (its policy says
// so).
std::string WholePage(const std::string& title, const std::string& body);

// A part of the page; `html` is its content.
std::string Section(std::string_view title, const std::string& html);

// Cells are HTML. The first row is the head; the first column names the rows.
using HtmlRows = std::vector<std::vector<std::string>>;
std::string Table(const HtmlRows& rows, std::string_view classes = "");

// Names with values, both texts.
std::string Pairs(const std::vector<std::pair<std::string, std::string>>& pairs);

// A figure with its meaning, both texts.
std::string Tile(const std::string& figure, const std::string& meaning);

std::string LocalTimeText(double seconds);  // "2026-11-27 18:48"

}  // namespace cllm::report
