//! Steps of a chore: each is timed and told, and all are summed up at the end.

use std::time::{Duration, Instant};

use crate::workspace::Workspace;

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed(String),
    /// It could not run here; the text says what it needs.
    Skipped(String),
}

impl From<Result<(), String>> for Outcome {
    fn from(result: Result<(), String>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(why) => Self::Failed(why),
        }
    }
}

/// One check.
pub struct Step {
    pub name: &'static str,
    pub run: fn(&Workspace) -> Outcome,
}

/// A step that ran.
pub struct Done {
    name: &'static str,
    took: Duration,
    outcome: Outcome,
}

impl Step {
    pub fn carry_out(&self, workspace: &Workspace) -> Done {
        println!("\n==> {}", self.name);
        let start = Instant::now();
        let outcome = (self.run)(workspace);
        let done = Done { name: self.name, took: start.elapsed(), outcome };
        println!("<== {}", done.line());
        done
    }
}

impl Done {
    fn line(&self) -> String {
        let took = format!("{}.{} s", self.took.as_secs(), self.took.subsec_millis() / 100);
        let told = match &self.outcome {
            Outcome::Passed => "passed".to_owned(),
            Outcome::Failed(why) => format!("FAILED: {why}"),
            Outcome::Skipped(why) => format!("skipped: {why}"),
        };
        format!("{:<18} {took:>9}  {told}", self.name)
    }
}

/// Prints the table of all steps; `Err` when one failed.
pub fn sum_up(steps: &[Done]) -> Result<(), String> {
    println!("\nSummary");
    for step in steps {
        println!("  {}", step.line());
    }
    let count = |is: fn(&Outcome) -> bool| steps.iter().filter(|step| is(&step.outcome)).count();
    let passed = count(|outcome| matches!(outcome, Outcome::Passed));
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    println!("{passed} passed, {failed} failed, {skipped} skipped");
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} steps failed", steps.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn done(outcome: Outcome) -> Done {
        Done { name: "step", took: Duration::from_millis(1234), outcome }
    }

    #[test]
    fn one_failure_among_passes_fails_the_whole() {
        assert!(sum_up(&[done(Outcome::Passed), done(Outcome::Failed("no".into()))]).is_err());
    }

    #[test]
    fn a_skip_is_no_failure_and_says_why() {
        let skipped = done(Outcome::Skipped("needs python3".into()));
        assert_eq!(skipped.line(), "step                   1.2 s  skipped: needs python3");
        assert!(sum_up(&[skipped, done(Outcome::Passed)]).is_ok());
    }
}
