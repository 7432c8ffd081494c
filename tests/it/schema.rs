//! JSON Schema, as far as the project's own schemas use it: what a value does not keep of one.
//!
//! A keyword that is not known here stops the test, so that none is passed over in silence.
//! Patterns are compared with [`follows`], which knows the few forms they are written in.

use serde_json::Value;

use crate::files::{array, object, text};

/// Keywords that say something to people or to generators only.
const ANNOTATIONS: [&str; 10] = [
    "$schema",
    "$id",
    "title",
    "description",
    "default",
    "example",
    "format",
    "summary",
    "readOnly",
    "writeOnly",
];

/// Faults of `value` against `schema`, with their paths. `root` is where `$ref` leads into.
pub fn faults(root: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(root, schema, value, "$", &mut found);
    found
}

/// What a local reference such as `#/components/schemas/Money` leads to.
pub fn resolve<'a>(root: &'a Value, reference: &str) -> &'a Value {
    let pointer = reference.strip_prefix('#').expect("references stay in the document");
    root.pointer(pointer).unwrap_or_else(|| panic!("{reference} leads nowhere"))
}

fn walk(root: &Value, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
    for (keyword, rule) in object(schema) {
        let mut fault = |what: String| found.push(format!("{at}: {what}"));
        match keyword.as_str() {
            "$ref" => walk(root, resolve(root, text(rule)), value, at, found),
            "type" => {
                let known = rule.as_array().cloned().unwrap_or_else(|| vec![rule.clone()]);
                if !known.iter().any(|name| has_type(value, text(name))) {
                    fault(format!("{value} is no {rule}"));
                }
            }
            "enum" if !array(rule).contains(value) => fault(format!("{value} is none of {rule}")),
            "const" if rule != value => fault(format!("{value} is not {rule}")),
            "minimum" | "maximum" | "minLength" | "maxLength" | "minItems" | "maxItems"
            | "minProperties" => {
                if let Some(what) = past_bound(keyword, rule, value) {
                    fault(what);
                }
            }
            "pattern" => {
                if value.as_str().is_some_and(|value| !follows(text(rule), value)) {
                    fault(format!("{value} does not follow {rule}"));
                }
            }
            "required" => {
                let missing = |name: &&Value| value.is_object() && value.get(text(name)).is_none();
                for name in array(rule).iter().filter(missing) {
                    fault(format!("{name} is missing"));
                }
            }
            "properties" => {
                for (name, rule) in object(rule) {
                    if let Some(member) = value.get(name) {
                        walk(root, rule, member, &format!("{at}.{name}"), found);
                    }
                }
            }
            "additionalProperties" => {
                let known = |name: &String| schema["properties"].get(name).is_some();
                let members = value.as_object().into_iter().flatten();
                for (name, member) in members.filter(|(name, _)| !known(name)) {
                    match rule {
                        Value::Bool(false) => found.push(format!("{at}: `{name}` is not known")),
                        rule => walk(root, rule, member, &format!("{at}.{name}"), found),
                    }
                }
            }
            "items" => {
                for (index, item) in array(value).iter().enumerate() {
                    walk(root, rule, item, &format!("{at}[{index}]"), found);
                }
            }
            "oneOf" => {
                let tries: Vec<Vec<String>> =
                    array(rule).iter().map(|rule| faults(root, rule, value)).collect();
                let fitting = tries.iter().filter(|faults| faults.is_empty()).count();
                if fitting != 1 {
                    fault(format!("{fitting} alternatives fit: {tries:?}"));
                }
            }
            "allOf" => array(rule).iter().for_each(|rule| walk(root, rule, value, at, found)),
            "enum" | "const" => {}
            other if ANNOTATIONS.contains(&other) => {}
            other => panic!("{at}: the keyword `{other}` is not known here"),
        }
    }
}

/// How a value is past a bound; a bound says nothing of a value of another type.
fn past_bound(keyword: &str, rule: &Value, value: &Value) -> Option<String> {
    let limit = rule.as_i64().unwrap();
    let measure = match keyword {
        "minimum" | "maximum" => value.as_i64(),
        "minLength" | "maxLength" => value.as_str().map(|text| length(text.chars().count())),
        "minProperties" => value.as_object().map(|members| length(members.len())),
        _ => value.as_array().map(|items| length(items.len())),
    }?;
    let past = if keyword.starts_with("min") { measure < limit } else { measure > limit };
    past.then(|| format!("{measure} is past the {keyword} {limit}"))
}

fn length(size: usize) -> i64 {
    i64::try_from(size).unwrap()
}

fn has_type(value: &Value, name: &str) -> bool {
    match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the type `{other}` is not known here"),
    }
}

/// Whether a text follows an anchored pattern made of characters, escapes, classes such as `[a-z0]`
/// and groups `(..)`, each with an optional `?`, `+`, `{n}` or `{n,m}`.
pub fn follows(pattern: &str, value: &str) -> bool {
    let inner = pattern.strip_prefix('^').and_then(|rest| rest.strip_suffix('$'));
    let inner = inner.unwrap_or_else(|| panic!("{pattern} is not anchored"));
    let parts = parse(&mut inner.chars().collect::<Vec<_>>().as_slice());
    let value: Vec<char> = value.chars().collect();
    ends(&parts, &value).contains(&value.len())
}

struct Part {
    what: What,
    min: usize,
    max: usize,
}

enum What {
    OneOf(Vec<(char, char)>),
    Group(Vec<Part>),
}

