//! The HTTP face: routes, access tokens, and faults between the wire and the bank.
//!
//! Owns parsing a request into a route and the order of checks: count, fault, token, body, answer.
//! Does not own any rule of the bank. Invariant: `/oauth/token` and the QR payloads are neither
//! counted nor met by faults; everything else is both.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Query, Request, State};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use axum::routing::any;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use serde_json::{Map, Value, json};
use tokio::net::TcpListener;

use crate::faults::HttpFault;
use crate::problem::{Problem, Reply};
use crate::query::Params;
use crate::state::Kind;
use crate::{Bank, locked};

/// Largest request body, bytes. A full charge is below 20 kB.
const BODY_BYTES_MAX: usize = 256 * 1024;
const TOKEN_CHARS: usize = 40;

/// What a path means. Borrowed parts are decoded path segments.
enum Route<'a> {
    Token,
    Payload(Kind, &'a str),
    Charges(Kind),
    Charge(Kind, &'a str),
    Locs,
    Loc(&'a str),
    LocTxid(&'a str),
    Pixs,
    Pix(&'a str),
    Refund(&'a str, &'a str),
    Webhooks,
    Webhook(&'a str),
}

/// A request, read whole.
struct Call {
    method: Method,
    segments: Vec<String>,
    query: Vec<(String, String)>,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Bank {
    /// Every endpoint, mountable at any path with `Router::nest`.
    pub fn router(self: &Arc<Self>) -> Router {
        Router::new().route("/{*path}", any(handle)).with_state(self.clone())
    }

    /// Serves [`Bank::router`] on `listener` until the future is dropped.
    pub async fn serve(self: &Arc<Self>, listener: TcpListener) -> std::io::Result<()> {
        axum::serve(listener, self.router()).await
    }

    /// Every access token stops working, as after a restart of the bank.
    pub fn expire_tokens(&self) {
        locked(&self.tokens).clear();
    }

    /// `POST /oauth/token`, client credentials by Basic, form or JSON; some banks take `grant_type`
    /// in the query. A client that gives its id and no secret at all is one whose certificate is
    /// the secret: TLS ends before this bank, so its id is believed.
    fn token(&self, call: &Call) -> Reply {
        let refuse = |status, error: &str| Reply::json(status, json!({"error": error}));
        if call.method != Method::POST {
            return refuse(405, "invalid_request");
        }
        let fields = call.fields();
        let field =
            |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, it)| it.clone());
        let in_query = |name: &str| call.query.iter().find(|(key, _)| key == name);
        let grant = field("grant_type").or_else(|| in_query("grant_type").map(|it| it.1.clone()));
        if grant.as_deref() != Some("client_credentials") {
            return refuse(400, "unsupported_grant_type");
        }
        let config = self.config();
        let given = call.basic().or_else(|| {
            let secret = field("client_secret").unwrap_or_else(|| config.client_secret.clone());
            Some((field("client_id")?, secret))
        });
        if given != Some((config.client_id.clone(), config.client_secret.clone())) {
            return refuse(401, "invalid_client");
        }
        let sequence = self.book().next();
        let token =
            self.random_text(sequence, TOKEN_CHARS, b"0123456789abcdefghijklmnopqrstuvwxyz");
        let expires_at = self.now() + TimeDelta::seconds(i64::from(config.token_ttl_seconds));
        let mut tokens = locked(&self.tokens);
        let now = self.now();
        tokens.retain(|_, expires_at| *expires_at > now);
        tokens.insert(token.clone(), expires_at);
        let body = json!({
            "access_token": token,
            "token_type": "Bearer",
            "expires_in": config.token_ttl_seconds,
            "scope": field("scope").unwrap_or_else(|| {
                "cob.read cob.write cobv.read cobv.write payloadlocation.read \
                 payloadlocation.write pix.read pix.write webhook.read webhook.write".to_owned()
            }),
        });
        Reply::json(200, body).with_header("cache-control", "no-store".to_owned())
    }

    fn authorize(&self, call: &Call) -> Result<(), Problem> {
        let token = call.credentials("Bearer").ok_or_else(Problem::unauthorized)?;
        match locked(&self.tokens).get(token) {
            Some(expires_at) if *expires_at > self.now() => Ok(()),
            _ => Err(Problem::unauthorized()),
        }
    }

    /// Carries out an API call whose token is good.
    fn answer(&self, route: &Route<'_>, call: &Call) -> Result<Reply, Problem> {
        use Route::{Charge, Charges, Loc, LocTxid, Locs, Pix, Pixs, Refund, Webhook, Webhooks};
        let params = Params(&call.query);
        match (call.method.as_str(), route) {
            ("GET", Charges(kind)) => self.list_charges(*kind, &params),
            ("POST", Charges(Kind::Cob)) => self.post_cob(&call.object()?),
            ("PUT", Charge(kind, txid)) => self.put_charge(*kind, txid, &call.object()?),
            ("PATCH", Charge(kind, txid)) => self.patch_charge(*kind, txid, &call.object()?),
            ("GET", Charge(kind, txid)) => self.get_charge(*kind, txid, &params),
            ("POST", Locs) => self.post_loc(&call.object()?),
            ("GET", Locs) => self.list_locs(&params),
            ("GET", Loc(id)) => self.get_loc(id),
            ("DELETE", LocTxid(id)) => self.free_loc(id),
            ("GET", Pixs) => self.list_pixs(&params),
            ("GET", Pix(e2eid)) => self.get_pix(e2eid),
            ("PUT", Refund(e2eid, id)) => self.put_refund(e2eid, id, &call.object()?),
            ("GET", Refund(e2eid, id)) => self.get_refund(e2eid, id),
            ("GET", Webhooks) => self.list_webhooks(&params),
            ("PUT", Webhook(chave)) => self.put_webhook(chave, &call.object()?),
            ("GET", Webhook(chave)) => self.get_webhook(chave),
            ("DELETE", Webhook(chave)) => self.delete_webhook(chave),
            _ => {
                let detail = "Método não suportado neste endpoint.";
                Err(Problem::plain(405, "RequisicaoInvalida", "Método não suportado", detail))
            }
        }
    }

    fn count(&self, method: &Method, route: &Route<'_>) {
        let name = format!("{method} {}", route.template());
        *locked(&self.calls).entry(name).or_default() += 1;
    }

    /// A connection that closes without an answer, at once or after the configured stall.
    async fn hang_up(&self) -> Response {
        if let Some(stall) = self.faults().stall() {
            tokio::time::sleep(stall).await;
        }
        // A body that fails before its first byte makes the server drop the connection with the
        // response head still unsent.
        let lost = std::io::Error::from(std::io::ErrorKind::ConnectionAborted);
        Response::new(Body::from_stream(futures::stream::iter([Err::<Vec<u8>, _>(lost)])))
    }
}

async fn handle(State(bank): State<Arc<Bank>>, request: Request) -> Response {
    let call = match Call::read(request).await {
        Ok(call) => call,
        Err(problem) => return respond(problem.into()),
    };
    let segments: Vec<&str> = call.segments.iter().map(String::as_str).collect();
    let route = match Route::parse(&segments) {
        Some(Route::Token) => return respond(bank.token(&call)),
        Some(Route::Payload(kind, token)) if call.method == Method::GET => {
            let answer = bank.payload(kind, token, &Params(&call.query));
            return respond(answer.unwrap_or_else(Reply::from));
        }
        Some(route) => route,
        None => {
            return respond(Problem::not_found("NaoEncontrado", "Entidade não encontrada.").into());
        }
    };
    bank.count(&call.method, &route);
    let fault = bank.faults().draw_http();
    match fault {
        Some(HttpFault::TimeoutBeforeCommit) => return bank.hang_up().await,
        Some(HttpFault::TooManyRequests { retry_after_s }) => {
            let reply = refusal(429, "Limite de requisições excedido.");
            return respond(reply.with_header("retry-after", retry_after_s.to_string()));
        }
        Some(HttpFault::InternalError) => return respond(refusal(500, "Condição inesperada.")),
        Some(HttpFault::Unavailable) => return respond(refusal(503, "Serviço em manutenção.")),
        Some(HttpFault::TimeoutAfterCommit) | None => {}
    }
    let answer = bank.authorize(&call).and_then(|()| bank.answer(&route, &call));
    match fault {
        Some(HttpFault::TimeoutAfterCommit) => bank.hang_up().await,
        _ => respond(answer.unwrap_or_else(Reply::from)),
    }
}

fn refusal(status: u16, detail: &str) -> Reply {
    let (tipo, title) = match status {
        429 => ("RequisicaoInvalida", "Muitas requisições"),
        500 => ("ErroInternoDoServidor", "Erro interno"),
        _ => ("ServicoIndisponivel", "Serviço Indisponível"),
    };
    Problem::plain(status, tipo, title, detail).into()
}

fn respond(reply: Reply) -> Response {
    let body = reply.body.as_ref().map(Value::to_string);
    let mut response = Response::builder().status(reply.status);
    if body.is_some() {
        response = response.header(header::CONTENT_TYPE, reply.content_type);
    }
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    response
        .body(body.map_or_else(Body::empty, Body::from))
        .expect("status, names and values are all made in this crate from valid parts")
}

impl<'a> Route<'a> {
    fn parse(segments: &[&'a str]) -> Option<Self> {
        Some(match segments {
            ["oauth", "token"] => Self::Token,
            ["qr", "v2", "cobv", token] => Self::Payload(Kind::Cobv, token),
            ["qr", "v2", token] => Self::Payload(Kind::Cob, token),
            ["cob"] => Self::Charges(Kind::Cob),
            ["cob", txid] => Self::Charge(Kind::Cob, txid),
            ["cobv"] => Self::Charges(Kind::Cobv),
            ["cobv", txid] => Self::Charge(Kind::Cobv, txid),
            ["loc"] => Self::Locs,
            ["loc", id] => Self::Loc(id),
            ["loc", id, "txid"] => Self::LocTxid(id),
            ["pix"] => Self::Pixs,
            ["pix", e2eid] => Self::Pix(e2eid),
            ["pix", e2eid, "devolucao", id] => Self::Refund(e2eid, id),
            ["webhook"] => Self::Webhooks,
            ["webhook", chave] => Self::Webhook(chave),
            _ => return None,
        })
    }

    /// The path as the specification writes it, for the counters.
    fn template(&self) -> &'static str {
        match self {
            Self::Token => "/oauth/token",
            Self::Payload(Kind::Cob, _) => "/qr/v2/{token}",
            Self::Payload(Kind::Cobv, _) => "/qr/v2/cobv/{token}",
            Self::Charges(Kind::Cob) => "/cob",
            Self::Charge(Kind::Cob, _) => "/cob/{txid}",
            Self::Charges(Kind::Cobv) => "/cobv",
            Self::Charge(Kind::Cobv, _) => "/cobv/{txid}",
            Self::Locs => "/loc",
            Self::Loc(_) => "/loc/{id}",
            Self::LocTxid(_) => "/loc/{id}/txid",
            Self::Pixs => "/pix",
            Self::Pix(_) => "/pix/{e2eid}",
            Self::Refund(..) => "/pix/{e2eid}/devolucao/{id}",
            Self::Webhooks => "/webhook",
            Self::Webhook(_) => "/webhook/{chave}",
        }
    }
}

impl Call {
    async fn read(request: Request) -> Result<Self, Problem> {
        let (parts, body) = request.into_parts();
        let malformed = || {
            let detail = "A requisição não pode ser lida.";
            Problem::invalid("RequisicaoInvalida", detail, Vec::new())
        };
        let Query(query) = Query::try_from_uri(&parts.uri).map_err(|_| malformed())?;
        let path = parts.uri.path().trim_matches('/');
        let segments: Option<Vec<String>> = path.split('/').map(percent_decoded).collect();
        Ok(Self {
            segments: segments.ok_or_else(malformed)?,
            query,
            headers: parts.headers,
            method: parts.method,
            body: to_bytes(body, BODY_BYTES_MAX).await.map_err(|_| malformed())?.to_vec(),
        })
    }

    /// The body as a JSON object.
    fn object(&self) -> Result<Map<String, Value>, Problem> {
        serde_json::from_slice(&self.body).map_err(|_| {
            let detail = "O corpo da requisição não é um objeto JSON.";
            Problem::invalid("RequisicaoInvalida", detail, Vec::new())
        })
    }

    /// The fields of a form or of a flat JSON object.
    fn fields(&self) -> Vec<(String, String)> {
        if let Ok(Value::Object(object)) = serde_json::from_slice(&self.body) {
            let text = |value: Value| value.as_str().unwrap_or_default().to_owned();
            return object.into_iter().map(|(key, value)| (key, text(value))).collect();
        }
        // The form encoding is the one of a query string, so the same reader serves.
        let form = String::from_utf8_lossy(&self.body);
        let parsed =
            format!("/?{form}").parse().ok().and_then(|uri| Query::try_from_uri(&uri).ok());
        parsed.map(|Query(fields)| fields).unwrap_or_default()
    }

    fn credentials(&self, scheme: &str) -> Option<&str> {
        let value = self.headers.get(header::AUTHORIZATION)?.to_str().ok()?;
        let (given, rest) = value.split_once(' ')?;
        given.eq_ignore_ascii_case(scheme).then_some(rest)
    }

    fn basic(&self) -> Option<(String, String)> {
        let decoded = STANDARD.decode(self.credentials("Basic")?).ok()?;
        let text = String::from_utf8(decoded).ok()?;
        text.split_once(':').map(|(id, secret)| (id.to_owned(), secret.to_owned()))
    }
}

/// `None` when an escape is cut short or the result is not UTF-8.
fn percent_decoded(segment: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.as_bytes().iter();
    while let Some(byte) = rest.next() {
        if *byte == b'%' {
            let hex = [*rest.next()?, *rest.next()?];
            bytes.push(u8::from_str_radix(std::str::from_utf8(&hex).ok()?, 16).ok()?);
        } else {
            bytes.push(*byte);
        }
    }
    String::from_utf8(bytes).ok()
}
