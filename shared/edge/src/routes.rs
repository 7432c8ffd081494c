//! The routes of a function: what they are called, and what a caller needs for each.
//!
//! Owns the matching of a call against route keys as API Gateway spells them, such as
//! `GET /v1/invoices/{invoice_id}`. Does not own what a route does.

use quita_core::access::Permission;

use crate::http::Call;
use crate::problem::Problem;

/// A route of the HTTP API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// Method and path template.
    pub key: &'static str,
    pub access: Access,
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anybody; the function looks after itself.
    Open,
    /// A caller of a merchant with this permission.
    Needs(Permission),
    /// The operator of the installation.
    Operator,
}

/// A route for callers with a permission.
pub const fn needs(permission: Permission, key: &'static str) -> Route {
    Route { key, access: Access::Needs(permission) }
}

/// A route for anybody.
pub const fn open(key: &'static str) -> Route {
    Route { key, access: Access::Open }
}

/// A route for the operator.
pub const fn operator(key: &'static str) -> Route {
    Route { key, access: Access::Operator }
}

/// The route of a call, and what its path has in place of the parameters, in order.
///
/// # Errors
/// 404 for a path no route has, 405 for one that another method has.
pub fn find<'a>(
    routes: &'static [Route],
    call: &'a Call,
) -> Result<(&'static Route, Vec<&'a str>), Problem> {
    let segments = call.segments();
    let mut known_path = false;
    for route in routes {
        let (method, template) = route.key.split_once(' ').unwrap_or_default();
        let Some(parameters) = parameters(template, &segments) else { continue };
        if method == call.method().as_str() {
            return Ok((route, parameters));
        }
        known_path = true;
    }
    Err(if known_path { Problem::MethodNotAllowed } else { Problem::NotFound })
}

/// What stands in place of a template's parameters; `None` when the path is another one. A
/// parameter is one segment and never empty.
fn parameters<'a>(template: &str, segments: &[&'a str]) -> Option<Vec<&'a str>> {
    let wanted = template.trim_start_matches('/').split('/');
    if wanted.clone().count() != segments.len() {
        return None;
    }
    let mut found = Vec::new();
    for (wanted, given) in wanted.zip(segments) {
        if wanted.starts_with('{') && !given.is_empty() {
            found.push(*given);
        } else if wanted != *given {
            return None;
        }
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(template: &str, path: &str, expected: Option<&[&str]>) {
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        assert_eq!(parameters(template, &segments).as_deref(), expected, "{template} {path}");
    }

    #[test]
    fn a_path_that_only_looks_alike_finds_the_route() {
        check("/v1/invoices", "/v1/invoices", Some(&[]));
        check("/v1/invoices/{id}", "/v1/invoices/inv_1", Some(&["inv_1"]));
        check("/v1/{a}/x/{b}", "/v1/1/x/2", Some(&["1", "2"]));
        for path in ["/v1/invoices/", "/v1/invoices/a/b", "/v1/invoices", "/V1/invoices/a"] {
            check("/v1/invoices/{id}", path, None);
        }
        check("/v1/invoices", "/v1/invoices/", None);
    }
}
