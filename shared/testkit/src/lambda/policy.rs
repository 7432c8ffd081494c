//! The policies of `template.yaml`, decided as IAM decides them.
//!
//! Owns statements that allow, with wildcards, and the conditions on texts the template uses. What
//! is not understood allows nothing, so that a new kind of condition shows as a refusal.
//! Source: IAM user guide, "Policy evaluation logic" and "IAM JSON policy elements: Condition
//! operators".

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::{Access, Guard};

/// What each function may do.
#[derive(Debug, Clone, Default)]
pub struct Policies {
    functions: BTreeMap<String, Vec<Statement>>,
}

/// One statement that allows, every name resolved.
#[derive(Debug, Clone)]
pub(super) struct Statement {
    pub actions: Vec<String>,
    pub resources: Vec<String>,
    /// Operator, condition key and patterns.
    pub conditions: Vec<(String, String, Vec<String>)>,
}

impl Policies {
    pub(super) fn insert(&mut self, function: &str, statements: Vec<Statement>) {
        self.functions.insert(function.to_owned(), statements);
    }
}

impl Guard for Policies {
    fn allows(&self, access: &Access) -> bool {
        let own = self.functions.get(&access.caller).map_or(&[][..], Vec::as_slice);
        let allowed = |resource: &String| own.iter().any(|one| one.allows(access, resource));
        !access.resources.is_empty() && access.resources.iter().all(allowed)
    }
}

impl Statement {
    fn allows(&self, access: &Access, resource: &str) -> bool {
        let fits = |patterns: &[String], text: &str| patterns.iter().any(|one| matches(one, text));
        fits(&self.actions, &access.action)
            && fits(&self.resources, resource)
            && self.conditions.iter().all(|(operator, key, patterns)| {
                let values = access.context.get(key.as_str()).map_or(&[][..], Vec::as_slice);
                match operator.as_str() {
                    "StringEquals" => {
                        !values.is_empty() && values.iter().all(|value| patterns.contains(value))
                    }
                    "StringLike" => {
                        !values.is_empty() && values.iter().all(|value| fits(patterns, value))
                    }
                    // Of no values, all do.
                    "ForAllValues:StringEquals" => values.iter().all(|it| patterns.contains(it)),
                    "ForAllValues:StringLike" => values.iter().all(|it| fits(patterns, it)),
                    _ => false,
                }
            })
    }
}

/// One text or several, as a policy may write either.
pub(super) fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(several) => several.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// Whether a pattern with `*` (any characters) and `?` (one) fits a whole text.
fn matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // `reached[n]` says whether the pattern so far fits the first n bytes.
    let mut reached = vec![false; text.len() + 1];
    reached[0] = true;
    for wanted in pattern {
        match wanted {
            b'*' => {
                for n in 1..=text.len() {
                    reached[n] |= reached[n - 1];
                }
            }
            wanted => {
                for n in (1..=text.len()).rev() {
                    let fits = *wanted == b'?' || *wanted == text[n - 1];
                    reached[n] = reached[n - 1] && fits;
                }
                reached[0] = false;
            }
        }
    }
    reached[text.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_fits_the_whole_text_or_not_at_all() {
        let check =
            |pattern, text, fits| assert_eq!(matches(pattern, text), fits, "{pattern} {text}");
        check("table/t", "table/t", true);
        check("table/t", "table/t/index/i", false);
        check("table/*", "table/t/index/i", true);
        check("*", "", true);
        check("secret:key-??????", "secret:key-AbCdEf", true);
        check("secret:key-??????", "secret:key-AbCdE", false);
        check("a*b*c", "a-b-b-c", true);
        check("a*b*c", "a-c-b", false);
    }

    fn access(keys: &[&str]) -> Access {
        Access {
            caller: "portal".to_owned(),
            action: "dynamodb:GetItem".to_owned(),
            resources: vec!["table/t".to_owned()],
            context: BTreeMap::from([(
                "dynamodb:LeadingKeys",
                keys.iter().map(|key| (*key).to_owned()).collect(),
            )]),
        }
    }

    fn policies(operator: &str) -> Policies {
        let texts = |text: &str| vec![text.to_owned()];
        let statement = Statement {
            actions: texts("dynamodb:GetItem"),
            resources: texts("table/t"),
            conditions: vec![(
                operator.to_owned(),
                "dynamodb:LeadingKeys".to_owned(),
                texts("MER#*"),
            )],
        };
        let mut policies = Policies::default();
        policies.insert("portal", vec![statement]);
        policies
    }

    #[test]
    fn nothing_is_allowed_but_what_is_said() {
        let policies = policies("ForAllValues:StringLike");
        assert!(policies.allows(&access(&["MER#a", "MER#b"])));
        assert!(!policies.allows(&access(&["MER#a", "KEY#b"])), "one key too many");
        let other = |change: fn(&mut Access)| {
            let mut access = access(&["MER#a"]);
            change(&mut access);
            policies.allows(&access)
        };
        assert!(!other(|it| it.caller = "another".to_owned()));
        assert!(!other(|it| it.action = "dynamodb:PutItem".to_owned()));
        assert!(!other(|it| it.resources.push("table/u".to_owned())));
        assert!(!other(|it| it.resources.clear()));
    }

    #[test]
    fn a_condition_nobody_understands_allows_nothing() {
        assert!(!policies("NumericEquals").allows(&access(&["MER#a"])));
    }
}
