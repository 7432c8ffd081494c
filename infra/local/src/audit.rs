//! `audit`: checks the audit chain of a running instance, here or elsewhere, over its API.
//!
//! Owns the walk over all pages, and what a person reads of it. Does not own the check: each page is
//! checked where the table is, and [`Trail`] puts the pages together.

use std::error::Error;
use std::io::Write;

use quita_app::audit::verify::Verification;
use quita_app::links::SigningKey;
use quita_core::audit::{Fault, Trail};
use reqwest::{Client, StatusCode};

use crate::machine::install_crypto;
use crate::merchant;
use crate::options::Audit;
use crate::secrets::LocalSecrets;

/// Path of the check.
const PATH: &str = "/v1/audit/verification";

/// The instance gives no answer to go on with.
#[derive(Debug, thiserror::Error)]
pub enum AuditError {
    #[error("no folder `{0}` of a local run; give --data, or --url and --key")]
    NoFolder(String),
    #[error("{url} answered {status}: {body}")]
    Answer { url: String, status: StatusCode, body: String },
}

/// Walks the whole chain and says what it finds; answers whether nothing was wrong.
pub async fn run(options: &Audit, out: &mut impl Write) -> Result<bool, Box<dyn Error>> {
    let key = match &options.key {
        Some(key) => key.clone(),
        None => key_of_folder(options)?,
    };
    install_crypto();
    let client = Client::new();
    let mut trail = Trail::default();
    let (mut cursor, mut all): (Option<String>, Vec<Fault>) = (None, Vec::new());
    loop {
        let page = ask(&client, options, &key, cursor.as_deref()).await?;
        let mut found = page.faults.clone();
        if let Some(since) = page.since {
            found.extend(trail.take(since, &page.histories));
        }
        write_page(out, &page)?;
        if page.next_cursor.is_none() {
            found.extend(trail.end(page.at));
        }
        for fault in &found {
            writeln!(out, "  FAULT {fault}")?;
        }
        all.extend(found);
        cursor = page.next_cursor;
        if cursor.is_some() {
            continue;
        }
        match page.head {
            Some(head) => writeln!(out, "head {head}")?,
            None => writeln!(out, "the chain has no readable head")?,
        }
        let count = all.len();
        writeln!(out, "{}", if count == 0 { "whole".into() } else { format!("{count} faults") })?;
        return Ok(all.is_empty());
    }
}

fn write_page(out: &mut impl Write, page: &Verification) -> std::io::Result<()> {
    match (page.from, page.to) {
        (Some(from), Some(to)) => writeln!(out, "blocks {from} to {to}: {} rows", page.rows),
        _ => writeln!(out, "no blocks"),
    }
}

/// The key that the local run of a folder has made for itself.
fn key_of_folder(options: &Audit) -> Result<String, Box<dyn Error>> {
    let path = options.data.join("secrets.json");
    if !path.exists() {
        return Err(AuditError::NoFolder(options.data.display().to_string()).into());
    }
    let secrets = LocalSecrets::in_file(&path)?;
    let signing = SigningKey::new(&secrets.signing_key()?)?;
    Ok(secrets.api_key(&signing, &merchant::id(), &merchant::api_key_id())?)
}

async fn ask(
    client: &Client,
    options: &Audit,
    key: &str,
    cursor: Option<&str>,
) -> Result<Verification, Box<dyn Error>> {
    let mut query = Vec::new();
    query.extend(cursor.map(|cursor| ("cursor", cursor)));
    query.extend(options.anchor.as_deref().map(|anchor| ("anchor", anchor)));
    let url = format!("{}{PATH}", options.url.trim_end_matches('/'));
    let url = reqwest::Url::parse_with_params(&url, query)?;
    let response = client.get(url.clone()).bearer_auth(key).send().await?;
    let status = response.status();
    let body = response.text().await?;
    if status != StatusCode::OK {
        return Err(AuditError::Answer { url: url.to_string(), status, body }.into());
    }
    Ok(serde_json::from_str(&body)?)
}
