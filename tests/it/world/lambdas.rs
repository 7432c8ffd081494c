//! The functions of a world as the binaries that are deployed, each in a process of its own.
//!
//! Routes, rules, the schedule and every variable come from `template.yaml`; the services the SDKs
//! call stand on loopback in front of the world's own table, mailbox, bus and secrets, and let each
//! function do what its policies allow. So a scenario goes through the SDKs, the wire and the
//! template without a word of it changing.
//!
//! Asked for by three variables of the environment, which `cargo xtask e2e` sets:
//!
//! | variable | means |
//! |---|---|
//! | `QUITA_LAMBDAS` | folder of the functions' binaries |
//! | `QUITA_CLOCK_SHIM` | `tests/e2e/clock.c`, compiled |
//! | `QUITA_LAMBDA_FIGURES` | optional: file that each world appends its processes' figures to |

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use aws_lambda_events::encodings::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quita_app::Unknown;
use quita_app::ports::Clock;
use quita_edge::{ApiRequest, ApiResponse};
use quita_local::routes::{self, Routed};
use quita_local::{Functions, MovableClock};
use quita_table::schema::LOCAL_TABLE;
use quita_testkit::aws::{Access, AwsBackend, AwsServices, Guard};
use quita_testkit::lambda::template::FunctionSpec;
use quita_testkit::lambda::{ClockFile, FunctionConfig, LambdaFunction, Policies, Template};
use serde_json::{Value, json};

/// The bus of every world.
pub const BUS: &str = "world";
/// SES configuration set of every world.
pub const MAIL_CONFIGURATION_SET: &str = "world-mail";
/// Bucket for letters of every world.
pub const LETTERS_BUCKET: &str = "world-letters";
/// Where every world is.
const REGION: &str = "sa-east-1";
const ACCOUNT: &str = "000000000000";
/// Lines of a function's log that a failed test shows.
const LOG_LINES_SHOWN: usize = 30;

/// Where the binaries are, when worlds are to run them.
#[derive(Debug, Clone)]
pub struct Binaries {
    folder: PathBuf,
    shim: PathBuf,
    figures: Option<OsString>,
}

impl Binaries {
    /// What the environment asks for; `None` runs the functions in this process.
    pub fn asked_for() -> Option<Self> {
        let folder = PathBuf::from(std::env::var_os("QUITA_LAMBDAS")?);
        let shim = std::env::var_os("QUITA_CLOCK_SHIM").expect("QUITA_CLOCK_SHIM names the shim");
        let figures = std::env::var_os("QUITA_LAMBDA_FIGURES");
        Some(Self { folder, shim: PathBuf::from(shim), figures })
    }
}

/// The functions, their clock, and what they call.
pub struct Lambdas {
    template: Template,
    functions: BTreeMap<String, LambdaFunction>,
    time: Arc<MovableClock>,
    clock: ClockFile,
    figures: Option<OsString>,
    gate: Arc<Gate>,
    _services: AwsServices,
    _folder: tempfile::TempDir,
}

impl Lambdas {
    /// Functions of which nothing runs yet, in front of `backend`.
    pub fn new(
        binaries: Binaries,
        backend: AwsBackend,
        time: Arc<MovableClock>,
        public_url: &str,
    ) -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let template = Template::read(&root.join("template.yaml")).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let clock =
            ClockFile::create(&folder.path().join("clock"), &binaries.shim, time.now()).unwrap();
        let resolve = |name: &str| resource(name, public_url);
        let policies = template.policies(resolve).unwrap();
        let gate = Arc::new(Gate { policies, denied: Mutex::default() });
        let services =
            AwsServices::start(AwsBackend { guard: Some(gate.clone()), ..backend }).unwrap();
        let function = |(name, spec): (&String, &FunctionSpec)| {
            let mut environment = template.environment(name, resolve).unwrap();
            environment.extend(services.environment());
            environment.extend(clock.environment());
            let config = FunctionConfig {
                memory_mb: spec.memory_mb,
                timeout: spec.timeout,
                environment,
                ..FunctionConfig::new(name, binaries.folder.join(name))
            };
            (name.clone(), LambdaFunction::new(config))
        };
        let functions = template.functions.iter().map(function).collect();
        let figures = binaries.figures;
        let (_services, _folder) = (services, folder);
        Self { template, functions, time, clock, figures, gate, _services, _folder }
    }

    async fn invoke(&self, function: &str, payload: Value) -> Result<Value, Unknown> {
        let doing = "invoking a function";
        let known = self.functions.get(function);
        let known = known.ok_or_else(|| Unknown::new(doing, format!("no `{function}`")))?;
        self.clock.set(self.time.now()).unwrap();
        known.invoke(&payload).await.map_err(|error| Unknown::new(doing, error))
    }

    fn woken(&self, by: impl Fn(&FunctionSpec) -> bool) -> Vec<String> {
        let woken = self.template.functions.iter().filter(|(_, spec)| by(spec));
        woken.map(|(name, _)| name.clone()).collect()
    }

    fn tell_figures(&self, file: &OsString) -> std::io::Result<()> {
        let mut lines = String::new();
        for (name, function) in &self.functions {
            for figures in function.figures() {
                let micros = |time: &std::time::Duration| time.as_micros();
                let line = json!({
                    "function": name,
                    "init_us": micros(&figures.init),
                    "first_us": figures.first.as_ref().map(micros),
                    "warm_us": figures.warm.iter().map(micros).collect::<Vec<_>>(),
                    "peak_bytes": figures.peak_memory_bytes,
                });
                lines.push_str(&format!("{line}\n"));
            }
        }
        // One write, so that the lines of two worlds do not mix.
        let mut file = std::fs::OpenOptions::new().append(true).create(true).open(file)?;
        file.write_all(lines.as_bytes())
    }
}

