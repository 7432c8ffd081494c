//! A bank on its own port, for trying an API Pix client by hand: `psp_sandbox [PORT [FILE]]`.
//!
//! Owns the command line and one extra route, `POST /sandbox/pay/{txid}`, that plays the payer. It
//! listens on 127.0.0.1 and, without FILE, forgets everything when it stops.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::post;
use chrono::{DateTime, Utc};
use quita_psp_sandbox::{Bank, BankConfig, PayOptions, Storage};
use tokio::net::TcpListener;

const PORT_DEFAULT: u16 = 4_010;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let port = match std::env::args().nth(1) {
        Some(text) => text.parse()?,
        None => PORT_DEFAULT,
    };
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let mut config = BankConfig::new(Arc::new(|| DateTime::<Utc>::from(SystemTime::now())));
    config.public_host = address.to_string();
    if let Some(file) = std::env::args_os().nth(2) {
        config.storage = Storage::File(file.into());
    }
    println!("API Pix        http://{address}");
    println!("token          POST http://{address}/oauth/token");
    println!("client         {} / {}", config.client_id, config.client_secret);
    println!("pay a charge   POST http://{address}/sandbox/pay/{{txid}}");
    println!("chave          {}", config.keys.join(", "));
    let bank = Bank::open(config)?;
    let delivery = bank.spawn_delivery();
    let payer = bank.clone();
    let pay = post(move |Path(txid): Path<String>| async move { paid(&payer, &txid) });
    let router = bank.router().route("/sandbox/pay/{txid}", pay);
    axum::serve(listener, router).await?;
    delivery.abort();
    Ok(())
}

fn paid(bank: &Bank, txid: &str) -> (StatusCode, String) {
    match bank.pay(txid, PayOptions::default()) {
        Ok(pix) => (StatusCode::OK, format!("paid {} as {}\n", pix.valor, pix.e2eid)),
        Err(error) => (StatusCode::CONFLICT, format!("{error}\n")),
    }
}
