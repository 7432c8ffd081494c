//! Licence expressions of SPDX: whether a set of allowed licences satisfies one.

/// Whether `allowed` satisfies `expression`, such as `(MIT OR Apache-2.0) AND Unicode-3.0`. The
/// older `MIT/Apache-2.0` means OR. A licence with an exception grants more than the licence, so
/// the exception is passed over. An expression that does not parse is not satisfied.
pub fn is_satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser { words: &words, allowed };
    parser.any_of() == Some(true) && parser.words.is_empty()
}

struct Parser<'a> {
    words: &'a [&'a str],
    allowed: &'a [String],
}

impl<'a> Parser<'a> {
    fn any_of(&mut self) -> Option<bool> {
        let mut holds = self.all_of()?;
        while self.take_if("OR") {
            holds |= self.all_of()?;
        }
        Some(holds)
    }

    fn all_of(&mut self) -> Option<bool> {
        let mut holds = self.one()?;
        while self.take_if("AND") {
            holds &= self.one()?;
        }
        Some(holds)
    }

    fn one(&mut self) -> Option<bool> {
        if self.take_if("(") {
            let holds = self.any_of()?;
            return self.take_if(")").then_some(holds);
        }
        let licence = self.take()?;
        if self.take_if("WITH") {
            self.take()?;
        }
        Some(self.allowed.iter().any(|allowed| allowed == licence))
    }

    fn take_if(&mut self, word: &str) -> bool {
        let there = self.words.first() == Some(&word);
        if there {
            self.words = &self.words[1..];
        }
        there
    }

    fn take(&mut self) -> Option<&'a str> {
        let (word, rest) = self.words.split_first()?;
        self.words = rest;
        Some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(expression: &str, expected: bool) {
        let allowed = ["MIT", "Apache-2.0", "ISC"].map(str::to_owned);
        assert_eq!(is_satisfied(expression, &allowed), expected, "{expression}");
    }

    #[test]
    fn either_side_of_or_is_enough_and_both_sides_of_and_are_needed() {
        check("MIT", true);
        check("GPL-3.0", false);
        check("GPL-3.0 OR MIT", true);
        check("GPL-3.0/MIT", true);
        check("MIT AND GPL-3.0", false);
        check("Apache-2.0 AND ISC", true);
    }

    #[test]
    fn and_binds_tighter_than_or_unless_there_are_brackets() {
        check("MIT OR GPL-3.0 AND GPL-2.0", true);
        check("(MIT OR GPL-3.0) AND GPL-2.0", false);
        check("(MIT OR GPL-3.0) AND ISC", true);
    }

    #[test]
    fn an_exception_only_adds_to_what_the_licence_grants() {
        check("Apache-2.0 WITH LLVM-exception", true);
        check("GPL-2.0 WITH Classpath-exception-2.0", false);
    }

    #[test]
    fn what_does_not_parse_is_refused() {
        for broken in ["", "MIT OR", "(MIT", "MIT)", "MIT ISC", "MIT WITH"] {
            check(broken, false);
        }
    }
}
