//! The words of the three ways out of a debt: all of it, a part, another arrangement.

use serde::Serialize;

/// Fixed words of the ways and of their pages.
#[derive(Debug, Serialize)]
pub(crate) struct Ways {
    pub heading: &'static str,
    pub full: &'static str,
    pub full_text: &'static str,
    pub part: &'static str,
    pub part_text: &'static str,
    /// Where no code takes a part at the moment.
    pub part_by_asking: &'static str,
    pub other: &'static str,
    pub promise: &'static str,
    pub propose: &'static str,
    // The page of a part.
    pub part_how: &'static str,
    pub part_rest: &'static str,
    // The form of a promise.
    pub promise_heading: &'static str,
    pub promise_of: &'static str,
    pub day_label: &'static str,
    pub name_label: &'static str,
    pub send: &'static str,
    pub noted_text: &'static str,
    pub to_a_person_heading: &'static str,
    pub to_a_person_text: &'static str,
    pub nothing_heading: &'static str,
    pub nothing_text: &'static str,
}

pub(super) const PT_BR: Ways = Ways {
    heading: "Três formas de resolver",
    full: "Pagar o valor total",
    full_text: "Use o quadro de pagamento desta página.",
    part: "Pagar uma parte",
    part_text: "Um Pix em que você digita o valor. O restante continua em aberto, com um novo \
                código.",
    part_by_asking: "Escreva quanto pode pagar e quando; quem emitiu a fatura responde.",
    other: "Combinar de outra forma",
    promise: "Informar o dia do pagamento",
    propose: "Propor um acordo ou contestar",
    part_how: "Este código aceita qualquer valor: digite no aplicativo do banco quanto vai pagar.",
    part_rest: "O que faltar continua em aberto, com os encargos combinados, e ganha um novo \
                código Pix na página da fatura.",
    promise_heading: "Em que dia você vai pagar?",
    promise_of: "Vale pelo que vence até o dia escolhido. Os encargos combinados continuam até o \
                 pagamento.",
    day_label: "Dia do pagamento",
    name_label: "Seu nome (opcional)",
    send: "Confirmar o dia",
    noted_text: "Os lembretes desta fatura esperam por esse dia, e o Pix da página continua \
                 disponível. Sem o pagamento, a cobrança é retomada.",
    to_a_person_heading: "Proposta enviada",
    to_a_person_text: "Uma pessoa de quem emitiu a fatura vai responder por e-mail ou telefone. \
                       Até a resposta, nada muda na cobrança.",
    nothing_heading: "Não há nada a combinar agora",
    nothing_text: "Nada está em aberto aqui, ou um pagamento está sendo processado. Abra a página \
                   da fatura para ver a situação.",
};

pub(super) const EN: Ways = Ways {
    heading: "Three ways to settle this",
    full: "Pay in full",
    full_text: "Use the payment card on this page.",
    part: "Pay a part",
    part_text: "A Pix for which you type the amount. The rest stays open, with a new code.",
    part_by_asking: "Write how much you can pay and when; the issuer will answer.",
    other: "Agree on something else",
    promise: "Say on which day you will pay",
    propose: "Propose an arrangement or dispute it",
    part_how: "This code takes any amount: type in your banking app how much you will pay.",
    part_rest: "What is left stays open, with the agreed charges, and gets a new Pix code on the \
                invoice page.",
    promise_heading: "On which day will you pay?",
    promise_of: "It is for what falls due by the day you choose. The agreed charges go on until \
                 the payment.",
    day_label: "Day of payment",
    name_label: "Your name (optional)",
    send: "Confirm the day",
    noted_text: "Reminders of this invoice wait for that day, and the Pix on the page stays \
                 available. Without the payment they go on.",
    to_a_person_heading: "Your proposal was sent",
    to_a_person_text: "Somebody at the issuer will answer by e-mail or telephone. Until then \
                       nothing changes.",
    nothing_heading: "There is nothing to arrange now",
    nothing_text: "Nothing is open here, or a payment is being processed. Open the invoice page to \
                   see how it stands.",
};
