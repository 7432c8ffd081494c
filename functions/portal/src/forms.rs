//! The forms that a payer can send: which one a call sends, and what is checked before any of them.
//!
//! Trigger: `POST /p/{token}/question` and `/p/{token}/promise`. Only the link to pay sends a form:
//! what opens for anybody it was forwarded to is to see alone. There is no cookie, so no other site
//! can send one in a payer's name: it would need the token, which is the permission.

use http::Method;
use quita_app::links::Scope;
use quita_app::{Deps, Unknown};
use quita_edge::http::BODY_BYTES_MAX;
use quita_edge::{ApiRequest, ApiResponse, Call};

use crate::parts::Reader;
use crate::{Portal, html, promise, question};

/// A form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Question,
    Promise,
}

impl Form {
    /// The form of that name, the last part of its address.
    fn named(name: &str) -> Option<Self> {
        match name {
            question::NAME => Some(Self::Question),
            promise::NAME => Some(Self::Promise),
            _ => None,
        }
    }

    /// The form that a call sends; `None` for every other call.
    pub(crate) fn sent(request: &ApiRequest) -> Option<Self> {
        let path = request.raw_path.as_deref().unwrap_or_default();
        let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        let posts = request.request_context.http.method == Method::POST;
        match segments.as_slice() {
            ["p", _, name] if posts => Self::named(name),
            _ => None,
        }
    }

    /// Takes what was sent.
    pub(crate) async fn take(
        self,
        deps: &Deps,
        portal: &Portal<'_>,
        request: ApiRequest,
    ) -> ApiResponse {
        let call = match Call::read(request, BODY_BYTES_MAX) {
            Ok(call) => call,
            Err((problem, request_id)) => return problem.response(&request_id),
        };
        let reader = Reader::of(&call);
        let answered = self.taken(deps, portal, &call, &reader).await;
        answered.unwrap_or_else(|error| {
            tracing::error!(%error, form = ?self, "A form could not be taken");
            html::unavailable(reader.preferred())
        })
    }

    async fn taken(
        self,
        deps: &Deps,
        portal: &Portal<'_>,
        call: &Call,
        reader: &Reader,
    ) -> Result<ApiResponse, Unknown> {
        let segments = call.segments();
        let ["p", token, _] = segments.as_slice() else {
            return Ok(html::nowhere(reader.preferred()));
        };
        let opened = match portal.load(token).await? {
            Ok(opened) => opened,
            Err(shut) => return Ok(shut.page(reader)),
        };
        if opened.link.scope != Scope::Act {
            return Ok(html::nowhere(reader.preferred()));
        }
        let base = portal.signing_key.page_path(&opened.link);
        let fields = Fields(call.body());
        match self {
            Self::Question => question::take(deps, opened, &base, reader, fields).await,
            Self::Promise => promise::take(deps, opened, &base, reader, fields, portal.now).await,
        }
    }
}

/// The fields that were sent.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// The first field of that name; empty where there is none.
    pub(crate) fn get(self, name: &str) -> String {
        let found = form_urlencoded::parse(self.0).find(|(known, _)| known == name);
        found.map(|(_, text)| text.into_owned()).unwrap_or_default()
    }
}
