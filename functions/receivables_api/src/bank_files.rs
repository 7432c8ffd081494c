//! Bank files: upload by parts, import, list, show; and the boletos return files are matched by.

use quita_app::Deps;
use quita_app::bank_file_view::BankFileView;
use quita_app::name_boleto::{self, name_boleto};
use quita_app::read_bank_file::{self, accept_bank_file};
use quita_app::upload_bank_file::{self, FileDraft, PartProblem, begin_upload, put_part};
use quita_bank_files::{CsvColumns, CsvMapping, FileAccount};
use quita_core::bank_import::{BankImport, LineFault, PART_BYTES_MAX, PartRefused};
use quita_core::ids::{ImportId, InvoiceId, MerchantId};
use quita_core::violation::Violation;
use quita_edge::http::{BODY_BYTES_MAX, answered, json};
use quita_edge::problem::of_list;
use quita_edge::{ApiRequest, ApiResponse, Call, ListView, Problem};
use quita_table::store::ItemRef;
use serde::Deserialize;

/// `POST /v1/bank_files`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileBody {
    name: String,
    format: String,
    account: AccountBody,
    csv: Option<CsvBody>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountBody {
    bank: String,
    branch: Option<String>,
    number: String,
}

/// What the columns of a CSV mean: see [`CsvMapping`], without the account.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CsvBody {
    encoding: String,
    delimiter: String,
    decimal: String,
    date_format: String,
    #[serde(default)]
    skip_lines: u64,
    has_header: bool,
    columns: CsvColumns,
}

/// `POST …/boleto`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BoletoBody {
    our_number: String,
}

impl FileBody {
    fn draft(self) -> FileDraft {
        let AccountBody { bank, branch, number } = self.account;
        let account = FileAccount { bank: Some(bank), branch, number };
        let mapping = |csv: CsvBody| CsvMapping {
            account: account.clone(),
            encoding: csv.encoding,
            delimiter: csv.delimiter,
            decimal: csv.decimal,
            date_format: csv.date_format,
            skip_lines: csv.skip_lines,
            has_header: csv.has_header,
            columns: csv.columns,
        };
        let csv = self.csv.map(mapping);
        FileDraft { name: self.name, format: self.format, account, csv }
    }
}

/// Longest body of a call: a part of a file is longer than anything else.
pub fn body_bytes_max(request: &ApiRequest) -> usize {
    let path = request.raw_path.as_deref().unwrap_or_default();
    let segments: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    match (request.request_context.http.method.as_str(), segments.as_slice()) {
        ("PUT", ["v1", "bank_files", _, "parts", _]) => PART_BYTES_MAX,
        _ => BODY_BYTES_MAX,
    }
}

pub async fn create(
    deps: &Deps,
    merchant: &MerchantId,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("create_bank_file")?;
    let body: FileBody = call.json()?;
    match begin_upload(deps, merchant, body.draft(), &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(upload_bank_file::Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(upload_bank_file::Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
    }
}

pub async fn part(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    nth: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let id = parse(id)?;
    let nth = nth.parse().map_err(|_| Problem::NotFound)?;
    match put_part(deps, merchant, &id, nth, call.body()).await? {
        Ok(import) => Ok(json(200, &BankFileView::of(&import))),
        Err(PartProblem::NotFound) => Err(Problem::NotFound),
        Err(PartProblem::Refused(refused)) => Err(problem_of(&refused)),
    }
}

fn problem_of(refused: &PartRefused) -> Problem {
    match refused {
        PartRefused::OutOfOrder { .. } | PartRefused::OtherBytes | PartRefused::Closed { .. } => {
            Problem::Conflict { detail: refused.to_string() }
        }
        PartRefused::Empty | PartRefused::TooLarge { .. } => {
            Problem::invalid("body", refused.to_string())
        }
    }
}

pub async fn import(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    let request = call.idempotency("import_bank_file")?;
    let id = parse(id)?;
    match accept_bank_file(deps, merchant, &id, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(read_bank_file::Refused::NotFound) => Err(Problem::NotFound),
        Err(read_bank_file::Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
        Err(read_bank_file::Refused::State(what)) => {
            Err(Problem::Conflict { detail: what.to_owned() })
        }
        Err(read_bank_file::Refused::Faults(faults, all)) => {
            Err(Problem::Invalid(violations(&faults, all)))
        }
    }
}

/// The faults of a file, each under its line.
fn violations(faults: &[LineFault], all: u64) -> Vec<Violation> {
    let of = |fault: &LineFault| Violation::new(format!("lines[{}]", fault.line), &fault.reason);
    let more = all.saturating_sub(faults.len() as u64);
    let rest = format!("{more} more lines cannot be read; nothing of the file was applied");
    let rest = (more > 0).then(|| Violation::new("lines", rest));
    faults.iter().map(of).chain(rest).collect()
}

pub async fn list(deps: &Deps, merchant: &MerchantId, call: &Call) -> Result<ApiResponse, Problem> {
    let (limit, cursor) = call.page()?;
    let page = deps.store.imports(merchant, limit, cursor.as_ref()).await.map_err(of_list)?;
    Ok(json(200, &ListView::of(page, |import: BankImport| BankFileView::of(&import))))
}

pub async fn show(deps: &Deps, merchant: &MerchantId, id: &str) -> Result<ApiResponse, Problem> {
    let id = parse(id)?;
    let refs = [ItemRef::Import(id.clone())];
    let mut found = deps.store.read(merchant, &refs).await.map_err(quita_app::Unknown::from)?;
    let import = found.take_import(&id).ok_or(Problem::NotFound)?;
    Ok(json(200, &BankFileView::of(&import)))
}

/// Names a boleto issued elsewhere for the debt of an instalment.
pub async fn boleto(
    deps: &Deps,
    merchant: &MerchantId,
    id: &str,
    number: &str,
    call: &Call,
) -> Result<ApiResponse, Problem> {
    use name_boleto::Refused;
    let request = call.idempotency("name_boleto")?;
    let body: BoletoBody = call.json()?;
    let id = InvoiceId::parse(id).map_err(|_| Problem::NotFound)?;
    let number = number.parse().map_err(|_| Problem::NotFound)?;
    match name_boleto(deps, merchant, &id, number, &body.our_number, &request).await? {
        Ok(answer) => Ok(answered(answer)),
        Err(Refused::NotFound) => Err(Problem::NotFound),
        Err(Refused::Invalid(violations)) => Err(Problem::Invalid(violations)),
        Err(Refused::KeyReused) => Err(Problem::IdempotencyKeyReused),
        Err(Refused::Forbidden(refusal)) => Err(Problem::Conflict { detail: refusal.to_string() }),
        Err(Refused::Taken) => {
            let detail = "this nosso número asks for another debt; check the number".to_owned();
            Err(Problem::Conflict { detail })
        }
    }
}

fn parse(id: &str) -> Result<ImportId, Problem> {
    ImportId::parse(id).map_err(|_| Problem::NotFound)
}
