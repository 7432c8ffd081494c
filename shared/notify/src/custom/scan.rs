//! What a template may use, checked on its source before the engine sees it.
//!
//! Owns the language: `{{ variable }}` with a few filters, `{% if %}`, `{% for row in list %}`, and
//! `{% extends %}` of the shipped layouts with their blocks. There is nothing that makes a text grow
//! (no assignment, no joining, no arithmetic, no calls), reaches another template, or switches
//! escaping off. What is left to the engine is whether the tags fit together.
//!
//! Invariant: every variable, filter and test that is not known is told, with the line it stands in.

use quita_core::violation::Violation;

use super::engine::{BLOCKS, FILTERS, Source, TESTS};
use super::read::{Tag, Word, fault, tags};
use super::variables::{Shape, known, nearest, roots};

/// How deep conditions, loops and blocks may stand inside of each other; each `elif` counts, since
/// the engine reads it as a condition inside of the one before.
const NESTING_MAX: usize = 20;
/// Words with a meaning of their own in an expression.
const KEYWORDS: [&str; 11] =
    ["and", "or", "not", "in", "is", "if", "else", "true", "false", "none", "loop"];
/// Those that stand between two values; anywhere else the engine takes one for a variable.
const JOINING: [&str; 6] = ["and", "or", "in", "is", "if", "else"];
/// What a loop tells about itself.
const OF_LOOP: [&str; 4] = ["index", "first", "last", "length"];
/// What a row of a list has.
const OF_ROW: [&str; 2] = ["label", "value"];

/// Everything in a source that is not in the language.
pub(super) fn faults(source: &Source<'_>, payable: bool) -> Vec<Violation> {
    let tags = match tags(source.property, source.text) {
        Ok(tags) => tags,
        Err(fault) => return vec![fault],
    };
    let mut scan = Scan { source, payable, faults: Vec::new(), open: Vec::new() };
    for tag in &tags {
        scan.tag(tag);
    }
    scan.faults
}

/// Something that was begun and not ended.
struct Open<'a> {
    /// The variable of a loop.
    row: Option<&'a str>,
    /// How many levels it takes: one, and one for each `elif`.
    levels: usize,
}

struct Scan<'a> {
    source: &'a Source<'a>,
    payable: bool,
    faults: Vec<Violation>,
    open: Vec<Open<'a>>,
}

impl<'a> Scan<'a> {
    fn tell(&mut self, line: usize, reason: &str) {
        self.faults.push(fault(self.source.property, line, reason));
    }

    fn tag(&mut self, tag: &Tag<'a>) {
        let line = tag.line;
        if tag.prints {
            return self.expression(&tag.words, line, true);
        }
        let Some((Word::Name(name), rest)) = tag.words.split_first().map(|(f, r)| (*f, r)) else {
            return self.tell(line, "a tag begins with its name");
        };
        match (name, rest) {
            ("if", condition) => {
                self.expression(condition, line, false);
                self.begin(None, line);
            }
            ("elif", condition) => {
                self.expression(condition, line, false);
                if let Some(open) = self.open.last_mut() {
                    open.levels += 1;
                }
                self.check_depth(line);
            }
            ("for", loop_over) => self.for_each(loop_over, line),
            ("else", []) => {}
            ("endif" | "endfor" | "endblock", [] | [Word::Name(_)]) => {
                self.open.pop();
            }
            ("block", [Word::Name(block)]) => {
                if !BLOCKS.contains(block) {
                    let known = BLOCKS.join(", ");
                    self.tell(line, &format!("unknown block {block}; there are: {known}"));
                }
                self.begin(None, line);
            }
            ("extends", [Word::Text(layout)]) => self.extends(layout, line),
            ("else" | "block" | "extends" | "endif" | "endfor" | "endblock", _) => {
                self.tell(line, &format!("tag {name} is not written like this"));
            }
            (other, _) => self.tell(line, &format!("tag {other} is not offered")),
        }
    }

    fn begin(&mut self, row: Option<&'a str>, line: usize) {
        self.open.push(Open { row, levels: 1 });
        self.check_depth(line);
    }

    fn check_depth(&mut self, line: usize) {
        let depth: usize = self.open.iter().map(|open| open.levels).sum();
        // Told once, at the level that is one too many.
        if depth == NESTING_MAX + 1 {
            self.tell(line, &format!("conditions, loops and blocks go {NESTING_MAX} deep at most"));
        }
    }

    fn extends(&mut self, layout: &str, line: usize) {
        let layouts = self.source.kind.layouts();
        if layouts.is_empty() {
            self.tell(line, "a layout cannot be used here");
        } else if !layouts.contains(&layout) {
            let known = layouts.join(", ");
            self.tell(line, &format!("unknown layout {layout}; there are: {known}"));
        }
    }

