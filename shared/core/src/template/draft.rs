//! A template as someone typed it, its shape checked all at once.

use super::{
    APPROVED_BODY_CHARS_MAX, APPROVED_NAME_CHARS_MAX, Category, Content, LINE_BYTES_MAX,
    PARAMETERS_MAX, SOURCE_BYTES_MAX, TemplateKey, TemplateName,
};
use crate::chase::Tone;
use crate::customer::{Locale, keep};
use crate::message::Channel;
use crate::violation::Violation;

const TONES: [(&str, Tone); 5] = [
    ("informative", Tone::Informative),
    ("friendly", Tone::Friendly),
    ("neutral", Tone::Neutral),
    ("light", Tone::Light),
    ("firm", Tone::Firm),
];

/// A template as it was typed. Which fields it needs depends on its channel.
#[derive(Debug, Clone, Default)]
pub struct TemplateDraft {
    pub channel: String,
    pub locale: String,
    pub tone: Option<String>,
    pub subject: Option<String>,
    pub text: Option<String>,
    pub html: Option<String>,
    pub approved_name: Option<String>,
    pub category: Option<String>,
    pub parameters: Option<Vec<String>>,
    pub order_button: Option<bool>,
    pub qr_header: Option<bool>,
}

/// A draft whose shape has no fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    pub tone: Option<Tone>,
    pub content: Content,
}

impl TemplateDraft {
    /// Checks every field that the channel has, and that there is none it has not.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn parse(&self, name: &TemplateName) -> Result<(TemplateKey, Checked), Vec<Violation>> {
        let mut faults = Vec::new();
        let (channel, locale) = self.place(&mut faults);
        let tone = self.tone.as_deref().map(parse_tone).transpose();
        let tone = keep("tone", tone, &mut faults).flatten();
        let content = channel.map(|channel| self.content(channel, &mut faults));
        match (channel, locale, content) {
            (Some(channel), Some(locale), Some(content)) if faults.is_empty() => {
                let key = TemplateKey { name: name.clone(), channel, locale };
                Ok((key, Checked { tone, content }))
            }
            _ => Err(faults),
        }
    }

    /// Which template is meant, whatever it says.
    ///
    /// # Errors
    /// Every violation at once.
    pub fn key(&self, name: &str) -> Result<TemplateKey, Vec<Violation>> {
        let mut faults = Vec::new();
        let name = keep("name", TemplateName::parse(name), &mut faults);
        match (name, self.place(&mut faults)) {
            (Some(name), (Some(channel), Some(locale))) => {
                Ok(TemplateKey { name, channel, locale })
            }
            _ => Err(faults),
        }
    }

    fn place(&self, faults: &mut Vec<Violation>) -> (Option<Channel>, Option<Locale>) {
        let channels = Channel::ALL.map(Channel::as_str).join(", ");
        let channel = Channel::parse(&self.channel).ok_or(format!("use one of: {channels}"));
        let locale = Locale::parse(&self.locale).ok_or("use \"pt-BR\" or \"en\"");
        (keep("channel", channel, faults), keep("locale", locale, faults))
    }

    fn content(&self, channel: Channel, faults: &mut Vec<Violation>) -> Content {
        let foreign = [
            ("subject", self.subject.is_some(), Channel::Email),
            ("html", self.html.is_some(), Channel::Email),
            ("approved_name", self.approved_name.is_some(), Channel::WhatsApp),
            ("category", self.category.is_some(), Channel::WhatsApp),
            ("parameters", self.parameters.is_some(), Channel::WhatsApp),
            ("order_button", self.order_button.is_some(), Channel::WhatsApp),
            ("qr_header", self.qr_header.is_some(), Channel::WhatsApp),
        ];
        for (field, given, home) in foreign {
            if given && home != channel {
                let reason = format!("leave it out: only {} has it", home.as_str());
                faults.push(Violation::new(field, reason));
            }
        }
        let text = source("text", self.text.as_deref(), SOURCE_BYTES_MAX, faults);
        match channel {
            Channel::Email => Content::Email {
                subject: source("subject", self.subject.as_deref(), LINE_BYTES_MAX, faults),
                text,
                html: source("html", self.html.as_deref(), SOURCE_BYTES_MAX, faults),
            },
            Channel::Chat => Content::Chat { text },
            Channel::Sms => Content::Sms { text },
            Channel::Letter => Content::Letter { text },
            Channel::WhatsApp => self.whatsapp(text, faults),
        }
    }

    fn whatsapp(&self, text: String, faults: &mut Vec<Violation>) -> Content {
        let approved_name = self.approved_name.clone().unwrap_or_default();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let fits = (1..=APPROVED_NAME_CHARS_MAX).contains(&approved_name.len());
        if !fits || !approved_name.bytes().all(plain) {
            let reason = "give the name of the approved template: lower-case letters, digits, _";
            faults.push(Violation::new("approved_name", reason));
        }
        let category = self.category.as_deref().and_then(Category::parse);
        let names = Category::ALL.map(Category::as_str).join(", ");
        let category = category.ok_or(format!("use one of: {names}"));
        let category = keep("category", category, faults).unwrap_or(Category::Utility);
        let parameters = self.parameters.clone().unwrap_or_default();
        if parameters.len() > PARAMETERS_MAX {
            let reason = format!("give at most {PARAMETERS_MAX}");
            faults.push(Violation::new("parameters", reason));
        }
        for (i, parameter) in parameters.iter().enumerate().take(PARAMETERS_MAX) {
            source(&format!("parameters[{i}]"), Some(parameter), LINE_BYTES_MAX, faults);
        }
        if text.chars().count() > APPROVED_BODY_CHARS_MAX {
            let reason =
                format!("an approved body has at most {APPROVED_BODY_CHARS_MAX} characters");
            faults.push(Violation::new("text", reason));
        }
        faults.extend(placeholders(&text, parameters.len()));
        let order_button = self.order_button.unwrap_or_default();
        let qr_header = self.qr_header.unwrap_or_default();
        Content::WhatsApp { approved_name, category, text, parameters, order_button, qr_header }
    }
}

