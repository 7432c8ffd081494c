//! The record of something a person is to do; listed while it is open.

use quita_core::ids::MerchantId;
use quita_core::task::Task;

use super::Record;
use crate::keys::{List, RecordKey};

pub(super) const TASK: &str = "task";

impl Record for Task {
    const KIND: &'static str = TASK;

    fn owner(&self) -> &MerchantId {
        &self.merchant
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn key(&self) -> RecordKey {
        RecordKey::Task(self.id.clone())
    }

    fn list(&self) -> Option<(List, &str)> {
        self.is_open().then_some((List::Tasks, self.id.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use quita_core::contact::Email;
    use quita_core::ids::TaskId;
    use quita_core::task::{TaskKind, TaskState};

    use super::super::tests::{check_golden, check_golden_named};
    use super::*;
    use crate::sample::{at, customer_id, day, invoice_id, merchant_id};

    fn task() -> Task {
        Task {
            merchant: merchant_id(),
            id: TaskId::from_ulid("01JE6X7Q5M8Y2N4C9R0T3V6W91").unwrap(),
            version: 1,
            kind: TaskKind::Call,
            about: "Call the approver.".to_owned(),
            customer: customer_id(),
            invoice: invoice_id(),
            step: Some("due_plus_3".to_owned()),
            opened_at: at("2026-12-14T12:00:00Z"),
            due: day("2026-12-14"),
            owner: Email::parse("ana@acme.example").ok(),
            state: TaskState::Open,
        }
    }

    #[test]
    fn golden_files_of_tasks_read_for_good() {
        check_golden(&task());
        let at = at("2026-12-14T15:00:00Z");
        let state = TaskState::Done {
            at,
            by: "usr_01JE6X7Q5M8Y2N4C9R0T3V6W91".to_owned(),
            outcome: "promised".to_owned(),
            note: "by Friday".to_owned(),
        };
        check_golden_named("task_done", &Task { version: 2, state, ..task() });
        let state = TaskState::Cleared { at };
        check_golden_named("task_cleared", &Task { version: 2, state, step: None, ..task() });
    }

    #[test]
    fn a_task_that_is_over_stays_on_the_list() {
        let open = task();
        assert_eq!(open.list().map(|(list, _)| list), Some(List::Tasks));
        let state = TaskState::Cleared { at: open.opened_at };
        assert_eq!(Task { state, ..open }.list(), None);
    }
}
