//! What the steps of a rule have to be together.

use super::Typed;
use crate::care::Tier;
use crate::chase::{FIRST_STEP, Rule, Step, Unit, When};
use crate::violation::Violation;

/// The first step, the last one, names and instants that meet.
pub(super) fn check(steps: &[Typed], faults: &mut Vec<Violation>) {
    check_first(steps, faults);
    check_last(steps, faults);
    for (nth, (path, step)) in steps.iter().enumerate() {
        let Some(step) = step else { continue };
        let mut before = steps[..nth].iter().filter_map(|(_, known)| known.as_ref());
        let twin =
            |known: &Step| instant(known.when) == instant(step.when) && known.only == step.only;
        if before.clone().any(|known| known.id == step.id) {
            faults.push(Violation::new(format!("{path}.id"), "name each step differently"));
        } else if let Some(known) = before.find(|known| twin(known)) {
            let reason = format!("`{}` falls on the same instant for the same invoices", known.id);
            faults.push(Violation::new(format!("{path}.when"), reason));
        }
    }
}

/// One step answers to the charge: it is done again for each, so its name is fixed.
fn check_first(steps: &[Typed], faults: &mut Vec<Violation>) {
    let mut found = false;
    for (path, step) in steps {
        let Some(step) = step else { continue };
        let (named, answers) = (step.id == FIRST_STEP, step.when == When::OnIssue);
        if named && !answers {
            let reason = format!("`{FIRST_STEP}` is sent on_issue; name another step differently");
            faults.push(Violation::new(format!("{path}.when"), reason));
        } else if answers && !named {
            let reason = format!("the step that is sent on_issue is named `{FIRST_STEP}`");
            faults.push(Violation::new(format!("{path}.id"), reason));
        } else if named {
            found = true;
            if !step.only.is_empty() {
                let reason = "leave it out: every payer gets the code";
                faults.push(Violation::new(format!("{path}.only"), reason));
            }
            if !step.is_message() {
                let reason = "name a channel: every payer gets the code";
                faults.push(Violation::new(format!("{path}.where"), reason));
            }
        }
    }
    let unread = steps.iter().any(|(_, step)| step.is_none());
    if !found && !unread {
        let reason = format!("add the step `{FIRST_STEP}`, which is sent on_issue");
        faults.push(Violation::new("preventive", reason));
    }
}

/// One step ends the chase, for every invoice, and only a person goes on.
fn check_last(steps: &[Typed], faults: &mut Vec<Violation>) {
    let ending: Vec<(&String, &Step)> = steps
        .iter()
        .filter_map(|(path, step)| Some((path, step.as_ref()?)))
        .filter(|(_, step)| step.ends_chase())
        .collect();
    let unread = steps.iter().any(|(_, step)| step.is_none());
    if ending.is_empty() && !unread {
        let reason = "add a last step with the effect end_chase: the chase ends with a person";
        faults.push(Violation::new("reactive", reason));
    }
    for (path, _) in ending.iter().skip(1) {
        faults.push(Violation::new(format!("{path}.effects"), "one step alone ends the chase"));
    }
    let Some((path, last)) = ending.first() else { return };
    if last.is_message() {
        let reason = "leave channels out: the last step hands the invoice to a person";
        faults.push(Violation::new(format!("{path}.where"), reason));
    }
    if !last.only.is_empty() {
        let reason = "leave it out: the chase of every invoice ends";
        faults.push(Violation::new(format!("{path}.only"), reason));
    }
    if !matches!(last.when, When::Due { offset, .. } if offset > 0) {
        let reason = "let the last step fall after the due date";
        faults.push(Violation::new(format!("{path}.when"), reason));
    }
}

/// What a step counts from and how far, so that equal instants are equal.
fn instant(when: When) -> (u8, i32, bool) {
    let counted = |from, offset: i16, unit| match unit {
        // No days are no business days.
        _ if offset == 0 => (from, 0, false),
        Unit::Days => (from, i32::from(offset) * 24, false),
        Unit::Hours => (from, i32::from(offset), false),
        Unit::BusinessDays => (from, i32::from(offset), true),
    };
    match when {
        When::OnIssue => (0, 0, false),
        When::Issue { offset, unit } => counted(1, offset, unit),
        When::Due { offset, unit } => counted(2, offset, unit),
    }
}

/// A message that is too firm for every tier goes to nobody.
pub(super) fn check_tones(rule: &Rule, paths: &[String], faults: &mut Vec<Violation>) {
    let caps: Vec<_> = Tier::ALL.iter().filter_map(|tier| rule.tone_caps.get(tier)).collect();
    let Some(firmest) = caps.iter().max().filter(|_| caps.len() == Tier::ALL.len()) else { return };
    if rule.steps.len() != paths.len() {
        return;
    }
    for (step, path) in rule.steps.iter().zip(paths) {
        let too_firm = step.how.as_ref().is_some_and(|how| how.tone > **firmest);
        if too_firm && step.when != When::OnIssue {
            let reason = "no tier is spoken to so firmly, by tone_caps";
            faults.push(Violation::new(format!("{path}.how.tone"), reason));
        }
    }
}
