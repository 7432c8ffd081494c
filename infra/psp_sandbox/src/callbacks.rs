//! Calling the receiver back about payments and refunds.
//!
//! Owns the outbox, batching, retries and what callback faults do to a delivery. Does not decide
//! what happened: see [`crate::payer`] and [`crate::pixs`]. Invariants: a callback leaves the
//! outbox only after a 2xx answer, an injected drop, a removed webhook or its last attempt; it says
//! the same thing at every attempt; one pass sends in order of arrival unless a fault says
//! otherwise. Delivery is at least once: a crash between the answer and the commit repeats it.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tokio::task::JoinHandle;

use crate::Bank;
use crate::faults::CallbackFault;
use crate::query::timestamp;
use crate::state::{Book, Callback, Change, Pix};
use crate::store::StoreError;
use crate::wire::pix_json;

/// After this many failed attempts a callback is given up. The standard sets no number.
const ATTEMPTS_MAX: u32 = 15;
/// The first wait after a failure, in seconds of the bank's clock; doubles at each attempt.
const BACKOFF_FIRST_S: i64 = 10;
/// The longest wait between attempts.
const BACKOFF_S_MAX: i64 = 3_600;
/// How long the receiver has to answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the background loop looks at the bank's clock.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What one delivery pass did. Counts callbacks, except `posts`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryReport {
    /// HTTP requests sent.
    pub posts: usize,
    /// Callbacks the receiver answered 2xx to.
    pub delivered: usize,
    /// Callbacks that stay in the outbox after a failed request.
    pub failed: usize,
    /// Callbacks lost on purpose.
    pub dropped: usize,
    /// Callbacks held back on purpose.
    pub delayed: usize,
    /// Callbacks given up: no webhook any more, or too many attempts.
    pub abandoned: usize,
}

/// A callback about money that never moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgedPix {
    /// `None` invents one.
    pub e2eid: Option<String>,
    /// The charge it claims to pay.
    pub txid: Option<String>,
    /// The key it claims to have arrived on.
    pub chave: String,
    /// Claimed amount, sent as it is.
    pub valor: String,
}

/// One request of a pass.
struct Post {
    chave: String,
    items: Vec<Value>,
    /// Callbacks this request settles; empty for a duplicate.
    ids: Vec<u64>,
}

impl Bank {
    /// One pass: settles refunds, then tries every callback that is not held back, whatever its
    /// retry backoff.
    pub async fn deliver_callbacks(&self) -> DeliveryReport {
        self.pass(false).await
    }

    /// Delivers in the background, with backoff, until the bank is dropped or the task aborted.
    pub fn spawn_delivery(self: &Arc<Self>) -> JoinHandle<()> {
        let (bank, news) = (Arc::downgrade(self), self.news.clone());
        tokio::spawn(async move {
            while let Some(bank) = bank.upgrade() {
                bank.pass(true).await;
                drop(bank);
                // Whether news came or time passed, the next pass looks again.
                tokio::time::timeout(LOOK_EVERY, news.notified()).await.ok();
            }
        })
    }

    /// Sends a forged callback to the webhook of `to_chave`, at once. `false` when there is no
    /// webhook or the receiver did not answer 2xx.
    pub async fn send_forged_callback(&self, to_chave: &str, forged: ForgedPix) -> bool {
        let sequence = self.book().next();
        let e2eid = forged.e2eid.unwrap_or_else(|| self.transaction_id('E', self.now(), sequence));
        let mut item = json!({
            "endToEndId": e2eid,
            "valor": forged.valor,
            "chave": forged.chave,
            "horario": timestamp(self.now()),
        });
        if let Some(txid) = forged.txid {
            item["txid"] = json!(txid);
        }
        let post = Post { chave: to_chave.to_owned(), items: vec![item], ids: Vec::new() };
        match self.webhook_url(&post.chave) {
            Some(url) => send(&url, &post.items).await,
            None => false,
        }
    }

    /// The changes that record `pix` as it now is, with a callback when one is due: the Pix carries
    /// a txid and its key has a webhook.
    pub(crate) fn with_callback(&self, book: &mut Book, pix: Pix) -> Vec<Change> {
        let mut changes = Vec::with_capacity(3);
        if pix.txid.is_some() && book.webhooks.contains_key(&pix.chave) {
            changes.push(Change::Callback(Box::new(Callback {
                id: book.next(),
                chave: pix.chave.clone(),
                e2eid: pix.e2eid.clone(),
                body: pix_json(&pix),
                attempts: 0,
                not_before: None,
                retry_at: None,
            })));
            self.news.notify_one();
        }
        changes.push(Change::Pix(Box::new(pix)));
        changes
    }

    async fn pass(&self, honour_backoff: bool) -> DeliveryReport {
        let _turn = self.delivery.lock().await;
        let mut report = DeliveryReport::default();
        if let Err(error) = self.settle_refunds() {
            log_failure(&error);
        }
        let posts = match self.plan(honour_backoff, &mut report) {
            Ok(posts) => posts,
            Err(error) => {
                log_failure(&error);
                return report;
            }
        };
        for post in posts {
            let Some(url) = self.webhook_url(&post.chave) else { continue };
            report.posts += 1;
            let accepted = send(&url, &post.items).await;
            if let Err(error) = self.settle(&post, accepted, &mut report) {
                log_failure(&error);
            }
        }
        report
    }