fn parse_tone(name: &str) -> Result<Tone, String> {
    let known = TONES.iter().find(|(known, _)| *known == name);
    let names = TONES.map(|(known, _)| known).join(", ");
    known.map(|(_, tone)| *tone).ok_or(format!("use one of: {names}"))
}

/// A source that is there, is not blank, and fits.
fn source(
    property: &str,
    raw: Option<&str>,
    bytes_max: usize,
    faults: &mut Vec<Violation>,
) -> String {
    let text = raw.unwrap_or_default();
    if text.trim().is_empty() {
        faults.push(Violation::new(property, "write it"));
    }
    if text.len() > bytes_max {
        faults.push(Violation::new(property, format!("use at most {bytes_max} bytes")));
    }
    if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        faults.push(Violation::new(property, "remove the control characters"));
    }
    text.to_owned()
}

/// What is wrong with the placeholders of an approved body: they count from 1 without a gap, and
/// each has its parameter.
fn placeholders(text: &str, parameters: usize) -> Option<Violation> {
    let numbers: Vec<Option<usize>> = text
        .split("{{")
        .skip(1)
        .map(|rest| rest.split_once("}}").and_then(|(number, _)| number.parse().ok()))
        .collect();
    let most = numbers.iter().flatten().max().copied().unwrap_or(0);
    let complete = most <= PARAMETERS_MAX && (1..=most).all(|nth| numbers.contains(&Some(nth)));
    let reason = if numbers.contains(&None) || numbers.contains(&Some(0)) || !complete {
        "number the placeholders of the approved body from {{1}} without a gap".to_owned()
    } else if most != parameters {
        format!("the body has {most} placeholders and there are {parameters} parameters")
    } else {
        return None;
    };
    Some(Violation::new("text", reason))
}
