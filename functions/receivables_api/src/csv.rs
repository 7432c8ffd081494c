//! CSV as an answer: a file to keep, and where its next piece is.

use http::{HeaderName, HeaderValue, header};
use quita_edge::http::text;
use quita_edge::{ApiResponse, Problem};
use quita_table::Cursor;

/// Leads to the next piece; absent at the end.
const NEXT_CURSOR: HeaderName = HeaderName::from_static("next-cursor");

/// A piece of a file of that name. Where there is a next one, a `Link` leads to it: `list` is the
/// address of the whole, with a query.
pub fn answer(
    name: &str,
    body: String,
    list: &str,
    next: Option<&Cursor>,
) -> Result<ApiResponse, Problem> {
    let mut response = text(200, "text/csv; charset=utf-8; header=present", body);
    let headers = &mut response.headers;
    let value = |text: String| HeaderValue::try_from(text).map_err(|_| Problem::Internal);
    let file = value(format!("attachment; filename=\"{name}\""))?;
    headers.insert(header::CONTENT_DISPOSITION, file);
    if let Some(next) = next {
        headers.insert(header::LINK, value(format!("<{list}&cursor={next}>; rel=\"next\""))?);
        headers.insert(NEXT_CURSOR, value(next.to_string())?);
    }
    Ok(response)
}
