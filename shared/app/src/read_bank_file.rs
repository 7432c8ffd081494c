//! Reads an uploaded file whole, without applying anything, and accepts or refuses it.
//!
//! The file is read piece by piece, so memory stays flat. One bad line refuses the whole: a
//! statement that is applied in part cannot be told from one that is complete.

use quita_bank_files::{
    BadLine, CsvMapping, FileAccount, FileRefused, Format, Item, Reader, Summary,
};
use quita_core::audit::{self, Changes};
use quita_core::bank_import::{
    ACCEPTED, BankImport, FAULTS_KEPT, FileFormat, FileSummary, ImportState, LineFault, REFUSED,
};
use quita_core::ids::{ImportId, MerchantId};
use quita_table::items::EventRow;
use quita_table::keys::Aggregate;
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use serde_json::{Value, json};

use crate::bank_file_view::BankFileView;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};
use crate::import_bank_file::LEASE;

/// Times it is decided anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Status of a file whose lines are being taken in.
const ACCEPTED_STATUS: u16 = 202;

/// Why a file is not imported.
#[derive(Debug)]
pub enum Refused {
    NotFound,
    KeyReused,
    /// The state forbids it; what to do.
    State(&'static str),
    /// The file has faults, of which some are told. Nothing of it is applied.
    Faults(Vec<LineFault>, u64),
}

/// Accepts a file for import, or refuses it whole.
pub async fn accept_bank_file(
    deps: &Deps,
    merchant: &MerchantId,
    id: &ImportId,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let record = ItemRef::Idempotency { scope: request.scope.to_owned(), key: request.key.clone() };
    for _ in 0..CONFLICTS_MAX {
        let refs = [ItemRef::Import(id.clone()), record.clone()];
        let mut found = deps.store.read(merchant, &refs).await?;
        if let Some(record) = found.take_idempotency(request.scope, &request.key) {
            return Ok(request.replay(record).map_err(|_| Refused::KeyReused));
        }
        let Some(import) = found.take_import(id) else { return Ok(Err(Refused::NotFound)) };
        let after = match &import.state {
            ImportState::Refused { faults, more, .. } => {
                return Ok(Err(Refused::Faults(faults.clone(), faults.len() as u64 + more)));
            }
            ImportState::Stopped { .. } => {
                return Ok(Err(Refused::State("it stopped for good; upload the file again")));
            }
            ImportState::Uploading if import.parts.is_empty() => {
                return Ok(Err(Refused::State("upload its parts first")));
            }
            ImportState::Uploading => match read_whole(deps, &import).await? {
                Whole::Fine(summary) => import.accepted(summary, deps.clock.now() + LEASE),
                Whole::Faulty(faults, all) => import.refused(faults, all, deps.clock.now()),
                Whole::Gone => return Ok(Err(Refused::State(GONE))),
            },
            ImportState::Importing { .. } | ImportState::Imported { .. } => import.clone(),
        };
        if let Some(answer) = write(deps, &import, &after, request).await? {
            return Ok(answer);
        }
    }
    Err(Unknown::new("accepting a bank file", "others kept writing first"))
}

/// What to do when the pieces of a file are gone.
pub(crate) const GONE: &str = "the upload is older than seven days; upload the file again";

/// Writes what was decided with its answer; `None` when someone wrote first.
async fn write(
    deps: &Deps,
    before: &BankImport,
    after: &BankImport,
    request: &Request,
) -> Result<Option<Result<Answer, Refused>>, Unknown> {
    let now = deps.clock.now();
    let body = serde_json::to_string(&BankFileView::of(after))
        .map_err(|error| Unknown::new("writing the answer", error))?;
    let mut commit = Commit::new(&before.merchant);
    let mut refused = None;
    if after.version != before.version {
        let expected = Expected::Version(before.version);
        commit = commit.import(after, expected, after.work().as_ref());
        let name = if after.is_importing() { ACCEPTED } else { REFUSED };
        let changes = audit::changes(Some(before), after);
        commit = commit.event(&EventRow { changes, ..row(after, name, &request.actor, now) });
    }
    if let ImportState::Refused { faults, more, .. } = &after.state {
        // A refusal needs no record: the file stays refused, whoever asks.
        refused = Some(Refused::Faults(faults.clone(), faults.len() as u64 + more));
    } else {
        commit = commit.idempotency(&request.record(ACCEPTED_STATUS, &body, now));
    }
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Some(match refused {
            Some(refused) => Err(refused),
            None => Ok(Answer { status: ACCEPTED_STATUS, body, replayed: false }),
        })),
        Err(CommitError::Conflict(conflicts)) => {
            let record = idempotency::record_in(&conflicts);
            Ok(record.map(|record| request.replay(record).map_err(|_| Refused::KeyReused)))
        }
        Err(error) => Err(error.into()),
    }
}

/// A row of the history of an import, with the import as it is after it.
pub(crate) fn row(
    import: &BankImport,
    name: &str,
    actor: &str,
    at: chrono::DateTime<chrono::Utc>,
) -> EventRow {
    let summary = import.summary.as_ref();
    let mut data = json!({
        "name": import.name,
        "format": import.format.as_str(),
        "entries": summary.map(|summary| summary.entries),
        "done": import.done,
    });
    match &import.state {
        ImportState::Refused { faults, more, .. } => {
            data["faults"] = json!(faults.len() as u64 + more);
            data["first_fault"] = faults
                .first()
                .map_or(Value::Null, |fault| json!({ "line": fault.line, "reason": fault.reason }));
        }
        ImportState::Stopped { why, .. } => data["why"] = json!(why),
        ImportState::Imported { .. } => data["counts"] = json!(import.counts),
        ImportState::Uploading | ImportState::Importing { .. } => {}
    }
    EventRow {
        aggregate: Aggregate::Import(import.id.clone()),
        seq: import.version,
        at,
        actor: actor.to_owned(),
        name: name.to_owned(),
        data,
        postings: Vec::new(),
        changes: Changes::default(),
    }
}

