//! The Cloud API's JSON: a send, and a template as it is submitted for approval.
//!
//! Source: Meta, `POST /{phone_number_id}/messages` and
//! `POST /{whatsapp_business_account_id}/message_templates`.

use quita_core::money::Money;
use quita_core::pix_key::PixKey;
use serde_json::{Value, json};

use super::{OrderDetails, WhatsAppMessage, approved, bodies, footer, group_header, header_text};
use crate::Locale;
use crate::kind::MessageKind;
use crate::labels::labels;

/// Stands in a definition where Meta wants the handle of an uploaded sample picture: any QR Code.
pub const HEADER_HANDLE_PLACE: &str = "<handle of an uploaded sample QR picture>";

/// Centavos in one real, as `offset` tells Meta.
const OFFSET: u32 = 100;

/// The JSON of `POST /{phone_number_id}/messages`.
///
/// `opaque` comes back with every status of the message (`biz_opaque_callback_data`, at most 512
/// characters). Where there is a header picture, its content id stands in the place of the media
/// id until [`set_header_media`] has put that there.
pub fn cloud_api_payload(message: &WhatsAppMessage, opaque: &str) -> Value {
    let texts = message.parameters.iter().map(|text| json!({ "type": "text", "text": text }));
    let body = json!({ "type": "body", "parameters": texts.collect::<Vec<_>>() });
    let header = message.header_image.as_ref().map(|image| {
        let image = json!({ "type": "image", "image": { "id": image.content_id } });
        json!({ "type": "header", "parameters": [image] })
    });
    let button = message.order.as_ref().map(|order| {
        let action = json!({ "order_details": order_details(order) });
        json!({
            "type": "button",
            "sub_type": "order_details",
            "index": 0,
            "parameters": [{ "type": "action", "action": action }],
        })
    });
    let components: Vec<_> = header.into_iter().chain([body]).chain(button).collect();
    json!({
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": message.to.as_str(),
        "type": "template",
        "template": {
            "name": message.template.name,
            "language": { "policy": "deterministic", "code": message.template.language },
            "components": components,
        },
        "biz_opaque_callback_data": opaque,
    })
}

/// Puts the id of the uploaded picture (`POST /{phone_number_id}/media`) into its place. Whether
/// there was one.
pub fn set_header_media(payload: &mut Value, media_id: &str) -> bool {
    match payload.pointer_mut("/template/components/0/parameters/0/image/id") {
        Some(id) => {
            *id = media_id.into();
            true
        }
        None => false,
    }
}

fn order_details(order: &OrderDetails) -> Value {
    let total = amount(order.total);
    json!({
        "reference_id": order.reference_id,
        "type": "digital-goods",
        "payment_type": "br",
        "payment_settings": [{
            "type": "pix_dynamic_code",
            "pix_dynamic_code": {
                "code": order.code.as_str(),
                "merchant_name": order.merchant_name,
                "key": order.key.as_str(),
                "key_type": key_type(&order.key),
            },
        }],
        "currency": "BRL",
        "total_amount": total,
        "order": {
            "status": "pending",
            "tax": amount(Money::ZERO),
            "items": [{
                "retailer_id": order.reference_id,
                "name": order.item,
                "amount": total,
                "quantity": 1,
            }],
            "subtotal": total,
        },
    })
}

fn amount(money: Money) -> Value {
    json!({ "value": money.centavos(), "offset": OFFSET })
}

fn key_type(key: &PixKey) -> &'static str {
    match key {
        PixKey::Cpf(_) => "CPF",
        PixKey::Cnpj(_) => "CNPJ",
        PixKey::Phone(_) => "PHONE",
        PixKey::Email(_) => "EMAIL",
        PixKey::Random(_) => "EVP",
    }
}

/// The template of `kind` as the merchant submits it to Meta, once for each language.
pub fn template_definition(kind: MessageKind, locale: Locale) -> Value {
    let payable = kind.is_payable();
    let header = match header_text(kind, locale) {
        Some(text) => json!({ "type": "HEADER", "format": "TEXT", "text": text }),
        None => json!({
            "type": "HEADER",
            "format": "IMAGE",
            "example": { "header_handle": [HEADER_HANDLE_PLACE] },
        }),
    };
    let example = if payable { payable_example(locale) } else { receipt_example(locale) };
    // The label is fixed by Meta, which shows it in the language of the phone.
    let button = json!({ "type": "ORDER_DETAILS", "text": "Copy Pix code" });
    let buttons = payable.then(|| json!({ "type": "BUTTONS", "buttons": [button] }));
    let body = bodies::body(kind, locale);
    let mut definition = definition(kind.as_str(), locale, header, body, &example, buttons);
    if payable {
        definition["display_format"] = "ORDER_DETAILS".into();
    }
    definition
}

/// The template of a message about several invoices.
pub fn group_template_definition(locale: Locale) -> Value {
    let (count, list) = match locale {
        Locale::PtBr => (
            "2 faturas",
            "Fatura 2026-001: R$ 1.000,00, vencimento 10/12/2026, https://pague.exemplo.com.br/p/a \
             | Fatura 2026-002: R$ 250,00, vencimento 15/12/2026, https://pague.exemplo.com.br/p/b",
        ),
        Locale::En => (
            "2 invoices",
            "Invoice 2026-001: R$ 1,000.00, due date 10 Dec 2026, https://pague.exemplo.com.br/p/a \
             | Invoice 2026-002: R$ 250.00, due date 15 Dec 2026, https://pague.exemplo.com.br/p/b",
        ),
    };
    let total = crate::format::money(Money::from_centavos(125_000), locale);
    let mail = "financeiro@exemplo.com.br";
    let example = ["Padaria Exemplo", "Papéis do Norte", count, &total, list, mail];
    let header = json!({ "type": "HEADER", "format": "TEXT", "text": group_header(locale) });
    definition("group", locale, header, bodies::group_body(locale), &example, None)
}

fn definition(
    name: &str,
    locale: Locale,
    header: Value,
    body: &str,
    example: &[&str],
    buttons: Option<Value>,
) -> Value {
    let template = approved(name, locale);
    let body = json!({ "type": "BODY", "text": body, "example": { "body_text": [example] } });
    let footer = json!({ "type": "FOOTER", "text": footer(locale) });
    let components: Vec<_> = [header, body, footer].into_iter().chain(buttons).collect();
    json!({
        "name": template.name,
        "language": template.language,
        "category": template.category.as_str(),
        "components": components,
    })
}

fn payable_example(locale: Locale) -> Vec<&'static str> {
    let facts = match locale {
        Locale::PtBr => ["fatura 2026-001", "em 10/12/2026", "R$ 1.000,00"],
        Locale::En => ["invoice 2026-001", "on 10 Dec 2026", "R$ 1,000.00"],
    };
    around(&facts)
}

fn receipt_example(locale: Locale) -> Vec<&'static str> {
    let facts = match locale {
        Locale::PtBr => {
            ["fatura 2026-001", "R$ 1.000,00", "10/12/2026 às 14:32:07", labels(locale).settled]
        }
        Locale::En => {
            ["invoice 2026-001", "R$ 1,000.00", "10 Dec 2026 at 14:32:07", labels(locale).settled]
        }
    };
    around(&facts)
}

/// What stands before and after the facts in every body.
fn around(facts: &[&'static str]) -> Vec<&'static str> {
    let before = ["Padaria Exemplo", "Papéis do Norte"];
    let after = ["https://pague.exemplo.com.br/p/a", "financeiro@exemplo.com.br"];
    before.iter().chain(facts).chain(&after).copied().collect()
}