    fn for_each(&mut self, words: &[Word<'a>], line: usize) {
        let (row, list) = match words {
            [Word::Name(row), Word::Name("in"), list @ ..] => (*row, path(list)),
            _ => ("", None),
        };
        let list = list.filter(|(_, length)| length + 2 == words.len());
        let Some((list, _)) = list else {
            self.tell(line, "write a loop as {% for row in amount.rows %}");
            return self.begin(None, line);
        };
        if KEYWORDS.contains(&row) || roots().any(|root| root == row) {
            self.tell(line, &format!("{row} is taken; call the row otherwise"));
        }
        match known(&list, self.payable) {
            Some(variable) if variable.shape == Shape::Rows || variable.shape == Shape::Lines => {}
            Some(_) => self.tell(line, &format!("{list} is no list")),
            None => self.unknown(&list, line),
        }
        self.begin(Some(row), line);
    }

    /// Checks the names of an expression; its form is the engine's to check.
    fn expression(&mut self, words: &[Word<'a>], line: usize, prints: bool) {
        let mut at = 0;
        let mut before: Option<Word<'a>> = None;
        while let Some(word) = words.get(at) {
            let mut taken = 1;
            match (before, *word) {
                (Some(Word::Sign("|")), Word::Name(filter)) => {
                    if !FILTERS.contains(&filter) {
                        let known = FILTERS.join(", ");
                        let reason = format!("unknown filter {filter}; there are: {known}");
                        self.tell(line, &reason);
                    }
                }
                (Some(Word::Name("is")), Word::Name("not")) => {
                    // The test follows.
                    at += 1;
                    continue;
                }
                (Some(Word::Name("is")), Word::Name(test)) => {
                    if !TESTS.contains(&test) {
                        let known = TESTS.join(", ");
                        self.tell(line, &format!("unknown test {test}; there are: {known}"));
                    }
                }
                (before, Word::Name(name)) if JOINING.contains(&name) => {
                    if !follows_value(before, name) {
                        self.tell(line, &format!("{name} stands between two values"));
                    }
                }
                (_, Word::Name(name)) if name != "loop" && KEYWORDS.contains(&name) => {}
                (_, Word::Name(_)) => {
                    let (name, length) = path(&words[at..]).unwrap_or_default();
                    taken = length.max(1);
                    let alone = prints && at == 0;
                    self.variable(&name, line, alone, words.get(at + taken));
                }
                (Some(Word::Sign(".")), _) => self.tell(line, "a `.` is followed by a name"),
                (_, Word::Text(_) | Word::Number | Word::Sign(_)) => {}
            }
            before = Some(*word);
            at += taken;
        }
    }

    fn variable(&mut self, name: &str, line: usize, printed: bool, next: Option<&Word<'a>>) {
        if next == Some(&Word::Sign("(")) {
            return self.tell(line, &format!("there are no functions, such as {name}"));
        }
        let (first, rest) = name.split_once('.').unwrap_or((name, ""));
        let is_row = self.open.iter().any(|open| open.row == Some(first));
        if is_row {
            if !rest.is_empty() && !OF_ROW.contains(&rest) {
                self.tell(line, &format!("a row has no {rest}; it has: {}", OF_ROW.join(", ")));
            }
        } else if first == "loop" {
            if !OF_LOOP.contains(&rest) {
                self.tell(line, &format!("a loop has no {rest}; it has: {}", OF_LOOP.join(", ")));
            }
        } else {
            match known(name, self.payable) {
                None => self.unknown(name, line),
                Some(variable) if printed && next.is_none() && variable.shape.is_many() => {
                    let reason = format!("{name} is a list: write {{% for row in {name} %}}");
                    self.tell(line, &reason);
                }
                Some(_) => {}
            }
        }
    }

    fn unknown(&mut self, name: &str, line: usize) {
        let reason = match known(name, !self.payable) {
            Some(_) if self.payable => format!("{name} is for receipts alone"),
            Some(_) => format!("{name} is not for receipts"),
            None => match nearest(name, self.payable) {
                Some(near) => format!("unknown variable {name}; did you mean {near}"),
                None => format!("unknown variable {name}; see GET /v1/templates/variables"),
            },
        };
        self.tell(line, &reason);
    }
}

/// Whether a joining word comes after a value, or ends `not in`.
fn follows_value(before: Option<Word<'_>>, name: &str) -> bool {
    match before {
        Some(Word::Name("not")) => name == "in",
        Some(Word::Name(other)) => !JOINING.contains(&other),
        Some(Word::Text(_) | Word::Number | Word::Sign(")" | "]")) => true,
        Some(Word::Sign(_)) | None => false,
    }
}

/// The dotted name that words begin with, and how many of them it takes.
fn path(words: &[Word<'_>]) -> Option<(String, usize)> {
    let Some(Word::Name(first)) = words.first() else { return None };
    let mut name = (*first).to_owned();
    let mut length = 1;
    while let [Word::Sign("."), Word::Name(next), ..] = &words[length..] {
        name.push('.');
        name.push_str(next);
        length += 2;
    }
    Some((name, length))
}