    /// Decides what this pass sends, and records what faults take out of it.
    fn plan(
        &self,
        honour_backoff: bool,
        report: &mut DeliveryReport,
    ) -> Result<Vec<Post>, StoreError> {
        let now = self.now();
        let mut book = self.book();
        let waits = |instant: Option<DateTime<Utc>>| instant.is_some_and(|instant| instant > now);
        let due: Vec<Callback> = book
            .outbox
            .values()
            .filter(|it| !waits(it.not_before))
            .filter(|it| !honour_backoff || !waits(it.retry_at))
            .cloned()
            .collect();
        let mut changes = Vec::new();
        let mut batches = Batches::new(self.config().callback_items_max);
        let (mut late, mut again) = (Vec::new(), Vec::new());
        for mut callback in due {
            if !book.webhooks.contains_key(&callback.chave) {
                report.abandoned += 1;
                changes.push(Change::CallbackDone(callback.id));
                continue;
            }
            // A delayed callback meets no second fault when its time comes.
            let fault =
                if callback.not_before.is_some() { None } else { self.faults().draw_callback() };
            match fault {
                None => batches.add(callback),
                Some(CallbackFault::Drop) => {
                    report.dropped += 1;
                    changes.push(Change::CallbackDone(callback.id));
                }
                Some(CallbackFault::Delay(delay)) => {
                    report.delayed += 1;
                    let delay = TimeDelta::from_std(delay).unwrap_or(TimeDelta::MAX);
                    callback.not_before = now.checked_add_signed(delay);
                    changes.push(Change::Callback(Box::new(callback)));
                }
                Some(CallbackFault::Duplicate) => {
                    again.push(alone(&callback, Vec::new()));
                    batches.add(callback);
                }
                Some(CallbackFault::Reorder) => late.push(alone(&callback, vec![callback.id])),
                Some(CallbackFault::WrongAmount(valor)) => {
                    callback.body["valor"] = json!(valor);
                    batches.add(callback);
                }
                Some(CallbackFault::Forged) => {
                    let mut forged = callback.body.clone();
                    let sequence = book.next();
                    forged["endToEndId"] = json!(self.transaction_id('E', now, sequence));
                    batches.add_forged(&callback.chave, forged);
                    batches.add(callback);
                }
            }
        }
        if !changes.is_empty() {
            book.commit(changes)?;
        }
        Ok(batches.posts.into_iter().chain(again).chain(late.into_iter().rev()).collect())
    }

    /// Records the answer to one request.
    fn settle(
        &self,
        post: &Post,
        accepted: bool,
        report: &mut DeliveryReport,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let mut book = self.book();
        let mut changes = Vec::new();
        for id in &post.ids {
            let Some(mut callback) = book.outbox.get(id).cloned() else { continue };
            callback.attempts += 1;
            if accepted {
                report.delivered += 1;
                changes.push(Change::CallbackDone(*id));
            } else if callback.attempts >= ATTEMPTS_MAX {
                report.abandoned += 1;
                changes.push(Change::CallbackDone(*id));
            } else {
                report.failed += 1;
                let wait = BACKOFF_FIRST_S << (callback.attempts - 1).min(10);
                callback.retry_at = Some(now + TimeDelta::seconds(wait.min(BACKOFF_S_MAX)));
                changes.push(Change::Callback(Box::new(callback)));
            }
        }
        if changes.is_empty() { Ok(()) } else { book.commit(changes) }
    }

    fn webhook_url(&self, chave: &str) -> Option<String> {
        self.book().webhooks.get(chave).map(|webhook| webhook.url.clone())
    }
}

/// Callbacks of one key grouped into requests, in order.
struct Batches {
    items_max: usize,
    posts: Vec<Post>,
    /// The request of each key that still has room.
    open: BTreeMap<String, usize>,
}

impl Batches {
    fn new(items_max: usize) -> Self {
        Self { items_max: items_max.max(1), posts: Vec::new(), open: BTreeMap::new() }
    }

    fn add(&mut self, callback: Callback) {
        let post = self.room(&callback.chave);
        post.items.push(callback.body);
        post.ids.push(callback.id);
    }

    fn add_forged(&mut self, chave: &str, item: Value) {
        self.room(chave).items.push(item);
    }

    fn room(&mut self, chave: &str) -> &mut Post {
        let open = self.open.get(chave).copied();
        let index = match open.filter(|index| self.posts[*index].items.len() < self.items_max) {
            Some(index) => index,
            None => {
                self.posts.push(Post { chave: chave.to_owned(), items: vec![], ids: vec![] });
                self.open.insert(chave.to_owned(), self.posts.len() - 1);
                self.posts.len() - 1
            }
        };
        &mut self.posts[index]
    }
}

fn alone(callback: &Callback, ids: Vec<u64>) -> Post {
    Post { chave: callback.chave.clone(), items: vec![callback.body.clone()], ids }
}

/// POSTs to `{url}/pix`; the suffix is appended literally. `true` on 2xx.
async fn send(url: &str, items: &[Value]) -> bool {
    let request = client().post(format!("{url}/pix")).json(&json!({"pix": items}));
    match request.send().await {
        Ok(answer) => answer.status().is_success(),
        Err(error) => {
            // The address carries the receiver's secret; it does not belong in a log.
            let error = error.without_url();
            tracing::warn!(error = &error as &dyn std::error::Error, "A callback was not answered");
            false
        }
    }
}

/// One client for the process, without idle connections, so that it may be used from any runtime.
pub(crate) fn client() -> &'static reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        // A provider installed by somebody else serves as well.
        rustls::crypto::ring::default_provider().install_default().ok();
        let builder = || {
            reqwest::Client::builder().timeout(ANSWER_TIMEOUT).pool_max_idle_per_host(0).no_proxy()
        };
        // A machine without a trust store can still call what runs on itself.
        let built = builder().build().or_else(|_| builder().tls_certs_only([]).build());
        built.expect("the ring provider is installed and no other option can fail")
    })
}

fn log_failure(error: &StoreError) {
    tracing::error!(
        error = error as &dyn std::error::Error,
        "A delivery pass could not be recorded"
    );
}
