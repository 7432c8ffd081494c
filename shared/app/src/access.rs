//! The credentials of a merchant: keys of the API, people and their roles, sessions.
//!
//! Owns who gets one, how it is replaced and how it ends; each change is a row of its history. Does
//! not own tokens ([`crate::credentials`]) or what a permission opens (the functions' routes).
//!
//! Invariant: nobody gives away more than they have, and what is kept opens nothing.

pub mod api_keys;
pub mod people;
pub mod sign_in;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use quita_core::access::{NAME_CHARS_MAX, Permission};
use quita_core::audit::Changes;
use quita_core::violation::Violation;
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use serde_json::Value;

/// Why nothing was changed.
#[derive(Debug)]
pub enum Refused {
    /// Everything that is wrong with the request, at once.
    Invalid(Vec<Violation>),
    NotFound,
    /// The state forbids it; the text says what to do.
    Conflict(String),
    KeyReused,
}

/// A row of a credential's history, written at `version`.
fn row(
    aggregate: Aggregate,
    version: u64,
    at: DateTime<Utc>,
    actor: &str,
    name: &str,
    data: Value,
) -> EventRow {
    EventRow {
        aggregate,
        seq: version,
        at,
        actor: actor.to_owned(),
        name: name.to_owned(),
        data,
        postings: Vec::new(),
        changes: Changes::default(),
    }
}

/// A name of a key or a person, in one line.
fn parse_name(raw: &str, faults: &mut Vec<Violation>) -> String {
    let name = raw.trim();
    let fits = (1..=NAME_CHARS_MAX).contains(&name.chars().count());
    if !fits || name.chars().any(char::is_control) {
        let reason = format!("use 1 to {NAME_CHARS_MAX} characters, in one line");
        faults.push(Violation::new("name", reason));
    }
    name.to_owned()
}

/// Permissions by their names, none more than the giver has.
fn parse_permissions(
    raw: &[String],
    giver: &BTreeSet<Permission>,
    faults: &mut Vec<Violation>,
) -> BTreeSet<Permission> {
    if raw.is_empty() {
        faults.push(Violation::new("permissions", "give at least one"));
    }
    let mut permissions = BTreeSet::new();
    for (nth, name) in raw.iter().enumerate().take(Permission::ALL.len()) {
        let property = format!("permissions[{nth}]");
        match Permission::parse(name) {
            None => {
                let names = Permission::ALL.map(Permission::as_str).join(", ");
                faults.push(Violation::new(&property, format!("use one of: {names}")));
            }
            Some(permission) if !giver.contains(&permission) => {
                faults.push(Violation::new(&property, "you do not have it yourself"));
            }
            Some(permission) => {
                permissions.insert(permission);
            }
        }
    }
    if raw.len() > Permission::ALL.len() {
        faults.push(Violation::new("permissions", "there are fewer permissions than that"));
    }
    permissions
}
