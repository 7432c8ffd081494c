//! What `template.yaml` says of the functions: which there are, what wakes each, what each is told.
//!
//! Owns the reading, so that a function under test is wired by the file that deploys it. Does not
//! own a rule of what belongs in the file: those are tests of their own.
//!
//! Intrinsic functions are resolved by the caller's names, parameters by their defaults, and every
//! condition counts as false: that is a stack without a domain.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde_json::{Map, Value, json};
use serde_norway::Value as Yaml;

use super::policy::{Policies, Statement, one_or_many};

/// Why a template cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    #[error("the template cannot be read")]
    Read(#[from] std::io::Error),
    #[error("the template is not YAML")]
    Yaml(#[from] serde_norway::Error),
    #[error("the input of a schedule is not JSON")]
    Input(#[from] serde_json::Error),
    #[error("{0}")]
    Meaning(String),
}

/// The file, read.
#[derive(Debug, Clone)]
pub struct Template {
    /// By the folder under `functions/`, which is the binary's name too.
    pub functions: BTreeMap<String, FunctionSpec>,
    pub routes: Vec<Route>,
    parameters: Value,
}

/// One function.
#[derive(Debug, Clone)]
pub struct FunctionSpec {
    pub memory_mb: u32,
    pub timeout: Duration,
    /// Detail types of the rules that wake it.
    pub detail_types: Vec<String>,
    /// What each schedule wakes it with.
    pub schedules: Vec<Value>,
    /// Whether the table's stream wakes it.
    pub reads_stream: bool,
    statements: Vec<Value>,
    variables: Map<String, Value>,
}

/// One route of the HTTP API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub method: String,
    /// Such as `/v1/invoices/{invoice_id}`.
    pub path: String,
    /// Folder of the function behind it.
    pub function: String,
    /// Whether an authorizer is asked first.
    pub is_authorized: bool,
}

impl Template {
    pub fn read(path: &Path) -> Result<Self, TemplateError> {
        Self::of(&yaml_file(path)?)
    }

    fn of(template: &Value) -> Result<Self, TemplateError> {
        let mut by_resource = BTreeMap::new();
        let mut functions = BTreeMap::new();
        for (name, function) in resources(template, "AWS::Serverless::Function") {
            let code = text(&function["CodeUri"])?;
            let folder = code.rsplit('/').next().unwrap_or(code).to_owned();
            by_resource.insert(name.clone(), folder.clone());
            functions.insert(folder, function_spec(&template["Globals"]["Function"], function)?);
        }
        let integrations: BTreeMap<&String, &Value> =
            resources(template, "AWS::ApiGatewayV2::Integration").collect();
        let mut routes = Vec::new();
        for (name, route) in resources(template, "AWS::ApiGatewayV2::Route") {
            let target = text(&route["Target"]["Fn::Sub"])?;
            let integration = between(target, "integrations/${", "}")
                .and_then(|name| integrations.iter().find(|(known, _)| known.as_str() == name))
                .ok_or_else(|| meaning(format!("{name} leads to `{target}`")))?;
            let uri = text(&integration.1["IntegrationUri"]["Fn::GetAtt"])?;
            let function = between(uri, "", ".Arn")
                .and_then(|resource| by_resource.get(resource))
                .ok_or_else(|| meaning(format!("{name} leads to `{uri}`")))?;
            let key = text(&route["RouteKey"])?;
            let (method, path) =
                key.split_once(' ').ok_or_else(|| meaning(format!("`{key}` is no route")))?;
            routes.push(Route {
                method: method.to_owned(),
                path: path.to_owned(),
                function: function.clone(),
                is_authorized: route["AuthorizationType"] == "CUSTOM",
            });
        }
        Ok(Self { functions, routes, parameters: template["Parameters"].clone() })
    }

    /// What each function may do. `resolve` answers as for [`Self::environment`], with ARNs for
    /// `Table.Arn` and its like.
    ///
    /// # Errors
    /// When a statement is made of something unknown.
    pub fn policies(
        &self,
        resolve: impl Fn(&str) -> Option<String>,
    ) -> Result<Policies, TemplateError> {
        let known = |name: &str| self.known(name, &resolve);
        let mut policies = Policies::default();
        for (function, spec) in &self.functions {
            let statements = spec.statements.iter().map(|one| statement(one, &known));
            policies.insert(function, statements.collect::<Result<_, _>>()?);
        }
        Ok(policies)
    }

    fn known(&self, name: &str, resolve: &impl Fn(&str) -> Option<String>) -> Option<String> {
        let default = || self.parameters[name]["Default"].as_str().map(str::to_owned);
        resolve(name).or_else(default)
    }

    /// The variables a function is given. `resolve` answers what a resource or an attribute is
    /// called, such as `Table` or `HttpApi.ApiEndpoint`.
    ///
    /// # Errors
    /// When there is no such function, or one of its variables is made of something unknown.
    pub fn environment(
        &self,
        function: &str,
        resolve: impl Fn(&str) -> Option<String>,
    ) -> Result<BTreeMap<String, String>, TemplateError> {
        let spec = self.functions.get(function);
        let spec = spec.ok_or_else(|| meaning(format!("there is no function `{function}`")))?;
        let known = |name: &str| self.known(name, &resolve);
        let one = |(name, value): (&String, &Value)| {
            let resolved = resolved(value, &known);
            let resolved = resolved.ok_or_else(|| meaning(format!("{name} is made of {value}")))?;
            Ok((name.clone(), resolved))
        };
        spec.variables.iter().map(one).collect()
    }
}

fn function_spec(globals: &Value, function: &Value) -> Result<FunctionSpec, TemplateError> {
    let set = |name: &str| [function, globals].into_iter().find_map(|one| one[name].as_u64());
    let number = |name: &str| set(name).ok_or_else(|| meaning(format!("a function has no {name}")));
    let memory_mb = u32::try_from(number("MemorySize")?)
        .map_err(|_| meaning("more memory than any machine has".to_owned()))?;
    let mut variables = Map::new();
    for level in [globals, function] {
        let own = level["Environment"]["Variables"].as_object().cloned();
        variables.extend(own.unwrap_or_default());
    }
    let events = || function["Events"].as_object().into_iter().flat_map(|events| events.values());
    let of_type = |kind: &'static str| events().filter(move |event| event["Type"] == kind);
    let detail_types = of_type("EventBridgeRule")
        .flat_map(|event| array(&event["Properties"]["Pattern"]["detail-type"]))
        .filter_map(|name| name.as_str().map(str::to_owned))
        .collect();
    let schedules = of_type("ScheduleV2")
        .map(|event| Ok(serde_json::from_str(text(&event["Properties"]["Input"])?)?))
        .collect::<Result<_, TemplateError>>()?;
    let statements = array(&function["Policies"])
        .iter()
        .flat_map(|policy| array(&policy["Statement"]))
        .cloned()
        .collect();
    Ok(FunctionSpec {
        memory_mb,
        timeout: Duration::from_secs(number("Timeout")?),
        detail_types,
        schedules,
        reads_stream: of_type("DynamoDB").next().is_some(),
        statements,
        variables,
    })
}

fn statement(
    statement: &Value,
    known: &impl Fn(&str) -> Option<String>,
) -> Result<Statement, TemplateError> {
    let texts = |value: &Value| {
        let one = |one: &Value| resolved(one, known);
        let all: Option<Vec<String>> = one_or_many(value).into_iter().map(one).collect();
        all.ok_or_else(|| meaning(format!("a policy is made of {value}")))
    };
    let mut conditions = Vec::new();
    for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
        for (key, patterns) in keys.as_object().into_iter().flatten() {
            conditions.push((operator.clone(), key.clone(), texts(patterns)?));
        }
    }
    if statement["Effect"] != "Allow" {
        return Err(meaning("a policy denies, which is not decided here".to_owned()));
    }
    let (actions, resources) = (texts(&statement["Action"])?, texts(&statement["Resource"])?);
    Ok(Statement { actions, resources, conditions })
}

