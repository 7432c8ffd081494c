//! Takes a bank file, part by part.
//!
//! A part is stored in pieces, each under its place in the file and never changed, and counts once
//! the import lists it. A part that was cut short by a crash is finished by the same part again.

use quita_bank_files::{CsvMapping, FILE_BYTES_MAX, FileAccount};
use quita_core::bank_import::{
    ACCOUNT_CHARS_MAX, Account, BankImport, CHUNK_BYTES, CHUNKS_KEPT, Counts, FileFormat, FilePart,
    ImportState, NAME_CHARS_MAX, PartRefused, PartTaken,
};
use quita_core::ids::{ImportId, MerchantId};
use quita_core::violation::Violation;
use quita_table::items::{ImportChunk, Stored};
use quita_table::store::ItemRef;
use quita_table::{Commit, CommitError, Expected};
use sha2::{Digest, Sha256};

use crate::bank_file_view::BankFileView;
use crate::deps::Deps;
use crate::error::Unknown;
use crate::idempotency::{self, Answer, Request};

/// Times a part is looked at anew because someone else wrote first.
const CONFLICTS_MAX: usize = 3;
/// Digits of a bank's COMPE code.
const BANK_DIGITS: usize = 3;

/// A file as someone announces it.
#[derive(Debug, Clone)]
pub struct FileDraft {
    pub name: String,
    pub format: String,
    pub account: FileAccount,
    /// Its account is the file's: it is filled in here.
    pub csv: Option<CsvMapping>,
}

/// Why there is no upload.
#[derive(Debug)]
pub enum Refused {
    Invalid(Vec<Violation>),
    KeyReused,
}

/// Why a part was not taken.
#[derive(Debug)]
pub enum PartProblem {
    NotFound,
    Refused(PartRefused),
}

/// Begins an upload.
pub async fn begin_upload(
    deps: &Deps,
    merchant: &MerchantId,
    draft: FileDraft,
    request: &Request,
) -> Result<Result<Answer, Refused>, Unknown> {
    let now = deps.clock.now();
    let id = ImportId::from_ulid(&deps.ids.ulid(now))
        .map_err(|error| Unknown::new("making an id", error))?;
    let checked = match draft.check() {
        Ok(checked) => checked,
        Err(faults) => return Ok(Err(Refused::Invalid(faults))),
    };
    let csv = checked.csv.as_ref().map(serde_json::to_string).transpose();
    let import = BankImport {
        merchant: merchant.clone(),
        id,
        version: 1,
        created_at: now,
        name: checked.name,
        format: checked.format,
        account: checked.account,
        csv: csv.map_err(|error| Unknown::new("writing the mapping", error))?,
        parts: Vec::new(),
        summary: None,
        done: 0,
        counts: Counts::default(),
        state: ImportState::Uploading,
    };
    let body = serde_json::to_string(&BankFileView::of(&import))
        .map_err(|error| Unknown::new("writing the answer", error))?;
    let commit = Commit::new(merchant)
        .import(&import, Expected::New, None)
        .idempotency(&request.record(201, &body, now));
    match deps.store.commit(commit).await {
        Ok(()) => Ok(Ok(Answer { status: 201, body, replayed: false })),
        Err(CommitError::Conflict(conflicts)) => match idempotency::record_in(&conflicts) {
            Some(record) => Ok(request.replay(record).map_err(|_| Refused::KeyReused)),
            None => Err(CommitError::Conflict(conflicts).into()),
        },
        Err(error) => Err(error.into()),
    }
}

