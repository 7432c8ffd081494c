//! The files of the project that tests compare with the code: the template, the API's description,
//! the schemas of events.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

/// The project's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// `template.yaml`, with `!Ref X` spelled `{"Ref": "X"}` as in JSON.
pub fn template() -> Value {
    yaml("template.yaml")
}

/// `infra/openapi.yaml`.
pub fn openapi() -> Value {
    yaml("infra/openapi.yaml")
}

/// The schema of one detail type, such as `invoice.paid.v1`.
pub fn event_schema(detail_type: &str) -> Value {
    let path = root().join(format!("infra/events/{detail_type}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|why| panic!("{}: {why}", path.display()));
    serde_json::from_str(&text).unwrap()
}

/// Names in a folder of the project, without the given ending.
pub fn names_in(folder: &str, ending: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(root().join(folder)).unwrap();
    let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
    let names = entries.map(|entry| name(entry.unwrap()));
    names.filter_map(|name| Some(name.strip_suffix(ending)?.to_owned())).collect()
}

/// The items of a JSON array, none for anything else.
pub fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// The members of a JSON object, which it has to be.
pub fn object(value: &Value) -> &Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("{value} is no object"))
}

/// A text, which it has to be.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text"))
}

fn yaml(path: &str) -> Value {
    let source = fs::read_to_string(root().join(path)).unwrap();
    plain(serde_norway::from_str(&source).unwrap())
}

/// YAML as JSON; a CloudFormation tag becomes the function it stands for.
fn plain(value: Yaml) -> Value {
    match value {
        Yaml::Mapping(members) => {
            let name = |name: Yaml| name.as_str().expect("names are text").to_owned();
            members.into_iter().map(|(key, value)| (name(key), plain(value))).collect()
        }
        Yaml::Sequence(items) => items.into_iter().map(plain).collect(),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let name = if tag == "Ref" { tag.to_owned() } else { format!("Fn::{tag}") };
            json!({ name: plain(tagged.value) })
        }
        scalar => serde_json::to_value(scalar).unwrap(),
    }
}
