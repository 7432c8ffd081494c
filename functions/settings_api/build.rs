//! Turns the JSON Schemas of `infra/events` into the catalogue that `/v1/event_types` serves.

use std::path::Path;
use std::{env, fs};

const SOURCE: &str = "../../infra/events";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={SOURCE}");
    let mut files: Vec<_> = fs::read_dir(SOURCE)?
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    let mut schemas: Vec<serde_json::Value> = Vec::with_capacity(files.len());
    for file in files {
        schemas.push(serde_json::from_str(&fs::read_to_string(file)?)?);
    }
    let out = Path::new(&env::var("OUT_DIR")?).join("event_schemas.json");
    fs::write(out, serde_json::to_string(&schemas)?)?;
    Ok(())
}