enum Whole {
    Fine(FileSummary),
    /// The first faults, and how many there are.
    Faulty(Vec<LineFault>, u64),
    Gone,
}

async fn read_whole(deps: &Deps, import: &BankImport) -> Result<Whole, Unknown> {
    let mut walk = Walk::of(deps, import)?;
    let mut items = Vec::new();
    let (mut faults, mut all) = (Vec::new(), 0_u64);
    loop {
        items.clear();
        let walked = walk.next(&mut items).await?;
        for item in &items {
            let fault = match item {
                Item::BadLine(BadLine { line, reason }) => {
                    LineFault { line: *line, reason: reason.clone() }
                }
                Item::Account(account) if !account.is(&account_of(import)) => {
                    return Ok(Whole::Faulty(vec![other_account(account, import)], 1));
                }
                Item::Account(_) | Item::Entry(_) => continue,
            };
            all += 1;
            if faults.len() < FAULTS_KEPT {
                faults.push(fault);
            }
        }
        match walked {
            Walked::On => {}
            Walked::Gone => return Ok(Whole::Gone),
            Walked::Refused(FileRefused { line, reason }) => {
                // What makes the whole unreadable comes first, whatever else is wrong.
                faults.insert(0, LineFault { line, reason });
                return Ok(Whole::Faulty(faults, all + 1));
            }
            Walked::End(_) if all > 0 => return Ok(Whole::Faulty(faults, all)),
            Walked::End(summary) if summary.account.is_none() => {
                let reason = "the file does not say of which account it is".to_owned();
                return Ok(Whole::Faulty(vec![LineFault { line: 1, reason }], 1));
            }
            Walked::End(summary) => return Ok(Whole::Fine(summary_of(&summary))),
        }
    }
}

fn other_account(account: &FileAccount, import: &BankImport) -> LineFault {
    let of = |bank: Option<&str>, branch: Option<&str>, number: &str| {
        format!("bank {}, branch {}, account {number}", bank.unwrap_or("-"), branch.unwrap_or("-"))
    };
    let told = of(account.bank.as_deref(), account.branch.as_deref(), &account.number);
    let wanted = &import.account;
    let wanted = of(Some(&wanted.bank), wanted.branch.as_deref(), &wanted.number);
    let reason = format!("the file is of another account ({told}) than announced ({wanted})");
    LineFault { line: 1, reason }
}

fn account_of(import: &BankImport) -> FileAccount {
    let account = &import.account;
    FileAccount {
        bank: Some(account.bank.clone()),
        branch: account.branch.clone(),
        number: account.number.clone(),
    }
}

fn summary_of(summary: &Summary) -> FileSummary {
    FileSummary {
        entries: summary.entries,
        lines: summary.lines,
        bytes: summary.bytes,
        from: summary.from,
        until: summary.until,
    }
}

/// A file read from its pieces, one at a time.
pub(crate) struct Walk<'a> {
    deps: &'a Deps,
    import: &'a BankImport,
    places: std::vec::IntoIter<u32>,
    reader: Option<Reader>,
}

/// What came of the next piece.
pub(crate) enum Walked {
    On,
    End(Summary),
    Refused(FileRefused),
    /// A piece expired.
    Gone,
}

impl<'a> Walk<'a> {
    pub(crate) fn of(deps: &'a Deps, import: &'a BankImport) -> Result<Self, Unknown> {
        let format = match (import.format, &import.csv) {
            (FileFormat::Ofx, _) => Format::Ofx,
            (FileFormat::Cnab240, _) => Format::Cnab240,
            (FileFormat::Cnab400, _) => Format::Cnab400,
            (FileFormat::Csv, Some(text)) => {
                let mapping: CsvMapping = serde_json::from_str(text)
                    .map_err(|error| Unknown::new("reading the mapping of a CSV", error))?;
                Format::Csv(mapping)
            }
            (FileFormat::Csv, None) => {
                return Err(Unknown::new("reading the mapping of a CSV", "there is none"));
            }
        };
        let places: Vec<u32> = import.chunks().collect();
        let reader = Some(Reader::new(format));
        Ok(Self { deps, import, places: places.into_iter(), reader })
    }

    /// Reads the next piece; what it completes goes to the end of `out`.
    pub(crate) async fn next(&mut self, out: &mut Vec<Item>) -> Result<Walked, Unknown> {
        let ended = || Unknown::new("reading a bank file", "it was read to its end");
        let Some(place) = self.places.next() else {
            let reader = self.reader.take().ok_or_else(ended)?;
            return Ok(match reader.finish(out) {
                Ok(summary) => Walked::End(summary),
                Err(refused) => Walked::Refused(refused),
            });
        };
        let id = &self.import.id;
        let refs = [ItemRef::ImportChunk(id.clone(), place)];
        let mut found = self.deps.store.read(&self.import.merchant, &refs).await?;
        let Some(bytes) = found.take_import_chunk(id, place) else { return Ok(Walked::Gone) };
        let reader = self.reader.as_mut().ok_or_else(ended)?;
        Ok(match reader.push(&bytes, out) {
            Ok(()) => Walked::On,
            Err(refused) => Walked::Refused(refused),
        })
    }
}
