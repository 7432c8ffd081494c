//! `cargo run`: Quita whole, on this machine.

use std::error::Error;
use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Parser;
use quita_app::metrics;
use quita_local::app::Setup;
use quita_local::data::DataFolder;
use quita_local::options::{Command, Options, Serve};
use quita_local::server::{self, Background};
use quita_local::{audit, brcode, demo, start_text};
use tracing_subscriber::EnvFilter;

/// Optional: the mail server that e-mail is sent by, such as `smtps://user:password@host:465`. It
/// holds a password, so it is no option of the command line.
const SMTP_URL: &str = "QUITA_SMTP_URL";

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    // The demo breaks the bank on purpose; the warnings about it would stand between its lines.
    let quiet = matches!(options.command, Some(Command::Demo));
    tracing_subscriber::fmt()
        .with_env_filter(filter(if quiet { "error" } else { "warn" }))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    match options.command {
        Some(Command::Brcode { text }) => {
            let (report, is_valid) = brcode::report(&text);
            print(&report);
            if is_valid { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Some(Command::Audit(audit)) => match audit::run(&audit, &mut std::io::stdout()).await {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => ended(Err(error)),
        },
        Some(Command::Demo) => ended(demo::run(&mut std::io::stdout()).await),
        None => ended(serve(options.serve).await),
    }
}

/// What `RUST_LOG` asks for, else `level`. Measurements are for machines: they are shown where
/// `RUST_LOG` names them.
fn filter(level: &str) -> EnvFilter {
    let asked = std::env::var(EnvFilter::DEFAULT_ENV).ok().filter(|text| !text.is_empty());
    let unmeasured = |text: &str| format!("{}=off,{text}", metrics::TARGET);
    asked
        .and_then(|text| EnvFilter::try_new(unmeasured(&text)).ok())
        .unwrap_or_else(|| EnvFilter::new(unmeasured(level)))
}

async fn serve(options: Serve) -> Result<(), Box<dyn Error>> {
    let bank = options.psp.bank()?;
    let data = DataFolder::open(&options.data)?;
    let smtp_url = std::env::var(SMTP_URL).ok().filter(|url| !url.is_empty());
    let setup = Setup { data: Some(data), bank, clock: None, smtp_url };
    let running = server::start(setup, options.port, Background::Running).await?;
    let text = if options.json {
        start_text::json(&running.app).await
    } else {
        start_text::plain(&running.app, &options.data)
    };
    print(&text);
    Ok(running.wait().await?)
}

/// Standard output may be closed by whoever reads it; that is no reason to fail.
fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).and_then(|()| out.flush()).ok();
}

fn ended(outcome: Result<(), Box<dyn Error>>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {}", quita_app::chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}
