use super::*;

const COMPLETE: &[(&str, &str)] = &[
    ("AWS_REGION", "sa-east-1"),
    ("QUITA_TABLE", "quita"),
    ("QUITA_BUS", "quita-bus"),
    ("QUITA_SECRET_PREFIX", "quita/"),
    ("QUITA_PUBLIC_URL", "https://pay.example.com/"),
    ("QUITA_MAIL_CONFIGURATION_SET", "mail"),
];

fn read(messages: Messages, changed: &[(&str, &str)]) -> Result<Settings, EnvironmentError> {
    Settings::read(messages, |name| {
        let value = changed.iter().chain(COMPLETE).find(|(known, _)| *known == name);
        value.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn a_complete_environment_is_read() {
    let settings = read(Messages::Sent, &[]).unwrap();
    assert_eq!(
        settings,
        Settings {
            region: "sa-east-1".to_owned(),
            table: "quita".to_owned(),
            bus: "quita-bus".to_owned(),
            secret_prefix: "quita/".to_owned(),
            public_url: "https://pay.example.com".to_owned(),
            mail_configuration_set: Some("mail".to_owned()),
            dynamodb_endpoint: None,
        }
    );
}

#[test]
fn one_failed_start_names_every_missing_variable() {
    let error = Settings::read(Messages::Sent, |_| None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the environment is not complete: AWS_REGION is missing; QUITA_TABLE is missing; \
         QUITA_BUS is missing; QUITA_SECRET_PREFIX is missing; QUITA_PUBLIC_URL is missing; \
         QUITA_MAIL_CONFIGURATION_SET is missing"
    );
}

#[test]
fn each_required_variable_stops_the_start_when_empty() {
    for (name, _) in COMPLETE {
        let error = read(Messages::Sent, &[(name, "")]).unwrap_err();
        assert_eq!(error.0, [format!("{name} is missing")]);
    }
}

#[test]
fn a_function_that_sends_nothing_needs_no_configuration_set() {
    let settings = read(Messages::NotSent, &[]).unwrap();
    assert_eq!(settings.mail_configuration_set, None);
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    const FOREIGN: &str = "must be https; plain http is for loopback addresses only";
    for (endpoint, expected) in [
        ("https://dynamodb.sa-east-1.amazonaws.com", Ok(())),
        ("http://localhost:8000", Ok(())),
        ("http://127.0.0.1:8000", Ok(())),
        ("http://[::1]:8000", Ok(())),
        ("http://dynamodb.sa-east-1.amazonaws.com", Err(FOREIGN)),
        ("http://127.0.0.1.example.com", Err(FOREIGN)),
        ("http://10.0.0.7:8000", Err(FOREIGN)),
        ("ftp://localhost", Err(FOREIGN)),
        ("localhost", Err("is not a URL")),
    ] {
        let read = read(Messages::NotSent, &[("QUITA_DYNAMODB_ENDPOINT", endpoint)]);
        match expected {
            Ok(()) => {
                let found = read.unwrap().dynamodb_endpoint;
                assert_eq!(found.unwrap().as_str(), endpoint);
            }
            Err(why) => {
                let expected = [format!("QUITA_DYNAMODB_ENDPOINT {why}")];
                assert_eq!(read.unwrap_err().0, expected, "{endpoint}");
            }
        }
    }
}

#[test]
fn a_public_url_is_an_origin_since_links_are_appended_to_it() {
    for (url, accepted) in [
        ("https://pay.example.com", true),
        ("https://pay.example.com:8443/", true),
        ("http://localhost:8080", true),
        ("https://pay.example.com/base", false),
        ("https://pay.example.com/?q", false),
        ("https://user@pay.example.com", false),
        ("http://pay.example.com", false),
        ("pay.example.com", false),
    ] {
        let read = read(Messages::NotSent, &[("QUITA_PUBLIC_URL", url)]);
        assert_eq!(read.is_ok(), accepted, "{url}: {read:?}");
    }
}
