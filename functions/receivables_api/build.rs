//! Turns `infra/openapi.yaml` into the JSON that `/openapi.json` serves.

use std::path::Path;
use std::{env, fs};

const SOURCE: &str = "../../infra/openapi.yaml";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed={SOURCE}");
    let document: serde_json::Value = serde_norway::from_str(&fs::read_to_string(SOURCE)?)?;
    let out = Path::new(&env::var("OUT_DIR")?).join("openapi.json");
    fs::write(out, serde_json::to_string(&document)?)?;
    Ok(())
}
