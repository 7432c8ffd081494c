//! How fast one process sends by one channel: back-pressure before the provider has to throttle.
//!
//! Owns the limits and the bucket. Does not own what becomes of a message that has to wait: that is
//! [`SendError::NotNow`], with the time until there is room again. Each process counts for itself,
//! so a provider's limit is met by its share and the provider's own answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use quita_core::merchant::Merchant;
use quita_notify::{Email, LetterMessage, SmsMessage, WhatsAppMessage};

use crate::error::Unknown;
use crate::ports::{Evidence, Letters, Mailer, SendError, Sms, WhatsApp};

/// E-mails a second. Source: SES developer guide, "Service quotas": 14 is where accounts begin.
pub const EMAIL: Rate = Rate { channel: "e-mail", per_second: 14, burst: 28 };
/// WhatsApp messages a second, of the 80 that a number has. Source: WhatsApp Business Platform,
/// "Throughput".
pub const WHATSAPP: Rate = Rate { channel: "WhatsApp", per_second: 20, burst: 20 };
/// SMS a second. Source: AWS End User Messaging SMS user guide, "Quotas": 20 parts of a sender's
/// name.
pub const SMS: Rate = Rate { channel: "SMS", per_second: 10, burst: 10 };
/// Letters a second: what a printer takes in counts in thousands a day.
pub const LETTERS: Rate = Rate { channel: "letters", per_second: 50, burst: 50 };
/// Posts to chats a second. Source: Slack, "Rate limits": one a second for each webhook, with short
/// bursts.
pub const CHAT: Rate = Rate { channel: "chat", per_second: 5, burst: 10 };

/// How fast a channel may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// Its name for people.
    pub channel: &'static str,
    pub per_second: u32,
    /// Messages at once after a pause.
    pub burst: u32,
}

/// A bucket of tokens, one a message. Kept as the instant at which it will be full again.
#[derive(Debug)]
pub struct RateLimit {
    rate: Option<Rate>,
    full_at: Mutex<Option<Instant>>,
}

impl RateLimit {
    pub fn new(rate: Rate) -> Self {
        Self { rate: Some(rate), full_at: Mutex::default() }
    }

    /// Lets everything through at once.
    pub fn unlimited() -> Self {
        Self { rate: None, full_at: Mutex::default() }
    }

    /// Takes a token, or says how long until there is one.
    pub fn take(&self, now: Instant) -> Result<(), Duration> {
        let Some(rate) = self.rate else { return Ok(()) };
        let token = Duration::from_secs(1) / rate.per_second.max(1);
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        let from = full_at.map_or(now, |full_at| full_at.max(now));
        let after = from + token;
        let over = (after - now).saturating_sub(token * rate.burst.max(1));
        if over > Duration::ZERO {
            return Err(over);
        }
        *full_at = Some(after);
        Ok(())
    }

    /// As [`Self::take`], now, in the words of a sender.
    pub(crate) fn admit(&self) -> Result<(), SendError> {
        self.take(Instant::now()).map_err(|wait| {
            let channel = self.rate.map_or("this channel", |rate| rate.channel);
            SendError::later(format!("{channel} is sent as fast as it may be"), wait)
        })
    }
}

/// A channel held to a rate.
pub struct Limited<P: ?Sized> {
    channel: Arc<P>,
    limit: RateLimit,
}

impl<P: ?Sized> Limited<P> {
    pub fn new(channel: Arc<P>, rate: Rate) -> Self {
        Self { channel, limit: RateLimit::new(rate) }
    }
}

#[async_trait]
impl<P: Mailer + ?Sized> Mailer for Limited<P> {
    async fn send(&self, email: &Email) -> Result<String, SendError> {
        self.limit.admit()?;
        self.channel.send(email).await
    }

    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown> {
        self.channel.evidence(tag).await
    }

    fn is_silent(&self) -> bool {
        self.channel.is_silent()
    }
}

#[async_trait]
impl<P: WhatsApp + ?Sized> WhatsApp for Limited<P> {
    async fn send(
        &self,
        merchant: &Merchant,
        message: &WhatsAppMessage,
    ) -> Result<String, SendError> {
        self.limit.admit()?;
        self.channel.send(merchant, message).await
    }

    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown> {
        self.channel.evidence(tag).await
    }

    fn is_silent(&self) -> bool {
        self.channel.is_silent()
    }
}

#[async_trait]
impl<P: Sms + ?Sized> Sms for Limited<P> {
    async fn send(&self, merchant: &Merchant, message: &SmsMessage) -> Result<String, SendError> {
        self.limit.admit()?;
        self.channel.send(merchant, message).await
    }

    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown> {
        self.channel.evidence(tag).await
    }
}

#[async_trait]
impl<P: Letters + ?Sized> Letters for Limited<P> {
    async fn send(
        &self,
        merchant: &Merchant,
        message: &LetterMessage,
    ) -> Result<String, SendError> {
        self.limit.admit()?;
        self.channel.send(merchant, message).await
    }

    async fn evidence(&self, tag: &str) -> Result<Evidence, Unknown> {
        self.channel.evidence(tag).await
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FIVE: Rate = Rate { channel: "chat", per_second: 5, burst: 2 };
    const TOKEN: Duration = Duration::from_millis(200);

    #[test]
    fn a_burst_goes_through_and_the_next_one_is_told_when() {
        let (limit, now) = (RateLimit::new(FIVE), Instant::now());
        assert_eq!([limit.take(now), limit.take(now)], [Ok(()), Ok(())]);
        assert_eq!(limit.take(now), Err(TOKEN));
        assert_eq!(limit.take(now), Err(TOKEN), "a refusal costs no token");
        let later = now + TOKEN;
        assert_eq!(limit.take(later - Duration::from_millis(1)), Err(Duration::from_millis(1)));
        assert_eq!(limit.take(later), Ok(()));
        assert_eq!(limit.take(later), Err(TOKEN));
    }

    #[test]
    fn a_pause_saves_up_more_than_a_burst() {
        let (limit, now) = (RateLimit::new(FIVE), Instant::now());
        assert_eq!(limit.take(now), Ok(()));
        let later = now + Duration::from_secs(3600);
        assert_eq!([limit.take(later), limit.take(later)], [Ok(()), Ok(())]);
        assert_eq!(limit.take(later), Err(TOKEN));
    }

    #[test]
    fn a_channel_that_waits_says_for_how_long() {
        let limit = RateLimit::new(Rate { burst: 1, ..FIVE });
        assert!(limit.admit().is_ok());
        let Err(SendError::NotNow(why)) = limit.admit() else { panic!("the burst is one") };
        assert_eq!(why.reason, "chat is sent as fast as it may be");
        assert!(why.retry_after.is_some_and(|wait| wait > Duration::ZERO && wait <= TOKEN));
        let unlimited = RateLimit::unlimited();
        assert!((0..1000).all(|_| unlimited.admit().is_ok()));
    }

    proptest! {
        #[test]
        fn more_goes_out_than_the_rate_allows(waits in prop::collection::vec(0_u64..400, 1..100)) {
            let (limit, start) = (RateLimit::new(FIVE), Instant::now());
            let (mut now, mut sent) = (start, 0_u128);
            for wait in waits {
                now += Duration::from_millis(wait);
                sent += u128::from(limit.take(now).is_ok());
            }
            let allowed = 2 + (now - start).as_millis() / TOKEN.as_millis();
            prop_assert!(sent <= allowed, "{sent} of {allowed}");
        }
    }
}
