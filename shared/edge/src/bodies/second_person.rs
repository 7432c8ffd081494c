//! Bodies of what needs a second person, and of links.

use quita_app::approvals::{PolicyDraft, RuleDraft};
use quita_app::invoice_links::LinkDraft;
use serde::Deserialize;

/// `PUT /v1/approval_policy`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PolicyBody {
    rules: Vec<RuleBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RuleBody {
    operation: String,
    from_amount: Option<String>,
}

impl PolicyBody {
    pub fn draft(self) -> PolicyDraft {
        let rule =
            |it: RuleBody| RuleDraft { operation: it.operation, from_amount: it.from_amount };
        PolicyDraft { rules: self.rules.into_iter().map(rule).collect() }
    }
}

/// `POST /v1/invoices/{invoice_id}/links`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkBody {
    scope: String,
    expires_on: Option<String>,
}

impl LinkBody {
    pub fn draft(self) -> LinkDraft {
        LinkDraft { scope: self.scope, expires_on: self.expires_on }
    }
}
