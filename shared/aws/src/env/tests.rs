use super::*;

const COMPLETE: &[(&str, &str)] = &[
    ("AWS_REGION", "sa-east-1"),
    ("AWS_ACCESS_KEY_ID", "key"),
    ("AWS_SECRET_ACCESS_KEY", "secret"),
    ("QUITA_TABLE", "quita"),
    ("QUITA_BUS", "quita-bus"),
    ("QUITA_SECRET_PREFIX", "quita/"),
    ("QUITA_PUBLIC_URL", "https://pay.example.com/"),
    ("QUITA_CALLBACK_URL", "https://pix.example.com/"),
    ("QUITA_MAIL_CONFIGURATION_SET", "mail"),
    ("QUITA_LETTERS_BUCKET", "letters"),
];

const ALL: Needs = Needs { mail: true, bus: true, channels: true };
const NOTHING: Needs = Needs { mail: false, bus: false, channels: false };

fn read(needs: Needs, changed: &[(&str, &str)]) -> Result<Settings, EnvironmentError> {
    Settings::read(needs, |name| {
        let value = changed.iter().chain(COMPLETE).find(|(known, _)| *known == name);
        value.map(|(_, value)| (*value).to_owned())
    })
}

#[test]
fn a_complete_environment_is_read() {
    let settings = read(ALL, &[]).unwrap();
    assert_eq!(
        settings,
        Settings {
            region: "sa-east-1".to_owned(),
            credentials: Credentials::new("key", "secret", None, None, PROVIDER),
            table: "quita".to_owned(),
            bus: "quita-bus".to_owned(),
            secret_prefix: "quita/".to_owned(),
            public_url: "https://pay.example.com".to_owned(),
            callback_url: "https://pix.example.com".to_owned(),
            mail_configuration_set: "mail".to_owned(),
            letters_bucket: "letters".to_owned(),
            sms_originations: Originations::default(),
            sms_configuration_set: String::new(),
            whatsapp_url: "https://graph.facebook.com/v23.0".to_owned(),
            endpoints: Endpoints::default(),
        }
    );
}

#[test]
fn one_failed_start_names_every_missing_variable() {
    let error = Settings::read(ALL, |_| None).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the environment is not complete: AWS_REGION is missing; AWS_ACCESS_KEY_ID is missing; \
         AWS_SECRET_ACCESS_KEY is missing; QUITA_TABLE is missing; QUITA_BUS is missing; QUITA_SECRET_PREFIX is missing; QUITA_PUBLIC_URL is missing; QUITA_CALLBACK_URL is missing; \
         QUITA_MAIL_CONFIGURATION_SET is missing; QUITA_LETTERS_BUCKET is missing"
    );
}

#[test]
fn each_required_variable_stops_the_start_when_empty() {
    for (name, _) in COMPLETE {
        let error = read(ALL, &[(name, "")]).unwrap_err();
        assert_eq!(error.0, [format!("{name} is missing")]);
    }
}

#[test]
fn a_function_needs_only_the_variables_of_what_it_does() {
    const OPTIONAL: [&str; 3] =
        ["QUITA_BUS", "QUITA_MAIL_CONFIGURATION_SET", "QUITA_LETTERS_BUCKET"];
    let without = OPTIONAL.map(|name| (name, ""));
    read(NOTHING, &without).unwrap();
    for (needs, missing) in [
        (Needs { bus: true, ..NOTHING }, OPTIONAL[0]),
        (Needs { mail: true, ..NOTHING }, OPTIONAL[1]),
        (Needs { channels: true, ..NOTHING }, OPTIONAL[2]),
    ] {
        assert_eq!(read(needs, &without).unwrap_err().0, [format!("{missing} is missing")]);
    }
}

#[test]
fn the_session_of_the_functions_role_is_part_of_its_credentials() {
    let settings = read(ALL, &[("AWS_SESSION_TOKEN", "token")]).unwrap();
    assert_eq!(settings.credentials.session_token(), Some("token"));
    assert_eq!(settings.credentials.expiry(), None);
    let told = format!("{settings:?}");
    assert!(!told.contains("secret\"") && !told.contains("token\""), "{told}");
}

#[test]
fn plain_http_is_for_this_machine_alone() {
    const FOREIGN: &str = "must be https; plain http is for loopback addresses only";
    const NAME: &str = "AWS_ENDPOINT_URL_DYNAMODB";
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
        let read = read(NOTHING, &[(NAME, endpoint)]);
        match expected {
            Ok(()) => {
                let found = read.unwrap().endpoints;
                assert_eq!(found.of("DynamoDB").unwrap(), endpoint);
            }
            Err(why) => {
                assert_eq!(read.unwrap_err().0, [format!("{NAME} {why}")], "{endpoint}");
            }
        }
    }
}

#[test]
fn an_address_of_one_service_goes_before_the_address_of_all() {
    let settings = read(
        NOTHING,
        &[
            ("AWS_ENDPOINT_URL", "http://127.0.0.1:1"),
            ("AWS_ENDPOINT_URL_SECRETS_MANAGER", "http://127.0.0.1:2"),
        ],
    );
    let endpoints = settings.unwrap().endpoints;
    for (service, address) in [
        ("DynamoDB", "http://127.0.0.1:1"),
        ("EventBridge", "http://127.0.0.1:1"),
        ("Secrets Manager", "http://127.0.0.1:2"),
        ("SESv2", "http://127.0.0.1:1"),
        ("Pinpoint SMS Voice V2", "http://127.0.0.1:1"),
        ("S3", "http://127.0.0.1:1"),
    ] {
        assert_eq!(endpoints.of(service).unwrap(), address);
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
        let read = read(NOTHING, &[("QUITA_PUBLIC_URL", url)]);
        assert_eq!(read.is_ok(), accepted, "{url}: {read:?}");
    }
}

#[test]
fn an_origination_without_a_merchant_is_open_to_all() {
    let of = |text: &str| read(ALL, &[("QUITA_SMS_ORIGINATIONS", text)]);
    for good in ["", "*=pool-1", "mer_acme=+5511987654321, mer_b=QUITA", "mer_a=X mer_a=Y"] {
        assert!(of(good).is_ok(), "{good}");
    }
    for bad in ["pool-1", "mer_acme=", "=pool-1", "acme=QUITA"] {
        let why = format!("QUITA_SMS_ORIGINATIONS has `{bad}`, which is not merchant=origination");
        assert_eq!(of(bad).unwrap_err().0, [why]);
    }
}

#[test]
fn the_cloud_api_is_where_it_is_said_to_be() {
    let of = |url: &str| read(ALL, &[("QUITA_WHATSAPP_URL", url)]);
    let here = of("http://127.0.0.1:9/v23.0/").unwrap();
    assert_eq!(here.whatsapp_url, "http://127.0.0.1:9/v23.0");
    assert!(of("http://graph.facebook.com/v23.0").is_err());
}