/// What a resource of the template is called in every world.
fn resource(name: &str, public_url: &str) -> Option<String> {
    let arn = |service: &str, what: &str| format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{what}");
    let known = match name {
        "AWS::AccountId" => ACCOUNT.to_owned(),
        "AWS::Partition" => "aws".to_owned(),
        "AWS::Region" => REGION.to_owned(),
        "Bus" => BUS.to_owned(),
        "Bus.Arn" => arn("events", &format!("event-bus/{BUS}")),
        "HttpApi.ApiEndpoint" => public_url.to_owned(),
        "LettersBucket" => LETTERS_BUCKET.to_owned(),
        "LettersBucket.Arn" => format!("arn:aws:s3:::{LETTERS_BUCKET}"),
        // Nobody listens there: a world's WhatsApp is in process only.
        "WhatsAppUrl" => "http://127.0.0.1:9/v23.0".to_owned(),
        "SmsOriginations" => "*=ACME *=QUITA".to_owned(),
        "MailConfigurationSet" => MAIL_CONFIGURATION_SET.to_owned(),
        "Table" => LOCAL_TABLE.to_owned(),
        "Table.Arn" => arn("dynamodb", &format!("table/{LOCAL_TABLE}")),
        _ => return None,
    };
    Some(known)
}

/// The policies, and what they refused.
struct Gate {
    policies: Policies,
    denied: Mutex<Vec<Access>>,
}

impl Guard for Gate {
    fn allows(&self, access: &Access) -> bool {
        let allowed = self.policies.allows(access);
        if !allowed {
            self.denied.lock().unwrap().push(access.clone());
        }
        allowed
    }
}

#[async_trait]
impl Functions for Lambdas {
    fn route(&self, method: &Method, path: &str) -> Routed {
        let routes = self.template.routes.iter();
        let routes =
            routes.map(|one| (one.method.as_str(), one.path.as_str(), one.function.as_str()));
        routes::find(routes, method, path)
    }

    fn listeners(&self, detail_type: &str) -> Vec<String> {
        self.woken(|spec| spec.detail_types.iter().any(|one| one == detail_type))
    }

    fn scheduled(&self) -> Vec<(String, Value)> {
        let functions = self.template.functions.iter();
        let inputs = functions.flat_map(|(name, spec)| {
            spec.schedules.iter().map(|input| (name.clone(), input.clone()))
        });
        inputs.collect()
    }

    fn stream_reader(&self) -> String {
        let readers = self.woken(|spec| spec.reads_stream);
        readers.into_iter().next().expect("a function reads the stream")
    }

    async fn http(&self, function: &str, request: ApiRequest) -> Result<ApiResponse, Unknown> {
        let payload = serde_json::to_value(request).unwrap();
        let answer = self.invoke(function, payload).await?;
        let response = serde_json::from_value(answer)
            .map_err(|error| Unknown::new("reading a function's answer", error))?;
        Ok(decoded(response))
    }

    async fn event(&self, function: &str, payload: Value) -> Result<Value, Unknown> {
        self.invoke(function, payload).await
    }
}

/// As the gateway sends it on: a body in base64 becomes its bytes.
fn decoded(mut response: ApiResponse) -> ApiResponse {
    if response.is_base64_encoded
        && let Some(Body::Text(text)) = &response.body
    {
        response.body = Some(Body::Binary(STANDARD.decode(text).unwrap()));
    }
    response
}

impl Drop for Lambdas {
    fn drop(&mut self) {
        let denied = self.gate.denied.lock().map(|denied| denied.clone()).unwrap_or_default();
        if std::thread::panicking() {
            denied.iter().for_each(|access| eprintln!("not allowed: {access:?}"));
            for (name, function) in &self.functions {
                let log = function.log();
                let shown = log.len().saturating_sub(LOG_LINES_SHOWN);
                log[shown..].iter().for_each(|line| eprintln!("{name}: {line}"));
            }
        }
        if let Some(file) = &self.figures
            && let Err(error) = self.tell_figures(file)
        {
            eprintln!("figures are not told: {error}");
        }
        // A refusal that a use case got over is a fault of the template all the same.
        let panics = std::thread::panicking();
        assert!(panics || denied.is_empty(), "the template does not allow {denied:?}");
    }
}
