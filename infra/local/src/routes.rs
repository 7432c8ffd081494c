//! Which function answers which HTTP route. `template.yaml` says the same to API Gateway; a test
//! compares the two.

use std::collections::HashMap;

use http::Method;

/// The functions behind the HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Function {
    AdminApi,
    CreateInvoice,
    ReceivablesApi,
    SettingsApi,
    Portal,
    PaymentWebhook,
    RecordEvidence,
}

impl Function {
    /// Folder, package suffix and binary of the function.
    pub fn name(self) -> &'static str {
        match self {
            Self::AdminApi => "admin_api",
            Self::CreateInvoice => "create_invoice",
            Self::ReceivablesApi => "receivables_api",
            Self::SettingsApi => "settings_api",
            Self::Portal => "portal",
            Self::PaymentWebhook => "payment_webhook",
            Self::RecordEvidence => "record_evidence",
        }
    }
}

/// One route: method, path template, function.
pub type HttpRoute = (&'static str, &'static str, Function);

/// Every route of the API.
pub const HTTP_ROUTES: &[HttpRoute] = &[
    ("POST", "/v1/invoices", Function::CreateInvoice),
    ("POST", "/sign_in/links", Function::AdminApi),
    ("GET", "/sign_in/{token}", Function::AdminApi),
    ("POST", "/sign_in/{token}", Function::AdminApi),
    ("POST", "/v1/merchants", Function::AdminApi),
    ("GET", "/v1/merchant", Function::AdminApi),
    ("PUT", "/v1/merchant", Function::AdminApi),
    ("GET", "/v1/bank_connection", Function::AdminApi),
    ("PUT", "/v1/bank_connection", Function::AdminApi),
    ("POST", "/v1/bank_connection/callback", Function::AdminApi),
    ("POST", "/v1/bank_connection/test_charge", Function::AdminApi),
    ("POST", "/v1/bank_connection/test_charge/remove", Function::AdminApi),
    ("GET", "/v1/sender_domain", Function::AdminApi),
    ("PUT", "/v1/sender_domain", Function::AdminApi),
    ("POST", "/v1/sender_domain/check", Function::AdminApi),
    ("GET", "/v1/merchant/channels", Function::AdminApi),
    ("PUT", "/v1/merchant/channels", Function::AdminApi),
    ("GET", "/v1/readiness", Function::AdminApi),
    ("GET", "/v1/onboarding", Function::AdminApi),
    ("GET", "/v1/audit", Function::AdminApi),
    ("GET", "/v1/audit/verification", Function::AdminApi),
    ("GET", "/v1/session", Function::AdminApi),
    ("POST", "/v1/session/end", Function::AdminApi),
    ("POST", "/v1/api_keys", Function::AdminApi),
    ("GET", "/v1/api_keys", Function::AdminApi),
    ("GET", "/v1/api_keys/{api_key_id}", Function::AdminApi),
    ("POST", "/v1/api_keys/{api_key_id}/rotate", Function::AdminApi),
    ("POST", "/v1/api_keys/{api_key_id}/revoke", Function::AdminApi),
    ("POST", "/v1/people", Function::AdminApi),
    ("GET", "/v1/people", Function::AdminApi),
    ("GET", "/v1/people/{person_id}", Function::AdminApi),
    ("PUT", "/v1/people/{person_id}", Function::AdminApi),
    ("POST", "/v1/people/{person_id}/remove", Function::AdminApi),
    ("GET", "/v1/rules", Function::SettingsApi),
    ("GET", "/v1/rules/{rule_name}", Function::SettingsApi),
    ("PUT", "/v1/rules/{rule_name}", Function::SettingsApi),
    ("POST", "/v1/rules/{rule_name}/check", Function::SettingsApi),
    ("GET", "/v1/rules/{rule_name}/versions", Function::SettingsApi),
    ("GET", "/v1/rules/{rule_name}/versions/{version}", Function::SettingsApi),
    ("GET", "/v1/default_rule", Function::SettingsApi),
    ("PUT", "/v1/default_rule", Function::SettingsApi),
    ("GET", "/v1/segments", Function::SettingsApi),
    ("PUT", "/v1/segments", Function::SettingsApi),
    ("POST", "/v1/segments/recompute", Function::ReceivablesApi),
    ("POST", "/v1/webhook_endpoints", Function::SettingsApi),
    ("GET", "/v1/webhook_endpoints", Function::SettingsApi),
    ("GET", "/v1/webhook_endpoints/{endpoint_id}", Function::SettingsApi),
    ("PUT", "/v1/webhook_endpoints/{endpoint_id}", Function::SettingsApi),
    ("POST", "/v1/webhook_endpoints/{endpoint_id}/close", Function::SettingsApi),
    ("GET", "/v1/webhook_endpoints/{endpoint_id}/secret", Function::SettingsApi),
    ("POST", "/v1/webhook_endpoints/{endpoint_id}/secret/rotate", Function::SettingsApi),
    ("POST", "/v1/webhook_endpoints/{endpoint_id}/test", Function::SettingsApi),
    ("POST", "/v1/webhook_endpoints/{endpoint_id}/replays", Function::SettingsApi),
    ("GET", "/v1/webhook_endpoints/{endpoint_id}/deliveries", Function::SettingsApi),
    ("GET", "/v1/webhook_endpoints/{endpoint_id}/deliveries/{delivery_id}", Function::SettingsApi),
    (
        "POST",
        "/v1/webhook_endpoints/{endpoint_id}/deliveries/{delivery_id}/replay",
        Function::SettingsApi,
    ),
    ("GET", "/v1/templates", Function::SettingsApi),
    ("GET", "/v1/templates/variables", Function::SettingsApi),
    ("POST", "/v1/templates/preview", Function::SettingsApi),
    ("PUT", "/v1/templates/{template_name}", Function::SettingsApi),
    ("GET", "/v1/templates/{template_name}", Function::SettingsApi),
    ("GET", "/v1/templates/{template_name}/versions", Function::SettingsApi),
    ("GET", "/v1/event_types", Function::SettingsApi),
    ("GET", "/v1/event_types/{event_type}", Function::SettingsApi),
    ("POST", "/v1/customers", Function::ReceivablesApi),
    ("GET", "/v1/customers", Function::ReceivablesApi),
    ("GET", "/v1/customers/{customer_id}", Function::ReceivablesApi),
    ("GET", "/v1/invoices", Function::ReceivablesApi),
    ("GET", "/v1/invoices/{invoice_id}", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/cancel", Function::ReceivablesApi),
    ("GET", "/v1/invoices/{invoice_id}/timeline", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/instalments/{number}/charges", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/instalments/{number}/rebate", Function::ReceivablesApi),
    (
        "POST",
        "/v1/invoices/{invoice_id}/instalments/{number}/credit_note",
        Function::ReceivablesApi,
    ),
    ("POST", "/v1/invoices/{invoice_id}/instalments/{number}/write_off", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/instalments/{number}/due_date", Function::ReceivablesApi),
    ("GET", "/v1/invoices/{invoice_id}/messages", Function::ReceivablesApi),
    ("GET", "/v1/messages/undelivered", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/links", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/links/revoke", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/promise", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/promise/withdraw", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/dispute", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/dispute/close", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/pause", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/resume", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/exclude", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/include", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/flag", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/flag/clear", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/owner", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/notes", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/send_now", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/escalation", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/escalation/reverse", Function::ReceivablesApi),
    ("POST", "/v1/bulk", Function::ReceivablesApi),
    ("GET", "/v1/tasks", Function::ReceivablesApi),
    ("GET", "/v1/tasks/{task_id}", Function::ReceivablesApi),
    ("POST", "/v1/tasks/{task_id}/assign", Function::ReceivablesApi),
    ("POST", "/v1/tasks/{task_id}/done", Function::ReceivablesApi),
    ("POST", "/v1/tasks", Function::ReceivablesApi),
    ("GET", "/v1/customers/{customer_id}/personal_data", Function::ReceivablesApi),
    ("POST", "/v1/customers/{customer_id}/erasure", Function::ReceivablesApi),
    ("GET", "/v1/approval_policy", Function::ReceivablesApi),
    ("PUT", "/v1/approval_policy", Function::ReceivablesApi),
    ("GET", "/v1/approvals", Function::ReceivablesApi),
    ("GET", "/v1/approvals/{approval_id}", Function::ReceivablesApi),
    ("POST", "/v1/approvals/{approval_id}/approve", Function::ReceivablesApi),
    ("POST", "/v1/approvals/{approval_id}/reject", Function::ReceivablesApi),
    ("GET", "/v1/settings", Function::ReceivablesApi),
    ("PUT", "/v1/settings", Function::ReceivablesApi),
    ("GET", "/v1/journal", Function::ReceivablesApi),
    ("GET", "/v1/journal.csv", Function::ReceivablesApi),
    ("GET", "/v1/trial_balance", Function::ReceivablesApi),
    ("GET", "/v1/invoices/{invoice_id}/instalments/{number}/qr.svg", Function::ReceivablesApi),
    ("GET", "/v1/invoices/{invoice_id}/instalments/{number}/qr.png", Function::ReceivablesApi),
    ("POST", "/v1/quotes", Function::ReceivablesApi),
    ("POST", "/v1/sweeps/dry_run", Function::ReceivablesApi),
    ("GET", "/v1/payments", Function::ReceivablesApi),
    ("GET", "/v1/reconciliation", Function::ReceivablesApi),
    ("POST", "/v1/bank_files", Function::ReceivablesApi),
    ("GET", "/v1/bank_files", Function::ReceivablesApi),
    ("GET", "/v1/bank_files/{bank_file_id}", Function::ReceivablesApi),
    ("PUT", "/v1/bank_files/{bank_file_id}/parts/{part}", Function::ReceivablesApi),
    ("POST", "/v1/bank_files/{bank_file_id}/import", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/instalments/{number}/boleto", Function::ReceivablesApi),
    ("POST", "/v1/payments", Function::ReceivablesApi),
    ("GET", "/v1/payments/{payment_id}", Function::ReceivablesApi),
    ("GET", "/v1/payments/{payment_id}/timeline", Function::ReceivablesApi),
    ("POST", "/v1/payments/{payment_id}/allocations", Function::ReceivablesApi),
    ("POST", "/v1/payments/{payment_id}/releases", Function::ReceivablesApi),
    ("POST", "/v1/payments/{payment_id}/account", Function::ReceivablesApi),
    ("POST", "/v1/payments/{payment_id}/account/withdrawals", Function::ReceivablesApi),
    ("POST", "/v1/payments/{payment_id}/refunds", Function::ReceivablesApi),
    ("GET", "/v1/exceptions", Function::ReceivablesApi),
    ("GET", "/v1/exceptions/{payment_id}", Function::ReceivablesApi),
    ("POST", "/v1/exceptions/{payment_id}/assign", Function::ReceivablesApi),
    ("POST", "/v1/exceptions/{payment_id}/dismiss", Function::ReceivablesApi),
    ("GET", "/v1/reports/cash", Function::ReceivablesApi),
    ("GET", "/v1/reports/chase", Function::ReceivablesApi),
    ("GET", "/v1/reports/receivables", Function::ReceivablesApi),
    ("GET", "/v1/reports/receivables.csv", Function::ReceivablesApi),
    ("GET", "/v1/customers/{customer_id}/account", Function::ReceivablesApi),
    ("GET", "/v1/customers/{customer_id}/health", Function::ReceivablesApi),
    ("GET", "/v1/customers/{customer_id}/pix_code", Function::ReceivablesApi),
    ("GET", "/v1/customers/{customer_id}/pix_code/qr.svg", Function::ReceivablesApi),
    ("GET", "/v1/customers/{customer_id}/pix_code/qr.png", Function::ReceivablesApi),
    ("POST", "/v1/customers/{customer_id}/flag/clear", Function::ReceivablesApi),
    ("PUT", "/v1/customers/{customer_id}/care", Function::ReceivablesApi),
    ("PUT", "/v1/customers/{customer_id}/segment", Function::ReceivablesApi),
    ("POST", "/v1/invoices/{invoice_id}/rule", Function::ReceivablesApi),
    ("GET", "/openapi.json", Function::ReceivablesApi),
    ("GET", "/p/{token}", Function::Portal),
    ("GET", "/p/{token}/status", Function::Portal),
    ("GET", "/p/{token}/question", Function::Portal),
    ("POST", "/p/{token}/question", Function::Portal),
    ("GET", "/p/{token}/promise", Function::Portal),
    ("POST", "/p/{token}/promise", Function::Portal),
    ("GET", "/p/{token}/part", Function::Portal),
    ("GET", "/p/{token}/instalments/{number}/qr.svg", Function::Portal),
    ("GET", "/p/{token}/instalments/{number}/receipt", Function::Portal),
    ("POST", "/pix/{hook}", Function::PaymentWebhook),
    ("POST", "/pix/{hook}/pix", Function::PaymentWebhook),
    ("GET", "/whatsapp/{hook}", Function::RecordEvidence),
    ("POST", "/whatsapp/{hook}", Function::RecordEvidence),
];

/// What a method and a path lead to.
#[derive(Debug, PartialEq, Eq)]
pub enum Routed {
    /// A function, with the route's key and the path's parameters.
    To {
        /// By the name of its folder.
        function: String,
        route_key: String,
        parameters: HashMap<String, String>,
    },
    /// The path exists, under another method.
    OtherMethod,
    Nowhere,
}

/// Finds the route of a call.
pub fn route(method: &Method, path: &str) -> Routed {
    let routes = HTTP_ROUTES.iter().copied();
    find(
        routes.map(|(wanted, template, function)| (wanted, template, function.name())),
        method,
        path,
    )
}

/// Finds the route of a call among methods, path templates and functions.
pub fn find<'a>(
    routes: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
    method: &Method,
    path: &str,
) -> Routed {
    let mut known_path = false;
    for (wanted, template, function) in routes {
        let Some(parameters) = matched(template, path) else { continue };
        if wanted == method.as_str() {
            let route_key = format!("{wanted} {template}");
            return Routed::To { function: function.to_owned(), route_key, parameters };
        }
        known_path = true;
    }
    if known_path { Routed::OtherMethod } else { Routed::Nowhere }
}

/// The parameters of a path that a template fits; a parameter is one segment and never empty.
fn matched(template: &str, path: &str) -> Option<HashMap<String, String>> {
    let (wanted, given) = (template.split('/'), path.split('/'));
    if wanted.clone().count() != given.clone().count() {
        return None;
    }
    let mut parameters = HashMap::new();
    for (wanted, given) in wanted.zip(given) {
        match wanted.strip_prefix('{').and_then(|name| name.strip_suffix('}')) {
            Some(name) if !given.is_empty() => {
                parameters.insert(name.to_owned(), given.to_owned());
            }
            None if wanted == given => {}
            _ => return None,
        }
    }
    Some(parameters)
}

#[cfg(test)]
mod tests;