/// Takes part `nth` of a file, from 1. The same part again changes nothing.
pub async fn put_part(
    deps: &Deps,
    merchant: &MerchantId,
    id: &ImportId,
    nth: u16,
    bytes: &[u8],
) -> Result<Result<BankImport, PartProblem>, Unknown> {
    let digest = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let part = FilePart { bytes: bytes.len() as u64, digest };
    for _ in 0..CONFLICTS_MAX {
        let mut found = deps.store.read(merchant, &[ItemRef::Import(id.clone())]).await?;
        let Some(import) = found.take_import(id) else {
            return Ok(Err(PartProblem::NotFound));
        };
        let after = match import.with_part(nth, part.clone(), FILE_BYTES_MAX) {
            Ok(PartTaken::Known) => return Ok(Ok(import)),
            Ok(PartTaken::New(after)) => after,
            Err(refused) => return Ok(Err(PartProblem::Refused(refused))),
        };
        for (place, piece) in part.chunks(nth).zip(bytes.chunks(CHUNK_BYTES)) {
            if !store_piece(deps, merchant, id, place, piece).await? {
                return Ok(Err(PartProblem::Refused(PartRefused::OtherBytes)));
            }
        }
        let expected = Expected::Version(import.version);
        let commit = Commit::new(merchant).import(&after, expected, after.work().as_ref());
        match deps.store.commit(commit).await {
            Ok(()) => return Ok(Ok(*after)),
            Err(CommitError::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Unknown::new("taking a part of a file", "others kept writing first"))
}

/// Stores a piece; answers whether the place holds these bytes now.
async fn store_piece(
    deps: &Deps,
    merchant: &MerchantId,
    import: &ImportId,
    nth: u32,
    bytes: &[u8],
) -> Result<bool, Unknown> {
    let expires_at = deps.clock.now() + CHUNKS_KEPT;
    let chunk = ImportChunk { import: import.clone(), nth, bytes: bytes.to_vec(), expires_at };
    match deps.store.commit(Commit::new(merchant).import_chunk(&chunk)).await {
        Ok(()) => Ok(true),
        Err(CommitError::Conflict(conflicts)) => {
            match conflicts.into_iter().find_map(|conflict| conflict.found) {
                Some(Stored::ImportChunk(there)) => Ok(there.bytes == bytes),
                _ => Err(Unknown::new("storing a piece of a file", "its place is being written")),
            }
        }
        Err(error) => Err(error.into()),
    }
}

struct Checked {
    name: String,
    format: FileFormat,
    account: Account,
    csv: Option<CsvMapping>,
}

impl FileDraft {
    /// Everything that is wrong, at once.
    fn check(self) -> Result<Checked, Vec<Violation>> {
        let mut faults = Vec::new();
        let name = line("name", &self.name, NAME_CHARS_MAX, &mut faults);
        let format = FileFormat::parse(&self.format);
        if format.is_none() {
            let names = FileFormat::ALL.map(FileFormat::as_str).join(", ");
            faults.push(Violation::new("format", format!("use one of: {names}")));
        }
        let account = account(&self.account, &mut faults);
        let csv = self.csv.map(|mapping| CsvMapping {
            account: FileAccount { bank: Some(account.bank.clone()), ..self.account.clone() },
            ..mapping
        });
        match (format, &csv) {
            (Some(FileFormat::Csv), None) => {
                faults.push(Violation::new("csv", "say what the columns mean"));
            }
            (Some(FileFormat::Csv), Some(mapping)) => {
                // The account is told of above.
                let of_mapping = mapping.check().err().unwrap_or_default().into_iter();
                let of_mapping = of_mapping.filter(|fault| !fault.path.starts_with("account"));
                faults.extend(
                    of_mapping
                        .map(|fault| Violation::new(format!("csv.{}", fault.path), fault.reason)),
                );
            }
            (_, Some(_)) => faults.push(Violation::new("csv", "leave it out: the file is no CSV")),
            (_, None) => {}
        }
        match format {
            Some(format) if faults.is_empty() => Ok(Checked { name, format, account, csv }),
            _ => Err(faults),
        }
    }
}

fn account(raw: &FileAccount, faults: &mut Vec<Violation>) -> Account {
    let bank = raw.bank.clone().unwrap_or_default();
    if bank.len() != BANK_DIGITS || !bank.bytes().all(|byte| byte.is_ascii_digit()) {
        faults
            .push(Violation::new("account.bank", "use the three digits of the bank's COMPE code"));
    }
    let branch = raw.branch.as_ref();
    let branch = branch.map(|branch| line("account.branch", branch, ACCOUNT_CHARS_MAX, faults));
    let number = line("account.number", &raw.number, ACCOUNT_CHARS_MAX, faults);
    if !number.is_empty() && !number.bytes().any(|byte| byte.is_ascii_digit()) {
        faults.push(Violation::new("account.number", "use the number of the account"));
    }
    Account { bank, branch, number }
}

/// A text of one line.
fn line(property: &str, raw: &str, chars_max: usize, faults: &mut Vec<Violation>) -> String {
    let trimmed = raw.trim();
    let fits = (1..=chars_max).contains(&trimmed.chars().count());
    if !fits || trimmed.chars().any(char::is_control) {
        let hint = format!("use 1 to {chars_max} characters, in one line");
        faults.push(Violation::new(property, hint));
    }
    trimmed.to_owned()
}