fn parse(rest: &mut &[char]) -> Vec<Part> {
    let mut parts = Vec::new();
    while let Some((&first, after)) = rest.split_first() {
        *rest = after;
        let what = match first {
            ')' => return parts,
            '(' => What::Group(parse(rest)),
            '[' => What::OneOf(class(rest)),
            '\\' => {
                let escaped = rest[0];
                *rest = &rest[1..];
                assert!(escaped.is_ascii_punctuation(), "\\{escaped} is not known here");
                What::OneOf(vec![(escaped, escaped)])
            }
            '.' | '*' | '|' => panic!("`{first}` is not known here"),
            plain => What::OneOf(vec![(plain, plain)]),
        };
        let (min, max) = repeats(rest);
        parts.push(Part { what, min, max });
    }
    parts
}

fn class(rest: &mut &[char]) -> Vec<(char, char)> {
    let end = rest.iter().position(|c| *c == ']').expect("a class ends");
    let mut inside = &rest[..end];
    *rest = &rest[end + 1..];
    let mut ranges = Vec::new();
    while let Some(&from) = inside.first() {
        let is_range = inside.len() > 2 && inside[1] == '-';
        let (to, taken) = if is_range { (inside[2], 3) } else { (from, 1) };
        ranges.push((from, to));
        inside = &inside[taken..];
    }
    ranges
}

fn repeats(rest: &mut &[char]) -> (usize, usize) {
    let (times, taken) = match rest.first() {
        Some('?') => ((0, 1), 1),
        Some('+') => ((1, usize::MAX), 1),
        Some('{') => {
            let end = rest.iter().position(|c| *c == '}').expect("a count ends");
            let count: String = rest[1..end].iter().collect();
            let (min, max) = count.split_once(',').unwrap_or((&count, &count));
            ((min.parse().unwrap(), max.parse().unwrap()), end + 1)
        }
        _ => ((1, 1), 0),
    };
    *rest = &rest[taken..];
    times
}

/// Where in `value` a match of all parts can end.
fn ends(parts: &[Part], value: &[char]) -> Vec<usize> {
    let mut reached = vec![0];
    for part in parts {
        let mut next: Vec<usize> = Vec::new();
        for &start in &reached {
            let mut here = vec![start];
            for times in 0..=part.max {
                if times >= part.min {
                    next.extend(&here);
                }
                here = here.iter().flat_map(|&at| once(&part.what, value, at)).collect();
                if here.is_empty() {
                    break;
                }
            }
        }
        next.sort_unstable();
        next.dedup();
        reached = next;
    }
    reached
}

fn once(what: &What, value: &[char], at: usize) -> Vec<usize> {
    match what {
        What::OneOf(ranges) => {
            let fits = |c: &char| ranges.iter().any(|(from, to)| from <= c && c <= to);
            value.get(at).filter(|c| fits(c)).map(|_| at + 1).into_iter().collect()
        }
        What::Group(parts) => {
            let inner = ends(parts, &value[at..]);
            inner.into_iter().filter(|taken| *taken > 0).map(|taken| at + taken).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_refuses_what_is_short_long_or_of_another_alphabet() {
        let check = |pattern, good: &[&str], bad: &[&str]| {
            for value in good {
                assert!(follows(pattern, value), "{value} follows {pattern}");
            }
            for value in bad {
                assert!(!follows(pattern, value), "{value} does not follow {pattern}");
            }
        };
        check(
            "^[0-9]{1,10}\\.[0-9]{2}$",
            &["0.00", "1234567890.12"],
            &["1.5", ".50", "1,00", "1.005"],
        );
        check("^[0-9]{5}-?[0-9]{3}$", &["01310-100", "01310100"], &["01310--100", "0131010"]);
        check("^[0-9]{2}Z(\\.[0-9]+)?$", &["12Z", "12Z.345"], &["12Z.", "12"]);
        check("^inv_[0-9A-HJKMNP-TV-Z]{2}$", &["inv_0Z"], &["inv_0I", "inv_0U", "inv_0"]);
    }

    #[test]
    fn each_kind_of_fault_is_found() {
        let schema = json!({
            "type": "object",
            "required": ["a"],
            "additionalProperties": false,
            "properties": {
                "a": { "type": ["integer", "null"], "minimum": 1, "maximum": 3 },
                "b": { "type": "array", "maxItems": 1, "items": { "enum": ["x"] } },
                "c": { "oneOf": [{ "type": "string" }, { "type": "null" }] },
            },
        });
        let check = |value: Value, count| {
            let found = faults(&schema, &schema, &value);
            assert_eq!(found.len(), count, "{value}: {found:?}");
        };
        check(json!({ "a": 3, "b": ["x"], "c": null }), 0);
        check(json!({ "a": null }), 0);
        check(json!({}), 1);
        check(json!({ "a": 4 }), 1);
        check(json!({ "a": 0 }), 1);
        check(json!({ "a": "1" }), 1);
        check(json!({ "a": 1, "b": ["x", "y"] }), 2);
        check(json!({ "a": 1, "c": 1, "d": 1 }), 2);
        check(json!([]), 1);
        let both = json!({ "allOf": [{ "minimum": 1 }, { "maximum": 3 }] });
        assert_eq!([0, 2, 4].map(|it| faults(&both, &both, &json!(it)).len()), [1, 0, 1]);
        let named = json!({ "additionalProperties": { "type": "string" } });
        let value = json!({ "a": "x", "b": 1 });
        assert_eq!(faults(&named, &named, &value), ["$.b: 1 is no \"string\""]);
    }
}