/// Resources of one type: their names and properties.
fn resources<'a>(
    template: &'a Value,
    kind: &'static str,
) -> impl Iterator<Item = (&'a String, &'a Value)> {
    let all = template["Resources"].as_object().into_iter().flatten();
    all.filter(move |(_, one)| one["Type"] == kind).map(|(name, one)| (name, &one["Properties"]))
}

/// The text a value stands for.
fn resolved(value: &Value, known: &impl Fn(&str) -> Option<String>) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Object(call) => match call.iter().next()? {
            (name, Value::String(of)) if name == "Ref" || name == "Fn::GetAtt" => known(of),
            (name, Value::String(pattern)) if name == "Fn::Sub" => substituted(pattern, known),
            (name, Value::Array(branches)) if name == "Fn::If" => resolved(branches.get(2)?, known),
            _ => None,
        },
        Value::Null | Value::Array(_) => None,
    }
}

/// A pattern with each `${Name}` replaced.
fn substituted(pattern: &str, known: &impl Fn(&str) -> Option<String>) -> Option<String> {
    let mut text = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once("${") {
        let (name, after) = after.split_once('}')?;
        text.push_str(before);
        text.push_str(&known(name)?);
        rest = after;
    }
    text.push_str(rest);
    Some(text)
}

/// A YAML file as JSON; a CloudFormation tag becomes the function it stands for, as `!Ref X` becomes
/// `{"Ref": "X"}`.
pub fn yaml_file(path: &Path) -> Result<Value, TemplateError> {
    plain(serde_norway::from_str(&std::fs::read_to_string(path)?)?)
}

fn plain(value: Yaml) -> Result<Value, TemplateError> {
    match value {
        Yaml::Mapping(members) => {
            let member = |(name, value): (Yaml, Yaml)| {
                let name = name.as_str().ok_or_else(|| meaning("a name is no text".to_owned()))?;
                Ok((name.to_owned(), plain(value)?))
            };
            members.into_iter().map(member).collect()
        }
        Yaml::Sequence(items) => items.into_iter().map(plain).collect(),
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let name = if tag == "Ref" { tag.to_owned() } else { format!("Fn::{tag}") };
            Ok(json!({ name: plain(tagged.value)? }))
        }
        scalar => serde_json::to_value(scalar).map_err(|why| meaning(why.to_string())),
    }
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn text(value: &Value) -> Result<&str, TemplateError> {
    value.as_str().ok_or_else(|| meaning(format!("{value} is no text")))
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.strip_suffix(after)
}

fn meaning(what: String) -> TemplateError {
    TemplateError::Meaning(what)
}

#[cfg(test)]
mod tests;
